"""Beginning: a session for everybody who is there, or for somebody who comes late.

Who has a session of this sitting already is left alone. So a `begin` that was cut off is gone on
with by typing it again, and two of them at once start nobody twice. While the room stands nobody is
started, and who was on the way is paused with the others before anybody can work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.library.planning import Lab
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.clock import NOTICED
from labctl.sessions.controller import Controller
from labctl.sessions.pausing import stand
from labctl.sessions.side_by_side import side_by_side
from labctl.sessions.starting import (
    Started,
    StartRequest,
    bring_up,
    enrol_allowed,
    make_ready,
    started,
)
from labctl.sittings.model import HERE, Presence, Seat, Sitting, Stage
from labctl.sittings.notices import told_before
from labctl.sittings.pausing import SITTING
from labctl.sittings.reading import demand_candidates, demand_open, load, room_stands
from labctl.sittings.recording import LOCK_SECONDS, Recorder, held
from labctl.sittings.register import mark

VERB = "begin"


@dataclass(frozen=True, slots=True)
class Begun:
    """How a beginning went: who was started now, and who had a session before.

    `unknown` are those of them whose identity nobody has checked.
    """

    sitting: str
    started: tuple[Started, ...]
    already: tuple[str, ...]
    unknown: tuple[str, ...]


@served
def begin(
    controller: Controller, code: str, candidates: Sequence[str] = (), beyond_limit: str = ""
) -> Begun:
    """Start the sessions of all who are there (or of those named) and have none yet.

    Who is named is there: where the register does not say so, it is written into it by whoever may
    keep it. One that fails is undone and costs no other. Raises `UsageError` where nobody is there,
    or for candidates without a seat, `LabFileError` for a lab with mistakes.
    """
    permit(controller, Act.START)
    recorder = Recorder(controller, code, Act.START)
    with held(controller, code):
        sitting = load(controller.store, code)
        demand_open(sitting)
        demand_candidates(sitting, candidates)
        seats = _chosen(sitting, candidates)
        waiting = [seat for seat in seats if seat.session is None]
        if waiting:
            _demand_going(controller, code)
        absent = [seat.candidate for seat in waiting if seat.entry.presence not in HERE]
        if absent:
            permit(controller, Act.REGISTER)
        requests = _requests(sitting, waiting, beyond_limit)
        ready = {lab: make_ready(controller, each) for lab, each in requests.items()}
        _write_in(controller, sitting, absent)
        names = [seat.candidate for seat in waiting]
        intent = recorder.intend(VERB, {"candidates": names}, Stage.BEGUN) if names else 0

    def one(candidate: str) -> str:
        lab = sitting.seat_of(candidate).lab
        return _begin_one(controller, candidate, requests[lab], *ready[lab])

    outcomes = tuple(started(each) for each in side_by_side(controller, names, one))
    if names:
        with held(controller, code):
            recorder.done(VERB, intent, _told(outcomes))
    return Begun(
        code,
        outcomes,
        tuple(seat.candidate for seat in seats if seat.session is not None),
        tuple(seat.candidate for seat in seats if not seat.entry.identity_by),
    )


def _chosen(sitting: Sitting, candidates: Sequence[str]) -> tuple[Seat, ...]:
    if candidates:
        return tuple(sitting.seat_of(each) for each in dict.fromkeys(candidates))
    found = tuple(seat for seat in sitting.seats if seat.entry.presence in HERE)
    if not found:
        raise UsageError(
            f"Nobody in sitting `{sitting.code}` is registered as present.",
            f"`labctl sitting register {sitting.code} present` registers all who are expected; "
            "absent ones first.",
        )
    return found


def _requests(
    sitting: Sitting, seats: Sequence[Seat], beyond_limit: str
) -> Mapping[str, StartRequest]:
    """What is to be started, by lab."""
    found: dict[str, StartRequest] = {}
    for lab in dict.fromkeys(seat.lab for seat in seats):
        names = tuple(seat.candidate for seat in seats if seat.lab == lab)
        found[lab] = StartRequest(
            lab, names, sitting.mode, beyond_limit=beyond_limit, sitting=sitting.code
        )
    return found


def _write_in(controller: Controller, sitting: Sitting, absent: Sequence[str]) -> None:
    """Register those who begin and are not registered as there: late, once others have begun."""
    if absent:
        late = sitting.stage is Stage.BEGUN
        recorder = Recorder(controller, sitting.code, Act.REGISTER)
        mark(recorder, absent, Presence.LATE if late else Presence.PRESENT)


def _demand_going(controller: Controller, code: str) -> None:
    if why := room_stands(controller.store.sittings.events(code)):
        raise UsageError(
            f"Sitting `{code}` stands: {why}.",
            f"`labctl sitting resume {code}` lets it go on; begin again then.",
        )


def _begin_one(
    controller: Controller, candidate: str, request: StartRequest, lab: Lab, archive: str
) -> str:
    """The session of one candidate, started unless somebody else was quicker."""
    code = request.sitting or ""
    with ExitStack() as stack:
        with held(controller, code):
            sitting = load(controller.store, code)
            demand_open(sitting)
            _demand_going(controller, code)
            if (before := sitting.seat_of(candidate).session) is not None:
                return before
            made, planned = enrol_allowed(controller, lab, archive, candidate, request)
            # From the one lock to the other without a gap: nobody takes it for left behind.
            stack.enter_context(controller.store.lock(made.code, wait=LOCK_SECONDS))
            for data in told_before(controller.store.sittings.events(code), lab.id):
                # What others were told while they worked stands on this sheet from the beginning.
                controller.store.append(made.code, NOTICED, data, controller.actor)
        bring_up(controller, made, planned, lab.folder)
        if why := room_stands(controller.store.sittings.events(code)):
            session = record.load(controller.store, made.code)
            stand(controller, session, why, about={SITTING: code})
    return made.code


def _told(outcomes: Sequence[Started]) -> dict[str, dict[str, str]]:
    return {
        "sessions": {each.candidate: each.session for each in outcomes if each.session},
        "failed": {each.candidate: each.problem for each in outcomes if not each.session},
    }
