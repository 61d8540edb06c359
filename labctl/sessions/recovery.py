"""Finishing or undoing what a command left half done when it was killed.

    start   undone: nobody has been let in, so nothing is lost
    submit  finished: the work is in the hosts, and grading goes on after the last whole phase
    stop    finished
    void    finished
    hands   finished; undone if nothing had been done yet
    reopen  finished
    reset   finished: the host is made anew once more, what was on it is kept already
    pause   finished
    resume  taken back: the session stays paused, since nobody may be there by now
    time    a session whose time is over is handed in, where it is the one that is asked about
    work    a session that ran when the server went down is paused, as of its last sign of life

A command that is still alive is left to its work: it holds the session's lock. What was begun on
the hosts of a paused session waits until it is resumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from labctl.errors import LabctlError
from labctl.served import served
from labctl.sessions import (
    hands,
    interruption,
    pausing,
    record,
    reopening,
    resetting,
    stopping,
)
from labctl.sessions.controller import Controller
from labctl.sessions.deadline import hand_in_due
from labctl.sessions.record import State
from labctl.sessions.results import recorded
from labctl.sessions.retention import DISCARD
from labctl.sessions.submission import carry_out, finished_phases
from labctl.sessions.voiding import finish_void
from labctl.store import Busy, Intention, SessionFilter, SessionRecord


@dataclass(frozen=True, slots=True)
class Recovered:
    """One thing that was half done: `what` became of it, or the `problem` in the way."""

    session: str
    verb: str
    what: str
    problem: str = ""


@served
def recover(controller: Controller, only: str | None = None) -> tuple[Recovered, ...]:
    """Deal with everything half done (of one session), except what somebody is still at."""
    went_down = stand_still(controller, only)
    found = [
        each
        for intention in controller.store.open_intentions(only)
        if (each := _one(controller, intention)) is not None
    ]
    due = () if only is None else _due(controller, only)
    return (*went_down, *found, *_never_begun(controller, only), *due)


def settle_left(controller: Controller, code: str) -> tuple[Recovered, ...]:
    """Finish or undo what is half done in one session, unless somebody is at it."""
    found = (_one(controller, each) for each in controller.store.open_intentions(code))
    return tuple(each for each in found if each is not None)


@served
def stand_still(controller: Controller, only: str | None = None) -> tuple[Recovered, ...]:
    """Pause sessions (or one) that ran when the server went down."""
    return tuple(
        Recovered(each.session, "work", each.what, each.problem)
        for each in interruption.stand_still(controller, only)
    )


def _due(controller: Controller, code: str) -> Iterable[Recovered]:
    """One hand-in at the deadline; those of all sessions are the warden's, and not waited for."""
    try:
        if hand_in_due(controller, code) is not None:
            yield Recovered(code, "time", f"handed in: {_came_to(controller, code)}")
    except Busy:
        return
    except LabctlError as error:
        yield Recovered(code, "time", "it is not handed in yet", error.message)


def _came_to(controller: Controller, code: str) -> str:
    """What a hand-in came to, or what keeps that back."""
    stands = record.standing(controller.store.session(code))
    return stands or recorded(controller, code).outcome


def _one(controller: Controller, intention: Intention) -> Recovered | None:
    code = intention.session
    try:
        with controller.store.lock(code):
            left = controller.store.open_intentions(code)
            if intention.id not in {each.id for each in left}:
                return None
            if _ended_by_another(intention, left):
                return None
            paused = controller.store.session(code).state == State.PAUSED
            if paused and intention.verb in ("reset", "hands"):
                return None
            controller.tell(code, f"finishing what was interrupted: {intention.verb}")
            return Recovered(code, intention.verb, _settle(controller, intention))
    except Busy:
        return None
    except LabctlError as error:
        return Recovered(code, intention.verb, "left as it is", error.message)


def _ended_by_another(intention: Intention, left: tuple[Intention, ...]) -> bool:
    """Whether another intention, which is settled too, ends this one: a void even a stop."""
    ends = ("stop", "void")
    rank = ends.index(intention.verb) if intention.verb in ends else -1
    return any(each.verb in ends[rank + 1 :] for each in left)


def _settle(controller: Controller, intention: Intention) -> str:
    session = record.load(controller.store, intention.session)
    if intention.verb == "submit":
        done = finished_phases(controller, session, intention.id)
        carry_out(controller, session, intention.id, done)
        return f"handed in: {_came_to(controller, session.code)}"
    if intention.verb == "stop":
        stopping.carry_out(controller, session, intention.id, str(intention.data.get(DISCARD, "")))
        return "stopped"
    if intention.verb == "void":
        finish_void(controller, session, intention.id, str(intention.data.get("why", "")))
        return "void"
    if intention.verb == "reopen":
        return reopening.take_back(controller, session)
    if intention.verb in pausing.VERBS:
        return pausing.finish(controller, session, intention)
    if intention.verb == "reset":
        return resetting.finish(controller, session, intention)
    if intention.verb == "hands":
        return hands.finish(controller, session, intention)
    record.provider_of(controller, session).down(session.code)
    why = {"why": "interrupted"}
    controller.store.undo(intention.id, why, actor=controller.actor, state=State.WITHDRAWN)
    return "its start was undone"


def _never_begun(controller: Controller, only: str | None) -> Iterable[Recovered]:
    """Sessions that were recorded and then never begun, because the command ended in between."""
    codes = (only,) if only else ()
    wanted = SessionFilter(states=(State.CREATED,), codes=codes)
    for found in controller.store.sessions(wanted):
        try:
            with _sitting_of(controller, found), controller.store.lock(found.code):
                if controller.store.session(found.code).state == State.CREATED:
                    controller.store.append(
                        found.code,
                        "start.abandoned",
                        {},
                        controller.actor,
                        state=State.WITHDRAWN,
                    )
                    yield Recovered(found.code, "start", "it was never begun")
        except Busy:
            continue


def _sitting_of(controller: Controller, found: SessionRecord) -> AbstractContextManager[None]:
    """Hold the sitting that a session belongs to: while somebody begins it, it is not left."""
    return controller.store.lock(found.sitting) if found.sitting else nullcontext()
