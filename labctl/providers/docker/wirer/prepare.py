"""What stands between a container and a machine, mended before the host's PID 1 goes on.

Docker mounts its own files over /etc/hosts, /etc/resolv.conf and /etc/hostname, so that an edit is
refused or lost, and makes all of /proc/sys read-only, so that a router cannot be taught to forward.
Both are undone by system calls in the host's mount namespace; no program of the host's is run.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import re
import socket
import stat
import struct
import time
from pathlib import Path
from typing import Any

from checkers.agent import system

GATE = b"/run/labctl-gate"
"""The FIFO that PID 1 waits at (see labctl/providers/docker/hosts.py)."""
BOOTED = b"/run/boot-complete"
"""What the image's boot leaves last (see labs/images/base)."""

DOCKER_MOUNTS = (b"hosts", b"resolv.conf", b"hostname")
HOST_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
MNT_DETACH, UMOUNT_NOFOLLOW = 2, 8
MS_REMOUNT, MS_BIND = 32, 4096
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
POLL = 0.005

_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source: bytes | None, target: bytes, flags: int) -> None:
    if _libc.mount(source, target, None, flags, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target.decode())


def host(mounts: int, network: int, names: int, request: dict[str, Any]) -> None:
    """Prepare one host. Enters its namespaces for good: to be run in a child of its own."""
    system.setns(network, system.CLONE_NEWNET)
    for interface in ("lo", *request["interfaces"]):
        _set_up(interface)
    system.setns(mounts, system.CLONE_NEWNS)
    _take_docker_mounts_away()
    _mount(b"/proc/sys/net", b"/proc/sys/net", MS_BIND)
    _mount(None, b"/proc/sys/net", MS_REMOUNT | MS_BIND)
    with contextlib.suppress(FileNotFoundError):
        Path(os.fsdecode(BOOTED)).unlink()
    for path, text in request["files"].items():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        os.fchmod(descriptor, 0o644)  # Docker's own layer leaves an empty file there, mode 0755
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    system.setns(names, system.CLONE_NEWUTS)
    _name_it()


def _take_docker_mounts_away() -> None:
    """Undo Docker's mounts over files in /etc, and nothing else.

    PID 1, which may be a program of the candidate's, can change the tree meanwhile: a link in the
    path would have another mount undone, such as the one that keeps /proc/sys read-only.
    """
    etc = os.open("/etc", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    os.fchdir(etc)
    for name in DOCKER_MOUNTS:
        done = _libc.umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) == 0
        if not done and ctypes.get_errno() not in (errno.EINVAL, errno.ENOENT):
            raise OSError(ctypes.get_errno(), "cannot take Docker's mount away", name.decode())
    os.chdir("/")
    os.close(etc)


def _name_it() -> None:
    """Give the machine the name in its /etc/hostname, as a boot does (hostname(5)).

    The host's own boot may not: that is a right that opens far more.
    """
    root = os.open("/", os.O_PATH | os.O_DIRECTORY)
    try:
        file = system.openat2(root, b"/etc/hostname", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        lines = os.read(file, 1024).splitlines()
        os.close(file)
    except OSError:  # missing, or something else than a file: the name stays as it is
        lines = []
    found = next((line.strip() for line in lines if line.strip() and line[:1] != b"#"), b"")
    if HOST_NAME.fullmatch(found):
        socket.sethostname(found.decode("ascii"))
    os.close(root)


def _set_up(interface: str) -> None:
    """Switch an interface on, as a cable that is plugged in does (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sh14x", interface.encode(), 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(handle, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(
            handle, SIOCSIFFLAGS, struct.pack("16sh14x", interface.encode(), flags | IFF_UP)
        )


def open_gate(pid: int, root: int, until: float) -> None:
    """Let PID 1 go on; raises `TimeoutError` if it does not come to the gate in time, or ends."""
    while True:
        try:
            gate = system.openat2(root, GATE, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError as error:
            # Not made yet, or nobody reads there yet.
            if error.errno not in (errno.ENOENT, errno.ENXIO):
                raise
        else:
            if not stat.S_ISFIFO(os.fstat(gate).st_mode):
                raise OSError(errno.EINVAL, "its PID 1 has something else in place of the gate")
            os.write(gate, b"\n")
            os.close(gate)
            return
        _wait(pid, until, "its PID 1 did not come to the gate")


def await_boot(pid: int, root: int, until: float) -> None:
    """Wait for the end of the boot; raises `TimeoutError` if it does not come, or PID 1 ends."""
    while True:
        try:
            os.close(system.openat2(root, BOOTED, os.O_PATH))
        except FileNotFoundError:
            _wait(pid, until, "it did not finish booting")
        else:
            return


def _wait(pid: int, until: float, otherwise: str) -> None:
    if not Path(f"/proc/{pid}/ns/pid").exists():
        raise TimeoutError("its PID 1 ended while it was booting")
    if time.monotonic() > until:
        raise TimeoutError(otherwise)
    time.sleep(POLL)
