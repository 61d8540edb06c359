"""The kernel's table of processes, where every name may have been chosen to mislead."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers import codec
from checkers.agent import processes
from checkers.model import Process, ProcessesResult
from checkers.storage import DeletedFilesResult

NAMED = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[1]), 0, 0, 0)
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def named(name: bytes) -> Iterator[int]:
    """A process that gives itself a name, as any process may."""
    child = subprocess.Popen(
        [sys.executable, "-c", NAMED, name.hex()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout
    assert child.stdin
    try:
        assert child.stdout.readline() == b"ready\n"
        yield child.pid
    finally:
        child.kill()
        child.communicate()


def listed(*pids: int) -> tuple[Process, ...]:
    result = codec.result_from_json("processes", processes.listing(list(pids)))
    assert isinstance(result, ProcessesResult)
    return result.processes


@pytest.mark.parametrize(
    "name",
    [
        b"nginx",
        b") R 1 1 1",
        b"a b) S 0 (c",
        b"\xff\xfe\x1b[31m",
        b"x\rUid:\t0\t0\t0",
        b"x\nUid:\t0\t0\t0",
        b"a\\nb",
        b"",
    ],
)
def test_a_name_changes_nothing_but_the_name(name: bytes) -> None:
    with named(name) as pid:
        (found,) = listed(pid)
        assert found.comm == name.replace(b"\0", b"")
        assert (found.uid, found.gid) == (os.geteuid(), os.getegid())
        assert found.state in "SR"
        assert found.exe == os.fsencode(Path(sys.executable).resolve())
        assert found.argv[1:3] == (b"-c", NAMED.encode())
        assert found.started > 0


def test_a_parent_is_known_by_its_number_or_not_at_all() -> None:
    with named(b"child") as pid:
        by_pid = {found.pid: found for found in listed(os.getpid(), pid)}
        assert by_pid[pid].ppid == os.getpid()
        assert by_pid[os.getpid()].ppid == 0
        assert listed(pid)[0].ppid == 0


def test_one_that_has_ended_is_left_out() -> None:
    with named(b"child") as pid:
        pass
    assert listed(pid) == ()
    assert len(listed(pid, os.getpid())) == 1


def test_a_dead_one_that_nobody_reaped_is_told() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        (found,) = listed(pid)
        assert (found.state, found.exe, found.argv) == ("Z", b"", ())
    finally:
        os.waitpid(pid, 0)


def test_a_long_list_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MOST", 1)
    answer = processes.listing([os.getpid(), os.getppid()])
    assert len(answer["processes"]) == 1
    assert answer["truncated"]


def test_the_table_groups_by_namespace() -> None:
    own = Path("/proc/self/ns/pid").stat().st_ino
    assert os.getpid() in processes.table()[own]


def deleted(*pids: int) -> DeletedFilesResult:
    result = codec.result_from_json("deleted_files", processes.deleted_files(list(pids)))
    assert isinstance(result, DeletedFilesResult)
    return result


def test_a_deleted_file_that_is_held_open_is_found(tmp_path: Path) -> None:
    path = tmp_path / "big \udcff"
    kept = tmp_path / "kept"
    with path.open("wb") as file, kept.open("wb"):
        file.write(b"x" * 10_000)
        file.flush()
        device = path.stat().st_dev
        path.unlink()
        found = deleted(os.getpid(), 2**22)
        assert not found.truncated
        (own,) = [one for one in found.files if one.path == os.fsencode(path)]
        assert (own.pid, own.size, own.device) == (_inner_pid(), 10_000, device)
        assert own.used >= 10_000
    assert os.fsencode(path) not in [one.path for one in deleted(os.getpid()).files]


def _inner_pid() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("NSpid")).split()[-1])


def test_a_search_of_many_descriptors_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MOST_DESCRIPTORS", 1)
    assert deleted(os.getpid()).truncated
