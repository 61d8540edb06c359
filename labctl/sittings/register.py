"""The register: who is there, late or absent, and whose identity somebody has checked."""

from __future__ import annotations

from collections.abc import Sequence

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions.controller import Controller
from labctl.sittings.model import Presence, Seat, Sitting
from labctl.sittings.reading import REGISTERED, demand_candidates, demand_open, load
from labctl.sittings.recording import Recorder, held


@served
def register(
    controller: Controller,
    code: str,
    candidates: Sequence[str],
    presence: Presence,
    *,
    identity: bool = False,
) -> tuple[Seat, ...]:
    """Write into the register how candidates (none named: all still expected) are there.

    `identity` says that a proof of who they are was seen. Raises `UsageError` for candidates
    without a seat, and for absence of one whose session has begun.
    """
    permit(controller, Act.REGISTER)
    with held(controller, code):
        sitting = load(controller.store, code)
        demand_open(sitting)
        demand_candidates(sitting, candidates)
        named = tuple(dict.fromkeys(candidates)) or _expected(sitting)
        _demand_sense(sitting, named, presence, identity=identity)
        mark(Recorder(controller, code, Act.REGISTER), named, presence, identity=identity)
        now = load(controller.store, code)
        return tuple(now.seat_of(each) for each in named)


def mark(
    recorder: Recorder, candidates: Sequence[str], presence: Presence, *, identity: bool = False
) -> None:
    """Record an entry for candidates who have seats; the caller holds the sitting."""
    data = {"candidates": list(candidates), "presence": presence.value, "identity": identity}
    recorder.note(REGISTERED, data)


def _expected(sitting: Sitting) -> tuple[str, ...]:
    found = tuple(
        seat.candidate for seat in sitting.seats if seat.entry.presence is Presence.EXPECTED
    )
    if not found:
        raise UsageError(
            f"Everybody in sitting `{sitting.code}` is in the register already.",
            "Name the candidates whose entry is to change.",
        )
    return found


def _demand_sense(
    sitting: Sitting, named: Sequence[str], presence: Presence, *, identity: bool
) -> None:
    if presence is Presence.EXPECTED:
        raise UsageError("Nobody is registered as expected.", "Say `present`, `late` or `absent`.")
    if presence is not Presence.ABSENT:
        return
    if identity:
        raise UsageError("Nobody can check the identity of somebody who is absent.")
    begun = [each for each in named if sitting.seat_of(each).session is not None]
    if begun:
        raise UsageError(
            f"Not absent, since their sessions have begun: {', '.join(begun)}.",
            "`labctl void SESSION --reason WHY` is for a session that the wrong person began.",
        )
