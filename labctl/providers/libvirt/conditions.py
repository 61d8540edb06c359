"""How a machine stands, and whose doing that is; letting it go on only where it can.

QEMU stops a machine whose disk cannot take what it writes because the server's own disk is full
(`werror=enospc`, as is its default), and tries that write again when it is let go on: nothing is
lost, and the machine knows nothing of it.
"""

from __future__ import annotations

import shutil
import time
from typing import Any

from labctl.errors import ProviderError
from labctl.providers.base import HostState
from labctl.providers.libvirt import domain as xml
from labctl.providers.libvirt.chassis import Chassis
from labctl.providers.libvirt.hypervisor import library, talking

FULL = "the server's disk is full, and it stands still until there is room"
FELL = "it ended by a fault of the server"
LEAST_ROOM = 64 << 20
"""Bytes that have to be free before a machine that found the disk full goes on."""
TRY_SECONDS = 1.0
"""How long a machine may take to find the disk full once more."""
POLL = 0.1


def state_of(machine: Any) -> str:
    """A domain's state in the words of `HostState`."""
    libvirt = library()
    state, _ = _state(machine)
    if state in (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_BLOCKED):
        return "running"
    if state in (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PMSUSPENDED):
        return "frozen"
    return "running" if state == libvirt.VIR_DOMAIN_SHUTDOWN else "stopped"


def condition(host: str, machine: Any, chassis: Chassis | None) -> HostState:
    """A host's machine as it stands now; None for a machine that is gone."""
    if machine is None:
        return HostState(host, "missing", "its machine is gone")
    state = state_of(machine)
    if state == "stopped":
        return _without_power(host, machine, chassis)
    if _found_disk_full(machine):
        return HostState(host, state, FULL, fault=True)
    return HostState(host, state)


def _without_power(host: str, machine: Any, chassis: Chassis | None) -> HostState:
    """Off because somebody wants it to be, or stopped: by itself, or by a fault of the server.

    libvirtd knows no reason where it, or the server, was started anew since.
    """
    libvirt = library()
    _, reason = _state(machine)
    fallen = reason in (libvirt.VIR_DOMAIN_SHUTOFF_CRASHED, libvirt.VIR_DOMAIN_SHUTOFF_FAILED)
    unknown = reason in (libvirt.VIR_DOMAIN_SHUTOFF_UNKNOWN, libvirt.VIR_DOMAIN_SHUTOFF_DAEMON)
    wanted = chassis is not None and chassis.attended and (chassis.switched_off or not fallen)
    switched_off = chassis is not None and chassis.switched_off
    fault = (fallen or unknown) and not switched_off
    if wanted:
        return HostState(host, "off", fault=fault)
    return HostState(host, "stopped", FELL if fault else "", fault=fault)


def go_on(machine: Any) -> None:
    """Let a machine go on that stands still.

    Raises `ProviderError` where it would find the server's disk full again.
    """
    halted = _found_disk_full(machine)
    name, disk = _place(machine)
    if halted and shutil.disk_usage(disk.parent).free < LEAST_ROOM:
        raise _full(name)
    with talking(f"to let {name} go on"):
        machine.resume()
    until = time.monotonic() + TRY_SECONDS
    while halted and time.monotonic() < until:
        if _found_disk_full(machine):
            raise _full(name)
        time.sleep(POLL)


def _full(name: str) -> ProviderError:
    return ProviderError(
        f"{name} stands still: it had something to write when the server's disk was full.",
        "Nothing of it is lost. Make room on the server, then type the same command again.",
    )


def _place(machine: Any) -> tuple[str, Any]:
    """What a machine's host is called, and where its first disk is."""
    with talking("to look at a machine"):
        text = machine.XMLDesc()
        mark = xml.mark_of(text)
        return (mark.host if mark else machine.name()), xml.disks(text)[0]


def _found_disk_full(machine: Any) -> bool:
    libvirt = library()
    halted = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR)
    return _state(machine) == halted


def _state(machine: Any) -> tuple[int, int]:
    with talking("to look at a machine"):
        state, reason = machine.state()
    return int(state), int(reason)
