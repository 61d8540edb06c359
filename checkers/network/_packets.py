"""What stands in a captured frame: who sent what to whom, as far as it is said there."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from checkers.network._capture_file import COOKED, COOKED_2, ETHERNET, Record

ARP, IPV4, IPV6, VLAN = 0x0806, 0x0800, 0x86DD, (0x8100, 0x88A8)
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp", 89: "ospf"}
_EXTENSIONS = (0, 43, 60)
"""Headers of IPv6 that stand before the content: hop-by-hop, routing, destination options."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A captured packet. `mac` is the hardware address of its sender; ports only where it has any.

    `flags` are TCP's; `payload` is what the protocol carries, and `sequence` where it stands in a
    TCP connection.
    """

    at: float
    mac: str
    protocol: str
    source: str = ""
    destination: str = ""
    ports: tuple[int, int] = (0, 0)
    flags: int = 0
    sequence: int = 0
    payload: bytes = b""


def dissected(record: Record) -> Packet | None:
    """The packet in a frame; None where the frame is too short to say who sent it."""
    data = record.data
    if record.link_type == ETHERNET and len(data) >= 14:
        mac, kind, rest = data[6:12], int.from_bytes(data[12:14], "big"), data[14:]
    elif record.link_type == COOKED and len(data) >= 16 and data[4:6] == b"\0\6":
        mac, kind, rest = data[6:12], int.from_bytes(data[14:16], "big"), data[16:]
    elif record.link_type == COOKED_2 and len(data) >= 20 and data[11] == 6:
        mac, kind, rest = data[12:18], int.from_bytes(data[:2], "big"), data[20:]
    else:
        return None
    while kind in VLAN and len(rest) >= 4:
        kind, rest = int.from_bytes(rest[2:4], "big"), rest[4:]
    sender = ":".join(f"{byte:02x}" for byte in mac)
    if kind == ARP:
        return _arp(record.at, sender, rest)
    found = _ipv4(rest) if kind == IPV4 else _ipv6(rest) if kind == IPV6 else None
    if found is None:
        return Packet(record.at, sender, "other")
    number, source, destination, content = found
    return _carried(Packet(record.at, sender, "", source, destination), number, content)


def _arp(at: float, mac: str, data: bytes) -> Packet | None:
    if len(data) < 28 or data[:6] != b"\0\1\x08\0\6\4":
        return None
    asker, asked = str(ip_address(data[14:18])), str(ip_address(data[24:28]))
    return Packet(at, mac, "arp", asker, asked)


def _ipv4(data: bytes) -> tuple[int, str, str, bytes] | None:
    size = (data[0] & 15) * 4 if data else 0
    if len(data) < 20 or data[0] >> 4 != 4 or size < 20:
        return None
    total = int.from_bytes(data[2:4], "big") or len(data)  # 0 where the hardware cuts it up
    later = int.from_bytes(data[6:8], "big") & 0x1FFF
    number = 255 if later else data[9]  # a later fragment has no ports
    return number, str(ip_address(data[12:16])), str(ip_address(data[16:20])), data[size:total]


def _ipv6(data: bytes) -> tuple[int, str, str, bytes] | None:
    if len(data) < 40 or data[0] >> 4 != 6:
        return None
    number, content = data[6], data[40 : 40 + (int.from_bytes(data[4:6], "big") or len(data))]
    while number in _EXTENSIONS and len(content) >= 8:
        number, content = content[0], content[(content[1] + 1) * 8 :]
    return number, str(ip_address(data[8:24])), str(ip_address(data[24:40])), content


def _carried(packet: Packet, number: int, content: bytes) -> Packet:
    name = PROTOCOLS.get(number, "other")
    head = (packet.at, packet.mac, name, packet.source, packet.destination)
    if name == "tcp" and len(content) >= 20:
        size = (content[12] >> 4) * 4
        sequence = int.from_bytes(content[4:8], "big")
        return Packet(*head, _ports(content), content[13], sequence, content[max(size, 20) :])
    if name == "udp" and len(content) >= 8:
        return Packet(*head, _ports(content), payload=content[8:])
    if name == "icmp":
        return Packet(*head, payload=content[8:], flags=content[0] if content else 0)
    return Packet(*head, payload=content)


def _ports(content: bytes) -> tuple[int, int]:
    return int.from_bytes(content[:2], "big"), int.from_bytes(content[2:4], "big")
