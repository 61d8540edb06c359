"""The tables of cron(8) as Debian's cron reads them: which it takes, and what is in them.

Passed over in silence are files in /etc/cron.d with other names than letters, digits, `_` and `-`,
tables that belong to somebody else or can be written by others, and tables whose last line has no
end (cron(8), "DEBIAN SPECIFIC" and crontab(5)).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from checkers.check import Asking, ask, ask_all
from checkers.model import Directory, File
from checkers.reading import content_of
from checkers.words import plain

_NAME = re.compile(rb"[A-Za-z0-9_-]+")
_SETTING = re.compile(r"""^\s*(["']?)([A-Za-z_]\w*)\1\s*=\s*(.*?)\s*$""")
_UNESCAPED = re.compile(r"(?<!\\)%")
LONGEST = 1 << 16
"""Bytes of a table that are read."""

WEEK = frozenset(range(7))
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""First and last value of minute, hour, day of the month, month and day of the week."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a table: its five fields, who runs it with which variables, command and input."""

    where: str
    fields: tuple[str, ...]
    user: str
    variables: tuple[tuple[str, str], ...]
    command: str
    stdin: str

    def nightly(self, hour: int, minute: int) -> bool:
        """Whether it is due every day at this time, and at no other."""
        minutes, hours, days, months, weekdays = (
            values(field, *ends) for field, ends in zip(self.fields, RANGES, strict=True)
        )
        return (
            (minutes, hours) == ({minute}, {hour})
            and days == set(range(1, 32))
            and months == set(range(1, 13))
            and {day % 7 for day in weekdays} == WEEK
        )


def values(field: str, least: int, most: int) -> set[int]:
    """The numbers that a field stands for; none where it is not understood (names are not)."""
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/([1-9]\d?))?", part)
        if not match:
            return set()
        first = int(match[1]) if match[1] else least
        last = int(match[2]) if match[2] else (first if match[1] else most)
        found |= set(range(first, last + 1, int(match[3] or 1)))
    return found if found <= set(range(least, most + 1)) else set()


def parse(where: str, text: str, user: str = "") -> list[Entry]:
    """The entries of a table; `user` is empty where each line names its own.

    Lines with a nickname (`@daily`) are left out: they have no fields.
    """
    variables: dict[str, str] = {}
    found = []
    for line in text.splitlines() if text.endswith("\n") else ():
        setting = _SETTING.match(line)
        if not line.strip() or line.lstrip().startswith(("#", "@")):
            continue
        if setting:
            variables[setting[2]] = _bare(setting[3])
            continue
        parts = line.split(None, 5 if user else 6)
        if len(parts) == (6 if user else 7):
            command, _, stdin = _UNESCAPED.sub("\n", parts[-1]).partition("\n")
            found.append(
                Entry(
                    where,
                    tuple(parts[:5]),
                    user or parts[5],
                    tuple(variables.items()),
                    command.replace("\\%", "%"),
                    stdin.replace("\\%", "%"),
                )
            )
    return found


def _bare(value: str) -> str:
    whole = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if whole else value


def entries(host: str) -> Asking[list[Entry]]:
    """Every entry of root's and the system's tables that cron on this host takes."""
    listing = yield from ask(Directory(host, b"/etc/cron.d"))
    names = [entry.name for entry in listing.entries or () if _NAME.fullmatch(entry.name)]
    places = [(b"/etc/cron.d/" + name, "") for name in names]
    places += [(b"/etc/crontab", ""), (b"/var/spool/cron/crontabs/root", "root")]
    looks = yield from ask_all(*(File(host, path, limit=LONGEST) for path, _ in places))
    found: list[Entry] = []
    for (path, user), look in zip(places, looks, strict=True):
        closed = 0o077 if user else 0o022
        if look.type == "file" and look.uid == 0 and not look.mode & closed:
            text = content_of(path, look).decode("utf-8", "replace")
            found += parse(plain(path), text, user)
    return found


def environment(host: str, entry: Entry) -> Asking[dict[str, str]]:
    """The variables that an entry's command gets: crontab(5), with those of /etc/environment.

    Home is root's: what other users' are is not looked up.
    """
    look = yield from ask(File(host, b"/etc/environment", limit=LONGEST))
    text = (look.content or b"").decode("utf-8", "replace")
    settings = (_SETTING.match(line.removeprefix("export ")) for line in text.splitlines())
    found = {match[2]: _bare(match[3]) for match in settings if match}
    found |= {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "HOME": "/root"}
    return found | dict(entry.variables) | {"LOGNAME": entry.user}
