"""A hand-in is opened again before anything was decided: the candidate goes on where they were.

    submitted ─▶ running: hosts thawed, ways open; what was graded stays on record

The next hand-in takes the place of what was graded. The clock goes on where it stood at this one.
"""

from __future__ import annotations

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.sessions import record
from labctl.sessions.clock import STAMP
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State
from labctl.sessions.said import fit
from labctl.store import SessionRecord

LOCK_SECONDS = 60.0


def reopen(controller: Controller, code: str, why: str) -> SessionRecord:
    """Let the candidate go on; the session as it is then.

    Raises `UsageError` without a reason, for a session that is not handed in, or one of whose hosts
    is gone.
    """
    permit(controller, Act.REOPEN)
    reason = fit(controller.store, why, "reason")
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        session.demand(State.SUBMITTED)
        states = record.provider_of(controller, session).states(session.placed())
        gone = [name for name, state in states.items() if state.state == "missing"]
        if gone:
            raise UsageError(
                f"Session `{code}` cannot be opened again: {', '.join(gone)} is gone.",
                "What was handed in stays on record; a new start is a new attempt.",
            )
        intent = controller.store.intend(code, "reopen", {"why": reason}, controller.actor)
        finish(controller, session, intent)
    return controller.store.session(code)


def finish(controller: Controller, session: Session, intent: str) -> None:
    """Carry out an intention to open a hand-in again."""
    record.provider_of(controller, session).thaw(session.placed())
    data = {STAMP: controller.now().stamp()}
    deadline = session.timing.deadline_after("reopen.done", data, State.RUNNING)
    controller.store.complete(intent, data, state=State.RUNNING, deadline=deadline)
    controller.tell(session.code, "running again")
