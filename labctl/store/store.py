"""The store: one object for everything that is recorded.

Each method is one transaction, or one file. What it returns is frozen and was durable before it
returned. Failures are `StoreError` (disk full, damage, no access) or `UnknownName`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import select

from labctl.errors import StoreError
from labctl.store import audit, centre, intentions, log, runs, schema
from labctl.store import people as people_table
from labctl.store.blobs import Blobs, cannot_write
from labctl.store.database import Database
from labctl.store.home import Home
from labctl.store.locks import exclusive, shared
from labctl.store.records import (
    BLOBS,
    CODE,
    CODE_ALPHABET,
    SITTING,
    Event,
    Intention,
    NewSession,
    Person,
    Problem,
    Result,
    Run,
    RunRecord,
    SessionFilter,
    SessionRecord,
    time_text,
)
from labctl.store.sittings import Sittings

Deadline = str | Callable[[str], str | None] | None
"""A session's new deadline; or what gives it, or none, by the time at which the event is recorded.

None leaves it as it is.
"""

_TRIES = 100
"""Codes tried before giving up; there are more than 600 million."""


def new_code() -> str:
    """A session code that nobody can guess from another; see `records.CODE`."""
    first = secrets.choice(CODE_ALPHABET[:23])
    return first + "".join(secrets.choice(CODE_ALPHABET) for _ in range(5))


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The record of one installation of labctl. Open it with `Store.open`, close it after use.

    May be shared by threads. Any number of processes may have the same store open.
    """

    def __init__(
        self,
        home: Home,
        database: Database,
        clock: Callable[[], datetime] = _utc_now,
        codes: Callable[[], str] = new_code,
        held: ExitStack | None = None,
    ) -> None:
        self._home = home
        self._held = held or ExitStack()
        self._database = database
        self._blobs = Blobs(home.blobs)
        self._clock = clock
        self._codes = codes

    @classmethod
    def open(
        cls,
        home: Path,
        url: str | None = None,
        *,
        clock: Callable[[], datetime] = _utc_now,
        codes: Callable[[], str] = new_code,
        upgrade: bool = False,
    ) -> Self:
        """Open the store under `home`, making it where there is none.

        `url` names another database than the SQLite file there (blobs and locks stay in `home`).
        One that is of an older program is brought up to date if `upgrade` says so. Raises
        `StoreError` for one that is not, or was written by a newer program, or cannot be used, and
        `Busy` while `home` is replaced or upgraded, which nobody can begin before it is closed.
        """
        place = Home(home.absolute())
        with ExitStack() as held:
            try:
                place.make()
                held.enter_context(shared(place.lock, f"`{place.path}`"))
                database = Database.open(place, url, upgrade=upgrade)
            except OSError as error:
                raise cannot_write(error.filename or place.path, error) from error
            return cls(place, database, clock, codes, held.pop_all())

    def close(self) -> None:
        """Let go of the database; may be called more than once."""
        self._database.close()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def home(self) -> Path:
        """The state directory."""
        return self._home.path

    @property
    def where(self) -> str:
        """What holds the record: a file, or a database's URL without its password."""
        return self._database.where

    @cached_property
    def installation_id(self) -> str:
        """12 hex digits drawn when the store was made; tells what is ours from another store's."""
        with self._database.reading() as connection:
            found: str = connection.execute(select(schema.installation.c.id)).scalar_one()
        return found

    @cached_property
    def sittings(self) -> Sittings:
        """The sittings and their logs."""
        return Sittings(self._database, self._now, self._blobs.get)

    # ------------------------------------------------------------------ sessions and events

    def create_session(self, new: NewSession, actor: str) -> SessionRecord:
        """Record a new session and its event `session.created`; gives it a code of its own.

        The plan must be in the store already (`put_blob`).
        """
        self._demand(new.plan)
        with self._database.writing() as connection:
            for _ in range(_TRIES):
                code = self._codes()
                if not log.taken(connection, code):
                    return log.create(connection, code, new, actor, self._now())
        raise StoreError(f"No free session code was found in {_TRIES} tries.", "Try again.")

    def session(self, code: str) -> SessionRecord:
        """The session called `code`; raises `UnknownName` with the nearest codes."""
        with self._database.reading() as connection:
            return log.read(connection, code)

    def sessions(self, wanted: SessionFilter = SessionFilter()) -> tuple[SessionRecord, ...]:  # noqa: B008  # frozen
        """All sessions that match, oldest first."""
        with self._database.reading() as connection:
            return log.listed(connection, wanted)

    def append(
        self,
        session: str,
        kind: str,
        data: Mapping[str, Any],
        actor: str,
        *,
        state: str | None = None,
        deadline: Deadline = None,
        held: bool | None = None,
        expect_sequence: int | None = None,
    ) -> Event:
        """Append an event; `state`, `deadline` and `held`, where given, become the session's.

        `data` is JSON-like; its key `session` is the store's own, and so are kinds that end in
        `.intended`, `.done` and `.undone` (`ValueError`). Raises `OutOfDate` if `expect_sequence`
        is not the number of the last event.
        """
        if kind.endswith(intentions.SUFFIXES):
            raise ValueError(f"{kind}: intentions are recorded by intend, complete and undo")
        own = _own(data)
        with self._database.writing() as connection:
            if expect_sequence is not None:
                log.expect(connection, session, expect_sequence)
            now = self._now()
            entry = log.Entry(kind, own, actor, _changes(state, deadline, now, held=held))
            return log.append(connection, session, entry, now)

    def events(self, session: str) -> tuple[Event, ...]:
        """The session's log, in order."""
        with self._database.reading() as connection:
            return log.events(connection, session)

    def turns(
        self,
        kinds: Sequence[str],
        wanted: SessionFilter = SessionFilter(),  # noqa: B008  # frozen
    ) -> dict[str, tuple[Event, ...]]:
        """Of each session that matches: its events that changed its state, or are of these kinds.

        In order, by session code, in one query.
        """
        with self._database.reading() as connection:
            return log.turns(connection, kinds, wanted)

    def audit(self, session: str) -> tuple[Problem, ...]:
        """Everything that does not add up in the session's record; nothing if all does."""
        with self._database.lenient() as connection:
            return audit.audit(connection, session, self._blobs.get)

    def audit_all(self) -> tuple[Problem, ...]:
        """Everything that does not add up in the record, the centre's log included."""
        with self._database.lenient() as connection:
            return audit.audit_all(connection, self._blobs.get)

    # ------------------------------------------------------------------ intentions

    def intend(
        self,
        session: str,
        verb: str,
        data: Mapping[str, Any],
        actor: str,
        *,
        state: str | None = None,
        deadline: Deadline = None,
    ) -> str:
        """Record that this process sets out to `verb`; returns the id that ends it."""
        own = _own(data, intentions.RESERVED)
        with self._database.writing() as connection:
            now = self._now()
            entry = log.Entry(verb, own, actor, _changes(state, deadline, now))
            return intentions.intend(connection, session, entry, now).id

    def complete(
        self,
        intent: str,
        data: Mapping[str, Any],
        *,
        actor: str = "",
        state: str | None = None,
        deadline: Deadline = None,
    ) -> Event:
        """Record that the intention was carried out; raises `StoreError` if it ended before.

        Without an `actor` it is the one who had the intention.
        """
        own = _own(data, intentions.RESERVED)
        with self._database.writing() as connection:
            now = self._now()
            entry = log.Entry(intentions.DONE, own, actor, _changes(state, deadline, now))
            return intentions.end(connection, intent, entry, now)

    def undo(
        self,
        intent: str,
        data: Mapping[str, Any],
        *,
        actor: str = "",
        state: str | None = None,
    ) -> Event:
        """Record that what the intention began was taken back."""
        entry = log.Entry(
            intentions.UNDONE, _own(data, intentions.RESERVED), actor, _changes(state)
        )
        with self._database.writing() as connection:
            return intentions.end(connection, intent, entry, self._now())

    def open_intentions(self, session: str | None = None) -> tuple[Intention, ...]:
        """What is half done, in one session or in all."""
        with self._database.reading() as connection:
            return intentions.open_ones(connection, session)

    def lock(self, session: str, *, wait: float = 0.0) -> AbstractContextManager[None]:
        """Hold the session against all other processes and threads, for the length of a `with`.

        Waits at most `wait` seconds, then raises `Busy`, which says who holds it. The kernel lets
        go of the lock when its holder ends, however it ends. A sitting is held by its code too.
        """
        sitting = SITTING.fullmatch(session)
        if not sitting and not CODE.fullmatch(session):
            raise ValueError(f"{session!a} is not a session code")
        what = f"{'Sitting' if sitting else 'Session'} `{session}`"
        return exclusive(self._lock_of(session), what, wait)

    def was_locked(self, session: str) -> bool:
        """Whether `lock` was ever called for it in this state directory."""
        return self._lock_of(session).exists()

    def _lock_of(self, session: str) -> Path:
        return self._home.locks / f"{session}.lock"

    # ------------------------------------------------------------------ runs

    def record_run(
        self,
        session: str,
        run: Run,
        results: Sequence[Result],
        actor: str,
        *,
        state: str | None = None,
    ) -> RunRecord:
        """Record a grading run, its results and its event `run.recorded`, all or nothing.

        The transcript must be in the store already (`put_blob`).
        """
        if run.transcript is not None:
            self._demand(run.transcript)
        with self._database.writing() as connection:
            changes, now = _changes(state), self._now()
            return runs.record(
                connection, session, run, results, actor=actor, changes=changes, now=now
            )

    def runs(self, session: str) -> tuple[RunRecord, ...]:
        """The session's runs, in order."""
        with self._database.reading() as connection:
            return runs.of_session(connection, session)

    def latest_runs(
        self,
        wanted: SessionFilter = SessionFilter(),  # noqa: B008  # frozen
    ) -> dict[str, RunRecord]:
        """The last run of each session that matches and has one, by session code."""
        with self._database.reading() as connection:
            return runs.latest(connection, wanted)

    def results(self, run: RunRecord) -> tuple[Result, ...]:
        """What the checks came to in `run`, in the order they were recorded in."""
        with self._database.reading() as connection:
            return runs.results(connection, run)

    # ------------------------------------------------------------------ blobs

    def put_blob(self, content: bytes) -> str:
        """Keep `content` for ever and return its digest, by which `get_blob` finds it."""
        return self._blobs.put(content)

    def get_blob(self, digest: str) -> bytes:
        """The content with that digest; raises `StoreError` if it is missing or damaged."""
        return self._blobs.get(digest)

    def has_blob(self, digest: str) -> bool:
        """Whether there is content with that digest."""
        return self._blobs.has(digest)

    def sweep_blobs(self) -> int:
        """Remove what killed writers left in the blob directory; returns how many files."""
        return self._blobs.sweep()

    # ------------------------------------------------------------------ the centre and its people

    def record(
        self,
        kind: str,
        data: Mapping[str, Any],
        actor: str,
        *,
        people: Sequence[Person] = (),
        forget: Sequence[str] = (),
        expect_sequence: int | None = None,
    ) -> Event:
        """Append to the centre's own log; `people` and `forget` are put and erased with it.

        The log names codes, the table of people alone who they are. Blobs that `data` lists under
        `blobs` must be in the store already. Raises `OutOfDate` as `append` does.
        """
        for digest in data.get(BLOBS, ()):
            self._demand(digest)
        with self._database.writing() as connection:
            if expect_sequence is not None:
                centre.expect(connection, expect_sequence)
            people_table.put(connection, people)
            people_table.erase(connection, forget)
            event = centre.append(connection, kind, data, actor, self._now())
        if forget:
            self._database.forget_erased()
        return event

    def centre_events(self, family: str = "") -> tuple[Event, ...]:
        """The centre's log, in order: all of it, or one family of kinds (`staff`, `lab`)."""
        with self._database.reading() as connection:
            return centre.events(connection, family)

    def audit_centre(self) -> tuple[Problem, ...]:
        """Everything that does not add up in the centre's log; nothing if all does."""
        with self._database.lenient() as connection:
            return centre.audit(connection, self._blobs.get)

    def person(self, code: str) -> Person:
        """The person behind the code; raises `UnknownName`."""
        with self._database.reading() as connection:
            return people_table.get(connection, code)

    def people(self) -> dict[str, Person]:
        """Every person on record, by code."""
        with self._database.reading() as connection:
            return people_table.everyone(connection)

    def names(self) -> dict[str, str]:
        """Code → name of every person on record."""
        with self._database.reading() as connection:
            return people_table.names(connection)

    def _now(self) -> str:
        return time_text(self._clock())

    def _demand(self, digest: str) -> None:
        if not self._blobs.has(digest):
            raise StoreError(f"`{digest}` is not in the store, so nothing can be built on it.")


def _own(data: Mapping[str, Any], reserved: Sequence[str] = ()) -> Mapping[str, Any]:
    """The caller's data; raises `ValueError` where it uses a key of the store's."""
    taken = {log.CHANGES, *reserved} & data.keys()
    if taken:
        raise ValueError(f"data may not have the keys {sorted(taken)}")
    return data


def _changes(
    state: str | None, deadline: Deadline = None, now: str = "", *, held: bool | None = None
) -> dict[str, Any]:
    given = {"state": state, "held": held}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if callable(deadline):
        changes["deadline"] = deadline(now)
    elif deadline is not None:
        changes["deadline"] = deadline
    return changes
