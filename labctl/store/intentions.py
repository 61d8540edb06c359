"""What commands set out to do, said before they do it, so that a kill leaves no riddle.

    <verb>.intended ──▶ <verb>.done      finished
                    └─▶ <verb>.undone    undone, or found never to have begun

An intention without its end is half done: by a process that is still at it, or left behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace

from sqlalchemy import Connection, or_, select

from labctl.errors import StoreError, UnknownName
from labctl.store import schema
from labctl.store.chain import event_from
from labctl.store.log import CHANGES, Entry, append, lock
from labctl.store.processes import ProcessIdentity, this_process
from labctl.store.records import Event, Intention

INTENDED = ".intended"
DONE = ".done"
UNDONE = ".undone"
ENDS = (DONE, UNDONE)
SUFFIXES = (INTENDED, *ENDS)
"""Endings of kinds that only the functions here write, so that the count of open ones holds."""

INTENT = "intent"
PROCESS = "process"
RESERVED = (INTENT, PROCESS)
"""Keys of data that are filled in here."""


def intend(connection: Connection, session: str, entry: Entry, now: str) -> Intention:
    """Record that the calling process sets out to do the verb that is `entry.kind`."""
    last, _ = lock(connection, session)
    own = {INTENT: f"{session}/{last + 1}", PROCESS: asdict(this_process())}
    full = replace(entry, kind=entry.kind + INTENDED, data={**entry.data, **own}, opens=1)
    return _intention(append(connection, session, full, now))


def end(connection: Connection, intent: str, entry: Entry, now: str) -> Event:
    """Record how the intention ended: `entry.kind` is one of `ENDS`.

    An empty actor stands for the one who had the intention. Raises `UnknownName` if there is no
    such intention, `StoreError` if it has ended before.
    """
    begun = _find(connection, intent)
    lock(connection, begun.session)
    earlier = _end_of(connection, begun)
    if earlier:
        raise StoreError(
            f"`{intent}` has ended before: event {earlier.sequence} is `{earlier.kind}`.",
            f"`labctl show {begun.session}` shows the state of the session.",
        )
    full = replace(
        entry,
        kind=begun.verb + entry.kind,
        data={**entry.data, INTENT: intent},
        actor=entry.actor or begun.actor,
        opens=-1,
    )
    return append(connection, begun.session, full, now)


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


def _end_of(connection: Connection, begun: Intention) -> Event | None:
    event = schema.events.c
    query = select(schema.events).where(
        event.session == begun.session,
        event.sequence > begun.sequence,
        event.kind.in_([begun.verb + ending for ending in ENDS]),
    )
    found = [event_from(tuple(values)) for values in connection.execute(query)]
    return next((event for event in found if event.data.get(INTENT) == begun.id), None)


def _intention(event: Event) -> Intention:
    own = {key: value for key, value in event.data.items() if key not in (*RESERVED, CHANGES)}
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
