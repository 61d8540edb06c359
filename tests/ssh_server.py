"""An observer of the test's own: an SSH server over a socket pair, and streams that go wrong."""

from __future__ import annotations

import base64
import contextlib
import errno
import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from checkers.agent import frames

Act = Callable[[paramiko.Channel], None]
"""What the agent does with its channel."""


def fresh_key() -> paramiko.Ed25519Key:
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(text.decode()))


class PairStream:
    """One end of a socket pair as a provider's stream.

    `receive` and `send_most` are how many bytes it lets pass before it stalls: from then on every
    read is late, and no write is taken.
    """

    def __init__(
        self, end: socket.socket, receive: int | None = None, send_most: int | None = None
    ) -> None:
        self._end = end
        self._receive, self._send = receive, send_most
        self._timeout: float | None = None
        self._ended = threading.Event()
        self.errors = bytearray()

    @property
    def _closed(self) -> bool:
        return self._ended.is_set()

    def _stall(self) -> None:
        if self._ended.wait(self._timeout):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        raise TimeoutError

    def send(self, data: bytes, /) -> int:
        if self._send is not None:
            if self._send <= 0:
                self._stall()
            data = data[: self._send]
            self._send -= len(data)
        return self._end.send(data)

    def recv(self, size: int, /) -> bytes:
        if self._receive is not None:
            if self._receive <= 0:
                self._stall()
            size = min(size, self._receive)
        data = self._end.recv(size)
        if self._receive is not None:
            self._receive -= len(data)
        return data

    def settimeout(self, seconds: float | None, /) -> None:
        self._timeout = seconds
        self._end.settimeout(seconds)

    def close(self) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()


class _Door(paramiko.ServerInterface):
    """Lets in the one key and runs the one program."""

    def __init__(self, key: str, server: Server) -> None:
        self._key = key
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = username == "root" and key.get_base64() == self._key and not self._server.refuses
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self._server.commands.append(command)
        if self._server.ignores_exec:
            self._server.over.wait(60)
            return False
        self._server.run(channel)
        return True


@dataclass
class Server:
    """A server for any number of connections; `dial` is what a provider would give."""

    act: Act
    receive: int | None = None
    send_most: int | None = None
    other_host_key: bool = False
    refuses: bool = False
    ignores_exec: bool = False
    dialled: list[tuple[str, ...]] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    streams: list[PairStream] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _transports: list[paramiko.Transport] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def dial(self, argv: Sequence[str], preamble: bytes) -> PairStream:
        self.dialled.append(tuple(argv))
        ours, theirs = socket.socketpair()
        host_line, client_line = preamble.splitlines()
        text = base64.b64decode(host_line).decode()
        key = paramiko.Ed25519Key.from_private_key(io.StringIO(text))
        transport = paramiko.Transport(theirs)
        transport.add_server_key(fresh_key() if self.other_host_key else key)
        self._transports.append(transport)
        transport.start_server(
            event=threading.Event(), server=_Door(client_line.split()[1].decode(), self)
        )
        self.streams.append(PairStream(ours, self.receive, self.send_most))
        return self.streams[-1]

    def run(self, channel: paramiko.Channel) -> None:
        thread = threading.Thread(target=self._act, args=(channel,))
        self._threads.append(thread)
        thread.start()

    def _act(self, channel: paramiko.Channel) -> None:
        with contextlib.suppress(OSError, EOFError, frames.BrokenStream, paramiko.SSHException):
            self.act(channel)
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            channel.close()

    def hang_up(self) -> None:
        for transport in self._transports:
            transport.close()

    def close(self) -> None:
        self.over.set()
        for stream in self.streams:
            stream.close()
        for transport in self._transports:
            transport.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@contextlib.contextmanager
def serving(act: Act, **options: Any) -> Iterator[Server]:
    """A server, gone at the end with all its threads."""
    server = Server(act, **options)
    try:
        yield server
    finally:
        server.close()


def answering(answers: Callable[[dict[str, Any]], Iterator[Any]]) -> Act:
    """An agent that answers each request with these messages, as `checkers.agent` does."""

    def act(channel: paramiko.Channel) -> None:
        nonce = None
        while (message := frames.unpack(channel.recv, nonce)) is not None:
            nonce, request = message
            for answer in answers(request):
                channel.sendall(frames.pack(nonce, answer))

    return act


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition; its not coming about fails the test."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
