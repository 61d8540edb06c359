"""The hash chain of a log: how an event is spelled, linked, hashed and proved.

    hash = SHA-256 of canonical JSON [session, sequence, at, kind, data, actor, previous]

Each session has a log of its own, and the centre has one under the name `CENTRE`.

The chain shows that no event was changed, dropped or put in between. It cannot show that a whole
log was written anew with new hashes; a signed copy of the last hash, kept elsewhere, does that.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from checkers.codec import canonical
from labctl.errors import StoreError
from labctl.store.records import Event, Problem, log_named

GENESIS = "0" * 64
"""What the first event of a log has before it."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

FIELDS = tuple(field.name for field in fields(Event))
"""The fields of an event, which are the columns of its row, the hash last."""


class Link(NamedTuple):
    """Where a log ends: the number and the hash of its last event (0 and `GENESIS` before any)."""

    sequence: int
    hash: str


Row = tuple[Any, ...]
"""An event as the database gives it: the columns in `Event`'s order, `data` as JSON text."""


def clean(text: str) -> str:
    """`text` without what a database cannot keep (NUL, lone surrogates), each shown as U+FFFD.

    A candidate's file name that is not UTF-8 must not stop a recording.
    """
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(data: Any) -> Any:
    """`data` as JSON gives it back (tuples become lists, keys text), storable as it is.

    Raises `TypeError` or `ValueError` for what JSON cannot say (NaN included).
    """
    return json.loads(clean(json.dumps(data, ensure_ascii=False, allow_nan=False)))


def spell(data: Any) -> str:
    """JSON-like `data` in its canonical spelling, as the data columns hold it."""
    return canonical(data).decode()


def event_hash(event: Event) -> str:
    """The hash that belongs to the event's other fields, 64 hex digits. Its data must be plain."""
    *fields, _ = (getattr(event, name) for name in FIELDS)
    return hashlib.sha256(canonical(fields)).hexdigest()


def seal(event: Event) -> Event:
    """The event with the hash that belongs to it."""
    return replace(event, hash=event_hash(event))


def follow(
    log: str, last: Link, *, kind: str, data: Mapping[str, Any], actor: str, now: str
) -> Event:
    """The event that comes after `last` in the log called `log`, sealed and storable."""
    number = last.sequence + 1
    return seal(Event(log, number, now, clean(kind), plain(data), clean(actor), last.hash, ""))


def columns(event: Event) -> dict[str, Any]:
    """The event as the columns of its row."""
    return {name: getattr(event, name) for name in FIELDS} | {"data": spell(event.data)}


def event_from(row: Row) -> Event:
    """The event in a database row; raises `StoreError`, naming it, if the row makes no sense."""
    reason = _misspelled(row)
    if reason:
        raise _damage(row[0], row[1], reason)
    return _event(row)


def damaged(event: Event) -> StoreError:
    """The error for an event that can be read and makes no sense."""
    return _damage(event.session, event.sequence, "it lacks what an event of its kind says")


def _damage(log: object, sequence: object, reason: str) -> StoreError:
    return StoreError(
        f"Event {sequence!a} of {log_named(log)} is damaged: {reason}.",
        "Restore the database from a backup; the other events can still be read.",
    )


def broken_links(log: str, rows: Iterable[Row], expected: int) -> tuple[Problem, ...]:
    """What is wrong with the chain of `log`, whose last event should be number `expected`.

    `rows` come in the order of their numbers.
    """
    problems: list[Problem] = []
    number, previous = 0, GENESIS
    for row in rows:
        sequence = row[1]
        if isinstance(sequence, int):
            problems += _gap(log, number + 1, sequence - 1)
            number = sequence
        reasons = _wrong(row, previous)
        if reasons:
            problems.append(Problem(log, number, "; ".join(reasons)))
        previous = row[7]
    problems += _gap(log, number + 1, expected)
    if number > expected:
        problems.append(Problem(log, number, f"its row knows of {expected} events only"))
    return tuple(problems)


def _gap(log: str, first: int, last: int) -> Sequence[Problem]:
    """One problem for the events that are not there: a damaged number may leave billions out."""
    if first > last:
        return ()
    rest = "" if first == last else f", and so is every one up to {last}"
    return (Problem(log, first, f"the event is missing{rest}"),)


def _wrong(row: Row, previous: str) -> list[str]:
    """All that is wrong with one event, given the hash of the one before it."""
    reason = _misspelled(row)
    if reason:
        return [reason]
    event = _event(row)
    reasons = []
    if event_hash(event) != event.hash:
        reasons.append("the event was changed: it does not match its hash")
    if event.previous != previous:
        reasons.append("the event does not follow the one before it")
    return reasons


def _event(row: Row) -> Event:
    values = dict(zip(FIELDS, row, strict=True))
    return Event(**values | {"data": json.loads(values["data"])})


def _misspelled(row: Row) -> str:
    """Why the row cannot be an event as it was written, or nothing if it can."""
    _, sequence, *texts = row
    if not isinstance(sequence, int) or not all(isinstance(text, str) for text in texts):
        return "a column holds a value of another type"
    try:
        for text in texts:
            text.encode()
        data = json.loads(row[4])
        # `1e5` and `1E5` read alike: only the canonical spelling is what was written.
        as_written = isinstance(data, dict) and spell(data) == row[4]
    except ValueError:
        return "a column holds bytes that are not text, or data that is not JSON"
    return "" if as_written else "the data is not spelled as it was written"
