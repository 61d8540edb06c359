"""Where hands are laid on machines: the lab's faults brought about, and physical acts done."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from checkers.hardware_state import Act, Bay, HardwareResult
from labctl.errors import ProviderError
from labctl.hardware import ActPlan, FaultPlan
from labctl.plan import HostPlan
from labctl.providers.libvirt import acts, bmc, chassis, identity
from labctl.providers.libvirt.chassis import Chassis, DoneAct
from labctl.providers.libvirt.guest import Guest
from labctl.providers.libvirt.machines import Machines

WARNINGS = ("spare", "temperature", "reliability", "read-only", "backup")
"""The bits of NVMe's byte of critical warnings, from the lowest."""
SCREEN = 1 << 20
"""As much of what a machine has written to its serial line is looked at."""
BLOCK = 4096
SECTOR = 512
_EXTENT = re.compile(r"^\s*\d+:\s*(\d+)\.\.\s*(\d+):\s*(\d+)\.\.")

_WHERE = """
set -eu
sync
device=$(findmnt -n -o SOURCE --target "$1")
start=$(cat "/sys/class/block/${device##*/}/start" 2>/dev/null || echo 0)
echo "start $start"
filefrag -e -v -b4096 "$1"
"""


class Workshop:
    """Hands on the machines of one installation."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    # ------------------------------------------------------------------ faults

    def break_down(self, session: str, host: HostPlan) -> bool:
        """Bring about what the plan says is broken; whether it takes a power cycle to show."""
        faults = host.hardware.faults if host.hardware else ()
        if not faults:
            return False
        now = self._chassis(session, host.name)
        guest = self._machines.guest(session, host.name)
        for fault in faults:
            now = _broken(now, fault, lambda path, blocks: sectors_of(guest, path, blocks))
        self._keep(session, host.name, now)
        self._machines.fit(session, host, now)
        identity.rest(guest)  # what was read before a disk broke is not known by heart
        return any(_shows_at_start(fault) for fault in faults)

    # ------------------------------------------------------------------ acts

    def do(self, session: str, host: HostPlan, act: ActPlan, key: str) -> str:
        """Begin one act, known by `key` from now on; what it is, in words.

        What it means for the machine is `pending` in its chassis. Raises `UsageError` if it cannot
        be done as things are.
        """
        running = bool(self._machines.get(session, host.name).isActive())
        before = self._chassis(session, host.name)
        outcome = acts.carry_out(before, act, running=running)
        screen = len(self._screen(session, host.name))
        done = DoneAct(act.id, time.time(), outcome.told, screen, key)
        now = replace(outcome.chassis, acts=(*before.acts, done), pending=outcome.pending)
        self._keep(session, host.name, now)
        return f"{host.name}: {outcome.told}"

    def begun(self, session: str, host: str, key: str) -> str:
        """What the act known by `key` is, in words; empty if it was not begun on this host."""
        done = [act.told for act in self._chassis(session, host).acts if act.key == key]
        return f"{host}: {done[0]}" if done else ""

    def look(self, session: str, host: str) -> HardwareResult:
        """What somebody sees who stands beside a machine."""
        now = self._chassis(session, host)
        screen = self._screen(session, host)
        return HardwareResult(
            powered=bool(self._machines.get(session, host).isActive()),
            memory=now.memory,
            bays=tuple(
                Bay(bay, disk.serial, disk.size, disk.bus, disk.warning)
                for bay, disk in sorted(now.bays.items())
            ),
            cut=tuple(sorted(now.cut)),
            acts=tuple(Act(each.id, each.at, each.told, each.screen) for each in now.acts),
            screen=screen[-SCREEN:],
            screen_from=max(0, len(screen) - SCREEN),
            bmc=bmc.look(self._folder(session, host)),
        )

    # ------------------------------------------------------------------ files

    def _folder(self, session: str, host: str) -> Path:
        return self._machines.files.of_host(session, host)

    def _chassis(self, session: str, host: str) -> Chassis:
        found = chassis.load(self._folder(session, host))
        if found is None:
            raise ProviderError(f"{host} has no hardware that hands could be laid on.")
        return found

    def _keep(self, session: str, host: str, now: Chassis) -> None:
        chassis.save(self._folder(session, host), now)

    def _screen(self, session: str, host: str) -> bytes:
        try:
            return (self._folder(session, host) / "console.log").read_bytes()
        except FileNotFoundError:
            return b""


def _shows_at_start(fault: FaultPlan) -> bool:
    return bool(fault.card or fault.clock or fault.boot or fault.power_cycle)


Locate = Callable[[str, Sequence[int]], tuple[int, ...]]


def _broken(now: Chassis, fault: FaultPlan, locate: Locate) -> Chassis:
    """The chassis with one more thing wrong."""
    if fault.power_cycle:
        return now
    if fault.link is not None:
        return replace(now, cut=(*now.cut, fault.link))
    if fault.card is not None:
        return replace(now, removed=(*now.removed, fault.card))
    if fault.clock is not None:
        start = datetime.fromisoformat(fault.clock).replace(tzinfo=UTC)
        return replace(now, dead_clock=start.timestamp())
    if fault.sensor is not None and fault.reading is not None:
        return replace(now, readings={**now.readings, fault.sensor: fault.reading})
    if fault.boot is not None:
        return replace(now, first=fault.boot)
    return _with_broken_disk(now, fault, locate)


def _with_broken_disk(now: Chassis, fault: FaultPlan, locate: Locate) -> Chassis:
    bay = now.bay_of(fault.disk or "")
    if bay is None:
        raise ProviderError(f"There is no disk {fault.disk} to break.")
    if fault.warning is not None:
        return now.broken(bay, warning=1 << WARNINGS.index(fault.warning))
    if fault.unreadable is not None:
        return now.broken(bay, sectors=locate(fault.unreadable, fault.blocks))
    return now.broken(bay, failed=fault.failed, loose=fault.loose)


def sectors_of(guest: Guest, path: str, blocks: Sequence[int]) -> tuple[int, ...]:
    """The first sector on the disk of each of a file's blocks (of all, where none is named)."""
    argv = ["/bin/bash", "-c", _WHERE, "bash", path]
    done = guest.run(
        argv, user="root", stdin=b"", cwd="/", timeout=identity.GIVE_SECONDS, limit=1 << 20
    )
    if done.exit != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise ProviderError(f"It could not be found out where {path} lies: {said}")
    return placed(done.stdout.decode("utf-8", "replace"), path, blocks)


def placed(listing: str, path: str, blocks: Sequence[int]) -> tuple[int, ...]:
    """The sectors of a file's blocks, by filefrag(8) and by where its partition starts."""
    lines = listing.splitlines()
    start = int(lines[0].split()[1])
    places: dict[int, int] = {}
    for line in lines[1:]:
        if extent := _EXTENT.match(line):
            first, last, physical = (int(number) for number in extent.groups())
            places |= {block: physical + block - first for block in range(first, last + 1)}
    missing = [block for block in blocks if block not in places]
    if missing or not places:
        raise ProviderError(f"{path} has no block {missing[0] if missing else 0} on its disk.")
    return tuple(start + places[block] * (BLOCK // SECTOR) for block in (blocks or sorted(places)))
