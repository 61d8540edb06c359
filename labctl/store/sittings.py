"""Sittings and their logs: a hash chain each, as a session's is, and a row that says where it ends.

Each method is one transaction. What a sitting is beside its stage, its events say; who makes sense
of them is `labctl.sittings`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from labctl.errors import StoreError, UnknownName
from labctl.store import chain, schema
from labctl.store.centre import lost_blobs
from labctl.store.chain import Link
from labctl.store.database import Database
from labctl.store.log import Entry, OutOfDate
from labctl.store.records import CODE_ALPHABET, Event, Problem, SittingRecord

STAGE = "stage"
"""The key of an event's data that says what it makes of the sitting's row."""

ENDED = "sitting.ended"
"""The event that seals a sitting: where the logs of its sessions ended then, under `SEALED`."""
SEALED = "seats"

_TRIES = 100


def new_code() -> str:
    """A sitting's code; see `records.SITTING`."""
    return "s-" + "".join(secrets.choice(CODE_ALPHABET) for _ in range(4))


class Sittings:
    """The sittings in one database. May be shared by threads, as the store that it belongs to."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], str],
        read_blob: Callable[[str], object],
        codes: Callable[[], str] = new_code,
    ) -> None:
        self._database = database
        self._now = now
        self._read_blob = read_blob
        self._codes = codes

    def create(self, kind: str, data: Mapping[str, Any], actor: str, stage: str) -> str:
        """Record a new sitting and its first event; the code that it is given."""
        with self._database.writing() as connection:
            code = self._free(connection)
            now = self._now()
            row = {"created": now, "updated": now, "stage": stage}
            end = {"sequence": 0, "head": chain.GENESIS}
            connection.execute(insert(schema.sittings), {"code": code} | row | end)
            _append(connection, code, Entry(kind, {**data, STAGE: stage}, actor), now)
        return code

    def _free(self, connection: Connection) -> str:
        row = schema.sittings.c
        for _ in range(_TRIES):
            code = self._codes()
            if connection.scalar(select(row.code).where(row.code == code)) is None:
                return code
        raise StoreError(f"No free code for a sitting was found in {_TRIES} tries.", "Try again.")

    def append(
        self,
        code: str,
        kind: str,
        data: Mapping[str, Any],
        actor: str,
        *,
        stage: str | None = None,
        expect_sequence: int | None = None,
    ) -> Event:
        """Append an event; `stage`, where given, becomes the sitting's.

        Raises `UnknownName`, and `OutOfDate` if `expect_sequence` is not the number of the last
        event.
        """
        if STAGE in data:
            raise ValueError(f"data may not have the key {STAGE}")
        full = dict(data) if stage is None else {**data, STAGE: stage}
        with self._database.writing() as connection:
            if expect_sequence is not None:
                _expect(connection, code, expect_sequence)
            return _append(connection, code, Entry(kind, full, actor), self._now())

    def get(self, code: str) -> SittingRecord:
        """The sitting called `code`; raises `UnknownName` with the nearest codes."""
        row = schema.sittings
        with self._database.reading() as connection:
            found = connection.execute(select(row).where(row.c.code == code)).one_or_none()
            if found is None:
                raise _unknown(connection, code)
            return SittingRecord(*found)

    def list(self) -> tuple[SittingRecord, ...]:
        """Every sitting, oldest first."""
        row = schema.sittings
        query = select(row).order_by(row.c.created, row.c.code)
        with self._database.reading() as connection:
            return tuple(SittingRecord(*values) for values in connection.execute(query))

    def events(self, code: str) -> tuple[Event, ...]:
        """The sitting's log in order; raises `UnknownName`, `StoreError` for a damaged event."""
        with self._database.reading() as connection:
            found = tuple(chain.event_from(row) for row in _rows(connection, code))
            if not found:
                raise _unknown(connection, code)
            return found

    def audit(self, code: str) -> tuple[Problem, ...]:
        """Everything that does not add up in the sitting's log; raises `UnknownName`."""
        with self._database.lenient() as connection:
            return audit(connection, code, self._read_blob)


def audit(
    connection: Connection, code: str, read_blob: Callable[[str], object]
) -> tuple[Problem, ...]:
    """Everything wrong with the log of a sitting; `read_blob` as for a session's audit."""
    row = schema.sittings
    end = connection.execute(select(row).where(row.c.code == code)).one_or_none()
    rows = _rows(connection, code)
    if end is None and not rows:
        raise _unknown(connection, code)
    if end is None:
        return (Problem(code, None, "the sitting's row is missing, its events are there"),)
    count = end.sequence if isinstance(end.sequence, int) else len(rows)
    log = _readable(rows)
    problems = (*chain.broken_links(code, rows, count), *_row(SittingRecord(*end), log))
    lost = lost_blobs(code, rows, read_blob)
    return (*problems, *lost, *_unsealed(connection, code, log))


def _append(connection: Connection, code: str, entry: Entry, now: str) -> Event:
    last, data = _lock(connection, code), entry.data
    event = chain.follow(code, last, kind=entry.kind, data=data, actor=entry.actor, now=now)
    connection.execute(insert(schema.sitting_events), chain.columns(event))
    kept = {"sequence": event.sequence, "head": event.hash, "updated": now}
    if STAGE in data:
        kept["stage"] = data[STAGE]
    row = schema.sittings
    connection.execute(update(row).where(row.c.code == code).values(**kept))
    return event


def _lock(connection: Connection, code: str) -> Link:
    """Keep other writers from the sitting until the transaction ends; where its log ends."""
    row = schema.sittings.c
    query = select(row.sequence, row.head).where(row.code == code).with_for_update()
    found = connection.execute(query).one_or_none()
    if found is None:
        raise _unknown(connection, code)
    return Link(*found)


def _expect(connection: Connection, code: str, sequence: int) -> None:
    last = _lock(connection, code).sequence
    if last != sequence:
        raise OutOfDate(
            f"Sitting `{code}` has moved on: its last event is {last}, not {sequence}.",
            f"See what happened with `labctl sitting show {code} --log`, then run it again.",
        )


def _rows(connection: Connection, code: str) -> list[chain.Row]:
    row = schema.sitting_events
    query = select(row).where(row.c.session == code).order_by(row.c.sequence)
    return [tuple(found) for found in connection.execute(query)]


def _readable(rows: list[chain.Row]) -> list[Event]:
    """The events that can be read; `broken_links` has named the others."""
    log = []
    for row in rows:
        try:
            log.append(chain.event_from(row))
        except StoreError:
            continue
    return log


def _row(told: SittingRecord, log: list[Event]) -> list[Problem]:
    """Where the sitting's row differs from what its events add up to."""
    if not log:
        return []
    stages = [event.data[STAGE] for event in log if STAGE in event.data]
    due = {
        "created": log[0].at,
        "updated": log[-1].at,
        "stage": stages[-1] if stages else None,
        "sequence": log[-1].sequence,
        "head": log[-1].hash,
    }
    return [
        Problem(told.code, None, f"the sitting's row says {name} {found!a}, its log {value!a}")
        for name, value in due.items()
        if (found := getattr(told, name)) != value
    ]


def _unsealed(connection: Connection, code: str, log: list[Event]) -> list[Problem]:
    """Sessions whose log is not what it was when the sitting was sealed."""
    event = schema.events.c
    problems = []
    for ended in log:
        for seat in ended.data.get(SEALED, ()) if ended.kind == ENDED else ():
            if not isinstance(seat, dict) or not seat.get("session"):
                continue
            query = select(event.hash).where(
                event.session == seat["session"], event.sequence == seat.get("sequence")
            )
            if connection.scalar(query) != seat.get("head"):
                what = f"the log of session {seat['session']} is not the one that was sealed"
                problems.append(Problem(code, ended.sequence, what))
    return problems


def _unknown(connection: Connection, code: str) -> UnknownName:
    known = connection.scalars(select(schema.sittings.c.code))
    return UnknownName("sitting", code, known, "labctl sitting list")
