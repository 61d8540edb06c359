"""Messages on a byte stream: 16 bytes of nonce, 4 bytes of length, then that many bytes of JSON.

The nonce is drawn by the side that asks, for one connection, and stands before every message of
both sides: a stream that has anything else in it is noticed at once and never read as an answer.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

NONCE_SIZE = 16
HEADER = struct.Struct(f">{NONCE_SIZE}sI")
LARGEST = 256 << 20
"""Bytes in a message; a longer one is a broken stream."""


class BrokenStream(Exception):
    """What came is not a frame of this conversation."""


def pack(nonce: bytes, message: Any) -> bytes:
    """One message as bytes."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return head(nonce, len(body)) + body


def head(nonce: bytes, size: int) -> bytes:
    """What stands before a message whose JSON text has `size` bytes."""
    return HEADER.pack(nonce, size)


def read_exactly(read: Callable[[int], bytes], size: int) -> bytes:
    """`size` bytes from `read`, or fewer at the end of the stream."""
    parts = []
    while size > 0:
        part = read(min(size, 1 << 16))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def unpack(read: Callable[[int], bytes], nonce: bytes | None) -> tuple[bytes, Any] | None:
    """The next message and its nonce; None at the end of the stream.

    With `nonce` None the first message sets it. Raises `BrokenStream` for a wrong nonce, a length
    past `LARGEST`, an end in the middle, or a body that is not JSON.
    """
    header = read_exactly(read, HEADER.size)
    if not header:
        return None
    if len(header) < HEADER.size:
        raise BrokenStream("the stream ended inside a frame")
    found, size = HEADER.unpack(header)
    if nonce is not None and found != nonce:
        raise BrokenStream("a frame does not carry this conversation's nonce")
    if size > LARGEST:
        raise BrokenStream(f"a frame says that it has {size} bytes")
    body = read_exactly(read, size)
    if len(body) < size:
        raise BrokenStream("the stream ended inside a frame")
    try:
        return found, json.loads(body)
    except ValueError as error:
        raise BrokenStream(f"a frame holds no JSON: {error}") from error
