"""A host's clocks against the server's, by what the host's kernel says in /proc and /sys."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.check import Asking, NotObserved
from checkers.linux._kernel import filled
from checkers.model import Failure, File, FileResult, Observation
from checkers.reading import unobserved
from checkers.words import plain, quoted

UPTIME = b"/proc/uptime"
STAT = b"/proc/stat"
RTC = b"/sys/class/rtc/rtc0/since_epoch"
LIMIT = 1 << 18
ROUNDING = 0.5
"""Seconds on either side by which a clock of whole seconds may be off."""


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a clock is ahead of the server's, in seconds: not less than one, nor more than."""

    least: float
    most: float

    def within(self, seconds: float) -> bool | None:
        """Whether it is at most so far off; None where that cannot be told so closely."""
        if -seconds <= self.least and self.most <= seconds:
            return True
        return False if self.least > seconds or self.most < -seconds else None

    @property
    def said(self) -> str:
        """The middle in words: `3 s slow`."""
        middle = round((self.least + self.most) / 2)
        if not middle:
            return "right to the second"
        return f"{_duration(abs(middle))} {'fast' if middle > 0 else 'slow'}"


def _duration(seconds: int) -> str:
    """A number of seconds as people say it: `40 s`, `2 h 1 min`."""
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join([f"{count} {unit}" for count, unit in units if count][:2])


def offsets(host: str, *, hardware: bool) -> Asking[tuple[Offset, Offset | None]]:
    """The offset of the system's clock, and that of the hardware clock where it counts.

    An answer bears the server's time at which it came in. Between the answer to a question that was
    put before and that to the one for the clock, the clock was read.
    """
    (before,) = yield (File(host, UPTIME, limit=LIMIT),)
    paths = (UPTIME, STAT, RTC) if hardware else (UPTIME, STAT)
    seen = yield tuple(File(host, path, limit=LIMIT) for path in paths)
    first, last = before.at, max(each.at for each in seen)
    _read(UPTIME, before)
    if first > last:
        raise unobserved("the server's clock was set while that of the host was read")
    read = [_read(path, each) for path, each in zip(paths, seen, strict=True)]
    clock = _boot_time(read[1]) + _uptime(read[0])
    offset = Offset(clock - ROUNDING - last, clock + ROUNDING - first)
    if not hardware:
        return offset, None
    text = read[2].strip()
    if not text.lstrip(b"-").isdigit():
        raise unobserved(f"{plain(RTC)} of {host} holds {quoted(text, 40)}")
    return offset, Offset(int(text) - last, int(text) + 2 * ROUNDING - first)


def _read(path: bytes, seen: Observation) -> bytes:
    if not isinstance(seen.result, FileResult):
        raise NotObserved(seen.failure or Failure("not observed"))
    return filled(path, seen.result)


def _uptime(content: bytes) -> float:
    """Seconds since the kernel started (proc(5), uptime)."""
    words = content.split()
    try:
        return float(words[0])
    except (IndexError, ValueError) as problem:
        raise unobserved(f"{plain(UPTIME)} holds {quoted(content, 40)}") from problem


def _boot_time(content: bytes) -> float:
    """When the kernel started by its clock, in whole seconds since 1970 (proc(5), stat)."""
    for line in content.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == b"btime" and words[1].lstrip(b"-").isdigit():
            return int(words[1]) + ROUNDING
    raise unobserved(f"{plain(STAT)} does not say when the kernel started")
