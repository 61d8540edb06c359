"""The one SSH client: to the agent, over a byte stream that a provider opens.

Both keys are made for one connection and known to both sides beforehand, so there is nothing to
trust on first use: no agent, no known_hosts, no password, no fallback. The stream carries the
host's private key to the observer before SSH begins; whoever could read that could read the
provider's control channel, and with it everything else.
"""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from checkers.agent import frames

CONNECT_SECONDS = 15.0

# Without a handler paramiko's tracebacks would go to the terminal; its exceptions say the same.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

DOOR = ("/opt/labctl/checkers/agent/door",)
"""The observer's program that takes the keys and becomes an `sshd -i`."""


class Stream(Protocol):
    """The duplex bytes below SSH; what paramiko asks of a socket.

    `errors` is what the program at the other end wrote beside it, `_closed` whether the stream was
    ended from our side (paramiko looks at it when it closes). `close` ends a `recv` or `send` that
    another thread waits in.
    """

    errors: bytearray

    @property
    def _closed(self) -> bool: ...
    def send(self, data: bytes, /) -> int: ...  # noqa: D102
    def recv(self, size: int, /) -> bytes: ...  # noqa: D102
    def settimeout(self, seconds: float | None, /) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


Dial = Callable[[Sequence[str], bytes], Stream]
"""Opens a stream to a program in the observer, after sending it some bytes."""


class AgentUnreachable(Exception):
    """There is no conversation with the agent, or it broke off; the text says why."""


def _fresh_key() -> tuple[paramiko.Ed25519Key, str]:
    """A new key, and its private half as the text of an OpenSSH key file."""
    private = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(private.decode())), private.decode()


class AgentConnection:
    """One SSH connection to the agent of a server; may carry any number of rounds."""

    def __init__(self, dial: Dial, seconds: float | None = None) -> None:
        """Connect within `seconds` (`CONNECT_SECONDS`, if None); raises `AgentUnreachable`."""
        seconds = CONNECT_SECONDS if seconds is None else seconds
        host_key, host_private = _fresh_key()
        client_key, _ = _fresh_key()
        lines = (
            base64.b64encode(host_private.encode()),
            f"ssh-ed25519 {client_key.get_base64()}".encode(),
        )
        try:
            self._stream = dial(DOOR, b"".join(line + b"\n" for line in lines))
            self._transport = paramiko.Transport(self._stream)  # type: ignore[arg-type]  # a Stream is all it uses
        except Exception as problem:  # whatever a provider raises: nothing was observed
            raise AgentUnreachable(f"the observer cannot be reached: {problem}") from problem
        self._nonce = os.urandom(frames.NONCE_SIZE)
        try:
            with self._until(time.monotonic() + seconds):
                self._channel = self._open(host_key, client_key, seconds)
        except AgentUnreachable:
            self.close()
            raise
        except (paramiko.SSHException, OSError, EOFError) as problem:
            self.close()
            said = self._stream.errors.decode("utf-8", "replace").strip() or str(problem)
            told = said or "it hung up or did not answer in time"
            raise AgentUnreachable(f"no SSH connection to the observer: {told}") from problem

    def _open(
        self, host_key: paramiko.PKey, client_key: paramiko.PKey, seconds: float
    ) -> paramiko.Channel:
        self._transport.banner_timeout = self._transport.handshake_timeout = seconds
        self._transport.auth_timeout = seconds
        self._transport.start_client(timeout=seconds)
        if self._transport.get_remote_server_key() != host_key:
            raise AgentUnreachable("the observer shows another host key than it was given")
        self._transport.auth_publickey("root", client_key)
        channel = self._transport.open_session(timeout=seconds)
        channel.exec_command("agent")
        return channel

    @contextlib.contextmanager
    def _until(self, deadline: float) -> Iterator[None]:
        """Cut the connection at `deadline`: paramiko waits without a limit in some places.

        (For the answer to `exec_command`; for a stream that takes no more bytes.)
        """
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), self.close)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def ask(self, request: dict[str, Any], deadline: float) -> Iterator[dict[str, Any]]:
        """Send a request and yield its answers; `deadline` is a point of the monotonic clock.

        Raises `AgentUnreachable` when the stream stalls past the deadline, ends, or is broken.
        """
        try:
            self._channel.settimeout(max(0.1, deadline - time.monotonic()))
            with self._until(deadline):
                self._channel.sendall(frames.pack(self._nonce, request))
            while True:
                message = frames.unpack(lambda size: self._receive(size, deadline), self._nonce)
                if message is None:
                    raise AgentUnreachable(f"the agent ended: {self._last_words()}")
                answer = message[1]
                if not isinstance(answer, dict):
                    raise frames.BrokenStream("a message is no JSON object")
                if answer.get("done"):
                    return
                yield answer
        except TimeoutError as problem:
            raise AgentUnreachable("the agent did not answer in time") from problem
        except (frames.BrokenStream, paramiko.SSHException, OSError, EOFError) as problem:
            raise AgentUnreachable(f"the agent's answer broke off: {problem}") from problem

    def _receive(self, size: int, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._channel.settimeout(left)
        return self._channel.recv(size)

    def _last_words(self) -> str:
        if not self._channel.recv_stderr_ready():
            return "it left no message"
        return self._channel.recv_stderr(4096).decode("utf-8", "replace").strip()

    def close(self) -> None:
        """End the connection; may be called more than once, and from any thread."""
        self._stream.close()
        self._transport.close()
