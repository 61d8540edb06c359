"""What was half done to hosts when their work is taken in: a reset, or a physical act.

Finished while the session is at work. What cannot be is laid to the machinery: the host counts as
one that a fault of the server has ended, so that it costs nobody a mark.
"""

from __future__ import annotations

from labctl.errors import LabctlError, ProviderUnavailable, StoreError
from labctl.sessions import hands, record, resetting
from labctl.sessions.controller import Controller
from labctl.sessions.record import AT_WORK, Session
from labctl.store import Intention


def finish_acts(controller: Controller, session: Session) -> Session:
    """Finish what is half done to a session's hosts, nobody inside; the session as it is then.

    What fails stays open. The caller holds the session's lock.
    """
    begun = _begun(controller, session)
    if not begun or session.record.state not in AT_WORK:
        return session
    placement = session.placed()
    record.provider_of(controller, session).expel(placement, list(placement.pins))
    for each in begun:
        try:
            _finish(controller, session, each)
        except (StoreError, ProviderUnavailable):
            raise
        except LabctlError as error:
            controller.tell(session.code, f"its {each.verb} cannot be finished: {error.message}")
    return record.load(controller.store, session.code)


def give_up_acts(controller: Controller, session: Session) -> None:
    """End what is still half done to the hosts of a session whose work is being taken in."""
    for each in _begun(controller, session):
        _finish(controller, record.load(controller.store, session.code), each)


def _begun(controller: Controller, session: Session) -> list[Intention]:
    begun = controller.store.open_intentions(session.code)
    return [each for each in begun if each.verb in ("reset", "hands")]


def _finish(controller: Controller, session: Session, intention: Intention) -> None:
    if intention.verb == "reset":
        resetting.finish(controller, session, intention)
    else:
        hands.finish(controller, session, intention)
