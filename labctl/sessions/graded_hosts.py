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
from labctl.plan import Access
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.fallen import fallen_hosts, note_fallen
from labctl.sessions.record import Session
from labctl.sessions.standing import not_let_go, note_frozen, note_thawed

if TYPE_CHECKING:
    from labctl.providers.base import Placement, Provider

PATIENCE = 45.0
"""Seconds that a host may take to boot before its twin is asked how long that takes."""
TIMES = {"silent": 2.0, "starting": 4.0}
"""So many times as long as its twin's whole boot may a host take to come further than that."""
LOOK = 20.0
"""Seconds that even a host which is not waited for has to answer: a busy server is slow."""
TWIN = "-twin"
BROKEN = "{} does not boot any more; a fresh machine like it does"


class GradedHosts:
    """The hosts of one session; `placement` follows them through restarts.

    `broken` are those that do not come up although their twins do, with the reason in words;
    `fallen` those that a fault of the server has ended since the hand-in.
    """

    def __init__(self, controller: Controller, session: Session) -> None:
        self._controller = controller
        self._session = session
        self._provider: Provider = record.provider_of(controller, session)
        self.placement: Placement = session.placed()
        self.broken: dict[str, str] = {}
        events = controller.store.events(session.code)
        self.fallen: set[str] = fallen_hosts(events)
        self._standing = not_let_go(events, self.placement, controller.now().boot)

    # ------------------------------------------------------------------ what grading does to them

    def clear(self) -> None:
        """Remove the twin that a grading which was killed has left."""
        code = twin_code(self._session.code)
        if any(each.session == code for each in self._provider.owned()):
            self._provider.down(code)

    def freeze(self) -> None:
        """Stop all hosts' clocks, and put everybody out."""
        self._revive()
        self._provider.freeze(self.placement)
        self._provider.expel(self.placement, list(self.placement.pins))
        self._standing = note_frozen(self._controller, self._session, self.placement)

    def thaw(self) -> None:
        """Let all hosts go on, and wait for those that are in the middle of a boot."""
        self._revive()
        self._let_go()
        self._wake()

    def restart(self) -> None:
        """Restart every host that the candidate can enter; others keep what set-up gave them."""
        plan = self._session.plan
        hosts = [
            host.name
            for host in plan.hosts
            if host.access is not Access.NONE and host.name not in self.broken
        ]
        self._let_go()
        self._controller.tell(self._session.code, "restarting " + ", ".join(hosts))
        self._placed(self._provider.restart(self.placement, plan, hosts))
        self._look_into()
        self._wake()

    def _let_go(self) -> None:
        note_thawed(self._controller, self._session.code)
        self._standing = set()
        self._provider.thaw(self.placement)

    # ------------------------------------------------------------------ hosts without power

    def _revive(self) -> None:
        """Start and rewire hosts that have stopped, once; what stays down then is looked into."""
        self.look_for_fallen()
        stopped = self._down("stopped", "off", "missing")
        if not stopped:
            return
        self._record("hosts.stopped", {"hosts": stopped})
        self._placed(self._provider.revive(self.placement, self._session.plan, stopped))
        self._look_into()

    def look_for_fallen(self) -> None:
        """Note what a fault of the server has ended."""
        found = self._provider.states(self.placement)
        for name, state in found.items():
            ended = state.fault or name in self._standing
            if ended and state.state in ("stopped", "off") and name not in self.fallen:
                self.fallen.add(name)
                note_fallen(self._controller, self._session.code, name)

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
        down = self._down("stopped", "off")
        if down:
            self._placed(self._provider.revive(self.placement, self._session.plan, down))
        self.look_for_fallen()
        for name in self._down("stopped", "off"):
            if self._is_enterable(name) and self._boot_a_twin(name) is not None:
                self._call_broken(name)

    # ------------------------------------------------------------------ hosts that do not boot

    def _wake(self) -> None:
        """Wait for hosts that boot, and tell the broken from the slow."""
        late = self._late(PATIENCE)
        if late:
            self._record("hosts.late", {"hosts": dict(late)})
        for name in late:
            self._wait_for(name)

    def _wait_for(self, name: str) -> None:
        """Wait for one host as its twin shows how long; its power is cut only as a last resort.

        Raises `ProviderError` if it is still starting, and its twin does not come up either.
        """
        took, stage = self._beside_a_twin(name, 0.0)
        if stage == "silent" and took is not None and self._is_enterable(name):
            plan = self._session.plan
            self._placed(self._provider.power_cycle(self.placement, plan, [name]))
            took, stage = self._beside_a_twin(name, took)
            if stage == "silent" and took is not None:
                self._call_broken(name)
        if stage == "starting" and took is None:
            raise ProviderError(
                f"{name} has not finished its boot, and no fresh machine like it boots here.",
                "The server may have too much to do. Type the same command again later.",
            )

    def _beside_a_twin(self, name: str, before: float) -> tuple[float | None, str | None]:
        """Boot a twin meanwhile, and wait for a host as that shows; the twin's time, its stage.

        `before` is what a twin took earlier; the longer time counts.
        """
        began = time.monotonic()
        took = self._boot_a_twin(name)
        longest = max(before, took or 0.0)
        stage = self._late(LOOK).get(name)
        while stage and (left := began + TIMES[stage] * longest - time.monotonic()) > 0:
            stage = self._late(left).get(name)
        return took, stage

    def _late(self, seconds: float) -> Mapping[str, str]:
        found = self._provider.not_booted(self.placement, seconds)
        return {name: stage for name, stage in found.items() if name not in self.broken}

    # ------------------------------------------------------------------ twins

    def _boot_a_twin(self, name: str) -> float | None:
        """The seconds that a fresh host like this one takes to restart; none if it does not."""
        host = self._session.plan.host(name)
        wires = {port.network for port in host.ports}
        networks = tuple(each for each in self._session.plan.networks if each.name in wires)
        plan = replace(self._session.plan, networks=networks, hosts=(host,))
        code = twin_code(self._session.code)
        try:
            twin = self._provider.up(code, plan, _to_nobody)
            began = time.monotonic()
            twin = self._provider.restart(twin, plan, [name])
            if self._provider.not_booted(twin, LOOK):
                return None
            state = self._provider.states(twin)[name].state
            return time.monotonic() - began if state == "running" else None
        except ProviderError:
            return None
        finally:
            self._provider.down(code)

    def _is_enterable(self, name: str) -> bool:
        """Whether anybody can have changed a host, so that its state may be held against them."""
        return self._session.plan.host(name).access is not Access.NONE

    def _call_broken(self, name: str) -> None:
        """Hold against its owner that a host does not come up, unless the server had ended it."""
        if name in self.fallen:
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


def twin_code(code: str) -> str:
    """What the twins of a session's hosts belong to on the server."""
    return f"{code}{TWIN}"
