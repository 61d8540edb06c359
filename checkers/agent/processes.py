"""The server kernel's table of processes, and the part of it that belongs to one host."""

from __future__ import annotations

import os
import stat
from base64 import urlsafe_b64encode
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")
MOST = 20_000
"""Processes that are listed of one host."""
MOST_DESCRIPTORS = 200_000
MOST_DELETED = 2_000
ARGUMENT_BYTES = 4 << 10
MOST_ARGUMENTS = 256


def table() -> dict[int, list[int]]:
    """Every process of the server, grouped by the inode of its PID namespace."""
    groups: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                inode = os.stat(f"/proc/{name}/ns/pid").st_ino
            except OSError:  # it ended, or is a kernel thread on its way out
                continue
            groups.setdefault(inode, []).append(int(name))
    return groups


def of_host(namespace: int) -> list[int]:
    """The processes of a host, by the inode of its PID namespace.

    In a virtual machine that is our own namespace too, and we are none of the candidate's: who is
    in our mount namespace is left out. A process that has ended and was not asked for has no mount
    namespace any more; it is its parent's.
    """
    own = os.stat("/proc/self/ns/mnt").st_ino
    return [pid for pid in table().get(namespace, []) if _mounts_of(pid) != own]


def _mounts_of(pid: int) -> int:
    """The mount namespace of a process, or of the parent of one that has ended; 0 for neither."""
    for each in (pid, _parent(pid)):
        try:
            return os.stat(f"/proc/{each}/ns/mnt").st_ino
        except OSError:
            continue
    return 0


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def listing(pids: list[int]) -> dict[str, Any]:
    """Answer a `processes` probe: the given processes by the numbers that the host knows."""
    raw = [found for pid in sorted(pids)[: MOST + 1] if (found := _read(pid)) is not None]
    inner = {outer: found["pid"] for outer, found in raw}
    rows = sorted((row for _, row in raw), key=lambda row: int(row["pid"]))
    for row in rows:
        row["ppid"] = inner.get(row["ppid"], 0)
    return {"processes": rows[:MOST], "truncated": len(rows) > MOST}


def _read(pid: int) -> tuple[int, dict[str, Any]] | None:
    """One process, or None if it has just ended; `ppid` is still the server's number."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            # By newlines alone: the kernel escapes no other line break in a process's name.
            status = dict(line.split(b":", 1) for line in file.read().split(b"\n") if b":" in line)
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            arguments = file.read(ARGUMENT_BYTES)
        with open(f"/proc/{pid}/comm", "rb") as file:
            name = file.read(256).removesuffix(b"\n")
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        try:
            program = os.readlink(f"/proc/{pid}/exe".encode())
        except OSError:  # a zombie has none
            program = b""
    except OSError:
        return None
    argv = arguments.removesuffix(b"\0").split(b"\0")[:MOST_ARGUMENTS] if arguments else []
    return pid, {
        "pid": int(status[b"NSpid"].split()[-1]),
        "ppid": int(status[b"PPid"]),
        "uid": int(status[b"Uid"].split()[1]),
        "gid": int(status[b"Gid"].split()[1]),
        "state": status[b"State"].split()[0].decode(),
        "comm": _text(name),
        "argv": [_text(argument) for argument in argv],
        "exe": _text(program),
        "started": int(fields[19]) / TICKS,
    }


def deleted_files(pids: list[int]) -> dict[str, Any]:
    """Answer a `deleted_files` probe: what the given processes hold open that has no name."""
    rows: list[dict[str, Any]] = []
    looked = 0
    for pid in sorted(pids):
        try:
            numbers = os.listdir(f"/proc/{pid}/fd")
            inner = _inner(pid)
        except OSError:  # it has ended
            continue
        for number in numbers:
            looked += 1
            if looked > MOST_DESCRIPTORS or len(rows) >= MOST_DELETED:
                return {"files": rows, "truncated": True}
            row = _deleted(f"/proc/{pid}/fd/{number}")
            if row is not None:
                rows.append({"pid": inner, **row})
    return {"files": rows, "truncated": False}


def _inner(pid: int) -> int:
    """The number by which the host knows a process."""
    with open(f"/proc/{pid}/status", "rb") as file:
        status = dict(line.split(b":", 1) for line in file.read().split(b"\n") if b":" in line)
    return int(status[b"NSpid"].split()[-1])


def _deleted(link: str) -> dict[str, Any] | None:
    """The file behind a descriptor, if it is a regular one without a name."""
    try:
        found = os.stat(link)  # by the descriptor itself: no path is walked, nothing is opened
        path = os.readlink(link.encode())
    except OSError:  # closed meanwhile
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_nlink:
        return None
    return {
        "path": _text(path.removesuffix(b" (deleted)")),
        "size": found.st_size,
        "used": found.st_blocks * 512,
        "device": found.st_dev,
        "inode": found.st_ino,
    }


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()
