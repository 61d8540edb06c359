"""Reading capture files: both formats, every order of bytes, and files that are made to mislead."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.network._capture_file import COOKED, COOKED_2, ETHERNET, NotACapture, Record, records
from checkers.network._packets import Packet, dissected

A, B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
FRAME = B + A + b"\x08\x06" + bytes(46)


def pcap(*frames: bytes, order: str = "<", magic: int = 0xA1B2C3D4, link: int = 1) -> bytes:
    found = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, frame in enumerate(frames):
        found += struct.pack(f"{order}IIII", 1000 + number, 500, len(frame), len(frame)) + frame
    return found


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(order: str = "<", options: bytes = b"", link: int = 1) -> bytes:
    return block(1, struct.pack(f"{order}HHI", link, 0, 0) + options, order)


def packet(frame: bytes, ticks: int, order: str = "<", number: int = 0) -> bytes:
    head = struct.pack(
        f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)
    )
    return block(6, head + frame, order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic, at", [(0xA1B2C3D4, 1000.0005), (0xA1B23C4D, 1000.0000005)])
def test_pcap(order: str, magic: int, at: float) -> None:
    first, second = records(pcap(FRAME, b"x", order=order, magic=magic))
    assert (first.link_type, first.data) == (ETHERNET, FRAME)
    assert first.at == pytest.approx(at)
    assert second.data == b"x"


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng(order: str) -> None:
    unit = struct.pack(f"{order}HHB3xHHqHH", 9, 1, 9, 14, 8, 100, 0, 0)
    content = section(order) + interface(order) + interface(order, unit)
    content += packet(FRAME, 5_000_000, order) + block(4, b"names", order)
    content += packet(FRAME, 7_000_000_000, order, 1)
    assert [record.at for record in records(content)] == [5.0, 107.0]


def test_a_power_of_two_is_a_unit_too() -> None:
    content = section() + interface(options=struct.pack("<HHB3x", 9, 1, 0x81)) + packet(FRAME, 9)
    assert [record.at for record in records(content)] == [4.5]


def test_a_new_section_has_interfaces_of_its_own() -> None:
    content = section() + interface() + section(">") + packet(FRAME, 1, ">")
    with pytest.raises(NotACapture, match="does not describe"):
        list(records(content))


def test_what_was_cut_off_at_the_end_is_left_out() -> None:
    assert len(list(records(pcap(FRAME, FRAME)[:-1]))) == 1
    assert len(list(records((section() + interface() + packet(FRAME, 1))[:-1]))) == 0


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "is empty"),
        (b"\x7fELF and so on", "neither pcap nor pcapng"),
        (pcap()[:20], "ends within its header"),
        (pcap().replace(b"\2\0\4\0", b"\3\0\4\0"), "version 3"),
        (pcap() + struct.pack("<IIII", 1, 1, 9, 5) + bytes(9), "impossible length"),
        (pcap() + struct.pack("<IIII", 1, 1, 1 << 30, 1 << 30), "impossible length"),
        (b"\x0a\x0d\x0d\x0a" + bytes(24), "no byte order"),
        (section() + struct.pack("<III", 6, 11, 11), "impossible length"),
        (section() + struct.pack("<IIII", 6, 16, 0, 12), "contradicts itself"),
        (section() + block(1, b"\1\0"), "too short"),
        (section() + interface() + block(6, b"\0" * 8), "too short"),
        (section() + packet(FRAME, 1), "does not describe"),
        (section() + interface() + block(6, struct.pack("<5I", 0, 0, 0, 9, 5)), "impossible"),
        (section() + interface() + block(3, bytes(8)), "does not say when"),
    ],
)
def test_what_is_no_capture(content: bytes, says: str) -> None:
    with pytest.raises(NotACapture, match=says):
        list(records(content))


@given(st.sampled_from([pcap(), section() + interface(), b""]), st.binary(max_size=200))
def test_nothing_breaks_it(start: bytes, rest: bytes) -> None:
    try:
        for record in records(start + rest):
            dissected(record)
    except NotACapture:
        pass


@given(st.sampled_from([ETHERNET, COOKED, COOKED_2, 101]), st.binary(max_size=120))
def test_no_frame_breaks_the_reading_of_it(link: int, data: bytes) -> None:
    dissected(Record(0.0, link, data))


# --------------------------------------------------------------------------- what stands in frames


def ipv4(protocol: int, content: bytes, offset: int = 0) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(content), 1, offset, 64, protocol, 0)
    return head + b"\x0a\0\0\1\x0a\0\0\2" + content


def framed(kind: int, content: bytes) -> Record:
    return Record(9.0, ETHERNET, B + A + struct.pack(">H", kind) + content)


def read(record: Record) -> Packet:
    found = dissected(record)
    assert found is not None
    return found


UDP = struct.pack(">HHHH", 40000, 53, 13, 0) + b"hello"
TCP = struct.pack(">HHIIBBHHH", 40000, 80, 77, 0, 0x60, 0x12, 0, 0, 0) + bytes(4) + b"GET"


def test_datagrams() -> None:
    found = read(framed(0x0800, ipv4(17, UDP) + b"padding"))
    assert found == Packet(
        9.0, "02:00:00:00:00:01", "udp", "10.0.0.1", "10.0.0.2", (40000, 53), payload=b"hello"
    )


def test_connections() -> None:
    found = read(framed(0x0800, ipv4(6, TCP)))
    assert (found.protocol, found.flags, found.sequence, found.payload) == ("tcp", 0x12, 77, b"GET")


def test_ipv6_behind_other_headers() -> None:
    addresses = bytes(15) + b"\1" + bytes(15) + b"\2"
    body = bytes((17, 0)) + bytes(6) + UDP
    head = struct.pack(">IHBB", 6 << 28, len(body), 0, 64)
    found = read(framed(0x86DD, head + addresses + body))
    assert (found.protocol, found.source, found.payload) == ("udp", "::1", b"hello")
    assert read(framed(0x86DD, b"\x60")).protocol == "other"


def test_a_tag_is_looked_through() -> None:
    assert read(framed(0x8100, b"\0\5\x08\x00" + ipv4(17, UDP))).ports == (40000, 53)


def test_a_later_fragment_has_no_ports() -> None:
    assert read(framed(0x0800, ipv4(17, UDP, offset=100))).protocol == "other"


def test_who_asks_by_arp() -> None:
    content = b"\0\1\x08\0\6\4\0\1" + A + b"\x0a\0\0\1" + bytes(6) + b"\x0a\0\0\2"
    found = read(framed(0x0806, content))
    assert (found.protocol, found.source, found.destination) == ("arp", "10.0.0.1", "10.0.0.2")
    assert dissected(framed(0x0806, content[:20])) is None


def test_cooked_frames_say_who_sent_them() -> None:
    first = Record(1.0, COOKED, b"\0\0\0\1\0\6" + A + b"\0\0\x08\x00" + ipv4(1, b"\x08" + bytes(9)))
    second = Record(
        1.0, COOKED_2, b"\x08\x00\0\0" + bytes(4) + b"\0\1\0\6" + A + b"\0\0" + ipv4(89, b"")
    )
    assert (read(first).mac, read(first).protocol) == ("02:00:00:00:00:01", "icmp")
    assert (read(second).mac, read(second).protocol) == ("02:00:00:00:00:01", "ospf")
    loopback = Record(1.0, COOKED, b"\0\0\3\4\0\0" + bytes(10))
    assert dissected(loopback) is None
