"""The deadline: what becomes of a session whose time is over.

    a minute left   a warning is recorded, and shown at every console that is open
    nothing left    consoles end and the hosts are frozen; then it is a hand-in like any other

It needs nobody's leave. Who has not declared by then that the work is their own has not done so,
and the record says that there is no declaration.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from labctl.errors import LabctlError
from labctl.marking import Marking
from labctl.sessions import record
from labctl.sessions.clock import SECOND, STAMP, ZERO
from labctl.sessions.controller import Controller
from labctl.sessions.entering import ensure_running, unattended
from labctl.sessions.grading import Progress
from labctl.sessions.pausing import shut
from labctl.sessions.record import WARNED, Session, State
from labctl.sessions.submission import take_in
from labctl.sessions.unfinished import finish_acts

WARNING = timedelta(minutes=1)
"""How long before the end people are told to save."""


def warn(controller: Controller, code: str) -> bool:
    """Record that the last minute has begun, once for every end of the time; whether it was now.

    Time that is added makes another end. Takes no lock, so that no command puts it off.
    """
    session = record.load(controller.store, code)
    left = session.timing.read(controller.now()).left
    if session.record.state != State.RUNNING or not ZERO < left <= WARNING:
        return False
    end = session.timing.total // SECOND
    events = controller.store.events(code)
    if any(event.kind == WARNED and event.data["of"] == end for event in events):
        return False
    data = {"seconds": left // SECOND, "of": end, STAMP: controller.now().stamp()}
    controller.store.append(code, WARNED, data, controller.actor)
    return True


def _look_first(controller: Controller, session: Session) -> None:
    if session.record.state != State.RUNNING or not session.timing.is_over(controller.now()):
        return
    if session.record.intentions == 0 and unattended(controller, session):
        ensure_running(controller, session.code)


def hand_in_due(
    controller: Controller, code: str, progress: Progress = lambda _: None
) -> Marking | None:
    """Take in the work of a running session whose time is over; None if it is not.

    Raises `Busy` while another command is at it. Where it cannot be recorded or graded the hosts
    stand still all the same, and the next try goes on. Where nothing looked after the hosts before,
    those that have stopped are brought up first, and the time is given back.
    """
    _look_first(controller, record.load(controller.store, code))
    with controller.store.lock(code):
        session = record.load(controller.store, code)
        over = session.timing.is_over(controller.now())
        if session.record.state != State.RUNNING or not over:
            return None
        try:
            session = finish_acts(controller, session)
            if not session.timing.is_over(controller.now()):
                return None  # what took so long was given back
            return take_in(controller, session, progress)
        except LabctlError:
            with suppress(LabctlError):
                shut(controller, session)
            raise
