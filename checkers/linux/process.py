"""The check type `process`."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Check, CheckType, failed
from checkers.findings import Findings
from checkers.linux._accounts import accounts
from checkers.linux._attributes import Path
from checkers.linux.user import Name
from checkers.matchers import Between, Matcher, holds, spoken
from checkers.model import Process as Row
from checkers.model import Subject
from checkers.reading import all_processes
from checkers.words import listed, plain

ENDED = ("Z", "X")
"""States of processes that are no more than a number (proc(5))."""

RESTING = {"Z": "has ended", "X": "has ended", "T": "is stopped", "t": "is stopped"}
"""States of processes that do not run, in words."""

_VERSION = re.compile(rb"\.?[0-9]+(\.[0-9]+)*")
"""What a program's file may have behind its name: `python3` is `python3.11`."""

Base = Annotated[str, StringConstraints(pattern=r"^[^/\s]{1,64}$")]
"""The name of a program's file, without its folder."""


class Process(CheckType):
    """A program runs, so many times, or does not run.

        process: {name: nginx, user: www-data, count: {min: 1}}
        process: {exe: /usr/sbin/sshd}
        process: {name: python3, argv: {contains: /opt/app/server.py}}
        process: {name: telnetd, absent: true}

    What a process *is* says the kernel: `name` is the name of the program's file and `exe` its
    whole path, links resolved (`sh` is `dash` on Debian), so that a `sleep` that calls itself nginx
    is none; a version number may follow the name. For a script that is the interpreter; `argv` is
    then any matcher for the arguments, joined by blanks and quoted as a shell would need them.
    `user` is whom it runs as. `count` is any matcher for how many there are, at least one unless
    said otherwise. Processes that have ended, or were stopped by a signal, do not count as running,
    and a program whose file is gone is not that program any more. For `absent` a stopped process is
    there as well.

    Error: the processes cannot be listed whole.
    """

    kind: ClassVar[str] = "process"

    name: Base | None = None
    exe: Path | None = None
    argv: Matcher | None = None
    user: Name | None = None
    count: Matcher = Field(default=Between(min=1))
    absent: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Process:
        if self.name is None and self.exe is None:
            raise ValueError("name the program by `name` or `exe`")
        if self.absent and "count" in self.model_fields_set:
            raise ValueError("give either `absent` or `count`")
        if not self.absent and holds(self.count, 0):
            raise ValueError("a count that allows none expects nothing; use `absent: true`")
        return self

    def run(self, subject: Subject) -> Check:
        """List the processes and count those that fit."""
        listing = yield from all_processes(subject.host)
        uid: int | None = None
        if self.user is not None:
            known = yield from accounts(subject.host)
            uid = known.uid(self.user)
            if uid is None:
                return failed(expected=self._said, found=f"there is no user {plain(self.user)}")
        fitting = [row for row in listing.processes if self._fits(row, uid)]
        running = [row for row in fitting if row.state not in RESTING]
        findings = Findings()
        if self.absent:
            there = [row for row in fitting if row.state not in ENDED]
            found = listed(map(described, there)) if there else "no such process"
            findings.note(not there, expected=f"no process of {self._said}", found=found)
            return findings.verdict()
        findings.note(
            holds(self.count, len(running)),
            expected=f"{spoken(self.count)} running of {self._said}",
            found=self._found(running, fitting, listing.processes),
        )
        return findings.verdict()

    @property
    def _said(self) -> str:
        parts = [plain(self.exe or self.name or "")]
        parts += [f"with the arguments {spoken(self.argv)}"] if self.argv is not None else []
        parts += [f"as {plain(self.user)}"] if self.user else []
        return " ".join(parts)

    def _fits(self, row: Row, uid: int | None) -> bool:
        return (
            is_program(row, self.name, self.exe)
            and (uid is None or row.uid == uid)
            and (self.argv is None or holds(self.argv, arguments(row)))
        )

    def _found(self, running: list[Row], fitting: list[Row], every: tuple[Row, ...]) -> str:
        if running:
            return f"{len(running)}: {listed((described(row) for row in running), most=4)}"
        resting = [row for row in fitting if row.state in RESTING]
        if resting:
            return f"none running; {described(resting[0])} {RESTING[resting[0].state]}"
        name = (self.name or (self.exe or "").rpartition("/")[2]).encode()
        like = [row for row in every if self._looks_like(row, name)]
        if like:
            return f"none; {listed((described(row) for row in like), most=2)}"
        return "none"

    def _looks_like(self, row: Row, name: bytes) -> bool:
        claims = (row.comm, row.argv[0].rpartition(b"/")[2] if row.argv else b"")
        return name in claims or row.exe.rpartition(b"/")[2] == name


def is_program(row: Row, name: str | None, exe: str | None) -> bool:
    """Whether the kernel says that a process runs the program of that name or path."""
    if exe is not None and merged(row.exe) != merged(exe.encode("utf-8", "surrogateescape")):
        return False
    if name is None:
        return True
    base = row.exe.rpartition(b"/")[2]
    own = name.encode("utf-8", "surrogateescape")
    return base == own or (base.startswith(own) and bool(_VERSION.fullmatch(base[len(own) :])))


def merged(path: bytes) -> bytes:
    """A path in the spelling of systems that keep all programs below /usr, as Debian does."""
    moved = path.startswith((b"/bin/", b"/sbin/", b"/lib/"))
    return b"/usr" + path if moved else path


def arguments(row: Row) -> str:
    """A process's arguments, joined and quoted as a shell would need them."""
    return shlex.join(part.decode("utf-8", "surrogateescape") for part in row.argv)


def described(row: Row) -> str:
    """A process in words: what it calls itself only where that differs from what it is."""
    exe = plain(row.exe, 60) or "an unknown program"
    own = row.comm if row.comm and row.comm[:15] not in row.exe else b""
    calls = f" that calls itself {plain(own, 30)}" if own else ""
    return f"{exe}{calls} (process {row.pid})"
