"""When a calendar event of systemd elapses, as systemd.time(7) describes it.

An event is the minutes of each day on which it elapses, as the bits of a number. Two ways to write
the same times are the same on every day. Seconds are not kept: a timer is no more exact than a
minute unless it says so.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_SHORT = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    **dict.fromkeys(
        ("semiannually", "semi-annually", "biannually", "bi-annually"), "*-01,07-01 00:00:00"
    ),
    **dict.fromkeys(("yearly", "annually", "anually"), "*-01-01 00:00:00"),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = re.compile(r"(?i)(" + "|".join(f"{day}|{day[:3]}" for day in _DAYS) + r")(?=[-., ]|$)")
_NUMBER = r"\d{1,9}(?:\.\d{1,6})?"
_PART = rf"{_NUMBER}(?:\.\.{_NUMBER})?(?:/{_NUMBER})?"
_CHAIN = rf"\*|{_PART}(?:,{_PART})*"
_DATE = re.compile(rf"(?:(?P<year>{_CHAIN})-)?(?P<month>{_CHAIN})(?P<end>[-~])(?P<day>{_CHAIN})")
_TIME = re.compile(rf"(?P<hour>{_CHAIN}):(?P<minute>{_CHAIN})(?::(?P<second>{_CHAIN}))?")
_EPOCH = re.compile(r"@(\d{1,11})")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*")
YEARS = (2024, 2051)
"""A whole round of the calendar: in these years every date falls on every day of the week."""


class BadCalendar(ValueError):
    """What stands there is no calendar event; systemd leaves such a line out."""


@dataclass(frozen=True, slots=True)
class Part:
    """A number, or those from `start` to `stop` in steps; without `stop` up to the greatest."""

    start: int
    stop: int | None = None
    step: int = 0

    def numbers(self, most: int) -> range:
        """All of them that are not above `most`."""
        if not self.step:
            return range(self.start, self.start + 1)
        return range(self.start, (most if self.stop is None else self.stop) + 1, self.step)

    def days_from_end(self, length: int) -> range:
        """The dates of a month of that length, where 1 is its last day."""
        if not self.step:
            return range(length + 1 - self.start, length + 2 - self.start)
        first, end = self.start if self.stop is None else self.stop, self.start
        return range(length + 1 - first, length + (1 if self.stop is None else 2 - end), self.step)


Chain = tuple[Part, ...] | None
"""The parts of a field; None is `*`."""


@dataclass(frozen=True, slots=True)
class Event:
    """One calendar event. `zone` is the time zone that it names; empty for the host's own."""

    weekdays: frozenset[int]
    years: Chain
    months: Chain
    days: Chain
    from_end: bool
    minutes: int
    zone: str

    def on(self, day: date) -> int:
        """The minutes of a day at which it elapses."""
        length = calendar.monthrange(day.year, day.month)[1]
        fits = (
            day.weekday() in self.weekdays
            and _within(self.years, day.year, 2199)
            and _within(self.months, day.month, 12)
            and (
                any(day.day in part.days_from_end(length) for part in self.days or ())
                if self.from_end and self.days is not None
                else _within(self.days, day.day, 31)
            )
        )
        return self.minutes if fits else 0


def _within(chain: Chain, number: int, most: int) -> bool:
    return chain is None or any(number in part.numbers(most) for part in chain)


def parse(text: str) -> Event:
    """The event that a text stands for. Raises `BadCalendar`."""
    rest, zone = _without_zone(text.strip())
    rest = _SHORT.get(rest.lower(), rest)
    if not rest:
        raise BadCalendar("it is empty")
    weekdays, rest = _weekdays(rest)
    moment = _EPOCH.fullmatch(rest)
    if moment is not None:
        rest = f"{datetime.fromtimestamp(int(moment[1]), UTC):%Y-%m-%d %H:%M:%S}"
    words = rest.split()
    dated = _DATE.fullmatch(words[0]) if words else None
    timed = _TIME.fullmatch(words[-1]) if words else None
    if len(words) != bool(dated) + bool(timed):
        raise BadCalendar(f"`{rest}` is neither a date nor a time")
    from_end = bool(dated and dated["end"] == "~")
    return Event(
        weekdays,
        _chain(dated and dated["year"], 1970, 2199),
        _chain(dated and dated["month"], 1, 12),
        _chain(dated and dated["day"], 1, 31, from_end=from_end),
        from_end,
        _minutes(timed),
        zone,
    )


def _without_zone(text: str) -> tuple[str, str]:
    """A text, and the time zone at its end; a day of the week is none, nor is a word alone."""
    head, _, word = text.rpartition(" ")
    if head and _WORD.fullmatch(word) and not _DAY.fullmatch(word):
        return head.rstrip(), word
    return text, ""


def _weekdays(text: str) -> tuple[frozenset[int], str]:
    """The days of the week at the beginning of a text, all where it names none, and the rest."""
    found: set[int] = set()
    since: int | None = None
    while (day := _DAY.match(text)) is not None:
        number = next(at for at, name in enumerate(_DAYS) if name.startswith(day[1].lower()))
        if since is not None and since > number:
            raise BadCalendar("a range of days of the week runs backwards")
        found |= set(range(number if since is None else since, number + 1))
        text = text[day.end() :]
        if text.startswith(".") and not text.startswith(".."):
            raise BadCalendar("a range of days of the week has two dots")
        ranged = text.startswith(("..", "-"))
        if ranged and since is not None:
            raise BadCalendar("a range of days of the week has three ends")
        since = number if ranged else None
        if not text or text[0] == " ":
            return frozenset(found), text.strip()
        text = text.removeprefix("..") if text.startswith("..") else text[1:]
        if not text.strip() or text[0] == " ":
            break
    if since is not None or (found and text and text[0] != " "):
        raise BadCalendar("the days of the week cannot be understood")
    return frozenset(found or range(7)), text.strip()


def _minutes(timed: re.Match[str] | None) -> int:
    if timed is None:
        return 1
    _chain(timed["second"], 0, 59)
    hours = _numbers(_chain(timed["hour"], 0, 23), 23)
    minutes = _numbers(_chain(timed["minute"], 0, 59), 59)
    return sum(1 << (60 * hour + minute) for hour in hours for minute in minutes)


def _numbers(chain: Chain, most: int) -> set[int]:
    if chain is None:
        return set(range(most + 1))
    return {number for part in chain for number in part.numbers(most)}


def _chain(text: str | None, least: int, most: int, *, from_end: bool = False) -> Chain:
    """The parts of a field; raises `BadCalendar` where one is out of bounds."""
    if text is None or text == "*":
        return None
    parts = sorted((_part(each, year=least > 1000) for each in text.split(",")), key=_order)
    for number, part in enumerate(parts, 1):
        # As chain_valid() of systemd has it: 3 days less for each part, not 3 days less for all.
        bound = most - 3 * number if from_end else most
        if not _is_within(part, least, bound, from_end=from_end):
            raise BadCalendar(f"`{text}` is out of bounds")
    return tuple(parts)


def _order(part: Part) -> tuple[int, int, int]:
    return part.start, -1 if part.stop is None else part.stop, part.step


def _is_within(part: Part, least: int, most: int, *, from_end: bool) -> bool:
    last = most if part.stop is None else part.stop
    if not least <= part.start <= most or not least <= last <= most:
        return False
    if from_end and part.stop is None:
        return part.start - part.step >= least
    return not part.step or part.start + part.step <= last


def _part(text: str, *, year: bool) -> Part:
    """One part, with an end that is reached: `1..6/2` is `1..5/2`, and `7..7` is `7`."""
    head, slash, width = text.partition("/")
    first, ranged, end = head.partition("..")
    start = _number(first, year=year)
    step = _number(width, year=False) if slash else int(bool(ranged))
    if slash and not step:
        raise BadCalendar(f"`{text}` has no step")
    if not ranged:
        return Part(start, None, step)
    stop = _number(end, year=year)
    if stop > start:
        stop -= (stop - start) % step
    return Part(start, None, 0) if stop == start else Part(start, stop, step)


def _number(text: str, *, year: bool) -> int:
    number = int(float(text))
    if year and number < 100:
        return number + (2000 if number < 70 else 1900)
    return number


def together(events: Iterable[Event], day: date) -> int:
    """The minutes of a day at which any of several events elapses."""
    found = 0
    for event in events:
        found |= event.on(day)
    return found


@lru_cache(maxsize=64)
def all_days(events: tuple[Event, ...]) -> tuple[int, ...]:
    """The minutes of every day in `YEARS`; the same for the same times, however written."""
    first, last = date(YEARS[0], 1, 1), date(YEARS[1], 12, 31)
    return tuple(
        together(events, first + timedelta(days=number))
        for number in range((last - first).days + 1)
    )


def elapses(events: Iterable[Event], when: datetime) -> bool:
    """Whether something elapses in that minute."""
    return bool(together(events, when.date()) >> (60 * when.hour + when.minute) & 1)
