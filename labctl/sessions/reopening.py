"""A hand-in is opened again before anything was decided: the candidate goes on where they were.

    submitted ─▶ running: hosts thawed, ways open; what was graded stays on record

The next hand-in takes the place of what was graded. The clock goes on where it stood at this one;
where nothing was left on it, as after a hand-in by the deadline, some time has to be given.
"""

from __future__ import annotations

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.clock import REOPENED, SECOND, STAMP, ZERO
from labctl.sessions.controller import Controller
from labctl.sessions.pausing import go_on, shut
from labctl.sessions.record import Session, State
from labctl.sessions.said import fit
from labctl.store import SessionRecord

LOCK_SECONDS = 60.0


@served
def reopen(controller: Controller, code: str, why: str, seconds: int = 0) -> SessionRecord:
    """Let the candidate go on, with so many `seconds` more; the session as it is then.

    Raises `UsageError` without a reason, for a session that is not handed in, one of whose hosts
    is gone, or in which no time would be left.
    """
    permit(controller, Act.REOPEN)
    reason = fit(controller.store, why, "reason")
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        session.demand(State.SUBMITTED)
        _demand_time(session, seconds)
        states = record.provider_of(controller, session).states(session.placed())
        gone = [name for name, state in states.items() if state.state == "missing"]
        if gone:
            raise UsageError(
                f"Session `{code}` cannot be opened again: {', '.join(gone)} is gone.",
                "What was handed in stays on record; a new start is a new attempt.",
            )
        give_up(controller, code)
        intent = controller.store.intend(code, "reopen", {"why": reason}, controller.actor)
        go_on(controller, session)
        data = {"why": reason, "seconds": seconds, STAMP: controller.now().stamp()}
        deadline = session.timing.deadline_after(REOPENED, data, State.RUNNING)
        controller.store.complete(intent, data, state=State.RUNNING, deadline=deadline)
        controller.tell(code, "running again")
    return controller.store.session(code)


def _demand_time(session: Session, seconds: int) -> None:
    left = session.timing.total - session.timing.worked + seconds * SECOND
    if session.timing.allowance and left <= ZERO:
        raise UsageError(
            f"No time is left in session `{session.code}`: it would be taken in again at once.",
            "`--minutes N` gives the candidate some.",
        )


def give_up(controller: Controller, code: str) -> None:
    """End the reopenings of a session that were cut off; the caller holds its lock."""
    for begun in controller.store.open_intentions(code):
        if begun.verb == "reopen":
            controller.store.undo(begun.id, {"why": "it was cut off"}, actor=controller.actor)


def take_back(controller: Controller, session: Session) -> str:
    """Deal with a reopening that was cut off: nobody may be there by now, and nothing is lost."""
    if session.record.state == State.SUBMITTED:
        shut(controller, session)
    give_up(controller, session.code)
    return f"taken back: the session is {session.record.state}"
