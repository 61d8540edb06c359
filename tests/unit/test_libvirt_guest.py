"""The line to the observer inside a machine: both ends of it, over a socket."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers.agent import guest as door
from labctl.errors import ProviderError
from labctl.providers.libvirt.guest import Guest, GuestSilent, GuestUnreachable


class Machine:
    """A port of the console as QEMU has it, and the machine's end of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rubbish = b""
        self.deaf = 0
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            with line:
                line.sendall(self.rubbish)
                kept = bytearray()
                while text := door.read_line(line.fileno(), kept):
                    if self.deaf:
                        self.deaf -= 1
                    else:
                        door.attend(line.fileno(), text)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setitem(door.ACTS, "pins", lambda _: {"pins": {"pid": 1}})
    monkeypatch.setitem(door.ACTS, "fails", lambda _: {"failure": "no such thing"})
    monkeypatch.setitem(
        door.ACTS,
        "run",
        lambda request: (
            {"timeout": True}
            if request["argv"] == ["slow"]
            else {
                "exit": 3,
                "stdout": request["stdin"],
                "stderr": "",
                "truncated": False,
                "seconds": 1,
            }
        ),
    )
    found = Machine(tmp_path / "port")
    yield found
    found.close()


@pytest.fixture
def guest(machine: Machine, tmp_path: Path) -> Guest:
    return Guest("pc1", [machine.path], tmp_path)


def run(guest: Guest, *argv: str, stdin: bytes = b"") -> object:
    return guest.run(argv, user="root", stdin=stdin, cwd="/", timeout=5, limit=1000)


def test_an_answer_comes_back(guest: Guest) -> None:
    assert guest.pins(5) == {"pid": 1}
    done = guest.run(["x"], user="root", stdin=b"\0in", cwd="/", timeout=5, limit=1000)
    assert (done.exit, done.stdout) == (3, b"\0in")


def test_what_an_earlier_caller_left_is_passed_over(machine: Machine, guest: Guest) -> None:
    machine.rubbish = b'\xff{"half": an answer\n\n' + b"x" * 100_000
    assert guest.pins(5) == {"pid": 1}


def test_a_hello_that_was_lost_is_said_again(machine: Machine, guest: Guest) -> None:
    machine.deaf = 2
    assert guest.pins(5) == {"pid": 1}


def test_lines_that_are_no_request_are_passed_over(machine: Machine) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(machine.path))
        line.sendall(b'\xff\n[1]\n"text"\n7\n' + json.dumps({"hello": "abc"}).encode() + b"\n")
        assert line.recv(100) == b"abc\n"


def test_a_machine_that_says_nothing_is_not_waited_for_long(machine: Machine, guest: Guest) -> None:
    machine.deaf = 1000
    with pytest.raises(GuestSilent, match="did not answer"):
        guest.ask({"act": "pins"}, 0.3)


def test_a_program_past_its_time_and_a_request_that_fails(guest: Guest) -> None:
    with pytest.raises(TimeoutError):
        run(guest, "slow")
    with pytest.raises(ProviderError, match="no such thing"):
        guest.ask({"act": "fails"}, 5)


def test_a_machine_without_power_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(GuestUnreachable, match="no line"):
        Guest("pc1", [tmp_path / "none"], tmp_path).ask({"act": "pins"}, 1)


def test_a_program_on_the_line_frees_it_at_the_end(
    machine: Machine, guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def echo(port: int, argv: list[str]) -> None:
        door.write(port, f"{argv}:{os.read(port, 100)!r}".encode())

    monkeypatch.setattr(door, "become", echo)
    stream = guest.open(["sshd", "-i"], b"keys")
    stream.settimeout(5)
    seen = b""
    while not seen.endswith(b"b'keys'"):
        seen += stream.recv(5)
    assert seen == b"['sshd', '-i']:b'keys'"
    stream.close()
    stream.close()
    assert stream._closed
    assert guest.pins(5) == {"pid": 1}
