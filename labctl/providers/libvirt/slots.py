"""Machines boot a few at a time on one server, whoever starts them.

A boot keeps an emulated processor busy. If twenty machines began at once, each would take minutes,
and the time that its own services have (systemd gives a disk 90 seconds to appear) would be over
before they had a chance: right work would be found not to come up again.

A boot that computes no more, since it waits for a key or for a disk that is not there, leaves its
place to another.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SLOTS = Path("/var/lib/labctl/boots")
POLL = 0.2
ACCELERATED = 4
"""So many more at a time for each processor where KVM runs the guests."""
IDLE_SECONDS = 10.0
IDLE_SHARE = 0.1
"""A boot that used less than this share of a processor for so long only waits."""


class Place:
    """One of the server's places for a boot, until the boot has ended or only waits."""

    def __init__(self, held: contextlib.ExitStack) -> None:
        self._held = held
        self._over = threading.Event()
        self._watcher: threading.Thread | None = None

    def leave_when_idle(self, used: Callable[[], float]) -> None:
        """Leave it early; `used` says how many seconds of a processor the boot has taken so far."""
        self._watcher = threading.Thread(target=self._watch, args=(used,), daemon=True)
        self._watcher.start()

    def _watch(self, used: Callable[[], float]) -> None:
        before = used()
        while not self._over.wait(IDLE_SECONDS):
            now = used()
            if now - before < IDLE_SHARE * IDLE_SECONDS:
                self._held.close()
                return
            before = now

    def end(self) -> None:
        """Watch no more."""
        self._over.set()
        if self._watcher is not None:
            self._watcher.join()


@contextlib.contextmanager
def boot_slot(*, accelerated: bool, folder: Path = SLOTS) -> Iterator[Place]:
    """Hold one of the server's places for a boot; waits for one, which ends with its holder."""
    folder.mkdir(parents=True, exist_ok=True)
    count = (os.cpu_count() or 1) * (ACCELERATED if accelerated else 1)
    with contextlib.ExitStack() as held:
        while not any(_taken(folder / f"{number}.lock", held) for number in range(count)):
            time.sleep(POLL)
        place = Place(held)
        try:
            yield place
        finally:
            place.end()


def _taken(path: Path, held: contextlib.ExitStack) -> bool:
    """Whether this place was free; it is ours then, for as long as `held` is open."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    held.callback(file.close)
    return True
