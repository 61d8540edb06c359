"""Sessions, events and intentions: what is recorded, what is refused, what audit finds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from labctl.errors import StoreError, UnknownName
from labctl.store import (
    Event,
    NewSession,
    OutOfDate,
    Person,
    Result,
    Run,
    SessionFilter,
    SessionRecord,
    Store,
    moment,
    time_text,
)
from labctl.store.chain import FIELDS
from labctl.store.records import CODE
from tests.tampering import tamper

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


class Clock:
    """A minute passes at each reading."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def store(tmp_path: Path, url: str | None) -> Iterator[Store]:
    with Store.open(tmp_path, url, clock=Clock()) as opened:
        yield opened


def begin(store: Store, candidate: str = "C-17", **changes: Any) -> SessionRecord:
    values: dict[str, Any] = {
        "candidate": candidate,
        "lab": "static-routing",
        "lab_digest": "ab" * 32,
        "seed": 7,
        "mode": "practice",
        "plan": store.put_blob(b"{}"),
    }
    return store.create_session(NewSession(**values | changes), "assessor")


# ------------------------------------------------------------------ sessions


def test_a_session_begins_with_an_event_that_says_all_that_its_row_says(store: Store) -> None:
    session = begin(store, data={"note": "first sitting"})
    (event,) = store.events(session.code)
    assert CODE.fullmatch(session.code)
    assert (session.attempt, session.state, session.sequence) == (1, "created", 1)
    assert moment(session.created) == START + timedelta(minutes=1)
    assert event.kind == "session.created"
    assert event.data["note"] == "first sitting"
    assert event.data["session"].items() <= asdict(session).items()
    assert session.head == event.hash
    assert store.session(session.code) == session
    assert store.audit(session.code) == ()


def test_attempts_are_counted_for_each_candidate_and_lab(store: Store) -> None:
    made = [
        begin(store),
        begin(store),
        begin(store, candidate="C-18"),
        begin(store, lab="shared-folder"),
        begin(store, mode="assessment"),
    ]
    assert [session.attempt for session in made] == [1, 2, 1, 1, 3]


def test_a_code_that_is_taken_is_drawn_again(tmp_path: Path) -> None:
    codes = iter(["aaaaaa", "aaaaaa", "aaaaaa", "bbbbbb"])
    with Store.open(tmp_path, codes=lambda: next(codes)) as store:
        assert [begin(store).code, begin(store).code] == ["aaaaaa", "bbbbbb"]
    with Store.open(tmp_path, codes=lambda: "aaaaaa") as store:
        with pytest.raises(StoreError, match="No free session code"):
            begin(store)
        assert len(store.sessions()) == 2


def test_a_session_without_its_plan_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"`cdcd.*` is not in the store"):
        begin(store, plan="cd" * 32)
    assert store.sessions() == ()


def test_sessions_are_found_by_every_field_together(store: Store) -> None:
    one, two = begin(store), begin(store, candidate="C-18", mode="assessment")
    store.append(two.code, "session.started", {}, "a", state="running")
    two = store.session(two.code)

    def found(**wanted: Any) -> list[str]:
        return [session.code for session in store.sessions(SessionFilter(**wanted))]

    assert found() == [one.code, two.code]
    assert found(candidate="C-17") == [one.code]
    assert found(states=("running", "paused")) == [two.code]
    assert found(codes=(two.code,), mode="assessment", lab="static-routing") == [two.code]
    assert found(codes=(one.code,), states=("running",)) == []


def test_an_unknown_session_is_answered_with_the_nearest(store: Store) -> None:
    code = begin(store).code
    wrong = code[:5] + ("2" if code[5] != "2" else "3")
    for asked in (
        lambda: store.session(wrong),
        lambda: store.events(wrong),
        lambda: store.audit(wrong),
        lambda: store.runs(wrong),
        lambda: store.append(wrong, "note", {}, "a"),
        lambda: store.intend(wrong, "stop", {}, "a"),
        lambda: store.record_run(wrong, Run("check", "s", "c", None, {}), [], "a"),
    ):
        with pytest.raises(UnknownName) as caught:
            asked()
        assert caught.value.hint == f"Did you mean `{code}`?"


# ------------------------------------------------------------------ events


def test_an_event_and_the_state_it_brings_are_one(store: Store) -> None:
    code = begin(store).code
    event = store.append(
        code, "session.started", {"x": (1, 2)}, "a", state="running", deadline="2026-03-01T10"
    )
    session = store.session(code)
    assert (session.state, session.deadline) == ("running", "2026-03-01T10")
    assert (session.sequence, session.head, session.updated) == (2, event.hash, event.at)
    assert event.data == {"x": [1, 2], "session": {"state": "running", "deadline": "2026-03-01T10"}}
    assert store.events(code)[1] == event
    assert store.audit(code) == ()


def test_a_deadline_can_be_made_of_the_time_of_its_event_or_taken_away(store: Store) -> None:
    code = begin(store).code
    event = store.append(code, "begun", {}, "a", deadline=lambda at: f"by {at}")
    assert store.session(code).deadline == f"by {event.at}"
    intent = store.intend(code, "halt", {}, "a", state="paused", deadline=lambda _: None)
    assert (store.session(code).state, store.session(code).deadline) == ("paused", None)
    assert store.events(code)[-1].data["session"] == {"state": "paused", "deadline": None}
    ended = store.complete(intent, {}, deadline=lambda at: at)
    assert store.session(code).deadline == ended.at
    assert store.audit(code) == ()


def test_turns_are_what_changed_a_session_and_the_kinds_that_are_asked_for(store: Store) -> None:
    first, second = begin(store).code, begin(store, candidate="C-18", state="running").code
    store.append(first, "said", {"text": '"session":{'}, "a")
    store.append(first, "time.more", {"seconds": 1}, "a")
    store.append(first, "begun", {}, "a", state="running")
    found = store.turns(("time.more",))
    assert {code: [each.kind for each in events] for code, events in found.items()} == {
        first: ["session.created", "time.more", "begun"],
        second: ["session.created"],
    }
    assert [each.kind for each in store.turns(())[first]] == ["session.created", "begun"]
    assert store.turns((), SessionFilter(codes=(second,))).keys() == {second}
    assert store.turns((), SessionFilter(states=("paused",))) == {}


def test_the_log_is_json(store: Store) -> None:
    code = begin(store).code
    store.intend(code, "start", {}, "a")
    values: list[Any] = [*store.events(code), *store.sessions(), *store.open_intentions()]
    for value in values:
        assert json.loads(json.dumps(asdict(value))) == asdict(value)


def test_who_looked_too_early_is_told(store: Store) -> None:
    code = begin(store).code
    store.append(code, "note", {}, "a", expect_sequence=1)
    with pytest.raises(OutOfDate, match="its last event is 2, not 1"):
        store.append(code, "note", {}, "b", expect_sequence=1)
    assert len(store.events(code)) == 2


def test_bytes_that_are_not_text_stop_no_recording(store: Store) -> None:
    code = begin(store).code
    name = b"caf\xe9\x00".decode("utf-8", "surrogateescape")
    event = store.append(code, "file.seen", {name: [name]}, name)
    assert event.actor == "caf\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    assert store.events(code)[1] == event
    assert store.audit(code) == ()


@pytest.mark.parametrize("data", [{"rtt": float("nan")}, {"x": object()}, {"x": b"bytes"}])
def test_what_is_not_json_is_refused_and_leaves_nothing(store: Store, data: Any) -> None:
    code = begin(store).code
    with pytest.raises((TypeError, ValueError)):
        store.append(code, "note", data, "a", state="running")
    assert len(store.events(code)) == 1
    assert store.session(code).state == "created"


def test_the_store_keeps_its_own_keys_and_kinds(store: Store) -> None:
    code = begin(store).code
    with pytest.raises(ValueError, match="session"):
        store.append(code, "note", {"session": {"state": "submitted"}}, "a")
    with pytest.raises(ValueError, match="intent"):
        store.intend(code, "start", {"intent": "x"}, "a")
    for kind in ("start.intended", "start.done", "start.undone"):
        with pytest.raises(ValueError, match="intentions"):
            store.append(code, kind, {}, "a")


# ------------------------------------------------------------------ the chain

TEXT = st.text(max_size=8)
DATA = st.dictionaries(
    TEXT.filter(lambda key: key != "session"),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
QUICK = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICK
@given(appended=st.lists(st.tuples(st.integers(0, 2), TEXT, DATA, st.booleans()), max_size=8))
def test_no_sequence_of_appends_loses_or_reorders_an_event(
    store: Store, appended: list[tuple[int, str, dict[str, Any], bool]]
) -> None:
    codes = [begin(store).code for _ in range(3)]
    due: dict[str, list[Event]] = {code: list(store.events(code)) for code in codes}
    for which, kind, data, moves in appended:
        event = store.append(codes[which], kind, data, "a", state="moved" if moves else None)
        due[codes[which]].append(event)
    for code in codes:
        found = store.events(code)
        assert list(found) == due[code]
        assert [event.sequence for event in found] == list(range(1, len(found) + 1))
        assert store.audit(code) == ()


def flipped(value: Any, position: int, bit: int) -> Any:
    if isinstance(value, int):
        return value ^ (1 << bit)
    raw = bytearray(value.encode())
    raw[position % len(raw)] ^= 1 << bit
    return bytes(raw)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, SessionRecord]]:
    with Store.open(tmp_path_factory.mktemp("sealed")) as store:
        session = begin(store)
        begin(store)
        store.append(session.code, "note", {"text": "naïve \x01", "n": 1e25, "on": True}, "a")
        intent = store.intend(session.code, "start", {"hosts": ["pc1"]}, "a")
        store.complete(intent, {"took": 0.5}, state="running")
        store.append(session.code, "note", {}, "a")
        yield store, store.session(session.code)


@settings(QUICK, max_examples=250)
@given(
    sequence=st.integers(1, 5),
    column=st.sampled_from(FIELDS),
    position=st.integers(0, 10_000),
    bit=st.integers(0, 7),
)
def test_a_flipped_bit_in_any_column_is_found_and_named(
    sealed: tuple[Store, SessionRecord], sequence: int, column: str, position: int, bit: int
) -> None:
    store, session = sealed
    where = "session = ? AND sequence = ?"
    with closing(sqlite3.connect(store.home / "labctl.db", isolation_level=None)) as raw:
        (value,) = raw.execute(
            f"SELECT {column} FROM events WHERE {where}", (session.code, sequence)
        ).fetchone()
        new = flipped(value, position, bit)
        cast = "?" if isinstance(new, int) else "CAST(? AS TEXT)"
        (rowid,) = raw.execute(
            f"SELECT rowid FROM events WHERE {where}", (session.code, sequence)
        ).fetchone()
        try:
            raw.execute(f"UPDATE events SET {column} = {cast} WHERE rowid = ?", (new, rowid))
        except sqlite3.IntegrityError:
            reject()  # the number belongs to another event
        try:
            problems = store.audit(session.code)
        finally:
            raw.execute(f"UPDATE events SET {column} = ? WHERE rowid = ?", (value, rowid))
    assert sequence in {problem.sequence for problem in problems}, problems
    assert store.audit(session.code) == ()


@pytest.mark.parametrize(
    "statement, sequence, what",
    [
        ("DELETE FROM events WHERE sequence = 3", 3, "the event is missing"),
        ("DELETE FROM events WHERE sequence > 3", 4, "and so is every one up to 5"),
        ("DELETE FROM events WHERE sequence < 3", 1, "and so is every one up to 2"),
        ("DELETE FROM events", 1, "and so is every one up to 5"),
        ("UPDATE events SET data = '[]' WHERE sequence = 2", 2, "not spelled as it was written"),
        ("UPDATE events SET data = '{' WHERE sequence = 2", 2, "data that is not JSON"),
        ("UPDATE sessions SET state = 'submitted'", None, "says state 'submitted', its log 'up'"),
        ("UPDATE sessions SET seed = 8", None, "says seed 8, its log 7"),
        ("UPDATE sessions SET intentions = 0", None, "says intentions 0, its log 1"),
        ("UPDATE sessions SET sequence = 4", 5, "its row knows of 4 events only"),
        ("DELETE FROM sessions", None, "the session's row is missing"),
        ("UPDATE results SET marks = 9", 5, "the rows of run 1 differ from its event"),
        ("UPDATE results SET flags = '{'", 5, "the rows of run 1 differ from its event"),
        ("UPDATE runs SET summary = '{}'", 5, "the rows of run 1 differ from its event"),
        ("UPDATE runs SET summary = '{'", None, "a run's row cannot be read"),
        ("DELETE FROM runs", 5, "the run's rows are missing"),
    ],
)
def test_audit_names_what_was_changed(
    store: Store, statement: str, sequence: int | None, what: str
) -> None:
    code = begin(store).code
    store.append(code, "note", {}, "a", state="up")
    store.append(code, "note", {}, "a")
    store.intend(code, "stop", {}, "a")
    store.record_run(
        code, Run("submit", "s", "c", None, {"marks": 1}), [Result("t", "c", "passed", 1, 1)], "a"
    )
    assert store.audit(code) == ()
    tamper(store, statement)
    problems = store.audit(code)
    assert any(p.sequence == sequence and what in p.what for p in problems), problems
    assert str(problems[0]).startswith(f"session {code}")


def test_a_value_of_another_type_is_found(tmp_path: Path) -> None:
    """SQLite takes it; PostgreSQL would not."""
    with Store.open(tmp_path) as store:
        code = begin(store).code
        tamper(store, "UPDATE events SET actor = x'00'")
        assert "a value of another type" in store.audit(code)[0].what


def test_a_missing_lab_or_result_of_a_phase_is_found_by_the_audit(store: Store) -> None:
    lab, phase = store.put_blob(b"a lab"), store.put_blob(b"seen")
    plan = store.put_blob(b"{}")
    new = NewSession("C1", "lab", lab, 1, "practice", plan, data={"archive": lab})
    code = store.create_session(new, "amy").code
    store.append(code, "submit.phase", {"phase": "STATE", "results": phase}, "amy")
    assert store.audit(code) == ()
    for number, digest in ((1, lab), (2, phase)):
        (store.home / "blobs" / digest[:2] / digest[2:]).unlink()
        assert [each.sequence for each in store.audit(code)][-1] == number


def test_a_missing_transcript_or_plan_is_found_by_the_audit(store: Store) -> None:
    session = begin(store)
    transcript = store.put_blob(b"observations")
    store.record_run(session.code, Run("submit", "s", "c", transcript, {}), [], "a")
    for digest in (session.plan, transcript):
        (store.home / "blobs" / digest[:2] / digest[2:]).unlink()
    assert [problem.sequence for problem in store.audit(session.code)] == [1, 2]


def test_a_damaged_event_is_named_when_it_is_read(store: Store) -> None:
    code = begin(store).code
    tamper(store, "UPDATE events SET data = '{\"a\": 1}'")
    with pytest.raises(StoreError, match=f"Event 1 of session '{code}' is damaged"):
        store.events(code)


# ------------------------------------------------------------------ intentions


def test_an_intention_is_open_until_it_is_done_or_undone(store: Store) -> None:
    one, two = begin(store).code, begin(store).code
    start = store.intend(one, "start", {"hosts": ["pc1"]}, "a", state="starting")
    stop = store.intend(two, "stop", {}, "b")
    again = store.intend(one, "start", {}, "a")

    (first, second) = store.open_intentions(one)
    assert (first.id, first.verb, first.actor, first.data) == (
        start,
        "start",
        "a",
        {"hosts": ["pc1"]},
    )
    assert first.process.alive() is True
    assert second.id == again
    assert {open_.id for open_ in store.open_intentions()} == {start, stop, again}
    assert store.session(one).intentions == 2
    assert store.session(one).state == "starting"

    done = store.complete(start, {"took": 2}, state="running")
    undone = store.undo(stop, {"why": "interrupted"}, actor="c", state="created")
    assert (done.kind, done.actor, undone.kind, undone.actor) == (
        "start.done",
        "a",
        "stop.undone",
        "c",
    )
    assert [open_.id for open_ in store.open_intentions()] == [again]
    assert (store.session(one).state, store.session(one).intentions) == ("running", 1)
    assert store.audit(one) == store.audit(two) == ()


def test_an_intention_ends_once(store: Store) -> None:
    code = begin(store).code
    intent = store.intend(code, "start", {}, "a")
    store.complete(intent, {})
    with pytest.raises(StoreError, match=r"has ended before: event 3 is `start\.done`"):
        store.undo(intent, {})
    assert len(store.events(code)) == 3
    assert store.session(code).intentions == 0


@pytest.mark.parametrize("wrong", ["", "nonsense", "{}/1", "{}/99", "{}/x", "{}/9999999999999"])
def test_an_intention_that_is_none_is_refused(store: Store, wrong: str) -> None:
    code = begin(store).code
    with pytest.raises(UnknownName, match="No intention is called"):
        store.complete(wrong.format(code), {})
    assert len(store.events(code)) == 1


# ------------------------------------------------------------------ runs


def test_a_run_comes_back_as_it_was_recorded(store: Store) -> None:
    code = begin(store).code
    transcript = store.put_blob(b"observations")
    results = (
        Result("t1", "c1", "passed", 2.0, 2.0, "a route", "a route", None, ("seen inside only",)),
        Result("t1", "c2", "error", None, 1.5, "", "no answer\x00\udcff", "machinery"),
    )
    run = Run("submit", "sc", "ch", transcript, {"marks": 2, "outcome": "undetermined"})
    record = store.record_run(code, run, results, "a", state="submitted")
    later = store.record_run(code, Run("remark", "s2", "ch", transcript, {}), (), "a")

    assert (record.number, later.number) == (1, 2)
    assert store.runs(code) == (record, later)
    first, second = store.results(record)
    assert first == results[0]
    assert second.found == "no answer" + "\N{REPLACEMENT CHARACTER}" * 2
    assert store.results(later) == ()
    assert store.session(code).state == "submitted"
    assert [event.kind for event in store.events(code)[1:]] == ["run.recorded"] * 2
    assert store.audit(code) == ()


def test_the_latest_runs_come_in_one_mapping(store: Store) -> None:
    one, two, three = (begin(store, candidate=f"C-{number}").code for number in range(3))
    for code in (one, one, two):
        store.record_run(code, Run("check", "s", "c", None, {}), (), "a")
    found = store.latest_runs()
    assert {code: run.number for code, run in found.items()} == {one: 2, two: 1}
    assert store.latest_runs(SessionFilter(candidate="C-1")).keys() == {two}
    assert store.runs(three) == ()


def test_a_run_without_its_transcript_is_refused(store: Store) -> None:
    code = begin(store).code
    with pytest.raises(StoreError, match="is not in the store"):
        store.record_run(code, Run("submit", "s", "c", "cd" * 32, {}), (), "a")
    assert store.runs(code) == ()


def test_a_run_is_recorded_whole_or_not_at_all(store: Store, url: str | None) -> None:
    code = begin(store).code
    broken = Result("t", "c", None, 1, 1)  # type: ignore[arg-type]
    good = Result("t", "c", "passed", 1, 1)
    if url:
        tamper(store, "ALTER TABLE results ADD CONSTRAINT refused CHECK (status <> 'None')")
    else:
        tamper(
            store,
            "CREATE TRIGGER refuse BEFORE INSERT ON results WHEN NEW.status = 'None'"
            " BEGIN SELECT RAISE(ABORT, 'refused'); END",
        )
    with pytest.raises(StoreError, match="refused"):
        store.record_run(code, Run("check", "s", "c", None, {}), [good, broken], "a", state="x")
    assert store.runs(code) == ()
    assert len(store.events(code)) == 1
    assert store.session(code).state == "created"


# ------------------------------------------------------------------ people


def test_a_person_can_be_erased_and_leaves_no_byte(store: Store) -> None:
    session = begin(store)
    store.record("roster.imported", {}, "a", people=[Person("C-17", "Old Name")])
    person = Person("C-17", "Grace Hopper", {"uln": "1234567890"})
    store.record("roster.imported", {}, "a", people=[person])
    assert store.person("C-17") == person
    assert store.people() == {"C-17": person}
    assert store.names() == {"C-17": "Grace Hopper"}

    store.record("person.erased", {"codes": ["C-17"]}, "a", forget=["C-17"])
    assert store.people() == {}
    with pytest.raises(UnknownName, match="No person is called `C-17`"):
        store.person("C-17")
    assert store.session(session.code) == session
    # What PostgreSQL keeps is looked at in its own tests.
    for file in store.home.glob("labctl.db*"):
        assert b"Hopper" not in file.read_bytes()
        assert b"1234567890" not in file.read_bytes()


def test_times_are_text_that_sorts() -> None:
    early, late = time_text(START), time_text(START + timedelta(microseconds=1))
    assert early == "2026-03-01T09:30:00.000000Z"
    assert early < late
    assert moment(early) == START
