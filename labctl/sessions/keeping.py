"""The keeper: a small process that looks after running sessions while no command is at work.

- A host that has shut down (`reboot`, a crash, a restart of the Docker daemon) is started and
  rewired, so that it is there again when its candidate looks.
- When the server's disk is nearly full, the host that has written most is frozen, as an incident.
- When the server's clock was set, the deadlines in the record are moved with it.
- Each look ends with a heartbeat, at which clocks stand if the server goes down.

It keeps nothing in memory that the store does not hold, so it may be killed at any time: the next
`labctl start`, `console` or `resume` starts another. It ends when no session runs or is paused.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from labctl.errors import LabctlError
from labctl.sessions import record
from labctl.sessions.clock import JUMP, STAMP
from labctl.sessions.controller import Controller
from labctl.sessions.entering import ensure_running, hosts_down
from labctl.sessions.interruption import beat, stand_still
from labctl.sessions.record import AT_WORK, Session, State
from labctl.store import Busy, SessionFilter, moment
from labctl.store.locks import exclusive

PAUSE = 2.0
"""Seconds between two looks."""
LEAST_FREE = 0.10
"""The free part of the disk below which hosts are frozen."""
LOCK = "keeper.lock"
CLOCK_SET = "clock.set"


def ensure_keeper(home: Path) -> None:
    """Start a keeper for this home, in the background, unless one is at work."""
    try:
        with exclusive(home / "locks" / LOCK, "the keeper"):
            pass
    except Busy:
        return
    command = [sys.executable, "-m", "labctl", "keeper"]
    with (home / "keeper.log").open("ab") as log:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def keep(controller: Controller, pause: Callable[[float], None] = time.sleep) -> None:
    """Look after sessions until none runs any more; returns at once if another keeper does."""
    unwell: dict[str, list[str]] = {}
    with suppress(Busy), exclusive(controller.home / "locks" / LOCK, "the keeper"):
        while _one_look(controller, unwell):
            pause(PAUSE)


def _one_look(controller: Controller, unwell: dict[str, list[str]]) -> int:
    """A look and its heartbeat; what a boot has cut off is seen to before the first of that boot.

    While that cannot be done there is no heartbeat, so that it is tried again.
    """
    left: list[str] = [""]

    def see_to_it() -> None:
        left[:] = [each.session for each in stand_still(controller) if each.problem]

    _unharmed(controller, "", see_to_it)
    waiting = look(controller, unwell)
    if not left:
        _unharmed(controller, "", lambda: beat(controller.home, controller.now()))
    return waiting


def look(controller: Controller, unwell: dict[str, list[str]] | None = None) -> int:
    """One look at everything; the number of sessions that run, are paused or are on their way.

    `unwell` remembers, by session, the hosts that did not come up when they were tried: these are
    left alone until that changes, so that whoever can repair one is not disturbed by more tries.
    """
    given_up = {} if unwell is None else unwell
    store = controller.store
    waiting = (State.CREATED, State.STARTING, *AT_WORK, State.SUBMITTING)
    found = store.sessions(SessionFilter(states=waiting))
    running = [
        record.load(store, each.code)
        for each in found
        if each.state == State.RUNNING and not each.intentions
    ]
    for name in {session.plan.provider for session in running}:
        own = [each for each in running if each.plan.provider == name]
        _unharmed(controller, "", lambda own=own: _guard_disk(controller, own))  # type: ignore[misc]
    for session in running:
        _unharmed(controller, session.code, lambda s=session: _look_after(controller, s, given_up))  # type: ignore[misc]
        _unharmed(controller, session.code, lambda s=session: _move_deadline(controller, s))  # type: ignore[misc]
    return len(found)


def _unharmed(controller: Controller, code: str, act: Callable[[], None]) -> None:
    """Do something whose failing must not end the keeper, which others rely on."""
    try:
        act()
    except LabctlError as error:
        controller.tell(code, error.message)
    except Exception as error:  # noqa: BLE001  # said, and tried again at the next look
        controller.tell(code, f"{type(error).__name__}: {error}")


def _look_after(controller: Controller, session: Session, given_up: dict[str, list[str]]) -> None:
    down = hosts_down(controller, session)
    if not down or down == given_up.get(session.code):
        return
    ensure_running(controller, session.code)
    given_up[session.code] = hosts_down(controller, record.load(controller.store, session.code))


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
        controller.store.append(code, "incident.disk", data, controller.actor)
    controller.tell(code, f"{host} is frozen: it filled the server's disk")
