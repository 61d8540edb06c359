"""The logs of sittings in either database: a chain each, with a row that says where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.errors import StoreError, UnknownName
from labctl.store import NewSession, OutOfDate, SessionFilter, Store
from labctl.store.records import SITTING
from tests.tampering import tamper


@pytest.fixture
def store(tmp_path: Path, url: str | None) -> Iterator[Store]:
    with Store.open(tmp_path, url) as opened:
        yield opened


def create(store: Store) -> str:
    return store.sittings.create("sitting.planned", {"room": "R 12"}, "ada", "planned")


def test_a_sitting_is_a_log_and_a_row(store: Store) -> None:
    code = create(store)
    assert SITTING.fullmatch(code)
    first, second = store.sittings.events(code)[0], store.sittings.append(code, "x", {}, "bo")
    assert (first.session, first.sequence, first.actor) == (code, 1, "ada")
    assert first.data == {"room": "R 12", "stage": "planned"}
    assert second.previous == first.hash
    last = store.sittings.append(code, "sitting.ended", {}, "ada", stage="ended")
    row = store.sittings.get(code)
    assert (row.stage, row.sequence, row.head) == ("ended", 3, last.hash)
    assert (row.created, row.updated) == (first.at, last.at)
    assert store.sittings.list() == (row,)
    assert store.sittings.audit(code) == ()


def test_sittings_are_listed_in_their_order(store: Store) -> None:
    codes = [create(store) for _ in range(5)]
    assert [each.code for each in store.sittings.list()] == codes


def test_what_the_store_refuses(store: Store) -> None:
    code = create(store)
    with pytest.raises(ValueError, match="stage"):
        store.sittings.append(code, "x", {"stage": "ended"}, "ada")
    store.sittings.append(code, "x", {}, "ada", expect_sequence=1)
    with pytest.raises(OutOfDate, match="has moved on: its last event is 2, not 1"):
        store.sittings.append(code, "x", {}, "ada", expect_sequence=1)
    for call in (store.sittings.get, store.sittings.events, store.sittings.audit):
        with pytest.raises(UnknownName, match="No sitting is called"):
            call("s-zzzz")
    with pytest.raises(UnknownName):
        store.sittings.append("s-zzzz", "x", {}, "ada")
    with pytest.raises(ValueError, match="is not a session code"):
        store.lock("s-")


def test_codes_that_are_all_taken_are_an_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = create(store)
    monkeypatch.setattr(store.sittings, "_codes", lambda: code)
    with pytest.raises(StoreError, match="No free code for a sitting"):
        create(store)


def test_sessions_say_whose_they_are(store: Store) -> None:
    code, plan = create(store), store.put_blob(b"{}")
    mine = store.create_session(
        NewSession("C1", "lab", "ab" * 32, 1, "practice", plan, sitting=code), "ada"
    )
    other = store.create_session(NewSession("C1", "lab", "ab" * 32, 1, "practice", plan), "ada")
    assert (mine.sitting, other.sitting) == (code, None)
    assert store.sessions(SessionFilter(sitting=code)) == (mine,)
    assert store.audit(mine.code) == store.audit(other.code) == ()
    tamper(store, f"UPDATE sessions SET sitting = '{code}' WHERE code = '{other.code}'")
    (problem,) = store.audit(other.code)
    assert f"the session's row says sitting '{code}', its log None" in problem.what


@pytest.mark.parametrize(
    "statement, sequence, what",
    [
        ("DELETE FROM sitting_events WHERE sequence = 2", 2, "the event is missing"),
        ("DELETE FROM sitting_events WHERE sequence > 2", 3, "and so is every one up to 4"),
        ("UPDATE sitting_events SET actor = 'eve' WHERE sequence = 3", 3, "was changed"),
        ("UPDATE sitting_events SET data = '{' WHERE sequence = 1", 1, "not JSON"),
        ("UPDATE sittings SET sequence = 3", 4, "its row knows of 3 events only"),
        ("UPDATE sittings SET stage = 'planned'", None, "the sitting's row says stage 'planned'"),
        ("UPDATE sittings SET head = 'x'", None, "the sitting's row says head 'x'"),
        ("DELETE FROM sitting_events", 1, "and so is every one up to 4"),
        ("DELETE FROM sittings", None, "the sitting's row is missing, its events are there"),
    ],
)
def test_a_tampered_row_is_found_and_named(
    store: Store, statement: str, sequence: int | None, what: str
) -> None:
    code = create(store)
    store.sittings.append(code, "x", {"blobs": [store.put_blob(b"x")]}, "ada")
    store.sittings.append(code, "y", {}, "ada")
    store.sittings.append(code, "sitting.ended", {"seats": ["odd"]}, "ada", stage="ended")
    assert store.sittings.audit(code) == ()
    tamper(store, statement)
    problems = store.sittings.audit(code)
    assert any(each.sequence == sequence and what in each.what for each in problems), problems
    assert set(problems) <= set(store.audit_all())
    assert str(problems[0]).startswith(f"sitting {code}")


def test_a_lost_blob_is_named(store: Store) -> None:
    code, digest = create(store), store.put_blob(b"x")
    store.sittings.append(code, "x", {"blobs": [digest]}, "ada")
    (store.home / "blobs" / digest[:2] / digest[2:]).unlink()
    (problem,) = store.sittings.audit(code)
    assert (problem.session, problem.sequence) == (code, 2)
