"""What PostgreSQL needs to keep the record as SQLite does: one writer at a time, one view a reader.

psycopg 3 is the driver. What is said of errors goes by SQLSTATE (PostgreSQL's appendix A); where
no connection comes about there is none, and the server's words are all there is.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL

from labctl.errors import StoreError
from labctl.store.home import DATABASE_VARIABLE

BACKEND = "postgresql"
DRIVER = "postgresql+psycopg"

CONNECT_SECONDS = 10
"""How long to wait for a server that does not answer, unless the URL says it."""

_WRITERS = 0x6C616263746C  # "labctl"; advisory locks are known by number, one set a database


def with_driver(target: URL) -> URL:
    """The URL as it is used: psycopg 3, and a limit to the wait for a connection."""
    if target.drivername in (BACKEND, "postgres"):
        target = target.set(drivername=DRIVER)
    if "connect_timeout" not in target.query:
        target = target.update_query_dict({"connect_timeout": str(CONNECT_SECONDS)})
    return target


def shown(target: URL) -> str:
    """The URL without its password, wherever it stands in it, and without what we added."""
    hidden = [name for name in target.query if "password" in name or name == "connect_timeout"]
    return target.difference_update_query(hidden).render_as_string(hide_password=True)


def engine(target: URL, writes: str, busy_seconds: float) -> Engine:
    """Connections to the server; a transaction that has the option `writes` has no other beside."""
    found = create_engine(target, pool_pre_ping=True)
    limit = f"SET LOCAL lock_timeout = {int(busy_seconds * 1000)}"

    def begin(connection: Connection) -> None:
        # As with SQLite: a writer locks before it reads, so that nothing that it decides on can
        # change before it has written. Transactions take milliseconds.
        if connection.get_execution_options().get(writes, False):
            connection.exec_driver_sql(limit)
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    event.listen(found, "connect", _set_up)
    event.listen(found, "begin", begin)
    return found


def reading(found: Engine) -> Engine:
    """The same connections for transactions that see one state throughout, and change nothing."""
    return found.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(found: Engine) -> Engine:
    """The same connections for transactions that see what others wrote while they waited.

    Whatever the server is set to: with one view throughout it would be that of before the wait.
    """
    return found.execution_options(isolation_level="READ COMMITTED")


def _set_up(connection: Any, _record: object) -> None:
    # A server may be set to acknowledge before it has written: not what it keeps for us.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()


def examine(connection: Connection, where: str) -> None:
    """Raise `StoreError` for a database that cannot keep every text; before tables are made."""
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise StoreError(
            f"`{where}` keeps text as {encoding}, and the record is UTF-8.",
            "Make another: `createdb --encoding=UTF8 --template=template0 NAME`.",
        )


def forget_erased(found: Engine) -> None:
    """Write the table of people anew, so that its file has no erased row any more."""
    with found.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (FULL) people")


def explained(cause: object, where: str, busy_seconds: float) -> StoreError:
    """The error for people: what the server said about which database, and the cure."""
    said = " ".join(str(cause).split())
    state = str(getattr(cause, "sqlstate", None) or "")
    if state == "55P03":
        return StoreError(
            f"Another process has been writing to `{where}` for {busy_seconds:.0f} seconds.",
            "Wait until it has ended, then run the command again.",
        )
    message = f"`{where}` could not be used: {said.removesuffix('.')}."
    return StoreError(message, _cure_of_state(state) or _cure_of_words(said))


def _cure_of_state(state: str) -> str:
    for begins, cure in _CURES:
        if state.startswith(begins):
            return cure
    return ""


_CURES = (
    ("42501", "Let its user make tables: `GRANT CREATE ON SCHEMA public TO USER`, as its owner."),
    ("53100", "The server's disk is full; nothing was recorded. Make room on it, then try again."),
    ("53300", "The server takes no more connections: raise its `max_connections`."),
    ("25006", "That server only reads, as a standby does: name the one that takes writes."),
    ("22001", "A name is longer than the record can keep; shorten it."),
    ("XX001", "The server's files are damaged. Restore a backup: `labctl restore --help`."),
    ("57P0", "The server was shut down or ended the connection: see its log, then try again."),
    ("08", "The connection was lost: see whether the server runs, then try again."),
)

_WORDS = (
    ("does not exist", "Make what is missing: `createuser USER`, `createdb --owner=USER NAME`."),
    ("password", "Check user and password there, or keep the password in `~/.pgpass`."),
    ("authentication", "Check the user there; `pg_hba.conf` on the server says who may come in."),
    ("pg_hba.conf", "Check the user there; `pg_hba.conf` on the server says who may come in."),
    ("starting up", "The server is starting: wait for it, then try again."),
)

_NOT_THERE = (
    "See whether the server runs (`systemctl status postgresql`), and check host and port in "
    f"`{DATABASE_VARIABLE}`; without it the record is a file in `LABCTL_HOME`."
)


def _cure_of_words(said: str) -> str:
    return next((cure for word, cure in _WORDS if word in said), _NOT_THERE)
