"""A record as one SQLite file, whatever database it is in; and such a file back into a database.

The file has the tables of the record's own version, so that a copy can be made before an upgrade.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, MetaData, create_engine, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from labctl.errors import StoreError
from labctl.store import schema
from labctl.store.blobs import cannot_write, disk_full
from labctl.store.database import REVISION, Database
from labctl.store.home import Home

VERSIONS = "alembic_version"
_ROWS = 500


def copy_out(home: Home, url: str | None, target: Path) -> str:
    """Write the record into the new file `target`; returns the version of its tables.

    It is the record of one moment, and nobody who works with it meanwhile waits. Raises
    `StoreError`, also where there is no record.
    """
    if not url and not home.database.is_file():
        raise _nothing(str(home.database))
    with closing(Database.connect(home, url)) as database:
        version = database.version()
        if version is None:
            raise _nothing(database.where)
        try:
            target.touch(mode=0o600)
            if database.file is None:
                with database.reading() as rows:
                    _fill(rows, target, version)
            else:
                _copy_file(database.file, target)
        except OSError as error:
            raise cannot_write(target, error) from error
        except sqlite3.Error as error:
            if error.sqlite_errorname == "SQLITE_FULL":
                raise disk_full(target) from error
            raise StoreError(f"`{target}` could not be written: {error}.") from error
        except SQLAlchemyError as error:
            raise StoreError(f"`{target}` could not be written: {error}.") from error
    return version


def _nothing(where: str) -> StoreError:
    return StoreError(
        f"There is no record in `{where}`.", "Name the directory of the record by `LABCTL_HOME`."
    )


def _copy_file(path: Path, target: Path) -> None:
    """SQLite's own way, in one step: readers do not hold up writers, nor the other way round."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _fill(rows: Connection, target: Path, version: str) -> None:
    from labctl.store.upgrade import upgrade  # noqa: PLC0415  # as in database.py

    engine = create_engine(f"sqlite:///{target}")
    try:
        with engine.begin() as connection:
            upgrade(connection, version)
            copy_rows(rows, connection)
    finally:
        engine.dispose()
    # As every record in a file is; the file remembers it.
    with closing(sqlite3.connect(target)) as file:
        file.execute("PRAGMA journal_mode = WAL")


def copy_rows(source: Connection, target: Connection) -> None:
    """Every row of every table that `target` has, in place of what the migrations put there."""
    tables = MetaData()
    tables.reflect(bind=target)
    own = [table for table in tables.sorted_tables if table.name != VERSIONS]
    for table in reversed(own):
        target.execute(delete(table))
    for table in own:
        rows = source.execute(select(table), execution_options={"yield_per": _ROWS})
        for part in rows.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in part])


def restored_in(source: Path, home: Home, url: str) -> str | None:
    """The name of the database `url` if it has the record of the file `source` already.

    The last event of the centre's log, which says that it was restored, may be another.
    """
    engine = create_engine(f"sqlite:///{source}")
    try:
        with closing(Database.connect(home, url)) as database, engine.connect() as rows:
            if database.version() != REVISION:
                return None
            with database.reading() as found:
                return database.where if _ends(rows) == _ends(found) else None
    finally:
        engine.dispose()


def _ends(connection: Connection) -> tuple[object, ...]:
    """Whose record it is, and where each log ends, the centre's before its last event."""
    event = schema.centre_events.c
    last = select(event.sequence, event.kind, event.previous).order_by(event.sequence.desc())
    logs = [
        sorted(tuple(row) for row in connection.execute(select(table.c.code, table.c.head)))
        for table in (schema.sessions, schema.sittings)
    ]
    installation = connection.scalar(select(schema.installation.c.id))
    centre = connection.execute(last.limit(1)).one_or_none()
    return installation, centre and tuple(centre), logs


class CopiedIn(NamedTuple):
    """A database that was filled, in a transaction that is open yet; `where` is its name."""

    connection: Connection
    where: str


@contextmanager
def copied_in(source: Path, home: Home, url: str) -> Iterator[CopiedIn]:
    """Fill the empty database `url` from the SQLite file `source`, which is of this version.

    It is there when the body has ended, and undone where that raises. Raises `StoreError` for a
    database that has a record already.
    """
    engine = create_engine(f"sqlite:///{source}")
    try:
        with (
            closing(Database.connect(home, url)) as database,
            engine.connect() as rows,
            database.filling() as connection,
        ):
            copy_rows(rows, connection)
            yield CopiedIn(connection, database.where)
    finally:
        engine.dispose()
