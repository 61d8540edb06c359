"""The libvirt provider: machines of its own, and containers, on one fabric.

Hosts whose image is a container (`examiner`, for instance) are the Docker provider's, and so is the
fabric: a machine's network cards are taps that the wirer moves to the session's bridges. So wires,
witnesses and examiners are the same for both.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from checkers.hardware_state import HardwareResult
from checkers.model import ProgramResult
from checkers.ssh import Dial, Stream
from labctl.errors import ProviderError, ProviderUnavailable, UnknownName, UsageError
from labctl.hardware import ActPlan
from labctl.plan import HostPlan, Plan
from labctl.providers.base import ByteStream, Finding, HostState, Owned, Placement, Report, Usage
from labctl.providers.docker.provider import DockerProvider
from labctl.providers.libvirt import acceleration, console, identity
from labctl.providers.libvirt.conditions import go_on, state_of
from labctl.providers.libvirt.diagnosis import diagnose
from labctl.providers.libvirt.hypervisor import Hypervisor, Missing, talking
from labctl.providers.libvirt.machines import (
    Machines,
    at_once,
)
from labctl.providers.libvirt.power import Power
from labctl.providers.libvirt.workshop import Workshop
from labctl.providers.writing import write

EXPEL_SECONDS = 20.0


class LibvirtProvider:
    """Lab hosts as virtual machines and containers, for one installation of labctl."""

    name = "libvirt"

    def __init__(self, installation: str, home: Path) -> None:
        self._docker = DockerProvider(installation, home)
        self._hypervisor = Hypervisor()
        self._machines = Machines(self._hypervisor, installation, acceleration.works)
        self._power = Power(self._machines, self._docker, acceleration.works)
        self._workshop = Workshop(self._machines)

    # ------------------------------------------------------------------ environment

    def up(self, session: str, plan: Plan, report: Report) -> Placement:
        """Bring every host up, wired and booted; what an earlier try left half made is redone."""
        self._machines.remove(session)
        placement = self._docker.up(session, plan, report)
        hosts = [host for host in plan.hosts if self._is_machine(host)]
        pins = self._power.on(session, plan, hosts, report, first=True, lenient=False)
        return replace(placement, provider=self.name, pins={**placement.pins, **pins})

    def _is_machine(self, host: HostPlan) -> bool:
        return self._docker.image(host).kind == "machine"

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
        if not whole:  # their cables went away with it, for good
            self._power.off(placement.session, [host.name for host in wanted])
        there = [host for host in wanted if self._power.without_power(placement.session, host.name)]
        pins = self._power.on(placement.session, plan, there, _to_nobody)
        return replace(revived, provider=self.name, pins={**placement.pins, **revived.pins, **pins})

    def down(self, session: str, *, but_kept: bool = False) -> None:
        """Remove everything that the session has on the server, its snapshots aside if wanted."""
        self._machines.remove(session, but_kept=but_kept)
        self._docker.down(session, but_kept=but_kept)

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
        found = []
        for name, (mark, each) in marks.items():
            kind = "host" if mark.session else "helper"
            with contextlib.suppress(Missing):  # gone meanwhile
                found.append(Owned(kind, name, mark.session or None, state_of(each)))
        named = {each.session for each in found}
        found += [self._left(session) for session in files if session not in named]
        ours = {each.session for each in found} | {None}
        return (*found, *(each for each in self._docker.owned() if each.session in ours))

    def _left(self, session: str) -> Owned:
        """What is there of a session that has files and no machine."""
        if self._machines.files.only_kept(session):
            return Owned("snapshot", f"disks of {session}", session, "kept")
        return Owned("host", f"files of {session}", session, "left over")

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
        write(partial(self.run, placement, host), host, path, content, mode)

    def expel(self, placement: Placement, hosts: Sequence[str]) -> None:
        """End every console; on a machine its serial line is taken from whoever holds it."""
        machines = [host for host in hosts if host in self._pinned(placement)]
        self._docker.expel(placement, [host for host in hosts if host not in machines])
        for host in machines:
            machine = self._power.find(placement.session, host)
            if machine is None or not machine.isActive():
                continue
            console.take_away(self._hypervisor.connection, machine)
            if state_of(machine) == "running":  # one that stands still does nothing for anybody
                guest = self._machines.guest(placement.session, host)
                guest.ask({"act": "end"}, EXPEL_SECONDS)

    # ------------------------------------------------------------------ state

    def states(self, placement: Placement) -> Mapping[str, HostState]:
        """Every host of the session, as it is now."""
        machines = self._pinned(placement)
        found = dict(self._docker.states(_without(placement, machines)))
        cabled = {host for host, _ in placement.fabric.get("ports", {}).values()}
        cut = cabled & set(machines) if self._docker.fabric_is_gone(placement) else set()
        for host in machines:
            found[host] = self._power.condition(placement.session, host)
            if found[host].state in ("running", "frozen") and host in cut:
                found[host] = HostState(host, "stopped", "the networks went away")
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

    def not_booted(self, placement: Placement, seconds: float) -> Mapping[str, str]:
        """The machines that have power and have not booted within `seconds`."""
        hosts = self._pinned(placement)
        found = at_once(lambda host: self._power.stage(placement.session, host, seconds), hosts)
        return {host: stage for host, stage in zip(hosts, found, strict=True) if stage}

    def freeze(self, placement: Placement) -> None:
        """Stop all hosts' clocks."""
        self._docker.freeze(_without(placement, self._pinned(placement)))
        for host in self._pinned(placement):
            self.freeze_host(placement, host)

    def thaw(self, placement: Placement) -> None:
        """Let all hosts go on."""
        self._docker.thaw(_without(placement, self._pinned(placement)))
        for host in self._pinned(placement):
            machine = self._power.find(placement.session, host)
            state = self._power.condition(placement.session, host).state
            if machine is not None and state == "frozen":
                go_on(machine)

    def restart(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Shut hosts down, start and rewire them."""
        machines = self._pinned(placement)
        containers = [host for host in hosts if host not in machines]
        wanted = [host for host in hosts if host in machines]
        if containers:
            found = self._docker.restart(_without(placement, machines), plan, containers)
            if found.fabric.get("pins") != placement.fabric.get("pins"):
                wanted = machines  # their cables went away with the fabric
            placement = replace(found, provider=self.name, pins={**placement.pins, **found.pins})
        self._power.off(placement.session, wanted)
        return self.revive(placement, plan, wanted)

    def power_cycle(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Switch hosts off and on; their disks keep what had been written out."""
        machines = [host for host in self._pinned(placement) if host in hosts]
        self._power.press(placement.session, machines)
        self._power.switch_on(
            placement.session, plan, [plan.host(host) for host in machines], _to_nobody
        )
        others = [host for host in hosts if host not in machines]
        return self.restart(placement, plan, others) if others else placement

    def snapshot(self, placement: Placement, host: str) -> str:
        """Keep a host's disks as they are now; a machine stands still meanwhile."""
        if host not in self._pinned(placement):
            return self._docker.snapshot(placement, host)
        return self._machines.snapshot(placement.session, host)

    def reset(self, placement: Placement, plan: Plan, host: str, report: Report) -> Placement:
        """Make one host anew; a machine goes on from its image's warm state once more."""
        machines = self._pinned(placement)
        if host not in machines:
            made = self._docker.reset(_without(placement, machines), plan, host, report)
            after = replace(made, provider=self.name, pins={**placement.pins, **made.pins})
            if made.fabric.get("pins") != placement.fabric.get("pins"):
                return self.restart(after, plan, machines)  # for new cables
            return after
        session = placement.session
        self._machines.discard(session, host)
        pins = self._power.on(session, plan, [plan.host(host)], report, first=True, lenient=False)
        return replace(placement, pins={**placement.pins, **pins})

    def usage(self, placement: Placement) -> tuple[Usage, ...]:
        """What each running host uses; of a machine's processes the server sees QEMU alone."""
        containers = self._docker.usage(_without(placement, self._pinned(placement)))
        found = []
        for host in self._pinned(placement):
            machine = self._power.find(placement.session, host)
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

    def disk_room(self) -> int | None:
        """The bytes that are free there, on the fuller one if two."""
        rooms = (self._docker.disk_room(), self._machines.files.room())
        return min((each for each in rooms if each is not None), default=None)

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
        machine = self._power.find(placement.session, host)
        if machine is not None and state_of(machine) == "running":
            with talking(f"to freeze {host}"):
                machine.suspend()

    # ------------------------------------------------------------------ acts

    def break_down(
        self, placement: Placement, plan: Plan, hosts: Sequence[str], report: Report
    ) -> Placement:
        """Bring about these hosts' faults, with a power cycle where it takes one."""
        machines = [plan.host(name) for name in self._pinned(placement) if name in hosts]
        cycled = [
            each.name for each in machines if self._workshop.break_down(placement.session, each)
        ]
        if not cycled:
            return placement
        self._power.off(placement.session, cycled)
        broken = [plan.host(name) for name in cycled]
        # One whose firmware starts from something else never gets as far as to be waited for.
        if any(fault.boot for host in broken if host.hardware for fault in host.hardware.faults):
            self._power.switch_on(placement.session, plan, broken, report)
            return placement
        pins = self._power.on(placement.session, plan, broken, report, lenient=False)
        return replace(placement, pins={**placement.pins, **pins})

    def hands(
        self, placement: Placement, plan: Plan, act: str, key: str, report: Report
    ) -> tuple[Placement, str]:
        """Do a physical act, and wait for the machine to boot where it has come on by it."""
        host, wanted = _act(plan, act)
        placement = self._finish(placement, plan, host, report)
        told = self._workshop.do(placement.session, host, wanted, key)
        return self._finish(placement, plan, host, report), told

    def refit(
        self, placement: Placement, plan: Plan, key: str, report: Report
    ) -> tuple[Placement, str]:
        """Finish what acts have left to be done; the words of the one known by `key`, if begun."""
        told = ""
        for name in self._pinned(placement):
            placement = self._finish(placement, plan, plan.host(name), report)
            told = told or self._workshop.begun(placement.session, name, key)
        return placement, told

    def _finish(
        self, placement: Placement, plan: Plan, host: HostPlan, report: Report
    ) -> Placement:
        pins = self._power.finish(placement.session, plan, host, report)
        return replace(placement, pins={**placement.pins, **pins})

    def hardware(self, placement: Placement, host: str) -> HardwareResult:
        """A machine as somebody sees it who stands beside it."""
        if host not in self._pinned(placement):
            raise ProviderError(f"{host} is a container, which has no hardware.")
        return self._workshop.look(placement.session, host)

    # ------------------------------------------------------------------ the rest

    def _pinned(self, placement: Placement) -> list[str]:
        """The hosts of a session that are machines."""
        return [host for host, pins in placement.pins.items() if "machine" in pins]

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


def _to_nobody(_line: str) -> None:
    """A report that nobody is there to read."""
