"""The SSH client to the agent: pinned on both sides, and no way to stall it past its deadline."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import paramiko
import pytest

from checkers import ssh
from checkers.agent import frames
from checkers.ssh import DOOR, AgentConnection, AgentUnreachable
from tests.ssh_server import Act, PairStream, answering, serving, until

SOON = 0.2
"""The deadlines that are set here; nothing may take ten seconds more."""


def echo(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for probe in request["probes"]:
        yield {"id": probe, "result": probe * 2}
    yield {"done": True}


@pytest.fixture(autouse=True)
def every_thread_ends() -> Iterator[None]:
    """Timers apart: paramiko leaves one of fifteen seconds behind, which finds nothing to do."""
    before = set(threading.enumerate())
    yield

    def left() -> list[threading.Thread]:
        new = set(threading.enumerate()) - before
        return [each for each in new if not isinstance(each, threading.Timer)]

    until(lambda: not left())


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "CONNECT_SECONDS", SOON)


def ask(connection: AgentConnection, *probes: Any, seconds: float = 20.0) -> list[dict[str, Any]]:
    return list(connection.ask({"probes": probes}, time.monotonic() + seconds))


class Timed:
    """That something ends soon, and as it should."""

    def __enter__(self) -> None:
        self.started = time.monotonic()

    def __exit__(self, *_: object) -> None:
        assert time.monotonic() - self.started < SOON + 9


def test_a_conversation_of_several_rounds() -> None:
    with serving(answering(echo)) as server:
        connection = AgentConnection(server.dial)
        assert ask(connection, 1, 2) == [{"id": 1, "result": 2}, {"id": 2, "result": 4}]
        assert ask(connection, 7) == [{"id": 7, "result": 14}]
        assert ask(connection) == []
        connection.close()
        connection.close()
    assert server.dialled == [DOOR]
    assert server.commands == [b"agent"]


def test_a_large_message_each_way() -> None:
    with serving(answering(echo)) as server:
        connection = AgentConnection(server.dial)
        text = "x" * (5 << 20)
        assert ask(connection, text) == [{"id": text, "result": text * 2}]
        connection.close()


def test_keys_are_fresh_for_each_connection() -> None:
    seen: list[bytes] = []
    with serving(answering(echo)) as server:

        def dial(argv: Sequence[str], preamble: bytes) -> PairStream:
            seen.append(preamble)
            return server.dial(argv, preamble)

        for _ in range(2):
            AgentConnection(dial).close()
    assert len({line for preamble in seen for line in preamble.splitlines()}) == 4


def test_another_host_key_is_refused() -> None:
    with (
        serving(answering(echo), other_host_key=True) as server,
        pytest.raises(AgentUnreachable, match="host key"),
    ):
        AgentConnection(server.dial)
    assert server.commands == []


def test_a_refused_client_key() -> None:
    with (
        serving(answering(echo), refuses=True) as server,
        pytest.raises(AgentUnreachable, match="no SSH connection"),
    ):
        AgentConnection(server.dial)


@pytest.mark.parametrize("problem", [OSError("no daemon"), RuntimeError("Docker has gone")])
def test_whatever_a_provider_raises_is_told(problem: Exception) -> None:
    def dial(argv: Sequence[str], preamble: bytes) -> PairStream:
        raise problem

    with pytest.raises(AgentUnreachable, match=str(problem)):
        AgentConnection(dial)


def test_what_the_door_said_is_told() -> None:
    with serving(answering(echo)) as server:

        def dial(argv: Sequence[str], preamble: bytes) -> PairStream:
            stream = server.dial(argv, preamble)
            stream.errors += b"door: /run/labctl: No space left on device\n"
            server.hang_up()
            return stream

        with pytest.raises(AgentUnreachable, match="No space left"):
            AgentConnection(dial)


# --------------------------------------------------------------------------- stalls


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("received", [0, 10, 700, 1200, 1700])
def test_a_stream_that_stalls_while_connecting(received: int) -> None:
    with serving(answering(echo), receive=received) as server, Timed():
        try:
            connection = AgentConnection(server.dial)
        except AgentUnreachable:
            return
        with pytest.raises(AgentUnreachable):
            ask(connection, 1, seconds=SOON)
        connection.close()


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("sent", [0, 300, 1200, 1900])
def test_a_stream_that_takes_no_more_while_connecting(sent: int) -> None:
    with serving(answering(echo), send_most=sent) as server, Timed():
        try:
            connection = AgentConnection(server.dial)
        except AgentUnreachable:
            return
        with pytest.raises(AgentUnreachable):
            ask(connection, 1, seconds=SOON)
        connection.close()


@pytest.mark.usefixtures("soon")
def test_a_server_that_never_answers_the_wish_to_run_something() -> None:
    with (
        serving(answering(echo), ignores_exec=True) as server,
        Timed(),
        pytest.raises(AgentUnreachable),
    ):
        AgentConnection(server.dial)


def test_a_stream_that_takes_no_more_of_a_request() -> None:
    with serving(answering(echo), send_most=20_000) as server, Timed():
        connection = AgentConnection(server.dial)
        with pytest.raises(AgentUnreachable):
            ask(connection, "x" * (1 << 20), seconds=SOON)
        connection.close()


def silent(channel: paramiko.Channel) -> None:
    """An agent that reads and never says a word."""
    while channel.recv(1 << 16):
        pass


def deaf(channel: paramiko.Channel) -> None:
    """An agent that does not even read: the window fills."""
    channel.event.wait(30)


def dripping(channel: paramiko.Channel) -> None:
    """An agent that keeps sending, a byte at a time, and never comes to an end."""
    header = channel.recv(20)
    answer = frames.pack(header[:16], {"id": 1, "result": "x" * 100_000})
    for number in range(len(answer)):
        channel.sendall(answer[number : number + 1])
        if channel.closed:
            return
        time.sleep(0.01)


def half(channel: paramiko.Channel) -> None:
    """An agent that stops in the middle of an answer."""
    header = channel.recv(20)
    channel.sendall(frames.pack(header[:16], {"id": 1, "result": "x" * 100})[:50])
    silent(channel)


@pytest.mark.parametrize("act", [silent, deaf, dripping, half], ids=lambda act: act.__name__)
@pytest.mark.parametrize("size", [1, 8 << 20], ids=["small", "large"])
def test_an_agent_that_stalls(act: Act, size: int) -> None:
    with serving(act) as server:
        connection = AgentConnection(server.dial)
        with Timed(), pytest.raises(AgentUnreachable):
            ask(connection, "x" * size, seconds=SOON)
        connection.close()


# --------------------------------------------------------------------------- ends and lies


def ends_with(what: Callable[[bytes], bytes]) -> Act:
    def act(channel: paramiko.Channel) -> None:
        header = channel.recv(20)
        channel.sendall(what(header[:16]))

    return act


@pytest.mark.parametrize(
    "what, told",
    [
        (lambda _: b"", "ended"),
        (lambda nonce: frames.pack(nonce, {"id": 1, "result": 1}), "ended"),
        (lambda nonce: frames.pack(nonce, {"id": 1, "result": 1})[:30], "broke off"),
        (lambda nonce: frames.pack(nonce, {"id": 1})[:10], "broke off"),
        (lambda _: frames.pack(os.urandom(16), {"done": True}), "broke off"),
        (lambda nonce: frames.HEADER.pack(nonce, 1 << 31), "broke off"),
        (lambda nonce: frames.head(nonce, 1) + b"{", "broke off"),
        (lambda _: b"-bash: agent: command not found\n", "broke off"),
    ],
)
def test_an_answer_that_is_not_whole_is_none(what: Callable[[bytes], bytes], told: str) -> None:
    with serving(ends_with(what)) as server:
        connection = AgentConnection(server.dial)
        with pytest.raises(AgentUnreachable, match=told):
            ask(connection, 1, 2)
        connection.close()


def test_the_last_words_of_an_agent_are_told() -> None:
    def act(channel: paramiko.Channel) -> None:
        channel.recv(20)
        channel.sendall_stderr(b"MemoryError\n")

    with serving(act) as server:
        connection = AgentConnection(server.dial)
        with pytest.raises(AgentUnreachable, match="MemoryError"):
            ask(connection, 1)
        connection.close()


def test_a_stream_that_is_cut() -> None:
    def act(channel: paramiko.Channel) -> None:
        header = channel.recv(20)
        channel.sendall(frames.pack(header[:16], {"id": 1, "result": 1}))
        server.streams[0].close()

    with serving(act) as server:
        connection = AgentConnection(server.dial)
        with Timed(), pytest.raises(AgentUnreachable):
            ask(connection, 1, 2)
        connection.close()


def test_closing_from_another_thread_ends_a_wait() -> None:
    with serving(silent) as server:
        connection = AgentConnection(server.dial)
        timer = threading.Timer(0.2, connection.close)
        timer.start()
        with Timed(), pytest.raises(AgentUnreachable):
            ask(connection, 1, seconds=30)
        timer.join()
