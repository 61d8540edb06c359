"""What the store takes and gives: frozen values whose fields are JSON (`dataclasses.asdict`).

Times are text, UTC, of one fixed length (`2026-03-01T09:30:00.000000Z`), so that they sort as they
stand and are hashed as they were written; `moment` makes a `datetime` of one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from labctl.store.processes import ProcessIdentity

Mode = Literal["practice", "assessment"]
Reason = Literal["submit", "check", "remark", "verify"]

CENTRE = "@centre"
"""The name of the centre's own log, where a session's log has the session's code."""

CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""What session codes are made of: no letter or digit that is read as another (l, o, i, 0, 1)."""

CODE = re.compile(f"[{CODE_ALPHABET[:23]}][{CODE_ALPHABET}]{{5}}")
"""A session's code. The first is a letter, so that no spreadsheet makes a number of `2e3456`."""


SITTING = re.compile(f"s-[{CODE_ALPHABET}]{{4}}")
"""A sitting's code, which no session has: it has a hyphen."""


BLOBS = "blobs"
"""The key of an event's data under which it lists the digests of all blobs that it rests on."""


def log_named(log: object) -> str:
    """A log in words: whose it is."""
    if log == CENTRE:
        return "the centre's log"
    return f"{_kind(log)} {log!a}"


def _kind(log: object) -> str:
    return "sitting" if isinstance(log, str) and SITTING.fullmatch(log) else "session"


def moment(text: str) -> datetime:
    """The time that `text` names; raises `ValueError` if it is none."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def time_text(time: datetime) -> str:
    """`time` (which must know its zone) as the store writes it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a session begins with.

    `candidate` is a code, never a name. `plan` is the digest of the plan's blob, `lab_digest` that
    of the lab folder's copy. `deadline` is a time as the store writes it, or None while no clock
    runs. `seed` is below 2**63. `data` goes into the first event as it is. `sitting` is the code of
    the sitting that it belongs to, if it does to any.
    """

    candidate: str
    lab: str
    lab_digest: str
    seed: int
    mode: Mode
    plan: str
    state: str = "created"
    deadline: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    sitting: str | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as it stands: what its events add up to.

    `attempt` counts the candidate's sessions of this lab from 1. `sequence` and `head` are the
    number and the hash of its last event. `intentions` is how many things are half done. `held`
    says that its result is held back. `sitting` is the code of the sitting that it belongs to.
    """

    code: str
    candidate: str
    lab: str
    lab_digest: str
    seed: int
    mode: Mode
    attempt: int
    state: str
    plan: str
    created: str
    updated: str
    deadline: str | None
    sequence: int
    head: str
    intentions: int
    held: bool = False
    sitting: str | None = None


@dataclass(frozen=True, slots=True)
class SittingRecord:
    """A sitting's row: its `stage`, and the number and the hash of its last event."""

    code: str
    created: str
    updated: str
    stage: str
    sequence: int
    head: str


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions to list: all that match every field that is given."""

    candidate: str | None = None
    lab: str | None = None
    mode: Mode | None = None
    states: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    sitting: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a log, which is never changed.

    `session` is the session's code, in a sitting's log the sitting's, or `CENTRE` in the centre's
    own. `sequence` counts from 1 without gaps. `actor` is who did it (an account, a candidate's
    code, or a part of the program). `hash` is over all the other fields, `previous` the hash before
    it.
    """

    session: str
    sequence: int
    at: str
    kind: str
    data: dict[str, Any]
    actor: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the record that does not add up.

    `session` is the code of the session or sitting, or `CENTRE`; `sequence` is the event, None the
    log as a whole.
    """

    session: str
    sequence: int | None
    what: str

    def __str__(self) -> str:
        place = "" if self.sequence is None else f", event {self.sequence}"
        centre = self.session == CENTRE
        whose = "the centre's log" if centre else f"{_kind(self.session)} {self.session}"
        return f"{whose}{place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Intention:
    """Something a command set out to do and has neither finished nor undone.

    `id` is what `complete` and `undo` take. `process` is who was at it: if that is not alive, the
    work was left behind.
    """

    id: str
    session: str
    sequence: int
    verb: str
    at: str
    actor: str
    data: dict[str, Any]
    process: ProcessIdentity


@dataclass(frozen=True, slots=True)
class Run:
    """One grading of a session, before it is recorded.

    `scheme` and `checkers` are the digests of what was marked by and with, `transcript` that of the
    blob with all observations. `summary` is the outcome in JSON (marks, recommendation).
    """

    reason: Reason
    scheme: str
    checkers: str
    transcript: str | None
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A recorded grading; `number` counts the session's runs from 1, `sequence` is its event."""

    session: str
    number: int
    sequence: int
    at: str
    reason: Reason
    scheme: str
    checkers: str
    transcript: str | None
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What one check came to in a run. `marks` of `available`; None while it is undetermined.

    `expected` and `found` are phrases for people, `blame` is set for errors, `flags` are remarks
    for the assessor.
    """

    task: str
    check: str
    status: str
    marks: float | None
    available: float
    expected: str = ""
    found: str = ""
    blame: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Who a code stands for. Kept apart from the logs, so that it can be erased.

    The code is a candidate's, or `staff:` and an account. `data` is further personal data (learner
    number, date of birth, access arrangements) as JSON.
    """

    code: str
    name: str
    data: dict[str, Any] = field(default_factory=dict)
