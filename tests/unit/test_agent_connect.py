"""One TCP connection attempt: how it ended, and what came first, whatever the far side does."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from checkers import codec
from checkers.agent import connect
from checkers.model import Connect

Talk = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(talk: Talk = lambda _: None, address: str = "127.0.0.1") -> Iterator[int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        server.settimeout(10)

        def serve() -> None:
            with contextlib.suppress(OSError):
                accepted, _ = server.accept()
                with accepted:
                    talk(accepted)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join(15)
            assert not thread.is_alive()


def attempt(port: int, to: str = "127.0.0.1", **options: Any) -> dict[str, Any]:
    probe = codec.probe_to_json(Connect("pc", to, port, **options))
    answer = connect.attempt(probe)
    codec.result_from_json("connect", answer)
    return answer


def received(answer: dict[str, Any]) -> bytes:
    return urlsafe_b64decode(answer["received"])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_open(address: str) -> None:
    with listening(address=address) as port:
        answer = attempt(port, address)
    assert answer["outcome"] == "open"
    assert address in answer["source"]


def test_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert attempt(port)["outcome"] == "closed"


def test_filtered_after_the_wait() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        # A full queue takes no more connections: the kernel drops what asks.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        answer = attempt(port, wait=0.3)
        for each in waiting:
            each.close()
    assert answer["outcome"] == "filtered"
    assert time.monotonic() - started < 5


def test_unreachable_says_why() -> None:
    answer = attempt(80, "255.255.255.255", wait=0.5)
    assert answer["outcome"] == "unreachable"
    assert answer["detail"]


def test_what_comes_first_is_read_up_to_the_limit() -> None:
    with listening(lambda peer: peer.sendall(b"220 mail.example\r\n" * 10)) as port:
        assert received(attempt(port, read=8)) == b"220 mail"


def test_what_is_sent_arrives() -> None:
    got: list[bytes] = []

    def talk(peer: socket.socket) -> None:
        got.append(peer.recv(100))
        peer.sendall(b"pong")

    with listening(talk) as port:
        assert received(attempt(port, send=b"ping\xff", read=100)) == b"pong"
    assert got == [b"ping\xff"]


def silence(peer: socket.socket) -> None:
    peer.settimeout(10)
    peer.recv(100)


def drip(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for _ in range(200):
            peer.sendall(b"x")
            time.sleep(0.05)


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("talk", [silence, drip, reset], ids=lambda talk: talk.__name__)
def test_a_far_side_that_behaves_badly_costs_no_more_than_the_wait(talk: Talk) -> None:
    started = time.monotonic()
    with listening(talk) as port:
        answer = attempt(port, wait=0.4, read=1000)
        assert answer["outcome"] == "open"
        assert time.monotonic() - started < 3


# --------------------------------------------------------------------------- datagrams


@contextlib.contextmanager
def answering(reply: bytes | None) -> Iterator[tuple[int, list[bytes]]]:
    """A UDP service that answers with `reply`, or not at all; hands out what it was sent."""
    got: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)

        def serve() -> None:
            with contextlib.suppress(OSError):
                content, asker = server.recvfrom(2000)
                got.append(content)
                if reply is not None:
                    server.sendto(reply, asker)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], got
        finally:
            thread.join(15)
            assert not thread.is_alive()


def test_a_datagram_is_answered() -> None:
    with answering(b"pong") as (port, got):
        answer = attempt(port, protocol="udp", send=b"ping {nonce}", read=10)
    assert answer["outcome"] == "open"
    assert received(answer) == b"pong"
    assert got[0].startswith(b"ping ")
    assert len(got[0]) == 5 + 16


def test_a_datagram_is_not_answered() -> None:
    with answering(None) as (port, _):
        answer = attempt(port, protocol="udp", send=b"ping", wait=0.2)
    assert answer["outcome"] == "filtered"


def test_a_datagram_is_refused_or_cannot_be_sent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert attempt(port, protocol="udp", send=b"ping")["outcome"] == "closed"
    assert attempt(port, "fe80::1", protocol="udp", send=b"x")["outcome"] == "unreachable"
