"""A terminal on a host: the candidate's login, joined to the terminal that labctl runs in."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Any

import docker

from labctl.errors import UsageError
from labctl.providers.docker.daemon import talking

Watch = Callable[[bytes], None]


def join(
    api: docker.APIClient, container: str, user: str, watch: Watch = lambda _: None
) -> int | None:
    """Join the terminal to a login shell; its exit status, None if the host went away.

    Everything passes as bytes, so that UTF-8 and bracketed paste arrive as they were sent; a
    change of the window's size is passed on. `watch` sees what the host writes.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("A console needs a terminal.", "Run it in one, without redirection.")
    terminal = os.environ.get("TERM", "xterm")
    with talking("to open a console"):
        shell = api.exec_create(
            container,
            ["/bin/su", "-l", user],
            stdin=True,
            tty=True,
            user="root",
            environment={"TERM": terminal, "LANG": "C.UTF-8"},
        )["Id"]
        wrapper: Any = api.exec_start(shell, tty=True, socket=True)
    line: socket.socket = wrapper._sock  # noqa: SLF001  # docker-py has no other way to it
    line.settimeout(None)

    def resize() -> None:
        rows, columns = _window()
        with contextlib.suppress(Exception):
            api.exec_resize(shell, height=rows, width=columns)

    with raw_terminal(), _on_resize(resize):
        resize()
        _copy(line, watch)
    wrapper.close()
    line.close()
    with contextlib.suppress(Exception):
        return int(api.exec_inspect(shell)["ExitCode"])
    return None


def _window() -> tuple[int, int]:
    packed = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
    rows, columns = struct.unpack("HHHH", packed)[:2]
    return rows or 24, columns or 80


@contextlib.contextmanager
def raw_terminal() -> Iterator[None]:
    """The terminal passes every key on, and is as it was afterwards whatever happens."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _on_resize(act: Callable[[], None]) -> Iterator[None]:
    def handler(_signal: int, _frame: Any) -> None:
        act()

    before = signal.signal(signal.SIGWINCH, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _copy(line: socket.socket, watch: Watch) -> None:
    """Bytes both ways until the host's side ends."""
    keyboard, screen = sys.stdin.fileno(), sys.stdout.fileno()
    sources = [line.fileno(), keyboard]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if line.fileno() in ready:
            try:
                data = line.recv(1 << 16)
            except OSError:  # the host went away
                data = b""
            if not data:
                return
            watch(data)
            while data:
                data = data[os.write(screen, data) :]
        if keyboard in ready:
            typed = os.read(keyboard, 1 << 16)
            if not typed:
                sources.remove(keyboard)
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_WR)
                continue
            with contextlib.suppress(OSError):
                line.sendall(typed)
