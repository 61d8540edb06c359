"""Pauses (a rest break, a fire alarm) and extensions: what people do to a session's clock.

    pause    running ─▶ paused: the clock stands, then the hosts are frozen and everybody is put out
    resume   paused ─▶ running: the hosts go on, then the clock runs

The clock stands from the first moment of a pause to the last of a resumption. A pause that was cut
off is finished; a resumption that was cut off is taken back, since nobody may be there by now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.clock import EXTENDED, SECOND, SINCE, STAMP, ZERO, Clock, Moment
from labctl.sessions.controller import Controller
from labctl.sessions.crediting import credit
from labctl.sessions.entering import hosts_down
from labctl.sessions.record import AT_WORK, Session, State
from labctl.sessions.said import fit
from labctl.sessions.standing import note_frozen, note_thawed, stood_since
from labctl.store import Intention

LOCK_SECONDS = 60.0
BOOT_SECONDS = 45.0
"""How long hosts that had lost their power are waited for before the clock runs on."""
VERBS = ("pause", "resume")

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Resumed:
    """A session that goes on: its clock, and the hosts that had lost their power meanwhile."""

    clock: Clock
    restarted: tuple[str, ...]


@served
def pause(controller: Controller, code: str, why: str, about: Mapping[str, Any] = NOTHING) -> Clock:
    """Stop a running session's clock, freeze its hosts and end all consoles; the clock.

    Finishes an earlier pause that is half done. `about` is recorded beside the reason. Raises
    `UsageError` for a session that does not run, or without a reason.
    """
    permit(controller, Act.PAUSE)
    reason = fit(controller.store, why, "reason")
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        half_done = _half_done(controller, code) if session.record.state == State.PAUSED else ()
        for begun in half_done:
            finish(controller, session, begun)
        if not half_done:
            session.demand(State.RUNNING)
            stand(controller, session, reason, about=about)
        return record.load(controller.store, code).timing.read(controller.now())


def stand(
    controller: Controller,
    session: Session,
    why: str,
    since: Moment | None = None,
    about: Mapping[str, Any] = NOTHING,
) -> None:
    """Pause a running session whose lock the caller holds; its clock stands `since` (None: now)."""
    now = controller.now()
    data = {"why": why, **about, STAMP: now.stamp()}
    timing, stood = session.timing, since or now
    if timing.ends is not None and timing.is_over(stood):  # nobody gets more than there was
        data["late"] = -timing.read(stood).left // SECOND
        since = timing.ends
    if since is not None:
        data[SINCE] = since.whole()
    intent = controller.store.intend(
        session.code,
        "pause",
        data,
        controller.actor,
        state=State.PAUSED,
        deadline=session.timing.deadline_after("pause.intended", data, State.PAUSED),
    )
    shut(controller, session)
    controller.store.complete(intent, {})
    controller.tell(session.code, "paused")


def shut(controller: Controller, session: Session) -> None:
    """Freeze a session's hosts and put everybody out; the caller holds its lock."""
    provider = record.provider_of(controller, session)
    placement = session.placed()
    provider.freeze(placement)
    provider.expel(placement, list(placement.pins))
    note_frozen(controller, session, placement)


@served
def resume(controller: Controller, code: str) -> Resumed:
    """Let a paused session's hosts and its clock go on.

    Hosts that had lost their power are started first. Raises `UsageError` for a session that is
    not paused.
    """
    permit(controller, Act.PAUSE)
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        session.demand(State.PAUSED)
        for begun in _half_done(controller, code):
            why = {"why": "the session is resumed"}
            controller.store.undo(begun.id, why, actor=controller.actor)
        intent = controller.store.intend(code, "resume", {}, controller.actor)
        restarted = go_on(controller, session)
        data = {STAMP: controller.now().stamp()}
        deadline = session.timing.deadline_after("resume.done", data, State.RUNNING)
        controller.store.complete(intent, data, state=State.RUNNING, deadline=deadline)
        controller.tell(code, "running")
        clock = record.load(controller.store, code).timing.read(controller.now())
        return Resumed(clock, tuple(restarted))


def _half_done(controller: Controller, code: str) -> tuple[Intention, ...]:
    """The pause or resumption of a session that was cut off."""
    begun = controller.store.open_intentions(code)
    return tuple(each for each in begun if each.verb in VERBS)


def go_on(controller: Controller, session: Session) -> list[str]:
    """Let the hosts go on, and start those that have stopped; which these are.

    The caller holds the session's lock.
    """
    store, code = controller.store, session.code
    provider = record.provider_of(controller, session)
    placement = session.placed()
    half_made = record.half_made(store, code)
    down = [name for name in hosts_down(controller, session) if name not in half_made]
    if down:
        store.append(code, "hosts.stopped", {"hosts": down}, controller.actor)
        placement = provider.revive(placement, session.plan, down)
        record.place(controller, placement)
    provider.thaw(placement)
    if down and (late := provider.not_booted(placement, BOOT_SECONDS)):
        store.append(code, "hosts.late", {"hosts": dict(late)}, controller.actor)
    return down


def finish(controller: Controller, session: Session, intention: Intention) -> str:
    """Deal with a pause or a resumption that was cut off."""
    if session.record.state != State.PAUSED:
        why = f"the session is {session.record.state}"
        controller.store.undo(intention.id, {"why": why}, actor=controller.actor)
        return f"the session is {session.record.state}"
    shut(controller, session)
    if intention.verb == "pause":
        controller.store.complete(intention.id, {}, actor=controller.actor)
        return "it is paused, and the clock stands"
    controller.store.undo(intention.id, {"why": "it was cut off"}, actor=controller.actor)
    return f"it is paused as before: `labctl resume {session.code}`"


def go_on_after_end(controller: Controller, session: Session, seconds: int) -> Session:
    """Let hosts go on that stand still since the end of the time, to which `seconds` are added.

    How long they stood is given back. Nothing is done where no time would be left all the same.
    The caller holds the session's lock.
    """
    timing, now = session.timing, controller.now()
    if not timing.is_over(now):
        return session
    states = record.provider_of(controller, session).states(session.placed())
    if any(each.state == "running" for each in states.values()):
        return session
    stood = stood_since(controller, session) or now
    if timing.read(stood).left + seconds * SECOND <= ZERO:
        return session
    note_thawed(controller, session.code)
    go_on(controller, session)
    why = "the hosts stood still: the work could not be taken in at the end of the time"
    credit(controller, session.code, timing.read(stood).worked, why)
    return record.load(controller.store, session.code)


@served
def extend(controller: Controller, code: str, seconds: int, why: str) -> Clock:
    """Give a session so many seconds more; its clock. It may be running or paused.

    Hosts that stand still since its time was over go on, if there is some again. Raises
    `UsageError` for a session that is neither, or without a reason.
    """
    permit(controller, Act.EXTEND)
    reason = fit(controller.store, why, "reason")
    if seconds <= 0:
        raise UsageError("An extension adds time.", "Name the minutes that are to be added.")
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        session.demand(*AT_WORK)
        session = go_on_after_end(controller, session, seconds)
        data = {"seconds": seconds, "why": reason, STAMP: controller.now().stamp()}
        deadline = session.timing.deadline_after(EXTENDED, data)
        controller.store.append(code, EXTENDED, data, controller.actor, deadline=deadline)
        return record.load(controller.store, code).timing.read(controller.now())
