"""When a job of cron fires, as crontab(5) describes it and cron 3.0pl1 of Debian does it.

A schedule is a table: for each kind of day (month, day of the month, day of the week) the minutes
of that day, as the bits of a number. Two ways to write the same times are the same table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

Day = tuple[int, int, int]
"""Month (1-12), day of the month (1-31), day of the week (0-6, Sunday is 0)."""

Table = Mapping[Day, int]
"""The minutes of each kind of day on which anything fires, as bits."""

AT_BOOT = "@reboot"

_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = re.compile(r"(?:(\*)|([0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?)(?:/([0-9]{1,4}))?")


class BadSchedule(ValueError):
    """What stands there is no schedule; the text says which field, as cron does."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def read(self, text: str) -> frozenset[int]:
        """The numbers that a field stands for."""
        found: set[int] = set()
        for part in text.split(","):
            found |= self._part(part)
        return frozenset(found)

    def _part(self, part: str) -> set[int]:
        match = _PART.fullmatch(part)
        if match is None:
            raise BadSchedule(f"bad {self.name}")
        star, first, last, step = match.groups()
        if step is not None and (int(step) == 0 or not (star or last)):
            raise BadSchedule(f"bad {self.name}")
        low, high = (self.low, self.high) if star else (self._number(first), self._number(first))
        if last is not None:
            high = self._number(last)
        return set(range(low, high + 1, int(step or 1)))

    def _number(self, word: str) -> int:
        if word.lower() in self.names:
            return self.names.index(word.lower()) + self.low
        if not word.isdigit() or not self.low <= int(word) <= self.high:
            raise BadSchedule(f"bad {self.name}")
        return int(word)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day-of-month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day-of-week", 0, 7, _DAYS),
)


def parse(text: str) -> Table:
    """The table of five fields or of a nickname; raises `BadSchedule`.

    Where both the day of the month and the day of the week are restricted, either is enough; a
    field that begins with `*` restricts nothing of that kind (crontab(5)).
    """
    words = _NICKNAMES.get(text.lower(), text).split()
    if len(words) != len(_FIELDS):
        raise BadSchedule("bad time specifier" if text.startswith("@") else "not five fields")
    minutes, hours, dates, months, days = (
        field.read(word) for field, word in zip(_FIELDS, words, strict=True)
    )
    weekdays = {day % 7 for day in days}
    both = words[2].startswith("*") or words[4].startswith("*")
    mask = sum(1 << (60 * hour + minute) for hour in hours for minute in minutes)
    table: dict[Day, int] = {}
    for month in months if mask else ():
        for date in range(1, _LONGEST[month - 1] + 1):
            for day in range(7):
                first, second = date in dates, day in weekdays
                if (first and second) if both else (first or second):
                    table[month, date, day] = mask
    return table


def together(tables: Iterable[Table]) -> Table:
    """When any of several jobs fires."""
    found: dict[Day, int] = {}
    for table in tables:
        for day, mask in table.items():
            found[day] = found.get(day, 0) | mask
    return found


def fires(table: Table, when: datetime) -> bool:
    """Whether something fires in that minute."""
    day = (when.month, when.day, when.isoweekday() % 7)
    return bool(table.get(day, 0) >> (60 * when.hour + when.minute) & 1)
