"""Reads capture files, pcap and pcapng, as data that may have been made to mislead.

The formats are those of draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Whatever is not laid
out as they say ends the reading with `NotACapture`; only a last record that was cut off, as by a
capture that is still running, is left out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ETHERNET, COOKED, COOKED_2 = 1, 113, 276
"""Link types: Ethernet, and what `tcpdump -i any` writes (version 1 and 2)."""
LINK_TYPES = (ETHERNET, COOKED, COOKED_2)

MOST_FRAMES = 200_000
_LONGEST = 1 << 18
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _SIMPLE, _ENHANCED = 1, 3, 6
_RESOLUTION, _OFFSET = 9, 14


class NotACapture(Exception):
    """The bytes are no capture file; the text says why, in words for the candidate."""


@dataclass(frozen=True, slots=True)
class Record:
    """A frame of a capture: when (seconds since 1970), its link type, and its bytes as kept."""

    at: float
    link_type: int
    data: bytes


def records(content: bytes) -> Iterator[Record]:
    """The frames of a capture file, in its order; raises `NotACapture`."""
    if not content:
        raise NotACapture("the file is empty")
    if content[:4] in _PCAP:
        found = _pcap(content, *_PCAP[content[:4]])
    elif content[:4] == _SECTION:
        found = _Pcapng(content).records()
    else:
        raise NotACapture("the file is no capture (neither pcap nor pcapng)")
    for number, record in enumerate(found):
        if number >= MOST_FRAMES:
            raise NotACapture(f"the capture holds more than {MOST_FRAMES} frames")
        yield record


def _pcap(content: bytes, order: str, unit: float) -> Iterator[Record]:
    if len(content) < 24:
        raise NotACapture("the file ends within its header")
    major, _, _, _, _, link_type = struct.unpack_from(f"{order}HHiIII", content, 4)
    if major != 2:
        raise NotACapture(f"the file says that it is of version {major}, which there is none of")
    at = 24
    while at + 16 <= len(content):
        seconds, fraction, kept, length = struct.unpack_from(f"{order}IIII", content, at)
        at += 16
        if kept > _LONGEST or kept > length:
            raise NotACapture("a record of the file has an impossible length")
        if at + kept > len(content):
            return
        data = content[at : at + kept]
        yield Record(seconds + fraction * unit, link_type & 0xFFFF, data)
        at += kept


class _Pcapng:
    """A pcapng file being read: its blocks, and what its sections say of their interfaces."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._order = "<"
        self._interfaces: list[tuple[int, float, int]] = []

    def records(self) -> Iterator[Record]:
        for kind, body in self._blocks():
            if kind == _INTERFACE:
                self._interfaces.append(self._interface(body))
            elif kind == _ENHANCED:
                yield self._packet(body)
            elif kind == _SIMPLE:
                raise NotACapture("the capture does not say when its frames were seen")

    def _blocks(self) -> Iterator[tuple[int, bytes]]:
        content, at = self._content, 0
        while at + 12 <= len(content):
            section = content[at : at + 4] == _SECTION
            if section:
                self._order = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(
                    content[at + 8 : at + 12], ""
                )
                if not self._order:
                    raise NotACapture("a section of the file has no byte order")
                self._interfaces = []
            kind, length = struct.unpack_from(f"{self._order}II", content, at)
            if length < 12 or length % 4 or length > _LONGEST + 4096:
                raise NotACapture("a block of the file has an impossible length")
            if at + length > len(content):
                return
            if self._number(content[at + length - 4 : at + length]) != length:
                raise NotACapture("a block of the file contradicts itself about its length")
            if not section:
                yield kind, content[at + 8 : at + length - 4]
            at += length

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self._order == "<" else "big")

    def _interface(self, body: bytes) -> tuple[int, float, int]:
        """An interface's link type, unit of time in seconds, and offset in seconds."""
        if len(body) < 8:
            raise NotACapture("the description of an interface is too short")
        unit, offset, at = 1e-6, 0, 8
        while at + 4 <= len(body):
            code, size = struct.unpack_from(f"{self._order}HH", body, at)
            value = body[at + 4 : at + 4 + size]
            if code == 0 or len(value) < size:
                break
            if code == _RESOLUTION and size == 1:
                unit = 2.0 ** -(value[0] & 127) if value[0] & 128 else 10.0 ** -value[0]
            if code == _OFFSET and size == 8:
                offset = self._number(value)
            at += 4 + size + (-size % 4)
        return self._number(body[:2]), unit, offset

    def _packet(self, body: bytes) -> Record:
        if len(body) < 20:
            raise NotACapture("a frame's block is too short")
        number, high, low, kept, length = struct.unpack_from(f"{self._order}IIIII", body)
        if number >= len(self._interfaces):
            raise NotACapture("a frame belongs to an interface that the file does not describe")
        if kept > length or 20 + kept > len(body):
            raise NotACapture("a frame's block has an impossible length")
        link_type, unit, offset = self._interfaces[number]
        return Record(((high << 32) + low) * unit + offset, link_type, body[20 : 20 + kept])
