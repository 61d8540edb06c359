"""The database under the store: connections, transactions, versions, and what can go wrong.

SQLite is set up so that a record that was acknowledged is there after a power cut, and so that
readers in other processes never wait for a writer. `postgresql` does the same for the other one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from labctl.errors import StoreError
from labctl.store import postgresql
from labctl.store.blobs import cannot_write, disk_full
from labctl.store.home import DATABASE_VARIABLE, Home
from labctl.store.locks import exclusive

REVISION = "0004"
"""The version of the tables that this program reads and writes: the newest migration."""

BUSY_SECONDS = 30.0
"""How long a writer waits for another. A transaction takes milliseconds; this is for slow disks."""

MIGRATION_SECONDS = 120.0

_WRITES = "labctl_writes"


class Database:
    """Connections to one database whose tables are of this program's version."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine
        self.file = Path(where) if engine.dialect.name == "sqlite" else None
        """The SQLite file; None where the record is on a server."""
        self._reader = engine if self.file else postgresql.reading(engine)
        writing = engine if self.file else postgresql.writing(engine)
        self._writer = writing.execution_options(**{_WRITES: True})
        self.where = where
        """The file, or the URL without its password."""

    @classmethod
    def open(cls, home: Home, url: str | None, *, upgrade: bool = False) -> Database:
        """Connect, and make the tables where there are none.

        Those of an older version are brought to this one if `upgrade` says so. Raises `StoreError`
        for those that are not, and where the database cannot be used or was written by a newer
        program.
        """
        database = cls.connect(home, url)
        try:
            if database.version() != REVISION:
                database.bring_up_to_date(home, upgrade=upgrade)
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def connect(cls, home: Home, url: str | None) -> Database:
        """Get ready to connect, to whatever tables there are; raises as `open` does."""
        target = _target(home, url)
        file = target.database if target.get_backend_name() == "sqlite" else None
        return cls(_engine(target), file or postgresql.shown(target))

    @classmethod
    def still(cls, file: Path) -> Database:
        """A file that nobody writes to, for reading: nothing is made beside it."""
        query = {"immutable": "1", "uri": "true"}
        target = URL.create("sqlite", database=file.absolute().as_uri(), query=query)
        return cls(_engine(target), str(file))

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout."""
        with self._guarded(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is recorded as a whole, durably, or not at all."""
        with self._guarded(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def lenient(self) -> Iterator[Connection]:
        """As `reading`, but text that is not UTF-8 comes as lone surrogates instead of an error."""
        with self.reading() as connection:
            driver: Any = connection.connection.dbapi_connection
            if not isinstance(driver, sqlite3.Connection):
                yield connection  # other databases keep no such text
                return
            driver.text_factory = _decode
            try:
                yield connection
            finally:
                driver.text_factory = str

    def forget_erased(self) -> None:
        """Remove what is left of erased people: SQLite's log and PostgreSQL's table hold it yet.

        Raises `StoreError` where somebody reads for so long that it stays.
        """
        with self._guarded():
            if not self.file:
                postgresql.forget_erased(self._engine)
                return
            with self._reader.connect() as connection:
                driver: Any = connection.connection.dbapi_connection
                (busy, *_) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise _not_forgotten(self.file)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _explained(error, self.where, sqlite=bool(self.file)) from error

    def bring_up_to_date(self, home: Home, *, upgrade: bool) -> None:
        """Make the tables, or run the migrations that they lack; raises as `open` does."""
        # Two first commands at once: one makes the tables, the other waits and finds them.
        lock = exclusive(home.locks / "migration.lock", "The store", wait=MIGRATION_SECONDS)
        with lock, self._guarded():
            version = self.version()
            if version == REVISION:
                return
            if version is None:
                with self._made():
                    return
            # Alembic takes a quarter of a second to import and is needed once in a version's life.
            from labctl.store import upgrade as migrations  # noqa: PLC0415

            if version not in migrations.known_revisions():
                raise too_new(self.where, version)
            if not upgrade:
                raise _too_old(self.where, version)
            with self._writer.begin() as connection:
                migrations.upgrade(connection)

    @contextmanager
    def upgraded(self) -> Iterator[Connection]:
        """A transaction in which the tables, which are older, have been brought to this version."""
        from labctl.store.upgrade import upgrade  # noqa: PLC0415  # as above

        with self.writing() as connection:
            upgrade(connection)
            yield connection

    def version(self) -> str | None:
        """The version of the tables that are there; None where there are none."""
        with self.reading() as connection:
            return _version(connection)

    @contextmanager
    def filling(self) -> Iterator[Connection]:
        """A transaction in which an empty database has got its tables, and nothing in them yet.

        Raises `StoreError` where there is a record already.
        """
        with self._made() as (connection, new):
            if not new:
                raise _taken(self.where)
            yield connection

    @contextmanager
    def _made(self) -> Iterator[tuple[Connection, bool]]:
        """A transaction in which there are tables, and whether it has made them."""
        from labctl.store.upgrade import upgrade  # noqa: PLC0415  # as above

        with self._guarded():
            if self.file and self.version() is None:
                self._prepare()
            with self._writer.begin() as connection:
                # Another machine, which has other locks, may have used the server meanwhile.
                new = _version(connection) is None
                if new and not self.file:
                    postgresql.examine(connection, self.where)
                if new:
                    upgrade(connection)
                yield connection, new

    def _prepare(self) -> None:
        """Turn a new SQLite file to write-ahead logging: once, since the file remembers it."""
        path = self._engine.url.database
        assert path is not None
        with sqlite3.connect(path, timeout=BUSY_SECONDS) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.close()
        if mode != "wal":
            raise StoreError(
                f"The file system of `{path}` cannot share memory between processes (WAL).",
                "Name a directory on a local file system by `LABCTL_HOME`.",
            )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _target(home: Home, url: str | None) -> URL:
    """Where the database is; makes the SQLite file, so that it is private from its first byte."""
    try:
        target = make_url(url) if url else URL.create("sqlite", database=str(home.database))
        backend = target.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"`{DATABASE_VARIABLE}` is not a database URL.", _URL_HINT) from error
    if backend not in ("sqlite", postgresql.BACKEND) or (
        backend == "sqlite" and not target.database
    ):
        raise StoreError(
            f"`{DATABASE_VARIABLE}` names a database that labctl cannot use.", _URL_HINT
        )
    if backend != "sqlite":
        return postgresql.with_driver(target)
    path = Path(target.database or "").absolute()
    try:
        # The log and its index take the file's mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise cannot_write(path, error) from error
    return target.set(database=str(path))


_URL_HINT = (
    "Use `postgresql://USER@HOST/NAME` or `sqlite:////PATH`, or unset the variable to keep "
    "the record under `LABCTL_HOME`."
)


def _engine(target: URL) -> Engine:
    try:
        if target.get_backend_name() != "sqlite":
            return postgresql.engine(target, _WRITES, BUSY_SECONDS)
        engine = create_engine(target, connect_args={"timeout": BUSY_SECONDS})
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            f"The driver for `{DATABASE_VARIABLE}` is not installed: {error}.",
            "Install it into labctl's environment (for PostgreSQL: `pip install psycopg[binary]`).",
        ) from error
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python's driver would begin transactions late and not at all for DDL: `_begin_sqlite` does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    # FULL flushes the log at each commit. With NORMAL, SQLite's usual choice for WAL, a power cut
    # may take back the last transactions: a candidate's hand-in that was acknowledged.
    cursor.execute("PRAGMA synchronous = FULL")
    # What is deleted is overwritten: only people are, and they mean it.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer locks before it reads: two that read the same last number and then both write would
    # otherwise have to be told apart by an error.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def too_new(where: str, version: str) -> StoreError:
    """The error for a record, or a copy of one, whose tables this program does not know."""
    return StoreError(
        f"`{where}` was written by a newer labctl (tables {version}; this one knows {REVISION}).",
        "Use that version of labctl, or name another directory by `LABCTL_HOME`.",
    )


def _too_old(where: str, version: str) -> StoreError:
    return StoreError(
        f"`{where}` was written by an older labctl (tables {version}; this one wants {REVISION}).",
        "`labctl upgrade` makes a backup, and brings it up to date.",
    )


def _taken(where: str) -> StoreError:
    return StoreError(
        f"There is a record in `{where}` already.",
        f"Name an empty database by `{DATABASE_VARIABLE}`, or unset it to use a file.",
    )


def _not_forgotten(file: Path) -> StoreError:
    return StoreError(
        f"They are erased from the record, but `{file}-wal` has their names while it is read.",
        "End every labctl that has the record open, the server too: the file goes with the last.",
    )


def _explained(error: Exception, where: str, *, sqlite: bool) -> StoreError:
    """The error for people: what happened to which database, and the cure."""
    cause: object = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if not sqlite:
        return postgresql.explained(cause, where, BUSY_SECONDS)
    name = str(getattr(cause, "sqlite_errorname", "") or "")
    message, hint = f"`{where}` could not be used: {cause}.", ""
    if name in ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"):
        return disk_full(where)
    if name.startswith("SQLITE_BUSY"):
        message = f"Another process has been writing to `{where}` for {BUSY_SECONDS:.0f} seconds."
        hint = "Wait until it has ended, then run the command again."
    elif name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        hint = "Check that the file and its directory are yours and can be written."
    elif name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "decode to UTF-8" in str(cause):
        message = f"`{where}` is damaged: {cause}."
        hint = "Restore it from a backup; the damaged file is left as it is."
    elif name.startswith("SQLITE_IOERR"):
        hint = "Check the disk (`dmesg` shows its errors); the last transaction was not recorded."
    return StoreError(message, hint)
