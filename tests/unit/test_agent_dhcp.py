"""The DHCP client: how its messages are laid out, and what it takes for an answer."""

from __future__ import annotations

import socket
import struct
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest

from checkers import codec
from checkers.agent import dhcp, wire
from checkers.agent.dhcp import ACK, DISCOVER, NAK, OFFER, RELEASE, REQUEST
from checkers.traffic import Discover, DiscoverResult

MAC = bytes.fromhex("02aabbccdd01")
NUMBER = b"\x12\x34\x56\x78"
SERVER = b"\x0a\x01\x00\x05"
PROBE = {
    "host": "ex",
    "port": "02:00:00:00:00:01",
    "mac": "",
    "asks": "",
    "take": False,
    "wait": 5.0,
    "linger": 0.05,
}
PINS = {"net_namespace": 4026532000, "start_time": 77}


def answer(
    kind: int,
    *,
    offered: str = "10.1.0.100",
    mac: bytes = MAC,
    number: bytes = NUMBER,
    options: bytes = b"",
    fields: bytes = bytes(192),
    server: bytes = SERVER,
) -> bytes:
    """A server's message as a frame; made here, so that it is not read by what wrote it."""
    content = b"\x02\x01\x06\x00" + number + bytes(8) + socket.inet_aton(offered) + bytes(8)
    content += mac + bytes(10) + fields + b"\x63\x82\x53\x63"
    content += bytes((53, 1, kind, 54, 4)) + server + options + b"\xff"
    datagram = struct.pack(">HHHH", 67, 68, 8 + len(content), 0) + content
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0)
    head += server + b"\xff" * 4
    return b"\xff" * 6 + bytes.fromhex("020000000005") + b"\x08\x00" + head + datagram


class Line:
    """An end of a wire at which a server of the test's answers what is sent."""

    def __init__(self, serve: Callable[[int, bytes], list[bytes]]) -> None:
        self._serve = serve
        self._own, self._other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sent: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)
        packet = wire.parse(frame)
        assert packet is not None
        content = packet.payload[8:]
        for each in self._serve(content[242], content):
            self._other.send(each)

    def settimeout(self, seconds: float) -> None:
        self._own.settimeout(seconds)

    def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int, int]]:
        return self._own.recv(size), ("eth0", 0x800, socket.PACKET_BROADCAST)

    def close(self) -> None:
        self._own.close()
        self._other.close()


def run(serve: Callable[[int, bytes], list[bytes]], **changes: Any) -> tuple[Any, list[bytes]]:
    line = Line(serve)
    try:
        client = dhcp.Client(line, MAC, NUMBER)  # type: ignore[arg-type]  # stands for a socket
        return client.run({**PROBE, **changes}), line.sent
    finally:
        line.close()


def test_it_takes_an_offer_and_nothing_else() -> None:
    strangers = [
        b"",
        b"\0" * 300,
        answer(OFFER, mac=b"\x02" * 6),
        answer(OFFER, number=b"\0\0\0\0"),
        answer(NAK),
        answer(OFFER)[:200],
        answer(OFFER).replace(b"\x63\x82\x53\x63", b"\0\0\0\0"),
        answer(OFFER).replace(b"\x08\x00\x45", b"\x86\xdd\x45"),
        answer(OFFER).replace(b"\x00\x43\x00\x44", b"\x00\x44\x00\x43"),
    ]
    found, sent = run(lambda kind, _: [*strangers, answer(kind + 1, options=b"\x03\x04\x0a\1\0\1")])
    assert [offer["address"] for offer in found["offers"]] == ["10.1.0.100"]
    options = {code: urlsafe_b64decode(value) for code, value in found["offers"][0]["options"]}
    assert options == {53: b"\x02", 54: SERVER, 3: b"\x0a\x01\x00\x01"}
    assert found["answer"] is None
    assert len(sent) == 1
    result = codec.result_from_json("discover", {**found, "sightings": []})
    assert isinstance(result, DiscoverResult)
    assert result.offers[0].sender == "02:00:00:00:00:05"


def test_the_same_offer_counts_once_and_two_servers_twice() -> None:
    other = answer(OFFER, server=b"\x0a\x01\x00\x06")
    found, _ = run(lambda *_: [answer(OFFER), answer(OFFER), other])
    assert len(found["offers"]) == 2


def test_silence_ends_in_time() -> None:
    found, sent = run(lambda *_: [], wait=0.2)
    assert found["offers"] == []
    assert len(sent) == 1


@pytest.mark.parametrize("kind, released", [(ACK, True), (NAK, False)])
def test_a_lease_is_taken_and_given_back(kind: int, released: bool) -> None:
    def serve(asked: int, content: bytes) -> list[bytes]:
        if asked == REQUEST:
            assert b"\x32\x04\x0a\x01\x00\x64" in content
            assert b"\x36\x04" + SERVER in content
        return [answer({DISCOVER: OFFER, REQUEST: kind}[asked])] if asked != RELEASE else []

    found, sent = run(serve, take=True)
    assert dict(found["answer"]["options"])[53]
    packet = wire.parse(sent[-1])
    assert packet is not None
    assert (packet.payload[8 + 242] == RELEASE) is released
    if released:
        assert packet.source == socket.inet_aton("10.1.0.100")
        assert packet.destination == SERVER


def test_a_wish_is_sent() -> None:
    _, sent = run(lambda *_: [answer(OFFER)], asks="10.1.0.77")
    assert b"\x32\x04\x0a\x01\x00\x4d" in sent[0]


def test_a_frame_has_right_checksums() -> None:
    frame = dhcp.framed(MAC, "0.0.0.0", "255.255.255.255", dhcp.message(1, MAC, NUMBER, []))
    head, datagram = frame[14:34], frame[34:]
    assert dhcp._checksum(head) == 0
    pseudo = head[12:20] + struct.pack(">BBH", 0, 17, len(datagram))
    assert dhcp._checksum(pseudo + datagram) == 0
    assert len(datagram) == 8 + 300


def test_options_are_joined_wherever_they_stand() -> None:
    fields = b"\x06\x04\x0a\1\0\2\xff".ljust(64, b"\0") + b"\x0f\x03lab\xff".ljust(128, b"\0")
    options = b"\x34\x01\x03\x00\x06\x04\x0a\1\0\1"
    reply = dhcp.understood(answer(OFFER, options=options, fields=fields), MAC, NUMBER)
    assert reply is not None
    assert reply.option(6) == b"\x0a\1\0\1\x0a\1\0\2"
    assert reply.option(15) == b"lab"
    assert reply.option(99) == b""


def test_a_drawn_address_is_the_same_in_a_session_and_another_in_the_next() -> None:
    first = dhcp.drawn(PROBE, PINS)
    assert first == dhcp.drawn(PROBE, PINS)
    assert first[0] & 3 == 2
    assert first != dhcp.drawn(PROBE, {**PINS, "start_time": 78})
    assert first != dhcp.drawn({**PROBE, "asks": "10.0.0.1"}, PINS)
    assert dhcp.drawn({**PROBE, "mac": "02:00:00:00:00:09"}, PINS) == b"\x02\0\0\0\0\x09"


def test_an_interface_that_is_gone() -> None:
    with pytest.raises(OSError, match="no interface has"):
        dhcp.interface("02:de:ad:be:ef:99")


def test_what_it_sends_is_looked_for_on_the_wire() -> None:
    probe = codec.probe_to_json(Discover("ex", "02:00:00:00:00:01"))
    job, watch = dhcp.job(0, probe, PINS, NUMBER)
    assert job.seconds == 2 * probe["wait"] + dhcp.SLACK
    packet = wire.parse(
        dhcp.framed(MAC, "0.0.0.0", "255.255.255.255", dhcp.message(1, MAC, NUMBER, []))
    )
    assert packet is not None
    assert wire.matches(watch, packet, asked=True)
    other = wire.parse(answer(OFFER, number=b"\0\0\0\1"))
    assert other is not None
    assert not wire.matches(watch, other, asked=False)
