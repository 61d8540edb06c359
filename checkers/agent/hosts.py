"""Opening a host by what was recorded of it at start, and refusing one that is not the same.

Numbers of processes are used again, and PID 1 of a host can move itself into a stage set with
chroot(2). So a host is known by the inodes of its namespaces and the start time of its PID 1, and
is entered by file descriptor: the root of a *mount namespace* cannot be moved by a process in it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from . import system

WHENEVER = 0
"""The start time of a host that may have been started again: a machine, known by its hypervisor."""


class HostChanged(Exception):
    """The host is gone, or is not the one that was recorded; the text says which."""


@dataclass
class Host:
    """An open host: descriptors of its root directory, network and names, its PID namespace.

    `kernel` is the root directory from which its kernel's /proc and /sys are looked at; `pid` and
    `start_time` are its first process's.
    """

    name: str
    root: int
    kernel: int
    network: int
    names: int
    pid_namespace: int
    pid: int
    start_time: int

    @property
    def own_kernel(self) -> bool:
        """Whether it is the virtual machine that we run in, whose kernel is ours too."""
        return self.kernel != self.root

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self.root)
        os.close(self.network)
        os.close(self.names)


def start_time(pid: int) -> int:
    """When a process started, in clock ticks since boot (field 22 of proc(5)'s stat)."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        text = file.read()
    return int(text.rpartition(b")")[2].split()[19])


def namespace(pid: int, kind: str) -> int:
    """A descriptor of one of a process's namespaces."""
    return os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


def pins(pid: int) -> dict[str, int]:
    """What identifies the host whose PID 1 is `pid` on the server."""
    found = {"pid": pid, "start_time": start_time(pid)}
    for kind in ("net", "mnt", "pid"):
        found[f"{kind}_namespace"] = os.stat(f"/proc/{pid}/ns/{kind}").st_ino
    return found


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class Doorway:
    """Opens hosts; keeps the way back to the agent's own mount namespace.

    In a virtual machine, where the host's first process is the kernel's, the agent has /proc and
    /sys mounted for itself: what root mounts over the machine's own changes nothing there.
    """

    def __init__(self) -> None:
        self._own_root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._own_pids = os.stat("/proc/self/ns/pid").st_ino
        self._own_mounts = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        self._own_network = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def open(self, name: str, recorded: dict[str, Any]) -> Host:
        """Open a host by its pins; raises `HostChanged`, or `KeyError` for pins that lack one."""
        pid = int(recorded["pid"])
        opened: list[int] = []
        try:
            for kind in ("net", "mnt"):
                opened.append(namespace(pid, kind))
                if os.fstat(opened[-1]).st_ino != recorded[f"{kind}_namespace"]:
                    raise HostChanged(f"{name} has another {kind} namespace than at its start")
            opened.append(namespace(pid, "uts"))
            # Looked at last: had the number been used again, the start time would differ.
            now = pins(pid)
            for key in ("start_time", "pid_namespace"):
                if recorded[key] not in (now[key], WHENEVER):
                    raise HostChanged(f"{name} is not the host that was started ({key})")
            root = self._root_of(opened[1])
        except OSError as error:
            _close(opened)
            raise HostChanged(f"{name} is not running ({error.strerror})") from error
        except (HostChanged, KeyError):
            _close(opened)
            raise
        network, mounts, names = opened
        os.close(mounts)
        pids = now["pid_namespace"]
        kernel = self._own_root if pids == self._own_pids else root
        return Host(name, root, kernel, network, names, pids, pid, now["start_time"])

    def _root_of(self, mounts: int) -> int:
        """The root directory of a mount namespace; we are back in our own afterwards."""
        system.setns(mounts, system.CLONE_NEWNS)
        try:
            return os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        finally:
            system.setns(self._own_mounts, system.CLONE_NEWNS)

    def enter_network(self, network: int) -> None:
        """Go to another network namespace; `leave_network` comes back."""
        system.setns(network, system.CLONE_NEWNET)

    def leave_network(self) -> None:
        """Come back to the agent's own network namespace."""
        system.setns(self._own_network, system.CLONE_NEWNET)
