"""Who stands behind the codes: the only personal data, and the only data that can be erased."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from labctl.errors import UnknownName
from labctl.store import schema
from labctl.store.chain import clean, plain, spell
from labctl.store.records import Person


def put(connection: Connection, people: Iterable[Person]) -> None:
    """Record people, each in place of what was known under the code."""
    rows = [
        {"code": clean(each.code), "name": clean(each.name), "data": spell(plain(each.data))}
        for each in people
    ]
    erase(connection, [row["code"] for row in rows])
    if rows:
        connection.execute(insert(schema.people), rows)


def get(connection: Connection, code: str) -> Person:
    """The person; raises `UnknownName`."""
    row = schema.people
    found = connection.execute(select(row).where(row.c.code == code)).one_or_none()
    if found is None:
        raise UnknownName("person", code, names(connection), "labctl people list")
    return _person(*found)


def everyone(connection: Connection) -> dict[str, Person]:
    """Every person on record, by code, in one query."""
    # Databases differ in how they sort text.
    rows = sorted(tuple(values) for values in connection.execute(select(schema.people)))
    return {values[0]: _person(*values) for values in rows}


def names(connection: Connection) -> dict[str, str]:
    """Code → name of every person on record."""
    row = schema.people.c
    found = connection.execute(select(row.code, row.name))
    return dict(sorted((values.code, values.name) for values in found))


def erase(connection: Connection, codes: Iterable[str]) -> None:
    """Forget people, keep their sessions (they know the code alone)."""
    row = schema.people
    for code in codes:
        connection.execute(delete(row).where(row.c.code == code))


def _person(code: str, name: str, data: str) -> Person:
    return Person(code, name, json.loads(data))
