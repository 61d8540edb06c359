"""What commands set out to do, said before they do it, so that a kill leaves no riddle.

    <verb>.intended ──▶ <verb>.done      finished
                    └─▶ <verb>.undone    undone, or found never to have begun

An intention without its end is half done: by a process that is still at it, or left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy import Connection, or_, select

from labctl.errors import StoreError, UnknownName
from labctl.store import schema
from labctl.store.chain import event_from
from labctl.store.log import Entry, append
from labctl.store.processes import ProcessIdentity, this_process
from labctl.store.records import Event, Intention

INTENDED = ".intended"
ENDS = (".done", ".undone")
SUFFIXES = (INTENDED, *ENDS)
"""Endings of kinds that only the functions here write, so that the count of open ones holds."""

INTENT = "intent"
PROCESS = "process"
RESERVED = (INTENT, PROCESS)
"""Keys of data that are filled in here."""


def intend(
    connection: Connection,
    session: str,
    verb: str,
    data: Mapping[str, Any],
    actor: str,
    changes: Mapping[str, Any],
    now: str,
) -> Intention:
    """Record that the calling process sets out to `verb` the session."""
    process = {PROCESS: asdict(this_process())}
    entry = Entry(
        verb + INTENDED,
        {**data, **process},
        actor,
        changes,
        opens=1,
        numbered=lambda sequence: {INTENT: f"{session}/{sequence}"},
    )
    return _intention(append(connection, session, entry, now))


def end(
    connection: Connection,
    intent: str,
    ending: Literal[".done", ".undone"],
    data: Mapping[str, Any],
    actor: str | None,
    changes: Mapping[str, Any],
    now: str,
) -> Event:
    """Record how the intention ended; the actor is the one who had it, unless another is given.

    Raises `UnknownName` if there is no such intention, `StoreError` if it has ended before.
    """
    begun = _find(connection, intent)
    entry = Entry(
        begun.verb + ending, {**data, INTENT: intent}, actor or begun.actor, changes, opens=-1
    )
    # Look for an earlier end only once the session is locked, which `append` does: its error takes
    # the whole transaction back.
    event = append(connection, begun.session, entry, now)
    earlier = _ends_before(connection, begun, event.sequence)
    if earlier:
        raise StoreError(
            f"`{intent}` has ended before: event {earlier[0].sequence} is `{earlier[0].kind}`.",
            f"`labctl show {begun.session}` shows the state of the session.",
        )
    return event


def open_ones(connection: Connection, session: str | None) -> tuple[Intention, ...]:
    """All intentions without an end, of one session or of all, in one query."""
    event, row = schema.events, schema.sessions
    kinds = or_(*(event.c.kind.like(f"%{suffix}") for suffix in SUFFIXES))
    query = (
        select(event)
        .join(row, row.c.code == event.c.session)
        .where(row.c.intentions > 0, kinds)
        .order_by(event.c.session, event.c.sequence)
    )
    if session is not None:
        query = query.where(row.c.code == session)
    return unended(event_from(tuple(values)) for values in connection.execute(query))


def unended(log: Iterable[Event]) -> tuple[Intention, ...]:
    """The intentions in `log` that have no end in it."""
    begun: dict[str, Intention] = {}
    for event in log:
        if event.kind.endswith(INTENDED):
            intention = _intention(event)
            begun[intention.id] = intention
        elif event.kind.endswith(ENDS):
            begun.pop(event.data.get(INTENT, ""), None)
    return tuple(begun.values())


def _find(connection: Connection, intent: str) -> Intention:
    session, _, number = intent.partition("/")
    event = schema.events.c
    if number.isascii() and number.isdecimal() and len(number) < 10:
        query = select(schema.events).where(
            event.session == session,
            event.sequence == int(number),
            event.kind.like(f"%{INTENDED}"),
        )
        found = connection.execute(query).one_or_none()
        if found is not None:
            return _intention(event_from(tuple(found)))
    raise UnknownName("intention", intent, (one.id for one in open_ones(connection, None)))


def _ends_before(connection: Connection, begun: Intention, sequence: int) -> list[Event]:
    event = schema.events.c
    query = (
        select(schema.events)
        .where(
            event.session == begun.session,
            event.sequence > begun.sequence,
            event.sequence < sequence,
            event.kind.in_([begun.verb + ending for ending in ENDS]),
        )
        .order_by(event.sequence)
    )
    found = [event_from(tuple(values)) for values in connection.execute(query)]
    return [event for event in found if event.data.get(INTENT) == begun.id]


def _intention(event: Event) -> Intention:
    own = {key: value for key, value in event.data.items() if key not in RESERVED}
    return Intention(
        id=event.data[INTENT],
        session=event.session,
        sequence=event.sequence,
        verb=event.kind.removesuffix(INTENDED),
        at=event.at,
        actor=event.actor,
        data=own,
        process=ProcessIdentity(**event.data[PROCESS]),
    )
