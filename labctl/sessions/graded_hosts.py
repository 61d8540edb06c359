"""The hosts of a session while it is graded: frozen, thawed, restarted, and brought up again.

A host that does not come up is a fail if its owner has broken it, and an error if our side brings
none up. A *twin* tells one from the other: a fresh host of the same kind, started from nothing on
the same server at that time (docs/decisions/0004).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labctl.errors import ProviderError
from labctl.plan import Access, HostPlan
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session

if TYPE_CHECKING:
    from labctl.providers.base import Placement, Provider

PATIENCE = 45.0
"""Seconds that a host may take to boot before its twin is asked how long that takes."""
TIMES = 3.0
"""So many times as long as its twin may a host take in the end."""
BROKEN = "{} does not boot any more; a fresh machine like it does"


class GradedHosts:
    """The hosts of one session; `placement` follows them through restarts.

    `broken` are those that do not come up although their twins do, with the reason in words.
    """

    def __init__(self, controller: Controller, session: Session) -> None:
        self._controller = controller
        self._session = session
        self._provider: Provider = record.provider_of(controller, session)
        self.placement: Placement = session.placed()
        self.broken: dict[str, str] = {}

    # ------------------------------------------------------------------ what grading does to them

    def freeze(self) -> None:
        """Stop all hosts' clocks, and put everybody out."""
        self._revive()
        self._provider.freeze(self.placement)
        self._provider.expel(self.placement, list(self.placement.pins))

    def thaw(self) -> None:
        """Let all hosts go on, and wait for those that are in the middle of a boot."""
        self._revive()
        self._provider.thaw(self.placement)
        self._wake()

    def restart(self) -> None:
        """Restart every host that the candidate can enter; others keep what set-up gave them."""
        plan = self._session.plan
        hosts = [
            host.name
            for host in plan.hosts
            if host.access is not Access.NONE and host.name not in self.broken
        ]
        self._provider.thaw(self.placement)
        self._controller.tell(self._session.code, "restarting " + ", ".join(hosts))
        self._placed(self._provider.restart(self.placement, plan, hosts))
        self._look_into()
        self._wake()

    # ------------------------------------------------------------------ hosts without power

    def _revive(self) -> None:
        """Start and rewire hosts that have stopped, once; what stays down then is looked into."""
        stopped = self._down("stopped", "off", "missing")
        if not stopped:
            return
        self._record("hosts.stopped", {"hosts": stopped})
        self._placed(self._provider.revive(self.placement, self._session.plan, stopped))
        self._look_into()

    def _down(self, *states: str) -> list[str]:
        found = self._provider.states(self.placement)
        return [
            name
            for name, state in found.items()
            if state.state in states and name not in self.broken
        ]

    def _look_into(self) -> None:
        """Tell what stays down from a server that brings none up.

        Not before a second try, since the first may have been cut off on our side. A host whose
        container is gone is nobody's work any more, and stays an error.
        """
        down = self._down("stopped")
        if down:
            self._placed(self._provider.revive(self.placement, self._session.plan, down))
        for name in self._down("stopped"):
            if self._boot_a_twin(self._session.plan.host(name)) is not None:
                self._call_broken(name)

    # ------------------------------------------------------------------ hosts that do not boot

    def _wake(self) -> None:
        """Wait for hosts that boot; one that lets nobody look at it is switched off and on once."""
        late = self._late(PATIENCE)
        if not late:
            return
        self._record("hosts.late", {"hosts": dict(late)})
        plan = self._session.plan
        took = {name: self._boot_a_twin(plan.host(name)) for name in late}
        silent = [name for name, stage in late.items() if stage == "silent"]
        if silent:
            self._placed(self._provider.power_cycle(self.placement, plan, silent))
        longest = max((seconds for seconds in took.values() if seconds is not None), default=0.0)
        for name, stage in self._late(max(PATIENCE, TIMES * longest)).items():
            if name not in took or (took[name] is None and stage != "silent"):
                raise ProviderError(
                    f"{name} has not finished its boot, and no fresh machine like it boots here.",
                    "The server may have too much to do. Type the same command again later.",
                )
            if stage == "silent" and took[name] is not None:  # else its checks are errors
                self._call_broken(name)

    def _late(self, seconds: float) -> Mapping[str, str]:
        found = self._provider.not_booted(self.placement, seconds)
        return {name: stage for name, stage in found.items() if name not in self.broken}

    # ------------------------------------------------------------------ twins

    def _boot_a_twin(self, host: HostPlan) -> float | None:
        """The seconds that a fresh host like this one takes to restart; none if it does not."""
        code = f"{self._session.code}-twin"
        wires = {port.network for port in host.ports}
        networks = tuple(each for each in self._session.plan.networks if each.name in wires)
        plan = replace(self._session.plan, networks=networks, hosts=(host,))
        try:
            twin = self._provider.up(code, plan, _to_nobody)
            began = time.monotonic()
            twin = self._provider.restart(twin, plan, [host.name])
            if self._provider.not_booted(twin, 0.0):
                return None
            state = self._provider.states(twin)[host.name].state
            return time.monotonic() - began if state == "running" else None
        except ProviderError:
            return None
        finally:
            self._provider.down(code)

    def _call_broken(self, name: str) -> None:
        """Hold its state against the host's owner, if anybody can have changed it."""
        if self._session.plan.host(name).access is Access.NONE:
            return
        self.broken[name] = BROKEN.format(name)
        self._record("host.broken", {"host": name})

    # ------------------------------------------------------------------ the record

    def _record(self, kind: str, data: dict[str, Any]) -> None:
        self._controller.store.append(self._session.code, kind, data, self._controller.actor)

    def _placed(self, placement: Placement) -> None:
        self.placement = placement
        record.place(self._controller, placement)


def _to_nobody(_line: str) -> None:
    """A report that nobody is there to read."""
