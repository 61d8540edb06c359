"""The centre's own log: staff, rosters, approved labs. Inside a transaction that the caller holds.

It is a hash chain as a session's is; the row of the installation says where it ends. Codes and
accounts stand in it, never a name: those are in the table of people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from labctl.errors import StoreError
from labctl.store import chain, schema
from labctl.store.chain import Link
from labctl.store.log import OutOfDate
from labctl.store.records import BLOBS, CENTRE, Event, Problem


def lock(connection: Connection) -> Link:
    """Keep other writers from the log until the transaction ends; where it ends now."""
    row = schema.installation.c
    query = select(row.sequence, row.head).with_for_update()
    return Link(*connection.execute(query).one())


def expect(connection: Connection, sequence: int) -> None:
    """Raise `OutOfDate` unless the last event is number `sequence`."""
    last = lock(connection).sequence
    if last != sequence:
        raise OutOfDate(
            f"The centre's log has moved on: its last event is {last}, not {sequence}.",
            "See what happened with `labctl centre log`, then run the command again.",
        )


def append(
    connection: Connection, kind: str, data: Mapping[str, Any], actor: str, now: str
) -> Event:
    """Append to the log, and say in the installation's row that it ends there."""
    event = chain.follow(CENTRE, lock(connection), kind=kind, data=data, actor=actor, now=now)
    connection.execute(insert(schema.centre_events), chain.columns(event))
    end = {"sequence": event.sequence, "head": event.hash}
    connection.execute(update(schema.installation).values(**end))
    return event


def events(connection: Connection, family: str) -> tuple[Event, ...]:
    """The log in order: all of it, or the kinds that begin with `family` and a dot.

    Raises `StoreError` for a damaged event.
    """
    row = schema.centre_events
    query = select(row).order_by(row.c.sequence)
    if family:
        query = query.where(row.c.kind.startswith(f"{family}.", autoescape=True))
    return tuple(chain.event_from(tuple(values)) for values in connection.execute(query))


def audit(connection: Connection, read_blob: Callable[[str], object]) -> tuple[Problem, ...]:
    """Everything in the log that does not add up; `read_blob` as for a session's audit."""
    end = connection.execute(
        select(schema.installation.c.sequence, schema.installation.c.head)
    ).one_or_none()
    row = schema.centre_events
    query = select(row).order_by(row.c.sequence)
    rows = [tuple(found) for found in connection.execute(query)]
    if end is None:
        return (Problem(CENTRE, None, "the row that says where it ends is missing"),)
    count = end.sequence if isinstance(end.sequence, int) else len(rows)
    problems = list(chain.broken_links(CENTRE, rows, count))
    last = rows[-1][-1] if rows else chain.GENESIS
    if end.head != last:
        told = f"its row says that it ends with {end.head!a}, its last event is {last!a}"
        problems.append(Problem(CENTRE, None, told))
    return (*problems, *lost_blobs(CENTRE, rows, read_blob))


def lost_blobs(
    log: str, rows: list[chain.Row], read_blob: Callable[[str], object]
) -> list[Problem]:
    """The blobs that events of the log list and that are missing or damaged."""
    problems = []
    for row in rows:
        try:
            event = chain.event_from(row)
        except StoreError:
            continue  # named by its place in the chain already
        digests = event.data.get(BLOBS, ())
        for digest in digests if isinstance(digests, list) else ():
            try:
                read_blob(str(digest))
            except StoreError as error:
                problems.append(Problem(log, event.sequence, error.message))
    return problems
