"""A byte stream to a program that is run in a container by the engine's exec."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Sequence
from typing import Any, Self

import docker

from labctl.providers.docker.daemon import talking

_HEADER = struct.Struct(">BxxxI")
_STDOUT = 1
STDERR_KEPT = 1 << 20
"""Bytes of standard error that are kept; what comes after is dropped, and `errors_cut` set."""


class ExecStream:
    """Standard input and output of an exec, with standard error kept aside in `errors`.

    Without a terminal the engine multiplexes the two outputs in frames of an 8-byte header
    (Docker Engine API, "Attach to a container"). `recv` gives standard output alone.
    """

    def __init__(
        self,
        api: docker.APIClient,
        container: str,
        argv: Sequence[str],
        *,
        user: str = "root",
        cwd: str = "/",
        environment: dict[str, str] | None = None,
    ) -> None:
        self._api = api
        with talking(f"to run `{argv[0]}`"):
            self.id: str = api.exec_create(
                container,
                list(argv),
                stdin=True,
                user=user,
                workdir=cwd,
                environment=environment,
            )["Id"]
            wrapper: Any = api.exec_start(self.id, socket=True)
        self._wrapper = wrapper
        self._socket: socket.socket = wrapper._sock  # noqa: SLF001  # docker-py has no other way to it
        self._early = _read_ahead(wrapper, self._socket)
        self._socket.settimeout(None)
        self._stdout = bytearray()
        self._left = 0
        self._kind = 0
        self._head = b""
        self._closed = False
        self._lock = threading.Lock()
        self.errors = bytearray()
        self.errors_cut = False

    @property
    def closed(self) -> bool:
        """Whether the stream was ended from our side."""
        return self._closed

    def send(self, data: bytes, /) -> int:
        """Send some of `data`."""
        return self._socket.send(data)

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        self._socket.sendall(data)

    def end_input(self) -> None:
        """Let the program's standard input end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def recv(self, size: int, /) -> bytes:
        """Up to `size` bytes of standard output, none at its end; `TimeoutError` when it is late.

        What comes on standard error alone does not make it any less late.
        """
        limit = self._socket.gettimeout()
        until = None if limit is None else time.monotonic() + limit
        while not self._stdout:
            if until is not None and time.monotonic() > until:
                raise TimeoutError
            part = self._take(1 << 16)
            if not part:
                return b""
            self._sort(part)
        given = bytes(self._stdout[:size])
        del self._stdout[:size]
        return given

    def _take(self, size: int) -> bytes:
        if self._early:
            early, self._early = self._early, b""
            return early
        return self._socket.recv(size)

    def _sort(self, data: bytes) -> None:
        """Put the bytes of a piece of the multiplexed stream where they belong."""
        while data:
            if self._left == 0:
                missing = _HEADER.size - len(self._head)
                self._head += data[:missing]
                data = data[missing:]
                if len(self._head) == _HEADER.size:
                    self._kind, self._left = _HEADER.unpack(self._head)
                    self._head = b""
                continue
            part, data = data[: self._left], data[self._left :]
            self._left -= len(part)
            if self._kind == _STDOUT:
                self._stdout += part
            else:
                room = STDERR_KEPT - len(self.errors)
                self.errors += part[: max(0, room)]
                self.errors_cut = self.errors_cut or len(part) > room

    def settimeout(self, seconds: float | None, /) -> None:
        """How long `recv` and `send` may wait."""
        self._socket.settimeout(seconds)

    def fileno(self) -> int:
        """The descriptor below."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the stream; the program in the container sees the end of its input."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._wrapper.close()
        self._socket.close()
        with contextlib.suppress(Exception):
            self._wrapper._response.close()  # noqa: SLF001  # gives the pool its connection back

    def exit_status(self) -> int | None:
        """The program's exit status; None while it runs."""
        with talking("to ask how a program ended"):
            found = self._api.exec_inspect(self.id)
        return None if found["Running"] else int(found["ExitCode"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read_ahead(wrapper: Any, raw: socket.socket) -> bytes:
    """What the HTTP reader took beyond the response's head: the program's first words."""
    reader = wrapper._response.raw._fp.fp  # noqa: SLF001  # as above
    raw.settimeout(0)
    try:
        ahead = bytes(reader.peek())
    except (BlockingIOError, ValueError):
        return b""
    if ahead:
        reader.read(len(ahead))
    return ahead
