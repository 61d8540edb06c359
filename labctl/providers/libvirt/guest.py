"""The way to the observer inside a machine, over ports of its virtio console.

Each port serves one caller at a time; the other end is `checkers.agent.guest`, whose requests are
described there. Callers of several processes share the ports by locks beside the session's files.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import itertools
import json
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from checkers.model import ProgramResult
from labctl.errors import ProviderError

POLL = 0.05
WAIT_SECONDS = 60.0
"""How long a caller waits for a free port."""
HELLO_SECONDS = 10.0
HELLO_AGAIN = 0.5
PATIENCE = (2.0, 5.0, 15.0)
"""Seconds for the first tries at whether a machine has got as far as its observer, and the rest."""
SLACK = 15.0
"""Seconds more than a program's own limit that its answer may take: an emulated machine is slow."""


class GuestUnreachable(ProviderError):
    """The observer inside a machine does not answer."""


class GuestBusy(GuestUnreachable):
    """Others have taken every way to it."""


class GuestSilent(GuestUnreachable):
    """It did not answer in time."""


class GuestStream:
    """A byte stream to a program that the machine's observer started; frees its port at the end."""

    def __init__(self, line: socket.socket, early: bytes, held: contextlib.ExitStack) -> None:
        self._line = line
        self._early = early
        self._held = held
        self._closed = False
        self.errors = bytearray()

    def settimeout(self, seconds: float | None, /) -> None:
        """How long `recv` and `send` may wait."""
        if not self._closed:
            self._line.settimeout(seconds)

    def send(self, data: bytes, /) -> int:
        """Send some of `data` and return how many bytes went."""
        return self._line.send(data)

    def recv(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end of the stream; `TimeoutError` past the limit."""
        if self._early:
            part, self._early = self._early[:size], self._early[size:]
            return part
        return self._line.recv(size)

    def close(self) -> None:
        """End the stream; may be called more than once, and from any thread."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
            self._line.close()
            self._held.close()


class Guest:
    """One running machine's observer. `sockets` are its ports, `locks` where their locks lie."""

    def __init__(self, host: str, sockets: Sequence[Path], locks: Path) -> None:
        self._host = host
        self._ports = tuple(enumerate(sockets))
        self._locks = locks

    # ------------------------------------------------------------------ what is asked

    def open(self, argv: Sequence[str], preamble: bytes, seconds: float = 15.0) -> GuestStream:
        """A stream to a program of the observer's own disk, after `preamble` was sent."""
        held = contextlib.ExitStack()
        try:
            line = held.enter_context(self._greeted(seconds))
            rest = self._begin(line, {"act": "open", "argv": list(argv)}, seconds)
            line.sendall(preamble)
        except BaseException:
            held.close()
            raise
        return GuestStream(line, rest, held)

    def run(
        self,
        argv: Sequence[str],
        *,
        user: str,
        stdin: bytes,
        cwd: str,
        timeout: float,
        limit: int,
    ) -> ProgramResult:
        """Run one of the machine's own programs; raises `TimeoutError` past `timeout` seconds."""
        request = {
            "act": "run",
            "argv": list(argv),
            "user": user,
            "cwd": cwd,
            "stdin": base64.b64encode(stdin).decode(),
            "seconds": timeout,
            "limit": limit,
        }
        answer = self.ask(request, timeout + SLACK)
        if answer.get("timeout"):
            raise TimeoutError(f"`{argv[0]}` did not end within {timeout:g} s")
        with self._understood():
            return ProgramResult(
                exit=int(answer["exit"]),
                stdout=base64.b64decode(answer["stdout"]),
                stderr=base64.b64decode(answer["stderr"]),
                truncated=bool(answer["truncated"]),
                seconds=float(answer["seconds"]),
            )

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """One request, and its answer within `seconds`; raises `GuestUnreachable`."""
        with self._greeted(seconds) as line:
            deadline = time.monotonic() + seconds
            pending = bytearray(self._begin(line, request, seconds))
            while b"\n" not in pending:
                pending += self._receive(line, deadline)
        with self._understood():
            answer = dict(json.loads(pending[: pending.index(b"\n")]))
        if "failure" in answer:
            raise ProviderError(f"{self._host}: {answer['failure']}")
        return answer

    @contextlib.contextmanager
    def _understood(self) -> Iterator[None]:
        """Whoever answers in the observer's place says nothing that ends more than its own host."""
        try:
            yield
        except (ValueError, KeyError, TypeError) as error:
            told = f"{self._host}: what answers is not the machine's observer."
            raise GuestUnreachable(told) from error

    def pins(self, seconds: float) -> dict[str, Any]:
        """What identifies the machine's first process; waits for the machine to get that far."""
        deadline = time.monotonic() + seconds
        for patience in itertools.chain(PATIENCE, itertools.repeat(PATIENCE[-1])):
            try:
                answer = self.ask({"act": "pins"}, patience)
                with self._understood():
                    return dict(answer["pins"])
            except GuestBusy:
                raise
            except GuestUnreachable:
                if time.monotonic() > deadline:
                    raise
            time.sleep(POLL)
        raise AssertionError("tries have no end")

    # ------------------------------------------------------------------ the line

    @contextlib.contextmanager
    def _port(self, deadline: float) -> Iterator[socket.socket]:
        """A connection to a port that nobody else uses."""
        while True:
            for number, path in self._ports:
                with contextlib.ExitStack() as held:
                    lock = held.enter_context((self._locks / f"port-{number}.lock").open("w"))
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        continue
                    line = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                    try:
                        line.connect(str(path))
                    except OSError as error:
                        told = f"{self._host}: the machine's observer has no line: {error.strerror}"
                        raise GuestUnreachable(told) from error
                    yield line
                    return
            if time.monotonic() > deadline or not self._ports:
                raise GuestBusy(f"{self._host}: every way to the machine's observer is taken.")
            time.sleep(POLL)

    @contextlib.contextmanager
    def _greeted(self, seconds: float) -> Iterator[socket.socket]:
        """A connection whose other end has been heard: over another port, if one is dead."""
        for left in reversed(range(len(self._ports))):
            with contextlib.ExitStack() as held:
                line = held.enter_context(self._port(time.monotonic() + WAIT_SECONDS))
                try:
                    self._hello(line, time.monotonic() + min(seconds, HELLO_SECONDS))
                except GuestSilent:
                    self._ports = self._ports[1:] + self._ports[:1]
                    if not left:
                        raise
                    continue
                yield line
                return

    def _begin(self, line: socket.socket, request: dict[str, Any], seconds: float) -> bytes:
        """Send a request; what came after its nonce's line."""
        nonce = secrets.token_hex(16)
        deadline = time.monotonic() + seconds
        self._send(line, {"nonce": nonce, **request})
        return self._skip(line, nonce.encode() + b"\n", deadline)

    def _hello(self, line: socket.socket, deadline: float) -> None:
        """Say hello until it is said back: before that, what is sent may be lost."""
        while True:
            nonce = secrets.token_hex(16)
            self._send(line, {"hello": nonce})
            until = min(deadline, time.monotonic() + HELLO_AGAIN)
            try:
                self._skip(line, nonce.encode() + b"\n", until)
            except GuestSilent:
                if time.monotonic() >= deadline:
                    raise
            else:
                return

    def _send(self, line: socket.socket, message: dict[str, Any]) -> None:
        line.settimeout(HELLO_SECONDS)
        try:
            line.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise GuestUnreachable(f"{self._host}: the machine's observer hung up.") from error

    def _skip(self, line: socket.socket, mark: bytes, deadline: float) -> bytes:
        """Pass over what earlier callers left, up to `mark`; what came with it."""
        kept = bytearray()
        while (at := kept.find(mark)) < 0:
            kept += self._receive(line, deadline)
        return bytes(kept[at + len(mark) :])

    def _receive(self, line: socket.socket, deadline: float) -> bytes:
        line.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            part = line.recv(1 << 16)
        except TimeoutError as error:
            told = f"{self._host}: the machine's observer did not answer in time."
            raise GuestSilent(told) from error
        except OSError as error:
            told = f"{self._host}: the line to the machine's observer broke: {error.strerror}"
            raise GuestUnreachable(told) from error
        if not part:
            raise GuestUnreachable(f"{self._host}: the machine's observer hung up.")
        return part
