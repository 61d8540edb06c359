"""Which frames belong to a flow: the request at each port, its answer, a translated copy."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address
from typing import Any

import pytest

from checkers.agent.wire import Packet, Watch, Wire, matches, parse, watch

HERE, THERE, FAKE = "10.1.0.10", "10.2.0.10", "10.9.9.9"
HERE6, THERE6 = "2001:db8:1::10", "2001:db8:2::10"
NONCE = "0123456789abcdef0123456789abcdef"
SYN, ACK, RST = 0x02, 0x10, 0x04
ICMP, TCP, UDP, ICMP6, OSPF = 1, 6, 17, 58, 89


def frame(
    protocol: int, source: str, destination: str, payload: bytes, options: bytes = b""
) -> bytes:
    """An Ethernet frame with an IPv4 or IPv6 packet."""
    ends = ip_address(source).packed + ip_address(destination).packed
    if ":" in source:
        head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64)
        return bytes(12) + b"\x86\xdd" + head + ends + payload
    words = 5 + len(options) // 4
    head = struct.pack(
        ">BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), 7, 0, 64, protocol, 0
    )
    return bytes(12) + b"\x08\x00" + head + ends + options + payload


def tcp(source: int, destination: int, sequence: int, acknowledged: int, flags: int) -> bytes:
    return struct.pack(
        ">HHIIBBHHH", source, destination, sequence, acknowledged, 0x50, flags, 0, 0, 0
    )


def udp(source: int, destination: int, data: bytes = b"") -> bytes:
    return struct.pack(">HHHH", source, destination, 8 + len(data), 0) + data


def seen(wanted: Watch, *arguments: Any, asked: bool = True) -> bool:
    packet = parse(frame(*arguments))
    assert packet is not None
    return matches(wanted, packet, asked=asked)


def flow(protocol: str, to: str, port: int | None = None, *, nonce: bool = False) -> Watch:
    return watch({"protocol": protocol, "to": to, "port": port, "nonce": nonce}, NONCE, "asker")


# --------------------------------------------------------------------------- parsing


def test_ipv4_and_ipv6() -> None:
    found = parse(frame(UDP, HERE, THERE, b"payload!"))
    assert found == Packet(UDP, ip_address(HERE).packed, ip_address(THERE).packed, b"payload!")
    found = parse(frame(UDP, HERE6, THERE6, b"payload!"))
    assert found == Packet(UDP, ip_address(HERE6).packed, ip_address(THERE6).packed, b"payload!")


def test_options_are_no_payload() -> None:
    found = parse(frame(UDP, HERE, THERE, udp(1, 2), b"\x94\x04\x00\x00"))
    assert found is not None
    assert found.ports == (1, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(13),
        bytes(12) + b"\x08\x00",
        bytes(12) + b"\x08\x00" + bytes(19),
        bytes(12) + b"\x86\xdd" + bytes(39),
        bytes(12) + b"\x08\x06" + bytes(60),
        bytes(12) + b"\x81\x00\x00\x01\x08\x00" + bytes(60),
    ],
)
def test_what_is_no_ip_packet(data: bytes) -> None:
    assert parse(data) is None


@pytest.mark.parametrize("protocol", ["icmp", "tcp", "udp"])
@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_a_frame_cut_short_matches_nothing_and_breaks_nothing(protocol: str, cut: int) -> None:
    numbers = {"icmp": ICMP, "tcp": TCP, "udp": UDP}
    whole = frame(numbers[protocol], HERE, FAKE, tcp(1, 2, 3, 4, SYN))
    packet = parse(whole[:cut])
    if packet:
        assert not matches(flow(protocol, THERE, 80), packet, asked=True)


# --------------------------------------------------------------------------- icmp


@pytest.mark.parametrize(
    "protocol, here, there", [(ICMP, HERE, THERE), (ICMP6, HERE6, THERE6)], ids=["v4", "v6"]
)
def test_an_echo_counts_by_its_nonce_alone(protocol: int, here: str, there: str) -> None:
    wanted = flow("icmp", there, nonce=True)
    own = bytes(8) + bytes.fromhex(NONCE) * 3
    assert seen(wanted, protocol, here, there, own)
    assert seen(wanted, protocol, there, here, own)
    assert seen(wanted, protocol, here, FAKE if protocol == ICMP else here, own)
    assert not seen(wanted, protocol, here, there, bytes(8) + bytes.fromhex(NONCE)[:-1])
    assert not seen(wanted, protocol, here, there, bytes(56))
    assert not seen(wanted, UDP, here, there, own)


def test_a_nonce_counts_as_text_too() -> None:
    wanted = flow("tcp", THERE, 80, nonce=True)
    request = tcp(5, 80, 1, 1, ACK) + f"GET /?{NONCE} HTTP/1.1".encode()
    assert seen(wanted, TCP, HERE, THERE, request)
    assert not seen(wanted, TCP, HERE, THERE, request.replace(b"0123", b"0124"))


def test_an_echo_without_a_nonce_counts_by_its_address() -> None:
    wanted = flow("icmp", THERE)
    assert seen(wanted, ICMP, HERE, THERE, bytes(8))
    assert seen(wanted, ICMP, THERE, HERE, bytes(8))
    assert not seen(wanted, ICMP, HERE, FAKE, bytes(8))


def test_ospf_counts_by_the_group_that_it_is_sent_to() -> None:
    wanted = flow("ospf", "224.0.0.5")
    assert seen(wanted, OSPF, HERE, "224.0.0.5", bytes(44), asked=False)
    assert not seen(wanted, OSPF, HERE, "224.0.0.6", bytes(44), asked=False)
    assert not seen(wanted, UDP, HERE, "224.0.0.5", bytes(44), asked=False)


# --------------------------------------------------------------------------- udp


def test_udp_begins_by_address_and_port_and_goes_on_by_content() -> None:
    wanted = flow("udp", THERE, 53)
    assert not seen(wanted, UDP, HERE, THERE, udp(5353, 54, b"question"))
    assert not seen(wanted, UDP, HERE, FAKE, udp(5353, 53, b"question"))
    assert seen(wanted, UDP, HERE, THERE, udp(5353, 53, b"question"))
    assert seen(wanted, UDP, FAKE, FAKE, udp(1, 5300, b"question"), asked=False)
    assert not seen(wanted, UDP, HERE, THERE, b"short")


# --------------------------------------------------------------------------- tcp


@pytest.mark.parametrize("here, there", [(HERE, THERE), (HERE6, THERE6)], ids=["v4", "v6"])
@pytest.mark.parametrize("sequence", [1000, 0, 2**32 - 1])
def test_a_connection_is_followed_from_its_opening(here: str, there: str, sequence: int) -> None:
    wanted = flow("tcp", there, 80)
    answer = (sequence + 1) % 2**32
    assert seen(wanted, TCP, here, there, tcp(40000, 80, sequence, 0, SYN))
    assert seen(wanted, TCP, there, here, tcp(80, 40000, 5, answer, SYN | ACK))
    assert seen(wanted, TCP, there, here, tcp(80, 40000, 0, answer, RST | ACK))
    assert not seen(wanted, TCP, there, here, tcp(80, 40000, 5, answer + 1, SYN | ACK))
    assert not seen(wanted, TCP, here, there, tcp(40000, 80, answer, 6, ACK))


def test_a_translated_opening_is_the_same_connection() -> None:
    """DNAT and SNAT change addresses and ports, not the first sequence number."""
    wanted = flow("tcp", THERE, 80)
    assert seen(wanted, TCP, HERE, THERE, tcp(40000, 80, 777, 0, SYN))
    assert seen(wanted, TCP, FAKE, "10.7.7.7", tcp(1025, 8080, 777, 0, SYN))
    assert seen(wanted, TCP, "10.7.7.7", FAKE, tcp(8080, 1025, 9, 778, SYN | ACK))
    assert not seen(wanted, TCP, FAKE, "10.7.7.7", tcp(1025, 8080, 776, 0, SYN))


def test_another_connection_to_the_same_place_is_not_followed_by_its_answer() -> None:
    wanted = flow("tcp", THERE, 80)
    assert not seen(wanted, TCP, THERE, HERE, tcp(80, 40000, 5, 1001, SYN | ACK))
    assert not seen(wanted, TCP, HERE, THERE, tcp(40000, 81, 1000, 0, SYN))
    assert not seen(wanted, TCP, HERE, FAKE, tcp(40000, 80, 1000, 0, SYN))


# --------------------------------------------------------------------------- the socket


class FakeSocket:
    """Gives frames as a packet socket does, then says that there are none."""

    def __init__(self, waiting: list[tuple[bytes, tuple[Any, ...]]], endless: bool = False) -> None:
        self.waiting, self.endless = waiting, endless

    def recvfrom(self, size: int) -> tuple[bytes, tuple[Any, ...]]:
        if not self.waiting:
            raise BlockingIOError
        return self.waiting[0] if self.endless else self.waiting.pop(0)

    def getsockopt(self, *_: int) -> bytes:
        return struct.pack("II", 10, 3)

    def close(self) -> None:
        self.waiting = []


def listening(waiting: list[tuple[bytes, tuple[Any, ...]]], *, endless: bool = False) -> Wire:
    made = Wire.__new__(Wire)
    made._ports = {"p0": ("pc1", "lan-a"), "p1": ("r1", "lan-a")}
    made._socket = FakeSocket(waiting, endless)  # type: ignore[assignment]
    made._watches = []
    made.lost = 0
    return made


PING = frame(ICMP, HERE, THERE, bytes(8) + bytes.fromhex(NONCE))


def at(port: str, kind: int) -> tuple[Any, ...]:
    return (port, 0x0800, kind, 1, bytes(6))


def test_sightings_say_where_and_which_way() -> None:
    listener = listening(
        [
            (PING, at("p0", socket.PACKET_HOST)),
            (PING, at("b0", socket.PACKET_HOST)),
            (PING, at("p1", socket.PACKET_OUTGOING)),
            (b"junk", at("p1", socket.PACKET_OUTGOING)),
        ]
    )
    wanted = flow("icmp", THERE, nonce=True)
    listener.look_for(wanted)
    listener.drain_all()
    ends = {"source": HERE, "destination": THERE}
    assert wanted.sightings == [
        {"host": "pc1", "network": "lan-a", "towards": False, **ends},
        {"host": "r1", "network": "lan-a", "towards": True, **ends},
    ]
    assert listener.lost == 0


def test_a_flood_is_cut_and_counts_as_lost() -> None:
    listener = listening([(PING, at("p0", socket.PACKET_HOST))], endless=True)
    wanted = flow("icmp", THERE, nonce=True)
    listener.look_for(wanted)
    assert listener.drain()
    assert len(wanted.sightings) == 1
    listener.drain_all()
    assert listener.lost == 1


def test_what_the_kernel_dropped_counts_as_lost() -> None:
    listener = listening([])
    listener.close()
    assert listener.lost == 3


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="pc2"):
        flow("icmp", "pc2")


def test_what_somebody_else_sends_to_the_same_place_is_no_sighting() -> None:
    wanted = flow("tcp", THERE, 80)
    assert not seen(wanted, TCP, FAKE, THERE, tcp(9, 80, 77, 0, SYN), asked=False)
    assert seen(wanted, TCP, HERE, THERE, tcp(5, 80, 11, 0, SYN))
    assert seen(wanted, TCP, FAKE, THERE, tcp(5, 80, 11, 0, SYN), asked=False)
    assert not seen(wanted, TCP, FAKE, THERE, tcp(9, 80, 77, 0, SYN), asked=False)
    wanted = flow("udp", THERE, 53)
    assert not seen(wanted, UDP, FAKE, THERE, udp(9, 53, b"other"), asked=False)
    assert seen(wanted, UDP, HERE, THERE, udp(5, 53, b"own"))
    assert seen(wanted, UDP, FAKE, THERE, udp(6, 53, b"own"), asked=False)
