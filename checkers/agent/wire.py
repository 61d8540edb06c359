"""What passes the ports of the fabric while programs run.

Programs of a host can be replaced and its addresses can stand anywhere; the frames at the other
end of its cables cannot be made up by it without really sending them. One packet socket in the
network namespace that owns the bridges sees every port, in both directions (packet(7)).
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
PROTOCOLS = {"icmp": (1, 58), "tcp": (6,), "udp": (17,), "ospf": (89,)}
SNAP = 2048
MOST_SIGHTINGS = 200
AT_A_TIME = 4096
MOST_TURNS = 64


@dataclass
class Watch:
    """A flow that is looked for, and what was seen of it.

    What cannot carry a nonce is known by what left `asker`, the host that asks: `sequences` are
    first sequence numbers of its connections, `payloads` contents of its datagrams. A frame of
    somebody else's to the same place is no sighting. `full` says that one found no room.
    """

    protocol: str
    to: bytes
    port: int | None
    nonces: tuple[bytes, ...]
    asker: str
    sequences: set[int] = field(default_factory=set)
    payloads: set[bytes] = field(default_factory=set)
    seen: dict[tuple[str, str, bool, bytes, bytes], None] = field(default_factory=dict)
    full: bool = False

    @property
    def sightings(self) -> list[dict[str, Any]]:
        """What was seen, each place, direction and pair of addresses once, in order."""
        return [
            {
                "host": host,
                "network": network,
                "towards": towards,
                "source": str(ipaddress.ip_address(source)),
                "destination": str(ipaddress.ip_address(destination)),
            }
            for host, network, towards, source, destination in self.seen
        ]


@dataclass
class Packet:
    """The parts of an IPv4 or IPv6 packet that matter here."""

    protocol: int
    source: bytes
    destination: bytes
    payload: bytes

    @property
    def ports(self) -> tuple[int, int]:
        """Source and destination port, of a protocol that has them."""
        found: tuple[int, int] = struct.unpack_from(">HH", self.payload)
        return found


def parse(frame: bytes) -> Packet | None:
    """The IP packet in an Ethernet frame, or None; extension headers are not looked through."""
    kind = frame[12:14]
    packet = frame[14:]
    if kind == b"\x08\x00" and len(packet) >= 20:
        size = (packet[0] & 15) * 4
        return Packet(packet[9], packet[12:16], packet[16:20], packet[size:])
    if kind == b"\x86\xdd" and len(packet) >= 40:
        return Packet(packet[6], packet[8:24], packet[24:40], packet[40:])
    return None


def watch(flow: dict[str, Any], nonce: str, asker: str) -> Watch:
    """Start looking for a flow; the nonce counts as text and as the bytes that it spells."""
    nonces = (nonce.encode(), bytes.fromhex(nonce)) if flow["nonce"] else ()
    address = ipaddress.ip_address(flow["to"]).packed
    return Watch(flow["protocol"], address, flow["port"], nonces, asker)


def matches(wanted: Watch, packet: Packet, *, asked: bool) -> bool:
    """Whether a packet belongs to a flow: the request, its answer, or a translated copy of it.

    `asked` says that it was just leaving the host that asks.
    """
    if packet.protocol not in PROTOCOLS[wanted.protocol]:
        return False
    if wanted.nonces:
        return any(nonce in packet.payload for nonce in wanted.nonces)
    addressed = wanted.to in (packet.source, packet.destination)
    if wanted.protocol in {"icmp", "ospf"}:
        return addressed
    if len(packet.payload) < 8:
        return False
    if addressed and wanted.port is not None:
        addressed = wanted.port in packet.ports
    if wanted.protocol == "udp":
        return _udp(wanted, packet, asked and addressed)
    return _tcp(wanted, packet, asked and addressed)


def _udp(wanted: Watch, packet: Packet, begins: bool) -> bool:
    """Follow datagrams by their content, which address translation keeps."""
    content = packet.payload[8:]
    if begins and len(wanted.payloads) < MOST_SIGHTINGS:
        wanted.payloads.add(content)
    return content in wanted.payloads


def _tcp(wanted: Watch, packet: Packet, begins: bool) -> bool:
    """Follow a connection by its first sequence number, which address translation keeps."""
    if len(packet.payload) < 20:
        return False
    sequence, acknowledged = struct.unpack_from(">II", packet.payload, 4)
    opening = packet.payload[13] & 0x12
    if opening == 0x02:
        if begins:
            wanted.sequences.add(sequence)
        return sequence in wanted.sequences
    answered = (acknowledged - 1) % (1 << 32)
    return (opening == 0x12 or bool(packet.payload[13] & 0x04)) and answered in wanted.sequences


class Wire:
    """A packet socket on the fabric, and the flows that are looked for on it.

    Made while the caller stands in the fabric's network namespace; usable from anywhere after.
    """

    def __init__(self, ports: dict[str, tuple[str, str]]) -> None:
        self._ports = ports
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.settimeout(0)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self._watches: list[Watch] = []
        self.lost = 0

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._socket.fileno()

    def look_for(self, wanted: Watch) -> None:
        """Record frames of this flow from now on."""
        self._watches.append(wanted)

    def drain(self) -> bool:
        """Take frames that are waiting and note those that belong to a flow; False: took all."""
        for _ in range(AT_A_TIME):
            try:
                frame, address = self._socket.recvfrom(SNAP)
            except BlockingIOError:
                return False
            place = self._ports.get(address[0])
            packet = parse(frame) if place else None
            if place and packet:
                self._note(place, packet, towards=address[2] == socket.PACKET_OUTGOING)
        return True

    def drain_all(self) -> None:
        """Take every frame that is waiting; under a flood without end the rest counts as lost."""
        for _ in range(MOST_TURNS):
            if not self.drain():
                return
        self.lost += 1

    def _note(self, place: tuple[str, str], packet: Packet, *, towards: bool) -> None:
        for wanted in self._watches:
            asked = place[0] == wanted.asker and not towards
            if not matches(wanted, packet, asked=asked):
                continue
            sighting = (*place, towards, packet.source, packet.destination)
            if len(wanted.seen) < MOST_SIGHTINGS or sighting in wanted.seen:
                wanted.seen[sighting] = None
            else:
                wanted.full = True

    def close(self) -> None:
        """Stop listening; `lost` then says how many frames the kernel had no room for."""
        statistics = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self.lost += struct.unpack("II", statistics)[1]
        self._socket.close()
