"""Messages of the Internet Printing Protocol, as bytes (RFC 8010; numbers from RFC 8011).

A message is a version, an operation or a status, a request number, groups of attributes, and the
data of a document. Only what requests to CUPS need is written here; whatever comes back is read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

VERSION = b"\x02\x00"
NUMBER = 1
"""The number of every request: each goes over a connection of its own."""
OK = range(0x100)
"""Statuses of requests that were carried out."""
NOT_FOUND = 0x0406
"""There is no such printer or job; also where none is there at all."""

_OPERATION_GROUP = 0x01
_END = 0x03
_FIRST_VALUE = 0x10
"""Tags below this one begin a group; the others are those of values."""
_MOST_VALUES = 100_000


class Tag(IntEnum):
    """The kinds of values that are looked into; the bytes of others are kept as they are."""

    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    CHARSET = 0x47
    LANGUAGE = 0x48
    MEDIA_TYPE = 0x49


Value = int | bool | str | bytes
Attributes = dict[str, list[Value]]


class NotIpp(ValueError):
    """Bytes that are no message, with what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status, what it says of it, and the groups of attributes after the first."""

    status: int
    said: str
    groups: tuple[Attributes, ...]


def request(operation: int, *attributes: tuple[Tag, str, Value], data: bytes = b"") -> bytes:
    """A request of an operation; an attribute that follows one of the same name adds a value."""
    head: tuple[tuple[Tag, str, Value], ...] = (
        (Tag.CHARSET, "attributes-charset", "utf-8"),
        (Tag.LANGUAGE, "attributes-natural-language", "en"),
    )
    parts = [VERSION, struct.pack(">hi", operation, NUMBER), bytes([_OPERATION_GROUP])]
    last = ""
    for tag, name, value in (*head, *attributes):
        parts.append(bytes([tag]) + _sized(b"" if name == last else name.encode()))
        parts.append(_sized(_encoded(value)))
        last = name
    return b"".join([*parts, bytes([_END]), data])


def _sized(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def _encoded(value: Value) -> bytes:
    if isinstance(value, bool):
        return bytes([value])
    if isinstance(value, int):
        return struct.pack(">i", value)
    return value.encode() if isinstance(value, str) else value


def answer(message: bytes) -> Answer:
    """Read a response; raises `NotIpp` for anything that is not a whole and proper one."""
    reader = _Reader(message)
    reader.take(2)
    status = reader.number(2)
    if reader.number(4) != NUMBER:
        raise NotIpp("it answers another request")
    groups: list[Attributes] = []
    name = ""
    for _ in range(_MOST_VALUES):
        tag = reader.number(1)
        if tag == _END:
            said = groups[0].get("status-message", []) if groups else []
            return Answer(status, " ".join(map(str, said)), tuple(groups[1:]))
        if tag < _FIRST_VALUE:
            groups.append({})
            name = ""
            continue
        name = reader.sized().decode("utf-8", "replace") or name
        if not groups or not name:
            raise NotIpp("it has a value that belongs to nothing")
        groups[-1].setdefault(name, []).append(_decoded(tag, reader.sized()))
    raise NotIpp("it has too many values")


def _decoded(tag: int, data: bytes) -> Value:
    if tag in (Tag.INTEGER, Tag.ENUM) and len(data) == 4:
        return int.from_bytes(data, "big", signed=True)
    if tag == Tag.BOOLEAN and len(data) == 1:
        return data != b"\0"
    if tag in (Tag.TEXT, Tag.NAME, Tag.KEYWORD, Tag.URI, Tag.CHARSET, Tag.LANGUAGE, Tag.MEDIA_TYPE):
        return data.decode("utf-8", "surrogateescape")
    return data


class _Reader:
    """Takes a message apart from its beginning."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes; raises `NotIpp` where the message ends before."""
        part = self._message[self._at : self._at + count]
        if len(part) != count:
            raise NotIpp("it ends too early")
        self._at += count
        return part

    def number(self, count: int) -> int:
        """The next `count` bytes as a number that is never negative."""
        return int.from_bytes(self.take(count), "big")

    def sized(self) -> bytes:
        """What comes next with its length before it."""
        return self.take(self.number(2))
