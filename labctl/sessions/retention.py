"""Hosts' disks that stay after a hand-in until the day that the policy says, and go then.

    stop.intended ─▶ disks.kept (snapshots of all hosts that a candidate could enter) ─▶ stop.done
                                                     … and after the last day: disks.removed

A corrected scheme, or an appeal, then finds what nobody thought of asking. A hand-in whose disks
there is no room for stays as it is: nothing is removed before it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from checkers.words import size
from labctl.errors import ProviderError
from labctl.plan import Access
from labctl.providers.base import LEAST_FREE
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State
from labctl.store import Event, Store, moment

KEPT = "disks.kept"
REMOVED = "disks.removed"
HANDED_IN = {State.SUBMITTED: "submit.done", State.SUBMITTING: "submit.intended"}
"""The event that took the work in, by the session's state; not every hand-in could be graded."""
DISCARD = "discard"
"""Why somebody lets the disks go before their day, as the intention to stop says it."""


@dataclass(frozen=True, slots=True)
class KeptDisks:
    """A session's disks: the last day (`2026-03-14`), and by which name each host's is kept."""

    until: str
    hosts: dict[str, str]


def today(controller: Controller) -> date:
    """The day that it is here."""
    return controller.now().at.astimezone().date()


def last_day(session: Session, events: Sequence[Event]) -> date | None:
    """The last day that the disks of a hand-in are to be kept; None where the policy asks none."""
    days = session.policy.keep_disks_days
    kind = HANDED_IN.get(State(session.record.state))
    if not days or session.record.mode == "practice" or kind is None:
        return None
    handed_in = [event for event in events if event.kind == kind]
    if not handed_in:
        return None
    return moment(handed_in[-1].at).astimezone().date() + timedelta(days=days)


def kept_disks(events: Sequence[Event]) -> KeptDisks | None:
    """What is kept of a session's disks; None if there is nothing, or it is gone again."""
    for event in reversed(events):
        if event.kind == REMOVED:
            return None
        if event.kind == KEPT:
            return KeptDisks(str(event.data["until"]), dict(event.data["hosts"]))
    return None


def still_kept(controller: Controller, code: str) -> bool:
    """Whether disks of the session are kept, and have to be today."""
    found = kept_disks(controller.store.events(code))
    return found is not None and found.until >= today(controller).isoformat()


def demand_room(controller: Controller, session: Session) -> None:
    """Raise `ProviderError` where keeping the session's disks would fill the server's."""
    provider = record.provider_of(controller, session)
    room, part = provider.disk_room(), provider.disk_free()
    if room is None:
        return
    used = provider.disk_used(session.placed())
    needed = sum(used.get(host, 0) for host in _hosts(session))
    spare = int(room / max(part, 0.01) * LEAST_FREE)
    if needed > room - spare:
        raise ProviderError(
            f"There is no room to keep what is on the hosts of session `{session.code}`: that "
            f"takes {size(needed)}, and {size(max(room - spare, 0))} can be had. Nothing was "
            "removed.",
            "`labctl gc` removes what was kept long enough, `labctl images prune` old images. "
            f"`labctl stop {session.code} --discard --reason WHY` removes the hosts all the same.",
        )


def keep(controller: Controller, session: Session, intent: str, until: date) -> None:
    """Keep what is on the hosts, once for an intention to stop, and say so in the log.

    Raises `ProviderError` where it cannot be: then nothing of the session may be removed.
    """
    if _kept_for(controller.store, session.code, intent):
        return
    provider = record.provider_of(controller, session)
    placement = session.placed()
    states = provider.states(placement)
    hosts, gone = {}, []
    for host in _hosts(session):
        if states[host].state == "missing":
            gone.append(host)
            continue
        controller.tell(session.code, f"keeping what is on {host}")
        hosts[host] = provider.snapshot(placement, host)
    data = {"of": intent, "until": until.isoformat(), "hosts": hosts, "gone": gone}
    controller.store.append(session.code, KEPT, data, controller.actor)


def note_removed(controller: Controller, code: str) -> None:
    """Say in the log that the disks of a session are not kept any more."""
    found = kept_disks(controller.store.events(code))
    if found is not None:
        controller.store.append(code, REMOVED, {"hosts": found.hosts}, controller.actor)


def _kept_for(store: Store, code: str, intent: str) -> bool:
    return any(each.kind == KEPT and each.data["of"] == intent for each in store.events(code))


def _hosts(session: Session) -> list[str]:
    """The hosts that the candidate could enter: what is on the others is the lab's own."""
    return [host.name for host in session.plan.hosts if host.access is not Access.NONE]
