"""Which processes are a host's."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers.agent import processes


@pytest.fixture
def dead() -> Iterator[int]:
    """A process that has ended, and that nobody has asked what became of it."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    while processes.listing([pid])["processes"][0]["state"] != "Z":
        time.sleep(0.01)
    yield pid
    os.waitpid(pid, 0)


def test_a_dead_process_belongs_where_its_parent_does(
    dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Path("/proc/self/ns/pid").stat().st_ino
    assert dead not in processes.of_host(names)  # we are the observer here, and it is ours
    own = Path("/proc/self/ns/mnt").stat().st_ino
    assert processes._mounts_of(dead) == own
    monkeypatch.setattr(processes, "_mounts_of", lambda pid: own + 1 if pid == dead else own)
    assert processes.of_host(names) == [dead]


def test_what_is_gone_has_no_mounts() -> None:
    assert processes._mounts_of(2**22 + 1) == 0
