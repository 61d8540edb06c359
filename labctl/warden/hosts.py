"""What the warden does for hosts and deadlines while no command is at work.

- A host that has shut down (`reboot`, a crash, a restart of the Docker daemon) is started and
  rewired, so that it is there again when its candidate looks.
- When the server's disk is nearly full, the host that has written most is frozen, as an incident.
- When the server's clock was set, the deadlines in the record are moved with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from labctl.errors import LabctlError, StoreError
from labctl.providers.base import LEAST_FREE
from labctl.sessions import record
from labctl.sessions.clock import JUMP, STAMP, Moment
from labctl.sessions.controller import Controller
from labctl.sessions.entering import DISK_FULL, ensure_running, hosts_down
from labctl.sessions.record import Session, State
from labctl.store import Busy, SessionFilter, moment

CLOCK_SET = "clock.set"


def look_after(
    controller: Controller,
    unwell: dict[str, list[str]] | None = None,
    looks: dict[str, Moment] | None = None,
) -> None:
    """One look at the hosts of every session that runs.

    `unwell` remembers, by session, the hosts that did not come up when they were tried: these are
    left alone until that changes, so that whoever can repair one is not disturbed by more tries.
    `looks` gets the moment at which each session was looked at.
    """
    given_up = {} if unwell is None else unwell
    seen = {} if looks is None else looks
    running = list(_running(controller))
    for name in {session.plan.provider for session in running}:
        own = [each for each in running if each.plan.provider == name]
        unharmed(controller, "", partial(_guard_disk, controller, own))
    for session in running:
        look = partial(_look_after, controller, session, given_up, seen)
        unharmed(controller, session.code, look)
        unharmed(controller, session.code, partial(_move_deadline, controller, session))


def _running(controller: Controller) -> Iterator[Session]:
    """The sessions that run and have nothing half done, except where their record is damaged."""
    for each in controller.store.sessions(SessionFilter(states=(State.RUNNING,))):
        if not each.intentions:
            with suppress(StoreError):  # whoever keeps the time says so
                yield record.load(controller.store, each.code)


def unharmed(controller: Controller, code: str, act: Callable[[], object]) -> bool:
    """Do something whose failing must not end the warden, which others rely on; whether it went."""
    try:
        act()
    except LabctlError as error:
        controller.tell(code, error.message)
        return False
    except Exception as error:  # noqa: BLE001  # said, and tried again later
        controller.tell(code, f"{type(error).__name__}: {error}")
        return False
    return True


def _look_after(
    controller: Controller,
    session: Session,
    given_up: dict[str, list[str]],
    seen: dict[str, Moment],
) -> None:
    now = controller.now()
    down = hosts_down(controller, session)
    if down and down != given_up.get(session.code):
        try:
            ensure_running(controller, session.code, wait=0.0)
        except Busy:
            return  # a command is at it: looked at again at the next round
        given_up[session.code] = hosts_down(controller, record.load(controller.store, session.code))
    seen[session.code] = now


def _move_deadline(controller: Controller, session: Session) -> None:
    """Record a running session's deadline anew if it is not what its clock says any more."""
    if not _is_off(controller, session):
        return
    with controller.store.lock(session.code):
        now = record.load(controller.store, session.code)
        if now.record.state == State.RUNNING and _is_off(controller, now):
            data = {STAMP: controller.now().stamp()}
            deadline = now.timing.deadline_after(CLOCK_SET, data)
            controller.store.append(now.code, CLOCK_SET, data, controller.actor, deadline=deadline)


def _is_off(controller: Controller, session: Session) -> bool:
    told = session.record.deadline
    due = session.timing.read(controller.now()).deadline
    return told is not None and due is not None and abs(moment(told) - due) >= JUMP


def _guard_disk(controller: Controller, sessions: list[Session]) -> None:
    """Freeze the host that has written most while the disk is nearly full; one at a look."""
    provider = record.provider_of(controller, sessions[0])
    free = provider.disk_free()
    if free >= LEAST_FREE:
        return
    sizes = {
        (session.code, host): size
        for session in sessions
        for host, size in provider.disk_used(session.placed()).items()
        if provider.states(session.placed())[host].state == "running"
    }
    if not sizes:
        return
    code, host = max(sizes, key=lambda place: sizes[place])
    with controller.store.lock(code):  # a hand-in that has begun meanwhile freezes it by itself
        session = record.load(controller.store, code)
        if session.record.state != State.RUNNING or session.record.intentions:
            return
        provider.freeze_host(session.placed(), host)
        data = {"host": host, "written": sizes[code, host], "free": round(free, 3)}
        controller.store.append(code, DISK_FULL, data, controller.actor)
    controller.tell(code, f"{host} is frozen: it filled the server's disk")
