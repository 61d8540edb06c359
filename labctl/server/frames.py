"""Messages on a socket: a length of four bytes, then as many bytes of JSON.

Whatever a peer does, a reader gives up after a limited time and never makes room for more than it
was told to take.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from contextlib import suppress
from typing import Any

from labctl.errors import LabctlError, UsageError

_LENGTH = struct.Struct(">I")
LARGEST = 96 << 20
"""Bytes of the largest message: a file of 32 MiB fits, and so does evidence with its pictures."""
CHUNK = 1 << 20
LINGER = 0.2
"""Seconds without a byte after which a peer is taken to send no more."""


class PeerGone(LabctlError):
    """Whoever is at the other end has closed it, or has stopped in the middle of a message."""

    exit_code = 5


class BadFrame(UsageError):
    """What came is no message."""


def send(line: socket.socket, message: Any, seconds: float) -> None:
    """Send a message as a whole; raises `PeerGone` if it is not taken in time."""
    data = json.dumps(message, separators=(",", ":")).encode()
    if len(data) > LARGEST:
        raise BadFrame(f"The answer is too large to be sent ({len(data) >> 20} MiB).")
    line.settimeout(seconds)
    try:
        line.sendall(_LENGTH.pack(len(data)) + data)
    except OSError as error:
        raise PeerGone("The other end takes no more.") from error


def receive(line: socket.socket, seconds: float | None, largest: int = LARGEST) -> Any:
    """The next message, as JSON; None where the peer has closed instead of sending one.

    Raises `BadFrame` for what is no message or larger than `largest` bytes, `PeerGone` if it is not
    there in whole within `seconds` (None: however long it takes).
    """
    until = None if seconds is None else time.monotonic() + seconds
    head = _take(line, _LENGTH.size, until)
    if not head:
        return None
    (length,) = _LENGTH.unpack(_whole(head, _LENGTH.size))
    if length > largest:
        raise BadFrame(f"The message is too large: {length} bytes, {largest} are the most.")
    data = _whole(_take(line, length, until), length)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFrame("The message is no JSON.") from error


def let_go(line: socket.socket) -> None:
    """Close a socket for writing, and take for a moment what the peer still sends.

    What is unread when a socket is closed takes the answer with it that was written before.
    """
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)
        line.settimeout(LINGER)
        for _ in range(LARGEST // CHUNK):
            if not line.recv(CHUNK):
                return


def _take(line: socket.socket, size: int, until: float | None) -> bytes:
    """So many bytes, or those that came before the other end was closed."""
    found = bytearray()
    while len(found) < size:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise PeerGone("The message did not come in time.")
            line.settimeout(left)
        else:
            line.settimeout(None)
        try:
            part = line.recv(min(size - len(found), CHUNK))
        except TimeoutError as error:
            raise PeerGone("The message did not come in time.") from error
        except OSError as error:
            raise PeerGone("The other end is gone.") from error
        if not part:
            break
        found += part
    return bytes(found)


def _whole(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise PeerGone("The other end was closed in the middle of a message.")
    return data
