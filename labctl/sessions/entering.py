"""Ways into a host for people: a console, and files carried in and out."""

from __future__ import annotations

import time
from datetime import timedelta

from checkers.engine import Wanted
from checkers.model import File, FileResult
from checkers.remote import RemoteObserver, Whereabouts
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UnknownName, UsageError
from labctl.plan import Access, HostPlan
from labctl.providers.base import Placement
from labctl.scheme import lab_hosts
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.announcing import Show, announced
from labctl.sessions.clock import ZERO
from labctl.sessions.controller import Controller
from labctl.sessions.crediting import LONG_WAIT, credit, queued, worked, worked_at, worked_by
from labctl.sessions.heartbeat import attended
from labctl.sessions.record import AT_WORK, Session, State
from labctl.sessions.standing import THAWED, stood_since

DISK_FULL = "incident.disk"
"""A host was frozen, since it filled the server's disk."""
LARGEST_FILE = 32 << 20  # as much as the agent reads of one file
ENDED: dict[str, str] = {
    State.PAUSED: "paused: the clock stands, and nobody is let in",
    State.SUBMITTING: "the work is being taken in",
    State.SUBMITTED: "the work was taken in",
    State.STOPPED: "the hosts were removed",
    State.VOID: "the session is void, and its hosts were removed",
}
"""Why a console has ended, where that was not by whoever sat at it."""
DOWN_SECONDS = 15.0
"""How long a host that is shutting down may take before a console gives up on it."""


def console(controller: Controller, code: str, host: str, show: Show = lambda _: None) -> int:
    """Join the terminal to the candidate's login on a host; its exit status.

    A host that was rebooted is started and wired again, and the console opens anew. `show` gets
    what is said to people at work meanwhile: warnings, notices, more time. Raises
    `UsageError` for a session that does not run or a host that nobody may enter.
    """
    permit(controller, Act.CONSOLE)
    session = record.load(controller.store, code)
    session.demand(State.RUNNING)
    planned = _enterable(session, host)
    provider = record.provider_of(controller, session)
    user = planned.login.user if planned.login else "root"
    while True:
        placement = ensure_running(controller, code, somebody_waits=True)
        controller.store.append(code, "console.opened", {"host": host}, controller.actor)
        try:
            with announced(controller, code, show):
                status = provider.console(placement, host, user)
        finally:
            controller.store.append(code, "console.closed", {"host": host}, controller.actor)
        if not _went_down(controller, code, host):
            if why := ENDED.get(controller.store.session(code).state):
                controller.tell(code, why)
            return status or 0
        controller.tell(code, f"{host} has shut down: starting it again")


def _enterable(session: Session, host: str) -> HostPlan:
    try:
        planned = session.plan.host(host)
    except KeyError:
        names = [each.name for each in session.plan.hosts if each.access is not Access.NONE]
        raise UnknownName("host of this lab", host, names) from None
    if planned.access is Access.NONE:
        raise UsageError(f"Nobody can log in to `{host}` in this lab.")
    return planned


def _went_down(controller: Controller, code: str, host: str) -> bool:
    """Whether the host has stopped, or does within a moment: a shutdown ends consoles first."""
    session = record.load(controller.store, code)
    if session.record.state != State.RUNNING:
        return False
    provider = record.provider_of(controller, session)
    deadline = time.monotonic() + DOWN_SECONDS
    while True:
        state = provider.states(session.placed())[host].state
        if state == "stopped":
            return True
        if not provider.going_down(session.placed(), host) or time.monotonic() > deadline:
            return False
        time.sleep(0.1)


def ensure_running(
    controller: Controller, code: str, *, somebody_waits: bool = False, wait: float = 60.0
) -> Placement:
    """Start and rewire what has stopped of a running session; where its hosts are then.

    The time that it takes is given back where the server had ended a host. A long time before it in
    which nothing looked after the hosts is given back too, and so is a long wait for another
    command, if `somebody_waits`. Raises `Busy` if that has not ended after `wait` seconds.
    """
    record.demand_whole(controller.store, code)
    session = record.load(controller.store, code)
    if not hosts_down(controller, session) or stood_since(controller, session) is not None:
        return session.placed()  # what stands still is the hand-in's to start
    store = controller.store
    lock = queued(controller, code, wait) if somebody_waits else store.lock(code, wait=wait)
    with lock:
        session = record.load(controller.store, code)
        session.demand(State.RUNNING)
        stopped = hosts_down(controller, session)
        if not stopped:
            return session.placed()
        left_alone = unattended(controller, session)
        before = worked(controller, code)
        fallen = _fallen(controller, session)
        store.append(code, "hosts.stopped", {"hosts": stopped}, controller.actor)
        provider = record.provider_of(controller, session)
        placement = provider.revive(session.placed(), session.plan, stopped)
        record.place(controller, placement)
        if fallen:
            why = f"ended by a fault of the server: {', '.join(fallen)}"
            credit(controller, code, before - left_alone, why)
        elif left_alone:
            why = f"not running, while nothing looked after it: {', '.join(stopped)}"
            credit(controller, code, before - left_alone, why)
        return placement


def unattended(controller: Controller, session: Session) -> timedelta:
    """How much of a running session's time has passed since its hosts were last looked after.

    Nothing, if that is no longer than the warden needs at times.
    """
    seen = worked_by(controller, session.code, attended(controller, session))
    passed = worked(controller, session.code) - seen
    return passed if passed >= LONG_WAIT else ZERO


def hosts_down(controller: Controller, session: Session) -> list[str]:
    """The session's hosts that should run and do not."""
    states = record.provider_of(controller, session).states(session.placed())
    return [name for name, state in states.items() if state.state in ("stopped", "missing")]


def _fallen(controller: Controller, session: Session) -> list[str]:
    """The hosts that stopped by the server's doing, not by that of whoever works on them."""
    states = record.provider_of(controller, session).states(session.placed())
    return [name for name, state in states.items() if state.state == "stopped" and state.fault]


@served
def put(controller: Controller, code: str, host: str, path: str, content: bytes) -> None:
    """Write a file on a host, as its administrator."""
    permit(controller, Act.PUT)
    session = record.load(controller.store, code)
    session.demand(State.RUNNING)
    record.demand_whole(controller.store, code)
    _known(session, host)
    provider = record.provider_of(controller, session)
    provider.put(session.placed(), host, path, content, 0o644)
    data = {"host": host, "path": path, "bytes": len(content)}
    controller.store.append(code, "file.put", data, controller.actor)


@served
def get(controller: Controller, code: str, host: str, path: str) -> bytes:
    """Read a file of a host through the examiner's own reader; `UsageError` if it cannot be."""
    permit(controller, Act.GET)
    session = record.load(controller.store, code)
    session.demand(*AT_WORK, State.SUBMITTED)
    _known(session, host)
    placement = session.placed()
    provider = record.provider_of(controller, session)
    observer = RemoteObserver(
        lab_hosts(session.plan),
        Whereabouts(placement.pins, placement.fabric),
        provider.dial,
        lambda probe: provider.run(placement, probe.host, probe.argv),
        guests=provider.guest_dials(placement),
    )
    try:
        wanted = Wanted(File(host, path.encode("utf-8", "surrogateescape"), LARGEST_FILE), ("get",))
        (seen,) = observer.observe([wanted])
    finally:
        observer.close()
    if not isinstance(seen.result, FileResult):
        reason = seen.failure.reason if seen.failure else "no answer"
        raise UsageError(f"`{path}` on {host} could not be read: {reason}.")
    if seen.result.content is None:
        why = seen.result.why or f"it is a {seen.result.type}"
        raise UsageError(f"`{path}` on {host} could not be read: {why}.")
    if seen.result.truncated:
        raise UsageError(f"`{path}` on {host} is larger than {LARGEST_FILE >> 20} MiB.")
    return seen.result.content


def _known(session: Session, host: str) -> None:
    if host not in {each.name for each in session.plan.hosts}:
        raise UnknownName("host of this lab", host, [each.name for each in session.plan.hosts])


@served
def thaw(controller: Controller, code: str) -> None:
    """Let a running session's hosts go on that the warden has frozen; the time is given back."""
    permit(controller, Act.THAW)
    with controller.store.lock(code, wait=5.0):
        session = record.load(controller.store, code)
        session.demand(State.RUNNING)
        if session.timing.is_over(controller.now()):
            hint = f"`labctl extend {code} --minutes N --reason WHY` gives more, and thaws them."
            raise UsageError(f"The time of session `{code}` is over: its hosts stay frozen.", hint)
        record.provider_of(controller, session).thaw(session.placed())
        since = _frozen_at(controller, code)
        controller.store.append(code, THAWED, {}, controller.actor)
        if since is not None:
            before = worked_at(controller, code, since)
            credit(controller, code, before, "frozen, since the server's disk was nearly full")


def _frozen_at(controller: Controller, code: str) -> int | None:
    """The number of the event with which the warden froze the first host that stands now."""
    found = None
    for event in controller.store.events(code):
        if event.kind == DISK_FULL:
            found = found or event.sequence
        elif event.kind in (THAWED, "resume.done"):
            found = None
    return found
