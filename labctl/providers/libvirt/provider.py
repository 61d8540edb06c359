"""The libvirt provider: machines of its own, and containers, on one fabric.

Hosts whose image is a container (`examiner`, for instance) are the Docker provider's, and so is the
fabric: a machine's network cards are taps that the wirer moves to the session's bridges. So wires,
witnesses and examiners are the same for both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from checkers.agent.hosts import WHENEVER
from checkers.hardware_state import HardwareResult
from checkers.model import ProgramResult
from checkers.ssh import Dial, Stream
from labctl.errors import ProviderError, ProviderUnavailable, UnknownName, UsageError
from labctl.hardware import ActPlan
from labctl.images.build import resolve
from labctl.images.disks import disk_set
from labctl.plan import HostPlan, Plan
from labctl.providers.base import ByteStream, Finding, HostState, Owned, Placement, Report, Usage
from labctl.providers.docker import cabling
from labctl.providers.docker.provider import OBSERVER, DockerProvider
from labctl.providers.libvirt import acceleration, console, identity
from labctl.providers.libvirt.diagnosis import diagnose
from labctl.providers.libvirt.guest import GuestUnreachable
from labctl.providers.libvirt.hypervisor import Hypervisor, Missing, library, talking
from labctl.providers.libvirt.machines import (
    BOOT_SECONDS,
    Machines,
    at_once,
    domain_name,
    tap_name,
)
from labctl.providers.libvirt.workshop import Workshop

EXPEL_SECONDS = 20.0
KERNEL_SECONDS = 100.0
"""How long a machine may take until its kernel has started the observer."""
RESET_SECONDS = 1.0
SILENT_SECONDS = 20.0
"""How long an observer may take to answer before its machine is called silent."""


class LibvirtProvider:
    """Lab hosts as virtual machines and containers, for one installation of labctl."""

    name = "libvirt"

    def __init__(self, installation: str, home: Path) -> None:
        self._docker = DockerProvider(installation, home)
        self._hypervisor = Hypervisor()
        self._machines = Machines(self._hypervisor, installation, acceleration.works)
        self._workshop = Workshop(self._machines)

    # ------------------------------------------------------------------ environment

    def up(self, session: str, plan: Plan, report: Report) -> Placement:
        """Bring every host up, wired and booted; what an earlier try left half made is redone."""
        self._machines.remove(session)
        placement = self._docker.up(session, plan, report)
        hosts = [host for host in plan.hosts if self._is_machine(host)]
        pins = self._start(session, plan, hosts, report, first=True)
        return replace(placement, provider=self.name, pins={**placement.pins, **pins})

    def _is_machine(self, host: HostPlan) -> bool:
        return self._docker.image(host).kind == "machine"

    def _start(
        self,
        session: str,
        plan: Plan,
        hosts: Sequence[HostPlan],
        report: Report = lambda _: None,
        *,
        first: bool,
        wait: bool = True,
        lenient: bool = False,
    ) -> dict[str, dict[str, Any]]:
        """Switch machines on, wire them, and wait until they have booted; their pins."""
        observer = disk_set(resolve(OBSERVER), report)
        disks = {host.image: disk_set(self._docker.image(host), report) for host in hosts}

        def switch_on(host: HostPlan) -> Any:
            image = self._docker.image(host)
            return self._machines.start(session, host, image, disks[host.image], observer)

        domains = at_once(switch_on, hosts)
        self._plug(session, plan, hosts)
        with talking("to let machines run"):
            for machine in domains:
                machine.resume()

        if not wait:
            return {}
        boot = partial(
            self._try_boot if lenient else self._boot, session, report=report, first=first
        )
        found = at_once(boot, hosts)
        return {host.name: pins for host, pins in zip(hosts, found, strict=True) if pins}

    def _try_boot(
        self, session: str, host: HostPlan, report: Report, *, first: bool = False
    ) -> dict[str, Any]:
        """As `_boot`, of a machine that somebody may have broken; nothing if it does not boot."""
        try:
            return self._boot(session, host, report, first=first)
        except ProviderError as error:
            report(f"{host.name} has power, and has not booted: {error.message}")
            return {}

    def _boot(
        self, session: str, host: HostPlan, report: Report, *, first: bool = True
    ) -> dict[str, Any]:
        """Wait until a machine has booted; its pins."""
        guest = self._machines.guest(session, host.name)
        pins = guest.pins(KERNEL_SECONDS)
        identity.await_boot(guest, BOOT_SECONDS)
        if first:
            identity.give(guest, host)
        identity.await_disks(guest, self._machines.serials(session, host.name))
        report(f"{host.name} is ready")
        # It is the same machine, whatever it was rebooted by; libvirt knows it by its name.
        known = {"start_time": WHENEVER, "machine": domain_name(session, host.name)}
        return {**pins, **known}

    def _plug(self, session: str, plan: Plan, hosts: Sequence[HostPlan]) -> None:
        """Bring the machines' network cards onto the fabric."""
        wanted = {host.name for host in hosts}
        taps: dict[str, dict[str, str]] = {}
        for port, (host, _) in cabling.ports(plan).items():
            if host in wanted:
                cards = taps.setdefault(domain_name(session, host), {})
                cards[port] = tap_name(session, host, len(cards))
        if taps:
            self._docker.plug(session, plan, taps)

    def revive(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Start and rewire hosts that have stopped; machines too if the fabric went away."""
        containers = [name for name in hosts if name not in self._pinned(placement)]
        revived = self._docker.revive(
            _without(placement, self._pinned(placement)), plan, containers
        )
        whole = revived.fabric.get("pins") == placement.fabric.get("pins")
        wanted = [
            host
            for host in plan.hosts
            if host.name in self._pinned(placement) and (host.name in hosts or not whole)
        ]
        if not whole:
            self._cut(placement, [host.name for host in wanted])
        there = [host for host in wanted if self._is_off(placement, host.name)]
        pins = self._start(placement.session, plan, there, first=False)
        return replace(revived, provider=self.name, pins={**placement.pins, **revived.pins, **pins})

    def _is_off(self, placement: Placement, host: str) -> bool:
        """Whether a machine is there and has no power."""
        machine = self._machine(placement, host)
        return machine is not None and not machine.isActive()

    def _cut(self, placement: Placement, hosts: Sequence[str]) -> None:
        """Shut machines down: their cables went away with the fabric, for good."""
        found = [self._machine(placement, host) for host in hosts]
        self._machines.shut_down([machine for machine in found if machine is not None])

    def down(self, session: str) -> None:
        """Remove everything that the session has on the server."""
        self._machines.remove(session)
        self._docker.down(session)

    def owned(self) -> tuple[Owned, ...]:
        """Machines, what is left of machines' files, and the containers of the same sessions.

        A server without libvirt has no machines.
        """
        files = self._machines.files.sessions()
        try:
            marks = self._machines.marks()
        except ProviderUnavailable:
            if files:
                raise
            return ()
        found = [
            Owned("host" if mark.session else "helper", name, mark.session or None, _power(machine))
            for name, (mark, machine) in marks.items()
        ]
        named = {each.session for each in found}
        left = [session for session in files if session not in named]
        found += [Owned("host", f"files of {each}", each, "left over") for each in left]
        ours = {each.session for each in found} | {None}
        return (*found, *(each for each in self._docker.owned() if each.session in ours))

    def tidy(self) -> None:
        """Remove the helpers if no session is left that needs them."""
        self._machines.remove("")  # a machine that was to be saved for warm starts
        self._docker.tidy()

    # ------------------------------------------------------------------ access

    def dial(self, argv: Sequence[str], preamble: bytes) -> ByteStream:
        """A stream to a program in the server's observer."""
        return self._docker.dial(argv, preamble)

    def guest_dials(self, placement: Placement) -> Mapping[str, Dial]:
        """The ways to the observers inside the machines."""

        def dial(host: str, argv: Sequence[str], preamble: bytes) -> Stream:
            return self._machines.guest(placement.session, host).open(argv, preamble)

        return {host: partial(dial, host) for host in self._pinned(placement)}

    def run(
        self,
        placement: Placement,
        host: str,
        argv: Sequence[str],
        *,
        user: str = "root",
        stdin: bytes = b"",
        cwd: str = "/",
        timeout: float = 60.0,
        limit: int = 1 << 20,
    ) -> ProgramResult:
        """Run a program inside a host (see `labctl.providers.base.Access`)."""
        run: Callable[..., ProgramResult] = partial(self._docker.run, placement, host)
        if host in self._pinned(placement):
            run = self._machines.guest(placement.session, host).run
        return run(argv, user=user, stdin=stdin, cwd=cwd, timeout=timeout, limit=limit)

    def console(self, placement: Placement, host: str, user: str) -> int | None:
        """Join the terminal to a login shell; on a machine, to its serial line."""
        if host not in self._pinned(placement):
            return self._docker.console(placement, host, user)
        machine = self._machines.get(placement.session, host)
        if not machine.isActive():
            raise UsageError(f"{host} is switched off.", "`labctl hands` shows what can be done.")
        return console.join(self._hypervisor.connection, machine)

    def put(self, placement: Placement, host: str, path: str, content: bytes, mode: int) -> None:
        """Write a file on a host, by its own programs, as its administrator."""
        script = 'umask 077; cat > "$1" && chmod "$2" "$1"'
        argv = ["/bin/sh", "-c", script, "sh", path, f"{mode:o}"]
        done = self.run(placement, host, argv, stdin=content)
        if done.exit != 0:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise ProviderError(f"`{path}` could not be written on {host}: {said}")

    def expel(self, placement: Placement, hosts: Sequence[str]) -> None:
        """End every console; on a machine its serial line is taken from whoever holds it."""
        machines = [host for host in hosts if host in self._pinned(placement)]
        self._docker.expel(placement, [host for host in hosts if host not in machines])
        for host in machines:
            machine = self._machine(placement, host)
            if machine is None or not machine.isActive():
                continue
            console.take_away(self._hypervisor.connection, machine)
            if _power(machine) == "running":  # one that stands still does nothing for anybody
                guest = self._machines.guest(placement.session, host)
                guest.ask({"act": "end"}, EXPEL_SECONDS)

    # ------------------------------------------------------------------ state

    def states(self, placement: Placement) -> Mapping[str, HostState]:
        """Every host of the session, as it is now."""
        machines = self._pinned(placement)
        found = dict(self._docker.states(_without(placement, machines)))
        for host in machines:
            machine = self._machine(placement, host)
            if machine is None:
                found[host] = HostState(host, "missing", "its machine is gone")
            else:
                state = _power(machine)
                if state == "stopped" and self._machines.is_off(placement.session, host):
                    state = "off"
                found[host] = HostState(host, state)
        return {host: found[host] for host in placement.pins}

    def going_down(self, placement: Placement, host: str) -> bool:
        """Whether a running host is in the middle of shutting down."""
        if host not in self._pinned(placement):
            return self._docker.going_down(placement, host)
        try:
            guest = self._machines.guest(placement.session, host)
            return identity.stage(guest) == "stopping"
        except ProviderError:  # it has just gone off
            return True

    def silent(self, placement: Placement) -> tuple[str, ...]:
        """The machines that run and whose observer does not answer."""

        def one(host: str) -> bool:
            machine = self._machine(placement, host)
            if machine is None or _power(machine) != "running":
                return False
            try:
                self._machines.guest(placement.session, host).pins(SILENT_SECONDS)
            except GuestUnreachable:
                return True
            return False

        hosts = self._pinned(placement)
        return tuple(host for host, mute in zip(hosts, at_once(one, hosts), strict=True) if mute)

    def freeze(self, placement: Placement) -> None:
        """Stop all hosts' clocks."""
        self._docker.freeze(_without(placement, self._pinned(placement)))
        for host in self._pinned(placement):
            self.freeze_host(placement, host)

    def thaw(self, placement: Placement) -> None:
        """Let all hosts go on."""
        self._docker.thaw(_without(placement, self._pinned(placement)))
        for host in self._pinned(placement):
            machine = self._machine(placement, host)
            if machine is not None and _power(machine) == "frozen":
                with talking(f"to thaw {host}"):
                    machine.resume()

    def restart(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Shut hosts down, start and rewire them."""
        machines = self._pinned(placement)
        containers = [host for host in hosts if host not in machines]
        if containers:
            found = self._docker.restart(_without(placement, machines), plan, containers)
            placement = replace(found, provider=self.name, pins={**placement.pins, **found.pins})
        wanted = [host for host in hosts if host in machines]
        self._cut(placement, wanted)
        return self.revive(placement, plan, wanted)

    def usage(self, placement: Placement) -> tuple[Usage, ...]:
        """What each running host uses; of a machine's processes the server sees QEMU alone."""
        containers = self._docker.usage(_without(placement, self._pinned(placement)))
        found = []
        for host in self._pinned(placement):
            machine = self._machine(placement, host)
            if machine is None or not machine.isActive():
                continue
            with talking(f"to measure {host}"):
                most, used = machine.maxMemory() << 10, machine.memoryStats().get("rss", 0) << 10
            disk = self._machines.files.used(placement.session, host)
            found.append(Usage(host, min(used, most), most, 1, disk))
        return (*containers, *found)

    def disk_free(self) -> float:
        """The free part (0 to 1) of the disk that all hosts share, the fuller one if two."""
        return min(self._docker.disk_free(), self._machines.files.free())

    def disk_used(self, placement: Placement) -> Mapping[str, int]:
        """The bytes that each host has written."""
        machines = self._pinned(placement)
        found = dict(self._docker.disk_used(_without(placement, machines)))
        return found | {
            host: self._machines.files.used(placement.session, host) for host in machines
        }

    def freeze_host(self, placement: Placement, host: str) -> None:
        """Stop one host's clock."""
        if host not in self._pinned(placement):
            self._docker.freeze_host(placement, host)
            return
        machine = self._machine(placement, host)
        if machine is not None and _power(machine) == "running":
            with talking(f"to freeze {host}"):
                machine.suspend()

    # ------------------------------------------------------------------ acts

    def break_down(self, placement: Placement, plan: Plan, report: Report) -> Placement:
        """Bring about the faults that the plan asks for, with a power cycle where it takes one."""
        machines = self._pinned(placement)
        hosts = [plan.host(name) for name in machines]
        cycled = [host.name for host in hosts if self._workshop.break_down(placement.session, host)]
        if not cycled:
            return placement
        self._cut(placement, cycled)
        broken = [plan.host(name) for name in cycled]
        # One whose firmware starts from something else never gets as far as to be waited for.
        lost = any(fault.boot for host in broken if host.hardware for fault in host.hardware.faults)
        pins = self._start(placement.session, plan, broken, report, first=False, wait=not lost)
        return replace(placement, pins={**placement.pins, **pins})

    def hands(
        self, placement: Placement, plan: Plan, act: str, report: Report
    ) -> tuple[Placement, str]:
        """Do a physical act, and wait for the machine to boot where it has come on by it."""
        host, wanted = _act(plan, act)
        outcome = self._workshop.do(placement.session, host, wanted)
        machine = self._machines.get(placement.session, host.name)
        if outcome.power in ("off", "cycle"):
            self._machines.cut_power(machine)
        if outcome.power == "shut-down":
            self._machines.shut_down([machine])
        if outcome.power == "reset":
            with talking("to reset a machine"):
                machine.reset(0)
            time.sleep(RESET_SECONDS)  # until then the observer of before may still answer
        if outcome.power in ("on", "cycle"):
            placement = self._power_on(placement, plan, host, report)
        elif outcome.power == "reset":
            placement = self._booted(placement, host, report)
        return placement, f"{host.name}: {outcome.told}"

    def _power_on(
        self, placement: Placement, plan: Plan, host: HostPlan, report: Report
    ) -> Placement:
        """Start a machine; one that does not boot has power all the same."""
        pins = self._start(placement.session, plan, [host], report, first=False, lenient=True)
        return replace(placement, pins={**placement.pins, **pins})

    def _booted(self, placement: Placement, host: HostPlan, report: Report) -> Placement:
        pins = self._try_boot(placement.session, host, report)
        return replace(placement, pins={**placement.pins, **({host.name: pins} if pins else {})})

    def refit(self, placement: Placement, plan: Plan) -> None:
        """Fit the machines that run to what their chassis say."""
        for name in self._pinned(placement):
            self._workshop.refit(placement.session, plan.host(name))

    def hardware(self, placement: Placement, host: str) -> HardwareResult:
        """A machine as somebody sees it who stands beside it."""
        if host not in self._pinned(placement):
            raise ProviderError(f"{host} is a container, which has no hardware.")
        return self._workshop.look(placement.session, host)

    # ------------------------------------------------------------------ the rest

    def _pinned(self, placement: Placement) -> list[str]:
        """The hosts of a session that are machines."""
        return [host for host, pins in placement.pins.items() if "machine" in pins]

    def _machine(self, placement: Placement, host: str) -> Any:
        try:
            return self._machines.get(placement.session, host)
        except Missing:
            return None

    def diagnose(self) -> tuple[Finding, ...]:
        """What `labctl doctor` should say about virtual machines on this server."""
        return diagnose(self._hypervisor)

    def close(self) -> None:
        """Let go of the connections."""
        self._docker.close()
        self._hypervisor.close()


def _without(placement: Placement, hosts: Collection[str]) -> Placement:
    """The placement of the other hosts."""
    pins = {host: pins for host, pins in placement.pins.items() if host not in hosts}
    return replace(placement, pins=pins)


def _act(plan: Plan, name: str) -> tuple[HostPlan, ActPlan]:
    """An act that the plan's hosts have, and the host; raises `UnknownName`."""
    found = {
        act.id: (host, act) for host in plan.hosts if host.hardware for act in host.hardware.acts
    }
    if name not in found:
        raise UnknownName("act of this lab", name, found)
    return found[name]


def _power(machine: Any) -> str:
    libvirt = library()
    with talking("to look at a machine"):
        state, _ = machine.state()
    if state in (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_BLOCKED):
        return "running"
    if state in (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PMSUSPENDED):
        return "frozen"
    return "running" if state == libvirt.VIR_DOMAIN_SHUTDOWN else "stopped"
