"""Whether a session's record adds up: its chain, its row, its runs and its blobs.

Reports everything at once and never stops at the first: what is sound beside the damage still
counts as evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from labctl.errors import StoreError
from labctl.store import centre, chain, intentions, runs, schema, sittings
from labctl.store.log import CHANGES, CREATED, unknown_session
from labctl.store.records import BLOBS, Event, Problem, RunRecord


def audit(
    connection: Connection, session: str, read_blob: Callable[[str], object]
) -> tuple[Problem, ...]:
    """Everything wrong with the record of `session`; raises `UnknownName` if there is none.

    `read_blob` is called with each digest that the record rests on and raises `StoreError` where
    the blob is missing or damaged.
    """
    row = connection.execute(
        select(schema.sessions).where(schema.sessions.c.code == session)
    ).one_or_none()
    query = select(schema.events).where(schema.events.c.session == session)
    rows = [tuple(found) for found in connection.execute(query.order_by(schema.events.c.sequence))]
    if row is None and not rows:
        raise unknown_session(connection, session)
    if row is None:
        return (Problem(session, None, "the session's row is missing, its events are there"),)
    told = row._asdict()
    count = told["sequence"] if isinstance(told["sequence"], int) else len(rows)
    problems = list(chain.broken_links(session, rows, count))
    log = list(_readable(rows))
    problems += _row(session, told, log)
    problems += _runs(connection, session, log)
    problems += _blobs(session, log, read_blob)
    return tuple(problems)


def audit_all(connection: Connection, read_blob: Callable[[str], object]) -> tuple[Problem, ...]:
    """Everything wrong with the record of all sessions and sittings, and of the centre."""
    codes = set(connection.scalars(select(schema.sessions.c.code)))
    codes |= set(connection.scalars(select(schema.events.c.session).distinct()))
    problems = [found for code in sorted(codes) for found in audit(connection, code, read_blob)]
    rooms = set(connection.scalars(select(schema.sittings.c.code)))
    rooms |= set(connection.scalars(select(schema.sitting_events.c.session).distinct()))
    problems += [
        each for code in sorted(rooms) for each in sittings.audit(connection, code, read_blob)
    ]
    return (*problems, *centre.audit(connection, read_blob))


def _readable(rows: Iterable[chain.Row]) -> Iterable[Event]:
    """The events that can be read; `broken_links` has named the others."""
    for row in rows:
        try:
            yield chain.event_from(row)
        except StoreError:
            continue


def _row(session: str, told: dict[str, Any], log: Sequence[Event]) -> list[Problem]:
    """Where the session's row differs from what its events add up to."""
    if not log:
        return []
    due: dict[str, Any] = {"created": log[0].at, "held": False, "sitting": None}
    for event in log:
        changes = event.data.get(CHANGES)
        due |= changes if isinstance(changes, dict) else {}
    due |= {"updated": log[-1].at, "sequence": log[-1].sequence, "head": log[-1].hash}
    due["intentions"] = _still_open(log)
    return [
        Problem(session, None, f"the session's row says {name} {told[name]!a}, its log {value!a}")
        for name, value in due.items()
        if name in told and told[name] != value
    ]


def _still_open(log: Sequence[Event]) -> int:
    try:
        return len(intentions.unended(log))
    except (KeyError, TypeError):
        return -1  # an intention that names no process: its event was changed, and is named


def _runs(connection: Connection, session: str, log: Sequence[Event]) -> list[Problem]:
    """Where the rows of runs and results differ from the runs' events."""
    said = {event.sequence: event for event in log if event.kind == runs.RECORDED}
    try:
        found = runs.of_session(connection, session)
    except (ValueError, TypeError):
        return [Problem(session, None, "a run's row cannot be read")]
    problems = []
    for run in found:
        event = said.pop(run.sequence, None)
        if event is None or not _agrees(connection, run, event):
            what = f"the rows of run {run.number} differ from its event"
            problems.append(Problem(session, run.sequence, what))
    return problems + [Problem(session, number, "the run's rows are missing") for number in said]


def _agrees(connection: Connection, run: RunRecord, event: Event) -> bool:
    try:
        told = runs.told(run, runs.results(connection, run))
    except (ValueError, TypeError):
        return False
    said = {key: value for key, value in event.data.items() if key != CHANGES}
    return told == said and run.at == event.at


def _blobs(session: str, log: Sequence[Event], read_blob: Callable[[str], object]) -> list[Problem]:
    """The blobs that the record rests on (the lab, what was seen, what events list), if lost."""
    problems = []
    for event in log:
        for digest in _named(event):
            try:
                read_blob(str(digest))
            except StoreError as error:
                problems.append(Problem(session, event.sequence, error.message))
    return problems


_DIGESTS = {
    CREATED: ("policy", "archive"),
    runs.RECORDED: ("transcript",),
    "submit.phase": ("results",),
}
"""The keys under which events name blobs by themselves; all others list theirs under `BLOBS`."""


def _named(event: Event) -> list[Any]:
    """The digests of the blobs that an event rests on."""
    found = [event.data.get(key) for key in _DIGESTS.get(event.kind, ())]
    if event.kind == CREATED:
        changes = event.data.get(CHANGES)
        found.append(changes.get("plan") if isinstance(changes, dict) else None)
    listed = event.data.get(BLOBS)
    found += listed if isinstance(listed, list) else []
    return [digest for digest in found if digest is not None]
