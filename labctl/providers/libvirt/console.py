"""A terminal on a machine's serial line, joined to the terminal that labctl runs in.

The line works whatever state the machine is in: while it boots, and where it does not boot at all.
libvirt keeps a record of it (`console.log` beside the machine's disks).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import Any

from labctl.errors import UsageError
from labctl.providers.docker.console import raw_terminal
from labctl.providers.libvirt.hypervisor import library, talking

LEAVE = b"\x1d"
"""Ctrl-], as with virsh, telnet and the like: a serial line has no end of its own."""
CHUNK = 1 << 14


def join(connection: Any, machine: Any) -> int | None:
    """Join the terminal to the serial line until Ctrl-] or until the machine goes off."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("A console needs a terminal.", "Run it in one, without redirection.")
    sys.stderr.write("This is the machine's serial line; Ctrl-] leaves it.\r\n")
    line = _open(connection, machine, library().VIR_DOMAIN_CONSOLE_SAFE)
    left = threading.Event()
    with raw_terminal():
        reader = threading.Thread(target=_show, args=(line, left), daemon=True)
        reader.start()
        _type(line, left)
        with contextlib.suppress(library().libvirtError):
            line.abort()
        reader.join(timeout=2.0)
    return 0 if left.is_set() else None


def take_away(connection: Any, machine: Any) -> None:
    """Take the serial line from whoever holds it."""
    with talking("to close a console"):
        _open(connection, machine, library().VIR_DOMAIN_CONSOLE_FORCE).abort()


def _open(connection: Any, machine: Any, flags: int) -> Any:
    with talking("to open a console"):
        line = connection.newStream(0)
        machine.openConsole(None, line, flags)
    return line


def _show(line: Any, left: threading.Event) -> None:
    """Copy what the machine says to the screen until the line ends."""
    screen = sys.stdout.fileno()
    while not left.is_set():
        try:
            data = line.recv(CHUNK)
        except library().libvirtError:
            data = b""
        if not data:
            break
        while data:
            data = data[os.write(screen, data) :]


def _type(line: Any, left: threading.Event) -> None:
    """Copy what is typed to the machine until Ctrl-], or until the line takes no more."""
    keyboard = sys.stdin.fileno()
    while typed := os.read(keyboard, CHUNK):
        before, mark, _ = typed.partition(LEAVE)
        try:
            if before:
                line.send(before)
        except library().libvirtError:
            return
        if mark:
            left.set()
            return
