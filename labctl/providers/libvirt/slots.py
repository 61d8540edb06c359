"""Machines boot a few at a time on one server, whoever starts them.

A boot keeps an emulated processor busy. If twenty machines began at once, each would take minutes,
and the time that its own services have (systemd gives a disk 90 seconds to appear) would be over
before they had a chance: right work would be found not to come up again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

SLOTS = Path("/var/lib/labctl/boots")
POLL = 0.2
ACCELERATED = 4
"""So many more at a time for each processor where KVM runs the guests."""


@contextlib.contextmanager
def boot_slot(*, accelerated: bool, folder: Path = SLOTS) -> Iterator[None]:
    """Hold one of the server's places for a boot; waits for one, which ends with its holder."""
    folder.mkdir(parents=True, exist_ok=True)
    count = (os.cpu_count() or 1) * (ACCELERATED if accelerated else 1)
    with contextlib.ExitStack() as held:
        while not any(_taken(folder / f"{number}.lock", held) for number in range(count)):
            time.sleep(POLL)
        yield


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
