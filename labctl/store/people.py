"""Who stands behind the codes: the only personal data, and the only data that can be erased."""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, insert, select

from labctl.errors import UnknownName
from labctl.store import schema
from labctl.store.chain import clean, plain, spell
from labctl.store.records import Person


def put(connection: Connection, person: Person) -> None:
    """Record the person, in place of what was known under the code."""
    row = schema.people
    code = clean(person.code)
    connection.execute(delete(row).where(row.c.code == code))
    data = spell(plain(person.data))
    connection.execute(insert(row), {"code": code, "name": clean(person.name), "data": data})


def get(connection: Connection, code: str) -> Person:
    """The person; raises `UnknownName`."""
    found = everyone(connection)
    if code not in found:
        raise UnknownName("person", code, found)
    return found[code]


def everyone(connection: Connection) -> dict[str, Person]:
    """Every person on record, by code, in one query."""
    query = select(schema.people).order_by(schema.people.c.code)
    return {
        code: Person(code, name, json.loads(data)) for code, name, data in connection.execute(query)
    }


def erase(connection: Connection, code: str) -> bool:
    """Forget the person, keep the sessions (they know the code alone); says if there was one."""
    row = schema.people
    return connection.execute(delete(row).where(row.c.code == code)).rowcount > 0
