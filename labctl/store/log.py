"""Sessions and their events, inside a transaction that the caller holds.

Everything that a session's row says is also said by its events, under the reserved key `session`
of their data; the row is there so that lists are one query. `append` keeps the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from labctl.errors import StoreError, UnknownName
from labctl.store import schema
from labctl.store.chain import GENESIS, Link, clean, columns, event_from, follow
from labctl.store.records import Event, NewSession, SessionFilter, SessionRecord

CHANGES = "session"
"""Where an event's data says what it changes in the session's row."""

CREATED = "session.created"


class OutOfDate(StoreError):
    """The session has moved on since the caller looked at it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended. `changes` go into the session's row, `opens` counts intentions."""

    kind: str
    data: Mapping[str, Any]
    actor: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    opens: int = 0


def lock(connection: Connection, session: str) -> Link:
    """Keep other writers from the session until the transaction ends; raises `UnknownName`.

    Returns where its log ends.
    """
    row = schema.sessions
    # For databases with row locks; SQLite's writing transaction has locked everything already.
    query = select(row.c.sequence, row.c.head).where(row.c.code == session).with_for_update()
    head = connection.execute(query).one_or_none()
    if head is None:
        raise unknown_session(connection, session)
    return Link(head.sequence, head.head)


def expect(connection: Connection, session: str, sequence: int) -> None:
    """Raise `OutOfDate` unless the session's last event is number `sequence`."""
    last, _ = lock(connection, session)
    if last != sequence:
        raise OutOfDate(
            f"Session `{session}` has moved on: its last event is {last}, not {sequence}.",
            f"See what happened with `labctl show {session}`, then run the command again.",
        )


def append(connection: Connection, session: str, entry: Entry, now: str) -> Event:
    """Append to the session's log and bring its row up to date; raises `UnknownName`."""
    last = lock(connection, session)
    data = dict(entry.data)
    if entry.changes:
        data[CHANGES] = dict(entry.changes)
    event = follow(session, last, kind=entry.kind, data=data, actor=entry.actor, now=now)
    connection.execute(insert(schema.events), columns(event))
    row = schema.sessions
    kept = {"sequence": event.sequence, "head": event.hash, "updated": now}
    if entry.opens:
        kept["intentions"] = row.c.intentions + entry.opens
    connection.execute(update(row).where(row.c.code == session).values(**entry.changes, **kept))
    return event


def create(
    connection: Connection, code: str, new: NewSession, actor: str, now: str
) -> SessionRecord:
    """Make the session's row and its first event, which says all that the row says."""
    row = schema.sessions
    candidate, lab = clean(new.candidate), clean(new.lab)
    attempts = select(func.max(row.c.attempt)).where(row.c.candidate == candidate, row.c.lab == lab)
    changes = {
        "candidate": candidate,
        "lab": lab,
        "lab_digest": new.lab_digest,
        "seed": new.seed,
        "mode": new.mode,
        "attempt": (connection.scalar(attempts) or 0) + 1,
        "state": new.state,
        "plan": new.plan,
        "deadline": new.deadline,
    }
    if new.sitting is not None:
        changes["sitting"] = new.sitting
    bare = {"code": code, "created": now, "updated": now, "sequence": 0, "head": GENESIS}
    connection.execute(insert(row), changes | bare | {"intentions": 0})
    append(connection, code, Entry(CREATED, new.data, actor, changes), now)
    return read(connection, code)


def read(connection: Connection, code: str) -> SessionRecord:
    """The session called `code`; raises `UnknownName` with the nearest codes."""
    found = listed(connection, SessionFilter(codes=(code,)))
    if not found:
        raise unknown_session(connection, code)
    return found[0]


def taken(connection: Connection, code: str) -> bool:
    """Whether there is a session called `code`."""
    row = schema.sessions
    return connection.scalar(select(row.c.code).where(row.c.code == code)) is not None


def listed(connection: Connection, wanted: SessionFilter) -> tuple[SessionRecord, ...]:
    """All sessions that match, oldest first, in one query."""
    row = schema.sessions
    query = select(row).where(*conditions(wanted)).order_by(row.c.created, row.c.code)
    return tuple(SessionRecord(*values) for values in connection.execute(query))


def codes(connection: Connection, states: Sequence[str]) -> tuple[str, ...]:
    """The sessions in one of the states; also in a record of another version."""
    row = schema.sessions.c
    query = select(row.code).where(row.state.in_(states)).order_by(row.created, row.code)
    return tuple(connection.scalars(query))


def conditions(wanted: SessionFilter) -> list[Any]:
    """The filter as SQL conditions on the table of sessions."""
    row = schema.sessions.c
    chosen = []
    for column, value in (
        (row.candidate, wanted.candidate),
        (row.lab, wanted.lab),
        (row.mode, wanted.mode),
        (row.sitting, wanted.sitting),
    ):
        if value is not None:
            chosen.append(column == value)
    if wanted.states:
        chosen.append(row.state.in_(wanted.states))
    if wanted.codes:
        chosen.append(row.code.in_(wanted.codes))
    return chosen


def events(connection: Connection, session: str) -> tuple[Event, ...]:
    """The session's whole log in order; raises `UnknownName`, `StoreError` for a damaged event."""
    row = schema.events
    query = select(row).where(row.c.session == session).order_by(row.c.sequence)
    found = tuple(event_from(tuple(values)) for values in connection.execute(query))
    if not found:
        raise unknown_session(connection, session)
    return found


def turns(
    connection: Connection, kinds: Sequence[str], wanted: SessionFilter
) -> dict[str, tuple[Event, ...]]:
    """By session code: the events that changed the row of a session that matches, or of `kinds`."""
    event, row = schema.events, schema.sessions
    # As `spell` writes it; within a text of the data the quotes would be escaped.
    changed = event.c.data.contains(f'"{CHANGES}":{{', autoescape=True)
    query = (
        select(event)
        .join(row, row.c.code == event.c.session)
        .where(*conditions(wanted), or_(changed, event.c.kind.in_(kinds)))
        .order_by(event.c.session, event.c.sequence)
    )
    found: dict[str, list[Event]] = {}
    for values in connection.execute(query):
        found.setdefault(values.session, []).append(event_from(tuple(values)))
    return {code: tuple(events) for code, events in found.items()}


def unknown_session(connection: Connection, code: str) -> UnknownName:
    """The error for a session that is not there, which names the nearest."""
    known = connection.scalars(select(schema.sessions.c.code))
    return UnknownName("session", code, known, "labctl sessions")
