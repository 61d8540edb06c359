"""Which process did this, and is it still there: a PID alone cannot say, since it is reused."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process for ever: its number, its start, the boot it belongs to, and the machine's name.

    `start` is in clock ticks since boot (field 22 of `/proc/PID/stat`, see proc(5)); `boot` is the
    kernel's `boot_id`.
    """

    pid: int
    start: int
    boot: str
    host: str

    def alive(self) -> bool | None:
        """Whether the process still runs; None where this machine cannot tell (it ran on another).

        Processes are looked for in our own PID namespace. Whoever needs certainty takes the
        session's lock, which the kernel lets go of when its holder ends.
        """
        if self.boot != boot_id():
            return False if self.host == socket.gethostname() else None
        return _start_of(self.pid) == self.start

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def this_process() -> ProcessIdentity:
    """The identity of the calling process."""
    pid = os.getpid()
    start = _start_of(pid)
    return ProcessIdentity(pid, start or 0, boot_id(), socket.gethostname())


def boot_id() -> str:
    """The kernel's name for the time since the machine was switched on."""
    return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _start_of(pid: int) -> int | None:
    """When the process started, or None if there is none or nothing but its corpse."""
    try:
        stat = (PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in brackets, which may itself hold brackets and blanks.
    state, *numbers = stat[stat.rindex(b")") + 1 :].split()
    return None if state in (b"Z", b"X") else int(numbers[18])
