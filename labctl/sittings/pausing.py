"""A whole room stands still (a fire alarm), and goes on.

Whoever was paused by this is let go on together. Who stood before (a rest break, a server that went
down) stays paused until their own name is called: nobody's clock runs while they are not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions import pausing as one_session
from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.sessions.said import fit
from labctl.sittings.acting import Acted, in_each, named, told
from labctl.sittings.reading import Seated, demand_candidates, demand_open, load, seated
from labctl.sittings.recording import Recorder, held
from labctl.store import SessionRecord, Store

SITTING = "sitting"
"""The key under which a session's pause says whose it is."""
ON_THE_WAY = (State.CREATED, State.STARTING)


@served
def pause(controller: Controller, code: str, why: str) -> Acted:
    """Pause every session that runs; one that cannot be paused is named, and the others are.

    Goes on with a pause that was cut off. Raises `UsageError` where nobody works.
    """
    permit(controller, Act.PAUSE)
    reason = fit(controller.store, why, "reason")
    recorder = Recorder(controller, code, Act.PAUSE)
    with held(controller, code):
        sitting = load(controller.store, code)
        demand_open(sitting)
        here = seated(controller.store, sitting)
        chosen = [each for each in here if _to_pause(each.row)]
        left = {
            each.seat.candidate: f"it is {each.row.state}; pause again once it runs"
            for each in here
            if each.row.state in ON_THE_WAY
        }
        if not chosen and not left:
            raise _nobody(code, "works")
        intent = recorder.intend("pause", {"why": reason, "sessions": named(chosen)})

        def one(session: str) -> tuple[int, str]:
            clock = one_session.pause(controller, session, reason, {SITTING: code})
            return clock.remaining // SECOND, ""

        outcomes = in_each(controller, chosen, one)
        recorder.done("pause", intent, told(outcomes) | {"left": left})
    return Acted(code, outcomes, left)


@served
def resume(
    controller: Controller, code: str, candidates: Sequence[str] = (), *, everybody: bool = False
) -> Acted:
    """Let those go on whom the sitting's pause has stopped, or those named, or `everybody`.

    Raises `UsageError` where nobody is paused, or for candidates without a seat or a session.
    """
    permit(controller, Act.PAUSE)
    recorder = Recorder(controller, code, Act.PAUSE)
    with held(controller, code):
        sitting = load(controller.store, code)
        demand_open(sitting)
        demand_candidates(sitting, candidates)
        here = seated(controller.store, sitting)
        left: dict[str, str] = {}
        if candidates:
            chosen = _of(here, candidates)
        else:
            chosen = [each for each in here if each.row.state == State.PAUSED]
            left = {} if everybody else _paused_for_themselves(controller.store, chosen, code)
        if not chosen:
            raise _nobody(code, "is paused")
        chosen = [each for each in chosen if each.seat.candidate not in left]
        intent = recorder.intend("resume", {"sessions": named(chosen)})
        outcomes = in_each(controller, chosen, lambda each: _go_on(controller, each))
        recorder.done("resume", intent, told(outcomes) | {"left": left})
    return Acted(code, outcomes, left)


def _nobody(code: str, does: str) -> UsageError:
    return UsageError(
        f"Nobody in sitting `{code}` {does}.",
        f"`labctl sitting show {code}` shows how each of them stands.",
    )


def _to_pause(found: SessionRecord) -> bool:
    """Whether a session runs, or was left half paused."""
    return found.state == State.RUNNING or (found.state == State.PAUSED and found.intentions > 0)


def _of(here: Sequence[Seated], candidates: Sequence[str]) -> list[Seated]:
    """Those who are named; raises `UsageError` where one has no session."""
    known = {each.seat.candidate: each for each in here}
    without = [each for each in candidates if each not in known]
    if without:
        raise UsageError(
            f"Not begun yet: {', '.join(without)}.",
            "`labctl sitting begin SITTING CANDIDATE` begins somebody's session.",
        )
    return [known[each] for each in dict.fromkeys(candidates)]


def _paused_for_themselves(store: Store, paused: Sequence[Seated], code: str) -> dict[str, str]:
    """Candidate → why they are paused, for those whom the sitting's pause has not stopped."""
    return {each.seat.candidate: why for each in paused if (why := _own_pause(store, each, code))}


def _own_pause(store: Store, paused: Seated, code: str) -> str:
    data: Mapping[str, Any] = {}
    for event in store.events(paused.code):
        if event.kind == "pause.intended":
            data = event.data
    return "" if data.get(SITTING) == code else str(data.get("why", "paused for itself"))


def _go_on(controller: Controller, session: str) -> tuple[int, str]:
    found = one_session.resume(controller, session)
    lost = ", ".join(found.restarted)
    note = f"{lost} had stopped, and what was not saved there is gone" if lost else ""
    return found.clock.remaining // SECOND, note
