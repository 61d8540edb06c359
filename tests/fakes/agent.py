"""The far end of the engine's SSH connection: a real SSH server on a socket pair, in this process.

It takes the keys as the observer's door does, and answers each request by asking a function for
the answer to every probe.
"""

from __future__ import annotations

import base64
import io
import socket
import threading
from collections.abc import Callable
from typing import Any

import paramiko

from checkers.agent import frames

# As in RFC 4252 and 4254; paramiko exports them without a type.
AUTH_SUCCESSFUL = 0
AUTH_FAILED = 2
OPEN_SUCCEEDED = 0

Answer = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
"""From a probe and its host's pins to `{"result": …}` or `{"failure": …}`."""


class FakeStream:
    """Our side of the pair, with what the engine asks of a stream beside a socket's own."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.errors = bytearray()
        self._closed = False

    def send(self, data: bytes, /) -> int:
        return self._sock.send(data)

    def recv(self, size: int, /) -> bytes:
        return self._sock.recv(size)

    def settimeout(self, seconds: float | None, /) -> None:
        self._sock.settimeout(seconds)

    def close(self) -> None:
        self._closed = True
        self._sock.close()


class _Door(paramiko.ServerInterface):
    def __init__(self, client_key: str) -> None:
        self._client_key = client_key
        self.begun = threading.Event()

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = f"{key.get_name()} {key.get_base64()}" == self._client_key
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.begun.set()
        return True


def dial(preamble: bytes, answer: Answer) -> FakeStream:
    """A stream whose far end is an SSH server with the keys of the preamble."""
    host_key, client_key = preamble.splitlines()
    ours, theirs = socket.socketpair()
    key = paramiko.Ed25519Key.from_private_key(io.StringIO(base64.b64decode(host_key).decode()))
    threading.Thread(
        target=_serve, args=(theirs, key, client_key.decode(), answer), daemon=True
    ).start()
    return FakeStream(ours)


def _serve(sock: socket.socket, key: paramiko.PKey, client_key: str, answer: Answer) -> None:
    transport = paramiko.Transport(sock)
    transport.add_server_key(key)
    door = _Door(client_key)
    try:
        transport.start_server(server=door)
        channel = transport.accept(10)
        if channel is not None and door.begun.wait(10):
            _talk(channel, answer)
    except (paramiko.SSHException, EOFError, OSError):
        pass  # the engine has hung up
    finally:
        transport.close()
        sock.close()


def _talk(channel: paramiko.Channel, answer: Answer) -> None:
    nonce: bytes | None = None
    while True:
        message = frames.unpack(channel.recv, nonce)
        if message is None:
            return
        nonce, request = message
        for probe in request["probes"]:
            told = {"id": probe["id"], **answer(probe, request["hosts"][probe["host"]])}
            channel.sendall(frames.pack(nonce, told))
        channel.sendall(frames.pack(nonce, {"done": True}))
