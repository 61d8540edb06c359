"""A session that does not count: the wrong lab, the wrong person, a fault of the machinery.

Its record stays and can be looked at; its hosts go, nothing in it is marked or decided on, and it
uses no attempt. Its number among the candidate's attempts is never given again.
"""

from __future__ import annotations

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State
from labctl.sessions.said import fit
from labctl.sessions.stopping import finish_stop

VERB = "void"
LOCK_SECONDS = 60.0

NEVER_BEGUN = (State.CREATED, State.STARTING, State.WITHDRAWN)


@served
def void(controller: Controller, code: str, why: str) -> None:
    """Make a session void, whatever it has come to.

    Raises `UsageError` for one that is void already or never began, `Busy` while another command is
    at it, `ProviderError` if its hosts could not be removed: the next command goes on then.
    """
    permit(controller, Act.VOID)
    reason = fit(controller.store, why, "reason")
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        _demand_begun(session)
        intent = controller.store.intend(code, VERB, {"why": reason}, controller.actor)
        finish_void(controller, session, intent, reason)


def finish_void(controller: Controller, session: Session, intent: str, why: str) -> None:
    """Carry out an intention to make a session void."""
    told = {"why": why}
    if session.record.state == State.STOPPED:  # its hosts are gone, and perhaps their server too
        controller.store.complete(intent, told, actor=controller.actor, state=State.VOID)
        controller.tell(session.code, State.VOID)
        return
    provider = session.plan.provider
    finish_stop(controller, session.code, provider, intent, state=State.VOID, data=told)


def _demand_begun(session: Session) -> None:
    state = session.record.state
    if state == State.VOID:
        raise UsageError(
            f"Session `{session.code}` is void already.",
            f"`labctl show {session.code}` says why.",
        )
    if state in NEVER_BEGUN:
        raise UsageError(
            f"Session `{session.code}` is {state}: nobody was let in, so it uses no attempt.",
            "Nothing has to be done about it.",
        )
