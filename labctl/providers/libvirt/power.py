"""Power: machines are switched on, wired, waited for while they boot, and switched off again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from checkers.agent.hosts import WHENEVER
from labctl.errors import ProviderError
from labctl.images.build import resolve
from labctl.images.disks import disk_set
from labctl.plan import HostPlan, Plan
from labctl.providers.base import HostState, Report
from labctl.providers.docker import cabling
from labctl.providers.docker.helpers import OBSERVER
from labctl.providers.docker.provider import DockerProvider
from labctl.providers.libvirt import identity
from labctl.providers.libvirt.conditions import condition, state_of
from labctl.providers.libvirt.guest import Guest, GuestBusy, GuestUnreachable
from labctl.providers.libvirt.hypervisor import Missing, talking
from labctl.providers.libvirt.machines import (
    BOOT_SECONDS,
    Machines,
    at_once,
    domain_name,
    tap_name,
)
from labctl.providers.libvirt.slots import boot_slot

KERNEL_SECONDS = 100.0
"""How long a machine may take until its kernel has started the observer."""
STARVED_SECONDS = 400.0
"""How long if it computes all the while: on a server with too much to do it is slow, not broken."""
LISTEN_SECONDS = 20.0
COMPUTES = 0.1
"""The share of a processor that a machine takes at least which is not waiting for anything."""
STAGE_SECONDS = 10.0
RESET_SECONDS = 1.0
PRESS_SECONDS = 20.0
"""How long a machine that nobody hears from may take to shut down in order."""

Pins = dict[str, Any]


class Power:
    """The power switches of one installation's machines."""

    def __init__(
        self, machines: Machines, docker: DockerProvider, accelerated: Callable[[], bool]
    ) -> None:
        """`docker` has the fabric that the machines' cables lead to."""
        self._accelerated = accelerated
        self._machines = machines
        self._docker = docker

    # ------------------------------------------------------------------ on

    def on(
        self,
        session: str,
        plan: Plan,
        hosts: Sequence[HostPlan],
        report: Report,
        *,
        first: bool = False,
        lenient: bool = True,
    ) -> dict[str, Pins]:
        """Switch machines on, wire them, and wait until they have booted; their pins.

        They are made if they are not there (`first`). One that does not boot is an error, or it
        (`lenient`: its owner may have broken it) has no pins.
        """
        boot = partial(self._boot, session, report=report, first=first)
        if lenient:
            boot = partial(self.wait, session, report=report)
        if not hosts:
            return {}
        with boot_slot(accelerated=self._accelerated()) as place:
            self.switch_on(session, plan, hosts, report)
            place.leave_when_idle(partial(self._computed, session, hosts))
            found = at_once(boot, hosts)
        return {host.name: pins for host, pins in zip(hosts, found, strict=True) if pins}

    def _computed(self, session: str, hosts: Sequence[HostPlan]) -> float:
        """Seconds of a processor that machines have taken so far; none for one that is gone."""
        total = 0.0
        for host in hosts:
            with contextlib.suppress(ProviderError), talking("to look at a machine"):
                *_, nanoseconds = self._machines.get(session, host.name).info()
                total += nanoseconds / 1e9
        return total

    def switch_on(
        self, session: str, plan: Plan, hosts: Sequence[HostPlan], report: Report
    ) -> None:
        """Switch machines on and wire them.

        Until they run they count as stopped, so that whoever comes after a killed command begins
        again: a machine without cables or disks must never go on.
        """
        observer = disk_set(resolve(OBSERVER), report)
        disks = {host.image: disk_set(self._docker.image(host), report) for host in hosts}

        for host in hosts:
            self._machines.files.half_started(session, host.name).touch()

        def one(host: HostPlan) -> Any:
            image = self._docker.image(host)
            return self._machines.start(session, host, image, disks[host.image], observer)

        domains = at_once(one, hosts)
        self._plug(session, plan, hosts)
        with talking("to let machines run"):
            for machine in domains:
                if state_of(machine) == "frozen":
                    machine.resume()
        for host in hosts:
            self._machines.files.half_started(session, host.name).unlink(missing_ok=True)

    def _plug(self, session: str, plan: Plan, hosts: Sequence[HostPlan]) -> None:
        """Bring the machines' network cards onto the fabric."""
        ports = cabling.ports(plan).items()
        taps: dict[str, dict[str, str]] = {}
        for host in hosts:
            out = self._machines.without(session, host.name)
            own = [port for port, (name, _) in ports if name == host.name]
            cards = {
                port: tap_name(session, host.name, number)
                for number, (port, card) in enumerate(zip(own, host.ports, strict=True))
                if card.interface not in out
            }
            if cards:
                taps[domain_name(session, host.name)] = cards
        if taps:
            self._docker.plug(session, plan, taps)

    # ------------------------------------------------------------------ the boot

    def wait(self, session: str, host: HostPlan, report: Report) -> Pins:
        """Wait until a machine has booted; no pins if it does not: its owner may have broken it."""
        try:
            return self._boot(session, host, report, first=False)
        except (ProviderError, TimeoutError) as error:
            report(f"{host.name} has power, and has not booted: {error}")
            return {}

    def _boot(self, session: str, host: HostPlan, report: Report, *, first: bool) -> Pins:
        guest = self._machines.guest(session, host.name)
        pins = self._heard(session, host, guest)
        identity.await_boot(guest, BOOT_SECONDS)
        if first:
            identity.give(guest, host)
        identity.await_disks(guest, self._machines.serials(session, host.name))
        report(f"{host.name} is ready")
        # It is the same machine, whatever it was rebooted by; libvirt knows it by its name.
        known = {"start_time": WHENEVER, "machine": domain_name(session, host.name)}
        return {**pins, **known}

    def _heard(self, session: str, host: HostPlan, guest: Guest) -> Pins:
        """The pins that a machine's observer gives as soon as it is heard."""
        began = time.monotonic()
        listen = KERNEL_SECONDS
        while True:
            before, since = self._computed(session, [host]), time.monotonic()
            try:
                return guest.pins(listen)
            except GuestBusy:
                raise
            except GuestUnreachable:
                now = time.monotonic()
                used = self._computed(session, [host]) - before
                if used < COMPUTES * (now - since) or now - began > STARVED_SECONDS:
                    raise
                listen = LISTEN_SECONDS

    def stage(self, session: str, host: str, seconds: float) -> str | None:
        """How far a machine has come, if it has power and has not booted within `seconds`.

        `silent`: its observer, which its kernel starts first, answers on none of its lines.
        `starting`: the observer answers. Raises `ProviderError` if others have taken every line.
        """
        machine = self.find(session, host)
        if machine is None or state_of(machine) != "running":
            return None
        until = time.monotonic() + seconds
        guest = self._machines.guest(session, host)
        try:
            guest.pins(seconds)
        except GuestBusy:
            raise
        except ProviderError:
            return "silent"
        try:
            identity.await_boot(guest, max(STAGE_SECONDS, until - time.monotonic()))
        except ProviderError:
            return "starting"
        return None

    # ------------------------------------------------------------------ off, and by hand

    def off(self, session: str, hosts: Sequence[str]) -> None:
        """Shut machines down; the power of what does not go off in time is cut."""
        found = [self.find(session, host) for host in hosts]
        self._machines.shut_down([machine for machine in found if machine is not None])

    def press(self, session: str, hosts: Sequence[str]) -> None:
        """Press the power button of machines that may not hear it; cut their power soon after."""
        found = [self.find(session, host) for host in hosts]
        machines = [machine for machine in found if machine is not None]
        self._machines.shut_down(machines, PRESS_SECONDS)

    def cut(self, session: str, hosts: Sequence[str]) -> None:
        """Take machines' power away, as they are."""
        for host in hosts:
            self._machines.cut_power(self._machines.get(session, host))

    def finish(self, session: str, plan: Plan, host: HostPlan, report: Report) -> dict[str, Pins]:
        """Do what the last act has left to be done; the machine's pins, if it has booted by it.

        May be cut off at any point and done again.
        """
        machine = self._machines.get(session, host.name)
        chassis = self._machines.chassis(session, host.name)
        pending = chassis.pending if chassis else ""
        if chassis is not None:
            self._machines.fit_bmc(session, host, chassis)
        if pending in ("off", "cycle"):
            self._machines.cut_power(machine)
        if pending == "shut-down":
            self._machines.shut_down([machine])
        if pending in ("on", "cycle"):
            self._machines.leave(session, host.name, "on")
            pins = self._on_by_hand(session, plan, host, report)
        elif pending == "reset":
            pins = self._reset(session, host, report)
        else:
            pins = {}
        if pending in ("", "fit") and chassis and machine.isActive():
            self._machines.fit(session, host, chassis)
        self._machines.leave(session, host.name, "")
        return pins

    def _on_by_hand(
        self, session: str, plan: Plan, host: HostPlan, report: Report
    ) -> dict[str, Pins]:
        """Switch a machine on; one that is half started is begun once more."""
        self.without_power(session, host.name)
        return self.on(session, plan, [host], report)

    def _reset(self, session: str, host: HostPlan, report: Report) -> dict[str, Pins]:
        machine = self._machines.get(session, host.name)
        with boot_slot(accelerated=self._accelerated()) as place:
            with talking("to reset a machine"):
                if machine.isActive():
                    machine.reset(0)
            time.sleep(RESET_SECONDS)  # until then the observer of before may still answer
            place.leave_when_idle(partial(self._computed, session, [host]))
            pins = self.wait(session, host, report)
        return {host.name: pins} if pins else {}

    def without_power(self, session: str, host: str) -> bool:
        """Whether a machine is there and has no power; one that is half started loses it."""
        machine = self.find(session, host)
        if machine is None:
            return False
        if machine.isActive() and self._machines.files.half_started(session, host).exists():
            self._machines.cut_power(machine)
        return not machine.isActive()

    def condition(self, session: str, host: str) -> HostState:
        """How a machine stands; one that is half started has stopped."""
        machine = self.find(session, host)
        if machine is not None and self._machines.files.half_started(session, host).exists():
            return HostState(host, "stopped")
        return condition(host, machine, self._machines.chassis(session, host))

    def find(self, session: str, host: str) -> Any:
        """A host's domain; `None` if there is none."""
        try:
            return self._machines.get(session, host)
        except Missing:
            return None
