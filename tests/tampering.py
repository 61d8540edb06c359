"""Changing a record behind its store's back, as somebody with an editor would."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from labctl.store import Store


def tamper(store: Store, statement: str) -> None:
    """Have the store's database do something that no method of the store does.

    References between tables are not looked after, as they are not by SQLite's own shell.
    """
    if store.where.startswith("postgresql"):
        with store._database.writing() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(statement)
        return
    with closing(sqlite3.connect(store.where, isolation_level=None)) as raw:
        raw.execute(statement)
