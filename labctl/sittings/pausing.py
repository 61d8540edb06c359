"""A whole room stands still (a fire alarm), and goes on.

Whoever was paused by this is let go on together. Who stood before (a rest break, a server that went
down) stays paused until their own name is called: nobody's clock runs while they are not there. As
long as the room stands nobody begins, and whoever was on the way is paused once they are up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions import pausing as one_session
from labctl.sessions import record
from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.sessions.said import fit
from labctl.sittings.acting import Acted, in_each, named, told
from labctl.sittings.reading import (
    PAUSE,
    RESUME,
    ROOM,
    Seated,
    demand_candidates,
    demand_open,
    load,
    room_stands,
    seated,
)
from labctl.sittings.recording import Recorder, held
from labctl.store import Store

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
        chosen = _to_pause(controller.store, here)
        if not chosen and not _on_the_way(here):
            raise _nobody(code, "works")
        intent = recorder.intend(PAUSE, {"why": reason, "sessions": named(chosen)})
        # Whoever comes up from now on finds the room standing; whoever did before runs by now.
        here = seated(controller.store, sitting)
        chosen, left = _to_pause(controller.store, here), _on_the_way(here)
        outcomes = in_each(controller, chosen, lambda each: _stop(controller, each, reason, code))
        recorder.done(PAUSE, intent, told(outcomes) | {"left": left})
    return Acted(code, outcomes, left)


@served
def resume(
    controller: Controller, code: str, candidates: Sequence[str] = (), *, everybody: bool = False
) -> Acted:
    """Let those go on whom the sitting's pause has stopped, or those named, or `everybody`.

    Raises `UsageError` where nobody is paused and the room does not stand, or for candidates
    without a seat or a session.
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
        if not chosen and not room_stands(controller.store.sittings.events(code)):
            raise _nobody(code, "is paused")
        chosen = [each for each in chosen if each.seat.candidate not in left]
        data = {"sessions": named(chosen), ROOM: _all_stopped(controller.store, here, chosen, code)}
        intent = recorder.intend(RESUME, data)
        outcomes = in_each(controller, chosen, lambda each: _go_on(controller, each))
        recorder.done(RESUME, intent, told(outcomes) | {"left": left})
    return Acted(code, outcomes, left)


def _nobody(code: str, does: str) -> UsageError:
    return UsageError(
        f"Nobody in sitting `{code}` {does}.",
        f"`labctl sitting show {code}` shows how each of them stands.",
    )


def _to_pause(store: Store, here: Sequence[Seated]) -> list[Seated]:
    """Those whose session runs, or was left half paused."""
    half = {each.session for each in store.open_intentions() if each.verb in one_session.VERBS}
    return [
        each
        for each in here
        if each.row.state == State.RUNNING or (each.row.state == State.PAUSED and each.code in half)
    ]


def _on_the_way(here: Sequence[Seated]) -> dict[str, str]:
    """Candidate → what becomes of them, for those whose hosts are still coming up."""
    return {
        each.seat.candidate: f"it is {each.row.state}, and paused as soon as it is up"
        for each in here
        if each.row.state in ON_THE_WAY
    }


def _stop(controller: Controller, session: str, why: str, code: str) -> tuple[int, str]:
    try:
        clock = one_session.pause(controller, session, why, {SITTING: code})
    except UsageError:
        # Its beginning may have been quicker, and have paused it for this very sitting.
        paused = controller.store.session(session).state == State.PAUSED
        if not paused or _own_pause(controller.store, session, code):
            raise
        clock = record.load(controller.store, session).timing.read(controller.now())
    return clock.remaining // SECOND, ""


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
    found = {each.seat.candidate: _own_pause(store, each.code, code) for each in paused}
    return {candidate: why for candidate, why in found.items() if why}


def _all_stopped(store: Store, here: Sequence[Seated], chosen: Sequence[Seated], code: str) -> bool:
    """Whether everybody is among those chosen whom the sitting's pause has stopped."""
    paused = [each for each in here if each.row.state == State.PAUSED and each not in chosen]
    return len(_paused_for_themselves(store, paused, code)) == len(paused)


def _own_pause(store: Store, session: str, code: str) -> str:
    """Why a session is paused; empty where the sitting's pause did it."""
    data: Mapping[str, Any] = {}
    for event in store.events(session):
        if event.kind == "pause.intended":
            data = event.data
    return "" if data.get(SITTING) == code else str(data.get("why", "paused for itself"))


def _go_on(controller: Controller, session: str) -> tuple[int, str]:
    found = one_session.resume(controller, session)
    lost = ", ".join(found.restarted)
    note = f"{lost} had stopped, and what was not saved there is gone" if lost else ""
    return found.clock.remaining // SECOND, note
