"""The check type `log`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from checkers.check import Asking, Check, CheckType, NotObserved, ask, ask_all, failed
from checkers.findings import INSIDE_ONLY, Findings
from checkers.linux._attributes import GONE, Path, described
from checkers.linux._sizes import Size
from checkers.linux._timestamps import moment, written_at
from checkers.matchers import Between, Matcher, holds, spoken
from checkers.model import Blame, Directory, Failure, File, FileResult, Inside, Phase, Subject
from checkers.reading import content_of, spelled, unobserved
from checkers.words import plain, quoted

LARGEST = 32 << 20
"""Bytes of a log that are read; a longer one is an error."""
LOGROTATE = ("/usr/sbin/logrotate", "-f", "/etc/logrotate.conf")

_SPAN = re.compile(r"([0-9]{1,6})\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ROTATED = re.compile(rb"[.-][0-9]{1,10}(\.(gz|xz|bz2|zst))?")


def _seconds(value: object) -> object:
    if isinstance(value, str):
        found = _SPAN.fullmatch(value.strip())
        if found is None:
            raise ValueError(f"`{value}` is no length of time such as 90s, 15m or 2h")
        return int(found[1]) * _UNITS[found[2]]
    return value


Span = Annotated[
    int,
    BeforeValidator(_seconds),
    Field(ge=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": "^[0-9]+ ?[smhd]$"},
            ]
        }
    ),
]
"""A length of time in seconds, or a text such as `90s`, `15m`, `2h`."""

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$")]


class Message(BaseModel):
    """A message that is sent to the host's log by logger(1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f-][^\x00-\x1f]{0,200}$")]
    tag: Word = "labctl"
    facility: Literal[
        "auth", "authpriv", "cron", "daemon", "kern", "lpr", "mail", "news", "syslog", "user",
        "uucp", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ] = "user"  # fmt: skip
    level: Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] = "notice"


class Log(CheckType):
    """A log holds certain lines, or gets what is sent to it, or is rotated.

        log: {file: /var/log/backup.log, line: {contains: "backup finished"}, within: 1h}
        log: {file: /var/log/app.log, line: {contains: ERROR}, absent: true, last: 64K}
        log: {file: /var/log/local3.log, send: {text: hello, facility: local3, level: info}}
        log: {file: /var/log/app/app.log, rotates: true, compressed: true}

    `line` is any matcher for one line. `count` is any matcher for how many lines fit, at least one
    unless said otherwise; `absent: true` wants none. Only the `last` so many bytes (64K, 1M …) and
    only lines written `within` so long before (90s, 15m, 2h) count, where these are given. A line's
    time is the one at its beginning (rsyslog, syslog) or that of a web server's logs; lines without
    one do not count then. The file must be there, also for `absent`.

    `send` sends a message through the host's own syslog and wants it in the file afterwards, once
    more than before; with `absent: true` it must not get there. It is sent by the host's own
    program, which is flagged; give the check `changes: true`. `rotates: true` has logrotate rotate
    everything now, by /etc/logrotate.conf, and wants the file's old content under a new name beside
    it; `compressed: true` or `false` says whether that is compressed. What logs look like on a host
    is the candidate's to write: judge what a service does by the service.

    Error: the file cannot be read or is longer than 32 MiB; the message cannot be sent, or
    logrotate cannot be run.
    """

    kind: ClassVar[str] = "log"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    file: Path
    line: Matcher | None = None
    count: Matcher = Field(default=Between(min=1))
    absent: bool = False
    last: Size | None = None
    within: Span | None = None
    send: Message | None = None
    rotates: bool = False
    compressed: bool | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Log:
        if [self.line is not None, self.send is not None, self.rotates].count(True) != 1:
            raise ValueError("give one of `line`, `send` and `rotates`")
        if self.absent and "count" in self.model_fields_set:
            raise ValueError("give either `absent` or `count`")
        if not self.absent and holds(self.count, 0):
            raise ValueError("a count that allows none expects nothing; use `absent: true`")
        if self.line is None and {"count", "last", "within"} & self.model_fields_set:
            raise ValueError("`count`, `last` and `within` go with `line`")
        if self.compressed is not None and not self.rotates:
            raise ValueError("`compressed` goes with `rotates`")
        if self.rotates and self.absent:
            raise ValueError("`absent` goes with `line` or `send`")
        if self.last == 0:
            raise ValueError("nothing can be found in the last 0 bytes")
        return self

    def run(self, subject: Subject) -> Check:
        """Read the log, after something was sent or rotated where that is asked for."""
        if self.send is not None:
            return (yield from self._sent(subject.host, self.send))
        if self.rotates:
            return (yield from self._rotated(subject.host))
        look, now = yield from self._look(subject.host)
        missing = self._missing(look)
        if missing:
            return failed(expected=f"a log at {self._name}", found=missing)
        lines = self._lines(look)
        if self.within is not None:
            since = moment(now) - timedelta(seconds=self.within)
            times = [written_at(line, moment(now)) for line in lines]
            lines = [
                line
                for line, at in zip(lines, times, strict=True)
                if at is not None and at >= since
            ]
        assert self.line is not None
        fitting = [line for line in lines if holds(self.line, line)]
        findings = Findings()
        said = f"{len(fitting)} of {len(lines)} lines" + (
            f", the last one {quoted(fitting[-1], 80)}" if fitting else ""
        )
        findings.note(
            not fitting if self.absent else holds(self.count, len(fitting)),
            expected=f"{'no line' if self.absent else f'lines ({spoken(self.count)})'} with "
            f"{spoken(self.line)} in {self._name}{self._scope}",
            found=said,
        )
        return findings.verdict()

    @property
    def _name(self) -> str:
        return plain(self.file)

    @property
    def _bytes(self) -> bytes:
        return self.file.encode("utf-8", "surrogateescape")

    @property
    def _scope(self) -> str:
        return f", written within {self.within} s" if self.within is not None else ""

    def _look(self, host: str, limit: int = LARGEST) -> Asking[tuple[FileResult, float]]:
        """The file, and when it was looked at."""
        (seen,) = yield (File(host, self._bytes, limit=limit),)
        if not isinstance(seen.result, FileResult):
            raise NotObserved(seen.failure or Failure("not observed"))
        return seen.result, seen.at

    def _missing(self, look: FileResult) -> str:
        if look.type == "file":
            return ""
        if look.type is None and look.why not in GONE:
            raise unobserved(f"{self._name} cannot be looked for: {look.why or 'no reason given'}")
        return described(look)

    def _lines(self, look: FileResult) -> list[str]:
        content = content_of(self._bytes, look)
        if self.last is not None and len(content) > self.last:
            # What the cut goes through is no whole line.
            content = content[-self.last - 1 :].partition(b"\n")[2]
        text = content.decode("utf-8", "surrogateescape")
        return [line for line in text.split("\n") if line]

    # ------------------------------------------------------------------ by effect

    def _sent(self, host: str, message: Message) -> Check:
        before, _ = yield from self._look(host)
        if before.type not in (None, "file"):
            return failed(expected=f"a log at {self._name}", found=described(before))
        had = self._holding(message, before)
        argv = ("logger", "-t", message.tag, "-p", f"{message.facility}.{message.level}", "--")
        yield from self._quietly(Inside(host, (*argv, message.text)))
        # What logs it is another process; a sleep of the host's is no more than time.
        yield from self._quietly(Inside(host, ("sleep", "1")))
        after, _ = yield from self._look(host)
        missing = self._missing(after)
        if self.absent and missing:
            return failed(expected=f"a log at {self._name}", found=missing)
        new = self._holding(message, after) - had
        findings = Findings(flags=[INSIDE_ONLY])
        what = f"a message to {message.facility}.{message.level}"
        findings.note(
            new <= 0 if self.absent else new > 0,
            expected=f"{what} {'not ' if self.absent else ''}in {self._name}",
            found=missing or f"it {'got there' if new > 0 else 'did not get there'}",
        )
        return findings.verdict()

    def _holding(self, message: Message, look: FileResult) -> int:
        if self._missing(look):
            return 0
        return sum(message.text in line and message.tag in line for line in self._lines(look))

    def _quietly(self, probe: Inside) -> Asking[None]:
        result = yield from ask(probe)
        if result.exit != 0 or result.stdout or result.stderr or result.truncated:
            said = plain(result.stderr.strip() or result.stdout.strip())
            raise unobserved(f"{spelled(probe.argv)} ended with {result.exit}: {said}", Blame.HOST)

    def _rotated(self, host: str) -> Check:
        before, _ = yield from self._look(host, limit=0)
        missing = self._missing(before)
        if missing:
            return failed(expected=f"a log at {self._name}", found=missing)
        if not before.size:
            raise unobserved(f"{self._name} is empty: there is nothing to rotate", Blame.HOST)
        folder, _, name = self._bytes.rpartition(b"/")
        old = yield from self._beside(host, folder, name)
        result = yield from ask(Inside(host, LOGROTATE, timeout=60.0))
        # It ends with 1 if any log of any service was in its way.
        if result.exit not in (0, 1) or result.truncated or result.stdout:
            raise unobserved(f"{spelled(LOGROTATE)} ended with {result.exit}", Blame.HOST)
        new = yield from self._beside(host, folder, name)
        after, _ = yield from self._look(host, limit=0)
        fresh = [
            each for each, look in new.items() if each not in old or old[each].mtime != look.mtime
        ]
        left = self._missing(after)  # a log need not be made anew before somebody writes to it
        if left and after.type is not None:
            raise unobserved(f"{self._name} is {left} now", Blame.HOST)
        moved = bool(fresh) and (bool(left) or after.size < before.size)
        trouble = plain(result.stderr.strip().split(b"\n")[0], 100) if result.exit else ""
        findings = Findings(flags=[INSIDE_ONLY])
        findings.note(
            moved,
            expected=f"{self._name} rotated by logrotate",
            found=f"its content is in {plain(fresh[0])} now"
            if moved
            else f"it stays as it is{f' ({trouble})' if trouble else ''}",
        )
        if moved and self.compressed is not None:
            packed = not fresh[0].rpartition(b".")[2].isdigit() and b"." in fresh[0][len(name) :]
            findings.note(
                packed == self.compressed,
                expected=f"the old log {'' if self.compressed else 'not '}compressed",
                found=f"it is {plain(fresh[0])}",
            )
        return findings.verdict()

    def _beside(self, host: str, folder: bytes, name: bytes) -> Asking[dict[bytes, FileResult]]:
        """The files beside the log that logrotate may have made of it."""
        listing = yield from ask(Directory(host, folder))
        if listing.entries is None or listing.truncated:
            raise unobserved(f"{plain(folder)} cannot be listed: {listing.why or 'too many names'}")
        names = [
            entry.name
            for entry in listing.entries
            if entry.name.startswith(name) and _ROTATED.fullmatch(entry.name[len(name) :])
        ]
        if not names:
            return {}
        looks = yield from ask_all(*(File(host, folder + b"/" + each) for each in names))
        for each, look in zip(names, looks, strict=True):
            if look.type != "file" and not (look.type is None and look.why in GONE):
                raise unobserved(f"{plain(each)} is {described(look)}", Blame.HOST)
        return {each: look for each, look in zip(names, looks, strict=True) if look.type}
