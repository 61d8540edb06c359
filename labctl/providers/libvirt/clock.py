"""What a machine's system does to its hardware clock, which a good battery keeps without power.

QEMU starts the clock anew whenever power comes on, and tells of every change that the system makes
to it over the monitor that libvirt holds. It writes what it tells into a file too, whose first line
says how the clock was started. So the clock goes on from there, whatever took the power away, and
whether anybody listened or not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "clock.log"
CHANGE = "RTC_CHANGE"
"""QEMU's event: the clock is ahead of an untouched one by `offset` seconds (QMP Reference)."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How a clock is started: seconds ahead of the server's, and where its changes are told."""

    ahead: int = 0
    log: Path | None = None


def resumed(folder: Path, fitted: int, owner: tuple[int, int]) -> Clock:
    """A clock that goes on from how it was left, with a new file in a machine's folder.

    `fitted` is how many seconds it was ahead when its battery was fitted, `owner` the user and
    group that QEMU runs as.
    """
    left = left_ahead(folder / FILE)
    ahead = fitted if left is None else left
    new = folder / f".{FILE}"
    new.write_text(json.dumps({"ahead": ahead}) + "\n")
    os.chown(new, *owner)
    return Clock(ahead, new.replace(folder / FILE))


def left_ahead(log: Path) -> int | None:
    """By how many seconds the clock was ahead when power went off; None where no file tells."""
    ahead = None
    changed = 0
    for told in _told(log):
        if ahead is None:
            ahead = int(told["ahead"])
        elif told.get("event") == CHANGE:
            changed = int(told["data"]["offset"])
    return None if ahead is None else ahead + changed


def _told(log: Path) -> Iterator[dict[str, Any]]:
    """What stands in a file, line by line; one that was not written to its end is left out."""
    try:
        lines = log.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue
