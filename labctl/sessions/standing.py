"""Which hosts stand frozen, by the session's log: what ends one of these is the server's doing.

Nothing in a frozen host can end it. From the moment that it is let go on its owner's programs can,
and from then on only a boot of the server speaks for it. So it is noted before anything is thawed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from labctl.errors import StoreError
from labctl.sessions import record
from labctl.sessions.clock import SINCE, STAMP, Moment, moment_from, moment_of

if TYPE_CHECKING:
    from labctl.providers.base import Placement
    from labctl.sessions.controller import Controller
    from labctl.sessions.record import Session
    from labctl.store import Event

FROZEN = "hosts.frozen"
THAWED = "hosts.thawed"
BEGUN = "submit.intended"
LET_GO = (THAWED, record.PLACED, "resume.intended", "reopen.intended", "hands.done")
"""After these a host may end by itself, was started again, or was ended on purpose."""
AT_WORK_AGAIN = ("resume.done", "reopen.done")


@dataclass(frozen=True, slots=True)
class Standing:
    """Hosts that were made to stand still: which (None: any), since when, and whether they do.

    `boot` is the boot in which the log says so last.
    """

    hosts: frozenset[str] | None
    since: Moment
    still: bool
    boot: str


def standing(events: Iterable[Event]) -> Standing | None:
    """The hosts that stood still last, since people were at work."""
    found: Standing | None = None
    for event in events:
        if event.kind == FROZEN:
            since = moment_from(event.data[SINCE])
            found = Standing(frozenset(event.data["hosts"]), since, still=True, boot=_boot(event))
        elif event.kind in AT_WORK_AGAIN:
            found = None
        elif event.kind in LET_GO and found:
            found = replace(found, still=False, boot=_boot(event) or found.boot)
        elif event.kind == BEGUN and not (found and found.still):
            found = Standing(None, moment_of(event), still=False, boot=_boot(event))
    return found


def _boot(event: Event) -> str:
    return moment_of(event).boot


def stood_since(controller: Controller, session: Session) -> Moment | None:
    """Since when all hosts stand still; None if they do not, or if nothing says so."""
    found = standing(controller.store.events(session.code))
    if found and found.still:
        return found.since
    return controller.unnoted.get((session.code, session.timing.total))


def not_let_go(events: Sequence[Event], placement: Placement, boot: str) -> set[str]:
    """The hosts that cannot have ended by themselves, by what is known in this `boot`."""
    found = standing(events)
    if found is None:
        return set()
    rebooted = bool(found.boot) and found.boot != boot
    if not found.still and not rebooted:
        return set()
    return set(placement.pins if found.hosts is None else found.hosts)


def note_frozen(controller: Controller, session: Session, placement: Placement) -> set[str]:
    """Note which hosts stand still from now on, and give them; the caller has frozen them.

    Those that the server has ended meanwhile stay among them until they run again.
    """
    now, code = controller.now(), session.code
    unnoted = (code, session.timing.total)
    events = controller.store.events(code)
    before, last = not_let_go(events, placement, now.boot), standing(events)
    states = record.provider_of(controller, session).states(placement)
    hosts = {
        name
        for name, state in states.items()
        if state.state == "frozen" or (name in before and state.state != "running")
    }
    if last and last.still and last.boot == now.boot and last.hosts == frozenset(hosts):
        return hosts
    since = controller.unnoted.get(unnoted, now)
    if last and last.still:
        since = last.since
    data = {"hosts": sorted(hosts), SINCE: since.whole(), STAMP: now.stamp()}
    try:
        controller.store.append(code, FROZEN, data, controller.actor)
    except StoreError:
        if session.timing.is_over(now):
            controller.unnoted.setdefault(unnoted, now)
        raise
    controller.unnoted.pop(unnoted, None)
    return hosts


def note_thawed(controller: Controller, code: str) -> None:
    """Note that hosts are about to be let go on."""
    data = {STAMP: controller.now().stamp()}
    controller.store.append(code, THAWED, data, controller.actor)
