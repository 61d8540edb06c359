"""The jobs of a host's cron: every crontab that Debian's cron reads, read as it does (cron(8)).

cron leaves out a whole file for one mistake: another owner, a mode that lets others write, a name
that is none, a line that it does not understand, a last line that does not end. What is left out is
kept with the reason, since that is what a candidate wants to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from checkers.check import Asking, ask, ask_all
from checkers.linux._accounts import Accounts
from checkers.linux._attributes import GONE
from checkers.linux._schedule import AT_BOOT, BadSchedule, Table, parse
from checkers.model import Blame, Directory, File, FileResult
from checkers.reading import content_of, unobserved
from checkers.words import plain, quoted

SYSTEM = b"/etc/crontab"
FOLDER = b"/etc/cron.d"
SPOOL = b"/var/spool/cron/crontabs"
LIMIT = 1 << 20
MOST_FILES = 500

_NAME = re.compile(rb"[A-Za-z0-9_-]+")
_SETTING = re.compile(rb"""\s*("[^"]*"|'[^']*'|[^\s="'#]+)\s*=.*""", re.DOTALL)
_RUN_PARTS = re.compile(rb"run-parts\s+(?:-\S+\s+)*(/\S+?)(?:/?)(?=[\s;)&|]|$)")

Kind = Literal["system", "user"]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as cron has it: `texts` are what its command may be known by, the command first.

    `table` is None for a job that is run at boot.
    """

    place: str
    user: str
    texts: tuple[str, ...]
    when: str
    table: Table | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that cron does not use, why, and the lines in it."""

    place: str
    why: str
    lines: tuple[str, ...]


@dataclass
class Jobs:
    """All that was found on a host."""

    jobs: list[Job] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


class _Ignored(ValueError):
    """Why cron uses nothing of a file."""


def jobs_of(host: str, known: Accounts) -> Asking[Jobs]:
    """Read every crontab of a host, and the folders that run-parts runs from them."""
    found = Jobs()
    system = yield from ask(File(host, SYSTEM, limit=LIMIT))
    _take(found, SYSTEM, system, "system", known)
    for path, look in (yield from _files(host, FOLDER)):
        _take(found, path, look, "system", known)
    for path, look in (yield from _files(host, SPOOL)):
        _take(found, path, look, "user", known)
    for job in tuple(found.jobs):
        for folder in _RUN_PARTS.findall(job.texts[0].encode("utf-8", "surrogateescape")):
            yield from _run_parts(found, host, folder, job)
    return found


def _files(host: str, folder: bytes) -> Asking[list[tuple[bytes, FileResult]]]:
    listing = yield from ask(Directory(host, folder, limit=MOST_FILES))
    if listing.entries is None:
        # Looked at in another way too: no folder would mean no jobs.
        look = yield from ask(File(host, folder))
        if look.type is None and look.why in GONE:
            return []
        raise unobserved(f"{plain(folder)} cannot be listed: {listing.why or 'no reason given'}")
    if listing.truncated:
        raise unobserved(f"{plain(folder)} holds too many files", Blame.HOST)
    paths = [folder + b"/" + entry.name for entry in listing.entries]
    if not paths:
        return []
    looks = yield from ask_all(*(File(host, path, limit=LIMIT) for path in paths))
    return list(zip(paths, looks, strict=True))


def _take(into: Jobs, path: bytes, look: FileResult, kind: Kind, known: Accounts) -> None:
    """Add the jobs of one file, or the reason why cron has none of it."""
    if look.type is None:
        if look.why not in GONE:
            raise unobserved(f"{plain(path)} cannot be looked for: {look.why or 'no reason given'}")
        return
    if look.type == "directory":
        return
    content = content_of(path, look)
    try:
        _accept(path, look, kind, known)
        into.jobs += _jobs_in(path, content, kind, known)
    except _Ignored as problem:
        lines = tuple(_text(line) for line in content.split(b"\n"))
        into.left_out.append(LeftOut(plain(path), str(problem), lines))


def _accept(path: bytes, look: FileResult, kind: Kind, known: Accounts) -> None:
    """Raise `_Ignored` for a file that cron does not open (database.c of Debian's cron)."""
    name = path.rpartition(b"/")[2]
    if kind == "system":
        if path != SYSTEM and not _NAME.fullmatch(name):
            raise _Ignored("its name is not made of letters, digits, `_` and `-` alone")
        if look.uid != 0:
            raise _Ignored(f"it is owned by {plain(known.user_name(look.uid))}, not root")
        if look.mode & 0o022:
            raise _Ignored(f"others may write to it (mode {look.mode:04o})")
    else:
        user = known.users.get(_text(name))
        if user is None:
            raise _Ignored(f"there is no user {plain(name)}")
        if look.uid not in (0, user.uid):
            raise _Ignored(f"it is owned by {plain(known.user_name(look.uid))}")
        if look.mode != 0o600:
            raise _Ignored(f"it has the mode {look.mode:04o} instead of 0600")
    if look.links > 1:
        raise _Ignored("it has a second name (hard link)")


def _jobs_in(path: bytes, content: bytes, kind: Kind, known: Accounts) -> Iterator[Job]:
    if content and not content.endswith(b"\n"):
        raise _Ignored("its last line does not end with a line break")
    found = []
    for number, line in enumerate(content.split(b"\n"), 1):
        text = line.lstrip(b" \t")
        if not text or text.startswith(b"#") or _SETTING.fullmatch(text):
            continue
        try:
            found.append(_job(path, text, kind, known))
        except BadSchedule as problem:
            raise _Ignored(f"line {number} has a mistake ({problem}): {quoted(text, 60)}") from None
    return iter(found)


def _job(path: bytes, line: bytes, kind: Kind, known: Accounts) -> Job:
    fields = 1 if line.startswith(b"@") else 5
    words = line.split(None, fields)
    if len(words) <= fields:
        raise BadSchedule("no command")
    when = " ".join(_text(word) for word in words[:fields])
    rest = words[fields]
    if kind == "system":
        user, _, rest = (rest + b" ").replace(b"\t", b" ", 1).partition(b" ")
        rest = rest.strip()
        if _text(user) not in known.users:
            raise BadSchedule("bad username")
    else:
        user = path.rpartition(b"/")[2]
    table = None if when.lower() == AT_BOOT else parse(when)
    return Job(plain(path), _text(user), (_command(rest),), when, table)


def _command(text: bytes) -> str:
    """What is run: up to the first `%`, which begins the input, unless it is escaped."""
    bare = re.split(rb"(?<!\\)%", text, maxsplit=1)[0].replace(rb"\%", b"%")
    return _text(bare).strip(" \t")


def _run_parts(into: Jobs, host: str, folder: bytes, job: Job) -> Asking[None]:
    """The scripts of a folder, each a job at the time of the one that runs them (run-parts(8))."""
    for path, look in (yield from _files(host, folder)):
        if look.type == "directory" or (look.type is None and look.why in GONE):
            continue
        content = content_of(path, look)
        lines = tuple(_text(line).strip() for line in content.split(b"\n")[:2000])
        name = path.rpartition(b"/")[2]
        why = ""
        if not _NAME.fullmatch(name):
            why = "run-parts skips a name with anything but letters, digits, `_` and `-`"
        elif not look.mode & 0o111:
            why = f"it cannot be executed (mode {look.mode:04o})"
        if why:
            into.left_out.append(LeftOut(plain(path), why, (_text(path), *lines)))
        else:
            said = tuple(line for line in lines if line and not line.startswith("#"))
            texts = (_text(path), *said)
            into.jobs.append(Job(plain(path), job.user, texts, job.when, job.table))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
