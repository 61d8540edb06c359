"""A DHCP client that looks for servers and, if it is asked to, takes a lease and gives it back.

It sends whole frames from a host's interface and reads whole frames there (packet(7)), with a
hardware address of its own: nothing of the host's takes part, and the host notices nothing.
Messages are laid out as RFC 2131 says, options as RFC 2132.
"""

from __future__ import annotations

import fcntl
import hashlib
import ipaddress
import json
import os
import random
import socket
import struct
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from . import system
from .jobs import Job
from .programs import in_network
from .wire import ETH_P_ALL, Watch, parse

DISCOVER, OFFER, REQUEST, ACK, NAK, RELEASE = 1, 2, 3, 5, 6, 7
MESSAGE, SERVER, ASKED, WANTED = 53, 54, 50, 55
MAGIC = b"\x63\x82\x53\x63"
EVERYBODY = b"\xff" * 6
NOWHERE = "0.0.0.0"  # noqa: S104  # what a client without an address sends from
AT_PORT, FROM_PORT = 67, 68
WISHES = bytes((1, 3, 6, 12, 15, 28, 42, 51, 54, 58, 59, 119, 121))
"""The options that a client asks for: mask, router, name servers, domain, times and the like."""
PAUSES = (0.0, 2.0, 6.0, 12.0)
"""Seconds after which the same message is sent again."""
MOST_REPLIES = 32
SLACK = 3.0
SNAP = 4096
_SIOCGIFHWADDR = 0x8927


def drawn(probe: dict[str, Any], pins: dict[str, Any]) -> bytes:
    """A client's hardware address: given, or drawn from the probe and what the host is known by.

    A drawn one is locally administered, and the same whenever the same is asked in a session: a
    server that keeps an address for whom it offered it to will offer it again.
    """
    if probe["mac"]:
        return bytes.fromhex(probe["mac"].replace(":", ""))
    known = [probe["port"], probe["asks"], probe["take"], pins["net_namespace"], pins["start_time"]]
    digest = hashlib.sha256(json.dumps(known).encode()).digest()
    return bytes((digest[0] & 0xFC | 0x02,)) + digest[1:6]


def job(
    network: int, probe: dict[str, Any], pins: dict[str, Any], number: bytes
) -> tuple[Job, Watch]:
    """The job that answers a `discover` probe, and what to look for on the wire.

    `number` are the four bytes by which its messages are known (xid).
    """
    mac = drawn(probe, pins)
    watch = Watch("udp", b"", None, (number,), probe["host"])
    return Job(_body(network, probe, mac, number), 2 * float(probe["wait"]) + SLACK), watch


def _body(network: int, probe: dict[str, Any], mac: bytes, number: bytes) -> Callable[[], None]:
    def body() -> None:
        in_network(network, (system.CAP_NET_RAW,))
        name = interface(probe["port"])
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as line:
            line.bind((name, ETH_P_ALL))
            answer = Client(line, mac, number).run(probe)
        os.write(1, json.dumps(answer).encode())

    return body


def interface(hardware: str) -> str:
    """The name of the interface with a hardware address; raises OSError where there is none."""
    wanted = bytes.fromhex(hardware.replace(":", ""))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            asked = struct.pack("16s24x", name.encode())
            if fcntl.ioctl(any_socket, _SIOCGIFHWADDR, asked)[18:24] == wanted:
                return name
    raise OSError(f"no interface has the hardware address {hardware} any more")


class Reply(NamedTuple):
    """A message of a server's: what it offers, who passed it on and sent it, and its options."""

    address: str
    relay: str
    sender: str
    options: tuple[tuple[int, bytes], ...]

    def option(self, code: int) -> bytes:
        """The bytes of an option; none where it is not there."""
        return dict(self.options).get(code, b"")

    @property
    def kind(self) -> int:
        """The type of the message (option 53), 0 where it says none."""
        return int.from_bytes(self.option(MESSAGE)[:1], "big")

    @property
    def encoded(self) -> dict[str, Any]:
        """The message as it is reported, its options in base64."""
        options = [[code, urlsafe_b64encode(value).decode()] for code, value in self.options]
        return {**self._asdict(), "options": options}


class Client:
    """One client on one line, known by its hardware address and the number of its exchange."""

    def __init__(self, line: socket.socket, mac: bytes, number: bytes) -> None:
        self._line = line
        self._mac = mac
        self._number = number
        self._until = 0.0

    def run(self, probe: dict[str, Any]) -> dict[str, Any]:
        """Look for servers; take the first offer up and give it back if the probe says so."""
        wait, linger = float(probe["wait"]), float(probe["linger"])
        asks = probe["asks"]
        options = [(ASKED, ipaddress.IPv4Address(asks).packed)] if asks else []
        offers: dict[tuple[str, str, bytes], Reply] = {}
        for reply in self._exchange(DISCOVER, options, wait):
            if reply.kind == OFFER and len(offers) < MOST_REPLIES:
                if not offers:
                    self._until = min(self._until, time.monotonic() + linger)
                offers.setdefault((reply.address, reply.sender, reply.option(SERVER)), reply)
        answer = None
        if probe["take"] and offers:
            answer = self._take(next(iter(offers.values())), wait)
        return {
            "mac": ":".join(f"{byte:02x}" for byte in self._mac),
            "offers": [reply.encoded for reply in offers.values()],
            "answer": answer.encoded if answer else None,
        }

    def _take(self, offer: Reply, wait: float) -> Reply | None:
        server = offer.option(SERVER)
        chosen = [(ASKED, ipaddress.IPv4Address(offer.address).packed), (SERVER, server)]
        for reply in self._exchange(REQUEST, chosen, wait):
            if reply.kind in (ACK, NAK) and reply.option(SERVER) == server:
                if reply.kind == ACK and len(server) == 4:
                    # To everybody as a frame, since no server's hardware address is known here.
                    to = str(ipaddress.IPv4Address(server))
                    self._send(RELEASE, [(SERVER, server)], reply.address, to)
                return reply
        return None

    def _exchange(
        self, kind: int, options: list[tuple[int, bytes]], wait: float
    ) -> Iterator[Reply]:
        """Send a message, now and again, and yield what servers answer until the time is over."""
        started = time.monotonic()
        self._until = started + wait
        due = [started + pause for pause in PAUSES]
        while (now := time.monotonic()) < self._until:
            if due and now >= due[0]:
                due.pop(0)
                self._send(kind, [*options, (WANTED, WISHES)])
            self._line.settimeout(max(0.01, min([self._until, *due[:1]]) - time.monotonic()))
            try:
                frame, address = self._line.recvfrom(SNAP)
            except TimeoutError:
                continue
            reply = understood(frame, self._mac, self._number)
            if reply and address[2] != socket.PACKET_OUTGOING:
                yield reply

    def _send(
        self,
        kind: int,
        options: list[tuple[int, bytes]],
        source: str = NOWHERE,
        to: str = "255.255.255.255",
    ) -> None:
        content = message(kind, self._mac, self._number, options, source)
        self._line.send(framed(self._mac, source, to, content))


def message(
    kind: int, mac: bytes, number: bytes, options: list[tuple[int, bytes]], own: str = NOWHERE
) -> bytes:
    """A client's message; with the broadcast flag, since it has no address that hears answers."""
    fixed = struct.pack(">BBBB4sHH", 1, 1, 6, 0, number, 0, 0 if own != NOWHERE else 0x8000)
    fixed += ipaddress.IPv4Address(own).packed + bytes(12) + mac + bytes(10 + 64 + 128)
    every = [(MESSAGE, bytes((kind,))), *options]
    text = b"".join(bytes((code, len(value))) + value for code, value in every)
    return (fixed + MAGIC + text + b"\xff").ljust(300, b"\0")


def framed(mac: bytes, source: str, to: str, content: bytes) -> bytes:
    """A datagram from port 68 to port 67 in a frame to everybody on the line."""
    one, other = (ipaddress.IPv4Address(each).packed for each in (source, to))
    size = 8 + len(content)
    datagram = struct.pack(">HHHH", FROM_PORT, AT_PORT, size, 0) + content
    check = _checksum(one + other + struct.pack(">BBH", 0, 17, size) + datagram) or 0xFFFF
    datagram = datagram[:6] + struct.pack(">H", check) + content
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, random.getrandbits(16), 0, 64, 17, 0)
    head += one + other
    head = head[:10] + struct.pack(">H", _checksum(head)) + head[12:]
    return EVERYBODY + mac + b"\x08\x00" + head + datagram


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def understood(frame: bytes, mac: bytes, number: bytes) -> Reply | None:
    """The server's message to this client in a frame; None for anything else.

    Checksums are not looked at: between two ends on one server they are not filled in.
    """
    packet = parse(frame)
    if packet is None or packet.protocol != 17 or len(packet.payload) < 8 + 240:
        return None
    if packet.ports != (AT_PORT, FROM_PORT):
        return None
    content = packet.payload[8 : int.from_bytes(packet.payload[4:6], "big")]
    mine = content[:3] == b"\x02\x01\x06" and content[4:8] == number and content[28:34] == mac
    if not mine or content[236:240] != MAGIC:
        return None
    found = _options(content[240:])
    if 52 in found:  # the fields for names of a file and of the server hold options as well
        file, name = content[108:236], content[44:108]
        for area in {b"\1": (file,), b"\2": (name,), b"\3": (file, name)}.get(found[52], ()):
            for code, value in _options(area).items():
                found[code] = found.get(code, b"") + value
    return Reply(
        str(ipaddress.IPv4Address(content[16:20])),
        str(ipaddress.IPv4Address(content[24:28])),
        ":".join(f"{byte:02x}" for byte in frame[6:12]),
        tuple(sorted(found.items())),
    )


def _options(area: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 1 < len(area) and area[at] != 255:
        if area[at] == 0:
            at += 1
            continue
        value = area[at + 2 : at + 2 + area[at + 1]]
        found[area[at]] = found.get(area[at], b"") + value
        at += 2 + area[at + 1]
    return found
