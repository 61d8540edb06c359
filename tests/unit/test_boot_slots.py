"""Machines boot a few at a time."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from labctl.providers.libvirt import slots
from labctl.providers.libvirt.slots import boot_slot


def test_no_more_boot_at_once_than_there_are_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    booting, most = 0, 0
    lock = threading.Lock()

    def boot() -> None:
        nonlocal booting, most
        with boot_slot(accelerated=False, folder=tmp_path):
            with lock:
                booting += 1
                most = max(most, booting)
            time.sleep(0.05)
            with lock:
                booting -= 1

    threads = [threading.Thread(target=boot) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, booting) == (2, 0)


def test_a_place_is_free_again_after_a_boot_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    with pytest.raises(ValueError, match="no"), boot_slot(accelerated=False, folder=tmp_path):
        raise ValueError("no")
    with boot_slot(accelerated=False, folder=tmp_path):
        pass


@pytest.mark.parametrize("speed, free", [(1.0, False), (0.01, True)], ids=["computes", "waits"])
def test_a_boot_that_only_waits_leaves_its_place(
    speed: float, free: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(slots, "IDLE_SECONDS", 0.05)
    began = time.monotonic()
    taken = threading.Event()

    def another() -> None:
        with boot_slot(accelerated=False, folder=tmp_path):
            taken.set()

    with boot_slot(accelerated=False, folder=tmp_path) as place:
        place.leave_when_idle(lambda: speed * (time.monotonic() - began))
        thread = threading.Thread(target=another)
        thread.start()
        assert taken.wait(2.0 if free else 0.5) is free
    thread.join()
    assert taken.is_set()
