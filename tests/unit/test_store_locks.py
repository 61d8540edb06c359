"""One holder at a time, whoever it is and however it ends."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from labctl.store import Busy, Store
from labctl.store.locks import exclusive, is_held, shared
from labctl.store.processes import this_process

HOLD = """
import sys
from pathlib import Path
from labctl.store.locks import exclusive
with exclusive(Path(sys.argv[1]), "It"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_the_second_is_told_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process, pytest.raises(Busy) as caught, exclusive(path, "Session `abc`"):
        pass
    assert caught.value.holder is not None
    assert caught.value.holder.pid == process.pid
    assert caught.value.message == (
        f"Session `abc` is in use by labctl (process {process.pid} on {socket.gethostname()})."
    )


def test_the_kernel_lets_go_when_the_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        process.kill()
        process.wait(timeout=10)
        with exclusive(path, "It"):
            pass


def test_waiting_ends_when_the_holder_does(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        assert process.stdin is not None
        ending = threading.Timer(0.1, process.stdin.close)
        ending.start()
        with exclusive(path, "It", wait=10):
            pass
        ending.join()


def test_threads_exclude_each_other_and_a_failure_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with suppress(RuntimeError), exclusive(path, "It"):
        with pytest.raises(Busy), exclusive(path, "It", wait=0.05):
            pass
        raise RuntimeError
    with exclusive(path, "It"):
        pass
    assert path.read_bytes() == b""


@pytest.mark.parametrize("text", [b"", b"nonsense", b"{}", b"[]"])
def test_a_holder_that_has_not_signed_is_another_labctl(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "lock"
    with holder(path):
        path.write_bytes(text)
        with pytest.raises(Busy, match="is in use by another labctl"), exclusive(path, "It"):
            pass


def test_who_shares_a_lock_keeps_out_who_wants_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    refused = pytest.raises(Busy, match="It is in use by another labctl")
    with shared(path, "It"), shared(path, "It"), refused, exclusive(path, "It"):
        pass
    with holder(path) as process, pytest.raises(Busy) as caught, shared(path, "It"):
        pass
    assert caught.value.holder is not None
    assert caught.value.holder.pid == process.pid


def test_looking_at_a_lock_is_not_holding_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with shared(path, "It"):  # as whoever looks does for a moment
        with pytest.raises(Busy) as caught, exclusive(path, "It"):
            pass
        assert caught.value.holder is None
    with exclusive(path, "It"):
        assert is_held(path)


def test_a_lock_of_a_directory_that_was_exchanged_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, old = tmp_path / "lock", tmp_path / "old"
    whole, taken = fcntl.flock, []

    def flock(handle: int, how: int) -> None:
        whole(handle, how)
        taken.append(handle)
        if len(taken) == 1:
            path.rename(old)
            path.touch()

    monkeypatch.setattr(fcntl, "flock", flock)
    with shared(path, "It"):
        monkeypatch.undo()
        with pytest.raises(Busy), exclusive(path, "It"):
            pass
        with exclusive(old, "It"):
            pass


def test_the_locks_of_sessions_are_apart(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store.lock("abcdef"), store.lock("abcdeg"):
        with pytest.raises(Busy, match="Session `abcdef`"), store.lock("abcdef"):
            pass
        with pytest.raises(ValueError, match="not a session code"):
            store.lock("../abc")


def test_a_process_is_known_by_more_than_its_number() -> None:
    ours = this_process()
    assert ours.alive() is True
    assert replace(ours, start=ours.start + 1).alive() is False
    assert replace(ours, boot="another").alive() is False
    assert replace(ours, boot="another", host="elsewhere").alive() is None
    assert str(ours) == f"process {os.getpid()} on {socket.gethostname()}"


def test_a_corpse_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = replace(this_process(), pid=child.pid, start=int(_stat(child.pid)[19]))
    assert identity.alive() is True
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert identity.alive() is False
    child.wait()
    assert identity.alive() is False


def _stat(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
