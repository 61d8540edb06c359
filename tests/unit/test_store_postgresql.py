"""What is PostgreSQL's own: how it is named, what goes wrong with it, and what it forgets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from labctl.errors import StoreError
from labctl.store import NewSession, Person, Store, log, postgresql
from tests.fakes.command import Command
from tests.postgres import Cluster

LOCALE = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"
NOWHERE = "postgresql://amy:secret@/record?host=/nowhere"


@pytest.fixture
def record(cluster: Cluster) -> Iterator[str]:
    with cluster.database() as url:
        yield url


def begin(store: Store, candidate: str = "C1") -> str:
    plan = store.put_blob(b"{}")
    new = NewSession(candidate, "lab", "ab" * 32, 1, "practice", plan)
    return store.create_session(new, "a").code


# ------------------------------------------------------------------ how it is named


@pytest.mark.parametrize(
    "url, shown",
    [
        ("postgresql://amy:secret@host/record", "postgresql+psycopg://amy:***@host/record"),
        ("postgresql://host/record?password=secret", "postgresql+psycopg://host/record"),
        ("postgresql+psycopg://host:1/r?sslpassword=secret&sslmode=require", "sslmode=require"),
    ],
)
def test_no_password_is_ever_shown(url: str, shown: str) -> None:
    found = postgresql.shown(postgresql.with_driver(make_url(url)))
    assert shown in found
    assert "secret" not in found
    assert "connect_timeout" not in found


def test_who_names_a_limit_to_the_wait_keeps_it() -> None:
    asked = postgresql.with_driver(make_url("postgresql://host/record?connect_timeout=3"))
    assert asked.query["connect_timeout"] == "3"
    assert postgresql.with_driver(make_url("postgresql://host/r")).query["connect_timeout"] == "10"


# ------------------------------------------------------------------ what goes wrong


class Refusal(Exception):
    """An error as the driver raises it."""

    def __init__(self, sqlstate: str | None, text: str = "it says so.") -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "refusal, message, cure",
    [
        (Refusal("55P03"), "Another process has been writing to `db` for 30 seconds", "Wait"),
        (Refusal("42501"), "it says so.", "GRANT CREATE ON SCHEMA public"),
        (Refusal("53100"), "it says so.", "disk is full; nothing was recorded"),
        (Refusal("53300"), "it says so.", "max_connections"),
        (Refusal("25006"), "it says so.", "takes writes"),
        (Refusal("XX001"), "it says so.", "labctl restore"),
        (Refusal("57P01"), "it says so.", "its log"),
        (Refusal("08006"), "it says so.", "whether the server runs"),
        (Refusal(None, 'FATAL:  database "x"\n does not exist'), "FATAL: database", "createdb"),
        (Refusal(None, "fe_sendauth: no password supplied"), "no password", "~/.pgpass"),
        (Refusal(None, "Peer authentication failed"), "Peer", "pg_hba.conf"),
        (Refusal(None, "the database system is starting up"), "starting", "wait for it"),
        (Refusal(None, "Connection refused"), "refused", "systemctl status postgresql"),
    ],
)
def test_errors_name_the_cause_and_the_cure(refusal: Refusal, message: str, cure: str) -> None:
    error = postgresql.explained(refusal, "db", 30.0)
    assert message in error.message
    assert cure in error.hint
    assert "\n" not in error.message
    assert ".." not in error.message


def test_a_server_that_is_not_there_is_named_by_every_command(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABCTL_DATABASE_URL", NOWHERE)
    for command in (
        ["sessions"],
        ["audit"],
        ["staff", "list"],
        ["start", "notes", "--candidate", "x"],
    ):
        said = labctl(*command, code=5)
        told = " ".join(said.err.split())
        assert "`postgresql+psycopg://amy:***@/record?host=%2Fnowhere` could not be used" in told
        assert "systemctl status postgresql" in told
        assert "secret" not in said.err + said.out


def test_the_doctor_names_it_once(labctl: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABCTL_DATABASE_URL", NOWHERE)
    found = labctl("doctor", "--json", code=1).json
    (problem,) = (each for each in found if "psycopg" in each["detail"])
    assert (problem["level"], problem["title"]) == ("problem", "Record")
    assert "amy:***@" in problem["detail"]
    assert "secret" not in problem["detail"]
    assert "systemctl status postgresql" in problem["cure"]


@pytest.mark.postgresql
def test_what_is_missing_on_a_server_is_named_with_its_cure(
    cluster: Cluster, record: str, tmp_path: Path
) -> None:
    for url, cure in (
        (cluster.url("no_such_record"), "createdb --owner=USER"),
        (record.replace("//tester@", "//nobody-here@"), "createuser USER"),
    ):
        with pytest.raises(StoreError, match="does not exist") as caught:
            Store.open(tmp_path, url)
        assert cure in caught.value.hint


@pytest.mark.postgresql
def test_a_user_who_may_make_no_tables_is_told(
    cluster: Cluster, record: str, tmp_path: Path
) -> None:
    cluster.tell("CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(StoreError, match="permission denied for schema public") as caught:
            Store.open(tmp_path, record.replace("//tester@", "//guest@"))
    finally:
        cluster.tell("DROP ROLE guest")
    assert "GRANT CREATE" in caught.value.hint


@pytest.mark.postgresql
def test_a_database_that_cannot_keep_every_text_is_refused(
    cluster: Cluster, tmp_path: Path
) -> None:
    options = "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    told = pytest.raises(StoreError, match="keeps text as LATIN1")
    with cluster.database(options) as url, told as caught:
        Store.open(tmp_path, url)
    assert "--encoding=UTF8" in caught.value.hint


@pytest.mark.postgresql
def test_a_server_that_was_restarted_is_found_again(
    cluster: Cluster, record: str, tmp_path: Path
) -> None:
    with Store.open(tmp_path, record) as store:
        code = begin(store)
        cluster.stop()
        try:
            with pytest.raises(StoreError, match="could not be used"):
                store.append(code, "note", {}, "a")
        finally:
            cluster.start()
        store.append(code, "note", {}, "a")
        assert len(store.events(code)) == 2
        assert store.audit(code) == ()


# ------------------------------------------------------------------ what it keeps


@pytest.mark.postgresql
def test_what_was_acknowledged_is_written_whatever_the_server_is_set_to(
    cluster: Cluster, record: str, tmp_path: Path
) -> None:
    name = make_url(record).database
    for set_to, due in (("off", "on"), ("remote_apply", "remote_apply")):
        cluster.tell(f"ALTER DATABASE {name} SET synchronous_commit = '{set_to}'")
        with Store.open(tmp_path, record) as store, store._database.writing() as connection:
            found = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
            assert found == due


@pytest.mark.postgresql
def test_two_starts_of_one_candidate_are_two_attempts(record: str, tmp_path: Path) -> None:
    with Store.open(tmp_path, record) as store, ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: begin(store), range(16)))
        assert sorted(store.session(code).attempt for code in codes) == list(range(1, 17))


@pytest.mark.postgresql
def test_who_waited_for_another_writer_sees_what_it_wrote(
    cluster: Cluster, record: str, tmp_path: Path
) -> None:
    name = make_url(record).database
    cluster.tell(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    with Store.open(tmp_path, record) as one, Store.open(tmp_path, record) as other:
        code = begin(one)
        with ThreadPoolExecutor() as pool:
            with one._database.writing() as connection:
                waiting = pool.submit(other.append, code, "note", {}, "a")
                deadline = time.monotonic() + 20
                while not connection.exec_driver_sql(WAITERS).scalar_one():
                    assert time.monotonic() < deadline
                log.append(connection, code, log.Entry("note", {}, "a"), one._now())
            waiting.result(20)
        assert one.audit(code) == ()
        assert one.session(code).sequence == 3


WAITERS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.mark.postgresql
def test_people_come_in_one_order_from_every_database(cluster: Cluster, tmp_path: Path) -> None:
    people = [Person(code, "Name") for code in ("b", "A", "a", "B-1", "B1", "é")]
    with cluster.database(LOCALE) as url, Store.open(tmp_path, url) as store:
        store.record("roster.imported", {}, "a", people=people)
        assert list(store.people()) == list(store.names()) == sorted(p.code for p in people)


@pytest.mark.postgresql
def test_an_erased_person_is_in_no_file_of_the_table(
    cluster: Cluster, record: str, tmp_path: Path
) -> None:
    def files() -> list[Path]:
        cluster.tell("CHECKPOINT", make_url(record).database or "")
        with store._database.reading() as connection:
            path = connection.exec_driver_sql("SELECT pg_relation_filepath('people')").scalar_one()
        return [*(cluster.data / path).parent.iterdir()]

    def hold(text: bytes) -> bool:
        return any(text in file.read_bytes() for file in files() if file.is_file())

    with Store.open(tmp_path, record) as store:
        people = [Person("C1", "Grace Hopper"), Person("C2", "Ada King")]
        store.record("roster.imported", {}, "a", people=people)
        assert hold(b"Hopper")
        store.record("person.erased", {"codes": ["C1"]}, "a", forget=["C1"])
        assert not hold(b"Hopper")
        assert hold(b"King")
        assert store.names() == {"C2": "Ada King"}
