"""How QEMU and a BMC outside it talk (QEMU, `hw/ipmi/ipmi_bmc_extern.c`; OpenIPMI's VM protocol).

Messages and commands for the hardware end in a byte of their own; whatever else would look like
one is escaped. A message is its number, network function and LUN, command, data, and a checksum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MESSAGE_END = 0xA0
COMMAND_END = 0xA1
ESCAPE = 0xAA
ESCAPED_BIT = 0x10
MOST = 300
"""As many bytes a message may have; QEMU takes no more."""
SHORTEST = 4
VERSION = bytes([0xFF, 1])
POWER_OFF = 0x03
RESET = 0x04
NMI = 0x07
SHUT_DOWN = 0x09


@dataclass(frozen=True, slots=True)
class Request:
    """What the machine asks: `number` tells answers apart."""

    number: int
    function: int
    lun: int
    command: int
    data: bytes


class Decoder:
    """Makes requests of what comes in; what is damaged is passed over, as QEMU does."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._escaped = False

    def feed(self, received: bytes) -> Iterator[Request]:
        """The requests that are complete now."""
        for byte in received:
            if byte == MESSAGE_END:
                if (request := _parsed(bytes(self._bytes))) is not None:
                    yield request
                self._begin()
            elif byte == COMMAND_END:  # what QEMU's hardware can do, which is known
                self._begin()
            elif byte == ESCAPE:
                self._escaped = True
            elif len(self._bytes) <= MOST:
                self._bytes.append(byte & ~ESCAPED_BIT if self._escaped else byte)
                self._escaped = False

    def _begin(self) -> None:
        self._bytes.clear()
        self._escaped = False


def _parsed(message: bytes) -> Request | None:
    if not SHORTEST <= len(message) <= MOST or sum(message) % 256:
        return None
    return Request(message[0], message[1] >> 2, message[1] & 3, message[2], message[3:-1])


def response(request: Request, answer: bytes) -> bytes:
    """The message that answers a request; `answer` begins with the completion code."""
    head = (request.number, (request.function | 1) << 2 | request.lun, request.command)
    body = bytes(head) + answer
    return _escaped(body + bytes([-sum(body) % 256])) + bytes([MESSAGE_END])


def hardware_command(*command: int) -> bytes:
    """A command for QEMU's hardware."""
    return _escaped(bytes(command)) + bytes([COMMAND_END])


def _escaped(message: bytes) -> bytes:
    escaped = bytearray()
    for byte in message:
        special = byte in (MESSAGE_END, COMMAND_END, ESCAPE)
        escaped += bytes([ESCAPE, byte | ESCAPED_BIT] if special else [byte])
    return bytes(escaped)
