"""Rows, medians, and taking turns."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Job = Callable[[], float]
"""Does a job once and returns how many seconds it took."""

BUSY = 0.25
"""The share of the processors that others may use when a measurement begins."""
LOOK_SECONDS = 0.3
QUIET_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: medians in seconds, and the ratio that design.md allows (None: no limit)."""

    name: str
    ours_s: float
    peer: str
    peer_s: float
    at_most: float | None = None

    @property
    def ratio(self) -> float:
        """Our time as a share of the peer's."""
        return self.ours_s / self.peer_s

    @property
    def met(self) -> bool | None:
        """Whether the ratio is within the limit; None where there is none."""
        return None if self.at_most is None else self.ratio <= self.at_most

    def as_json(self) -> dict[str, object]:
        """What latest.json holds of it."""
        return {
            "name": self.name,
            "ours_s": round(self.ours_s, 4),
            "peer": self.peer,
            "peer_s": round(self.peer_s, 4),
            "ratio": round(self.ratio, 6),
        }


def median(times: Sequence[float]) -> float:
    """The median in seconds."""
    return statistics.median(times)


def by_turns(turns: int, *jobs: Job, quiet: bool = True) -> list[float]:
    """Do all jobs once, then again, `turns` times; the median of each."""
    times: list[list[float]] = [[] for _ in jobs]
    for _ in range(turns):
        for job, taken in zip(jobs, times, strict=True):
            if quiet:
                await_quiet()
            taken.append(job())
    return [median(taken) for taken in times]


def repeated(times: int, job: Job) -> Job:
    """A job that is done several times for one turn and counts with its median."""

    def done() -> float:
        taken = []
        for _ in range(times):
            await_quiet()
            taken.append(job())
        return median(taken)

    return done


def clocked(act: Callable[[], object]) -> float:
    """Seconds that `act` takes."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def run(argv: Sequence[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; raises `RuntimeError` with its last words if it fails."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    except FileNotFoundError as error:
        raise RuntimeError(f"`{argv[0]}` is not here; `.ci/setup bench` installs it") from error
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()[-20:]
        raise RuntimeError("\n".join([f"`{argv[0]}` ended with {done.returncode}:", *said]))
    return done  # type: ignore[no-any-return]


def await_quiet() -> None:
    """Wait until the machine is nearly idle, so that one job's aftermath is not the next one's.

    Gives up after a while: on a busy machine both sides are slower, and the ratio still holds.
    """
    until = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < until:
        busy, total = _processors()
        time.sleep(LOOK_SECONDS)
        busy_now, total_now = _processors()
        if busy_now - busy <= BUSY * max(1, total_now - total):
            return


def _processors() -> tuple[int, int]:
    """Ticks that all processors were busy, and all ticks, since the start (proc(5), /proc/stat)."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    ticks = [int(field) for field in fields]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
