"""The centre's own log: a chain as a session's, people beside it, and stores from before it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine

from labctl.errors import StoreError
from labctl.store import CENTRE, Event, NewSession, OutOfDate, Person, Store, database, schema
from labctl.store.upgrade import configuration
from tests.tampering import tamper


@pytest.fixture
def store(tmp_path: Path, url: str | None) -> Iterator[Store]:
    with Store.open(tmp_path, url) as opened:
        yield opened


def fill(store: Store) -> None:
    for number in range(1, 5):
        store.record("staff.added", {"account": f"a{number}"}, "root")


def test_the_log_is_a_chain_in_order(store: Store) -> None:
    assert store.centre_events() == ()
    fill(store)
    store.record("lab.approved", {"lab": "notes"}, "a1")
    events = store.centre_events()
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert {event.session for event in events} == {CENTRE}
    assert [after.previous for after in events[1:]] == [before.hash for before in events[:-1]]
    assert [event.data["lab"] for event in store.centre_events("lab")] == ["notes"]
    assert store.centre_events("la") == ()
    assert store.audit_centre() == ()


@pytest.mark.parametrize(
    "statement, sequence, what",
    [
        ("DELETE FROM centre_events WHERE sequence = 2", 2, "the event is missing"),
        ("DELETE FROM centre_events WHERE sequence > 2", 3, "and so is every one up to 4"),
        ("DELETE FROM centre_events", 1, "and so is every one up to 4"),
        ("UPDATE centre_events SET actor = 'eve' WHERE sequence = 3", 3, "was changed"),
        ("UPDATE centre_events SET session = 'abcdef' WHERE sequence = 3", 3, "was changed"),
        ("UPDATE centre_events SET data = '{' WHERE sequence = 1", 1, "not JSON"),
        ("UPDATE installation SET sequence = 3", 4, "its row knows of 3 events only"),
        ("UPDATE installation SET head = 'x'", None, "it ends with 'x'"),
        ("DELETE FROM installation", None, "the row that says where it ends is missing"),
    ],
)
def test_audit_names_what_was_changed(
    store: Store, statement: str, sequence: int | None, what: str
) -> None:
    fill(store)
    tamper(store, statement)
    problems = store.audit_centre()
    assert any(p.sequence == sequence and what in p.what for p in problems), problems
    assert str(problems[0]).startswith("the centre's log")


@pytest.mark.parametrize("column", [field.name for field in fields(Event)])
def test_a_change_in_any_column_is_found(store: Store, column: str) -> None:
    fill(store)
    more = "sequence + 5" if column == "sequence" else f"substr({column}, 2) || 'x'"
    tamper(store, f"UPDATE centre_events SET {column} = {more} WHERE sequence = 2")
    assert store.audit_centre() != ()


def test_a_damaged_event_is_named_when_it_is_read(store: Store) -> None:
    fill(store)
    tamper(store, "UPDATE centre_events SET data = '[]' WHERE sequence = 2")
    with pytest.raises(StoreError, match="Event 2 of the centre's log is damaged"):
        store.centre_events()


def test_blobs_that_events_rest_on_are_audited(store: Store) -> None:
    digest = store.put_blob(b"report")
    store.record("lab.approved", {"blobs": [digest]}, "a")
    assert store.audit_centre() == ()
    (store.home / "blobs" / digest[:2] / digest[2:]).unlink()
    (problem,) = store.audit_centre()
    assert (problem.session, problem.sequence) == (CENTRE, 1)
    with pytest.raises(StoreError, match="is not in the store"):
        store.record("lab.approved", {"blobs": ["ab" * 32]}, "a")


def test_people_and_the_event_are_one(store: Store) -> None:
    person = Person("C1", "Grace Hopper")
    with pytest.raises(ValueError, match="not JSON"):
        store.record("roster.imported", {"x": float("nan")}, "a", people=[person])
    assert store.people() == {}
    store.record("roster.imported", {}, "a", people=[person], expect_sequence=0)
    with pytest.raises(OutOfDate, match="moved on: its last event is 1, not 0"):
        store.record("person.erased", {}, "a", forget=["C1"], expect_sequence=0)
    assert store.people() == {"C1": person}
    assert store.audit_centre() == ()


def test_names_that_stay_in_the_log_of_writes_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with Store.open(tmp_path) as store:
        store.record("roster.imported", {}, "amy", people=[Person("C1", "Grace Hopper")])
        with store._database.reading() as reader:
            reader.exec_driver_sql("SELECT count(*) FROM people").scalar_one()
            with pytest.raises(StoreError, match="They are erased from the record, but") as caught:
                store.record("person.erased", {}, "amy", forget=["C1"])
        assert "the file goes with the last" in caught.value.hint
        assert store.people() == {}
    assert not any(b"Grace" in path.read_bytes() for path in tmp_path.glob("labctl.db*"))


def test_a_store_from_before_the_log_is_brought_up_to_date(tmp_path: Path) -> None:
    """A store as revision 0001 made it, with a session and a person in it."""
    with Store.open(tmp_path / "new") as store:
        plan = store.put_blob(b"{}")
        code = store.create_session(NewSession("C1", "lab", "ab" * 32, 1, "practice", plan), "a")
        later = ("held", "sitting")
        columns = ", ".join(each.name for each in schema.sessions.columns if each.name not in later)
        kept = [list(row) for row in rows(tmp_path / "new", f"SELECT {columns} FROM sessions")]
        logged = [list(row) for row in rows(tmp_path / "new", "SELECT * FROM events")]
    old = tmp_path / "old"
    (old / "blobs" / plan[:2]).mkdir(parents=True)
    (old / "blobs" / plan[:2] / plan[2:]).write_bytes(
        (tmp_path / "new" / "blobs" / plan[:2] / plan[2:]).read_bytes()
    )
    at_first_revision(old / "labctl.db")
    with closing(sqlite3.connect(old / "labctl.db")) as connection:
        for table, found in (("sessions", kept), ("events", logged)):
            marks = ", ".join("?" for _ in found[0])
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", found)
        connection.execute("INSERT INTO people VALUES ('C1', 'Grace Hopper', '{}')")
        (installation,) = connection.execute("SELECT id FROM installation").fetchone()
        connection.commit()

    with Store.open(old, upgrade=True) as store:
        assert store.installation_id == installation
        assert store.session(code.code) == code
        assert store.audit(code.code) == store.audit_centre() == ()
        assert store.names() == {"C1": "Grace Hopper"}
        assert store.record("staff.added", {"account": "a"}, "root").sequence == 1
        assert store.audit_centre() == ()


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / "labctl.db")) as connection:
        return connection.execute(query).fetchall()


def at_first_revision(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
