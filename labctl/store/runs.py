"""Grading runs and what each check came to, inside a transaction that the caller holds.

A run's event carries the digest of its rows, so that a changed mark is found by the audit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, fields
from typing import Any

from sqlalchemy import Connection, func, insert, select

from checkers.codec import canonical
from labctl.store import schema
from labctl.store.chain import clean, plain, spell
from labctl.store.log import Entry, append, conditions, lock, unknown_session
from labctl.store.records import Result, Run, RunRecord, SessionFilter

RECORDED = "run.recorded"

_COLUMNS = tuple(field.name for field in fields(Result))


def record(
    connection: Connection,
    session: str,
    run: Run,
    found: Sequence[Result],
    *,
    actor: str,
    changes: Mapping[str, Any],
    now: str,
) -> RunRecord:
    """Record a run, its results and its event; `changes` go into the session's row."""
    sequence, _ = lock(connection, session)
    record = RunRecord(
        session=session,
        number=_next(connection, session),
        sequence=sequence + 1,
        at=now,
        reason=run.reason,
        scheme=run.scheme,
        checkers=run.checkers,
        transcript=run.transcript,
        summary=plain(run.summary),
    )
    kept = [_storable(result) for result in found]
    append(connection, session, Entry(RECORDED, told(record, kept), actor, changes), now)
    row = asdict(record) | {"summary": spell(record.summary)}
    connection.execute(insert(schema.runs), row)
    if kept:
        connection.execute(insert(schema.results), _rows(record, kept))
    return record


def told(run: RunRecord, found: Sequence[Result]) -> dict[str, Any]:
    """What the event of a run with these results says about it."""
    return {
        "run": run.number,
        "reason": run.reason,
        "scheme": run.scheme,
        "checkers": run.checkers,
        "transcript": run.transcript,
        "summary": run.summary,
        "results": digest(found),
    }


def of_session(connection: Connection, session: str) -> tuple[RunRecord, ...]:
    """The session's runs in order; raises `UnknownName`."""
    row = schema.runs
    query = select(row).where(row.c.session == session).order_by(row.c.number)
    found = tuple(_run(values) for values in connection.execute(query))
    known = select(schema.sessions.c.code).where(schema.sessions.c.code == session)
    if not found and connection.scalar(known) is None:
        raise unknown_session(connection, session)
    return found


def latest(connection: Connection, wanted: SessionFilter) -> dict[str, RunRecord]:
    """The last run of every session that matches and has one, by session, in one query."""
    row, session = schema.runs, schema.sessions
    last = (
        select(row.c.session, func.max(row.c.number).label("number"))
        .join(session, session.c.code == row.c.session)
        .where(*conditions(wanted))
        .group_by(row.c.session)
        .subquery()
    )
    both = (row.c.session == last.c.session) & (row.c.number == last.c.number)
    query = select(row).join(last, both).order_by(row.c.session)
    return {values[0]: _run(values) for values in connection.execute(query)}


def results(connection: Connection, run: RunRecord) -> tuple[Result, ...]:
    """What the checks came to in `run`, in the order they were recorded in."""
    row = schema.results
    query = (
        select(*(row.c[name] for name in _COLUMNS))
        .where(row.c.session == run.session, row.c.run == run.number)
        .order_by(row.c.position)
    )
    return tuple(
        Result(*(*values, tuple(json.loads(flags)))) for *values, flags in connection.execute(query)
    )


def digest(found: Sequence[Result]) -> str:
    """SHA-256 of the results in canonical JSON, as the run's event carries it."""
    return hashlib.sha256(canonical([list(astuple(result)) for result in found])).hexdigest()


def _next(connection: Connection, session: str) -> int:
    last = select(func.max(schema.runs.c.number)).where(schema.runs.c.session == session)
    return (connection.scalar(last) or 0) + 1


def _storable(result: Result) -> Result:
    """The result as the database gives it back: clean text, and marks as floats."""
    return Result(
        task=clean(result.task),
        check=clean(result.check),
        status=str(result.status),
        marks=None if result.marks is None else float(result.marks),
        available=float(result.available),
        expected=clean(result.expected),
        found=clean(result.found),
        blame=None if result.blame is None else str(result.blame),
        flags=tuple(clean(flag) for flag in result.flags),
    )


def _rows(run: RunRecord, found: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        asdict(result)
        | {"session": run.session, "run": run.number, "position": position}
        | {"flags": spell(result.flags)}
        for position, result in enumerate(found, 1)
    ]


def _run(row: Sequence[Any]) -> RunRecord:
    *values, summary = row
    return RunRecord(*(*values, json.loads(summary)))
