"""Opening, versions, several processes at once, full disks and other trouble."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from labctl.errors import StoreError
from labctl.store import (
    Busy,
    Home,
    NewSession,
    Run,
    Store,
    database,
    database_url,
    home_path,
    schema,
)
from labctl.store.upgrade import configuration
from tests.older import make_older
from tests.small_disk import small_disk
from tests.tampering import tamper


def begin(store: Store, number: int = 1) -> str:
    plan = store.put_blob(b"{}")
    new = NewSession(f"C-{number}", "lab", "ab" * 32, number, "practice", plan)
    return store.create_session(new, "a").code


def python(program: str, *arguments: object, url: str | None = None) -> subprocess.Popen[str]:
    """Run a program beside the test; `OPEN` in it is how it opens the store."""
    command = [sys.executable, "-c", program.replace("OPEN", OPEN), *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"LABCTL_DATABASE_URL": url or ""},
    )


OPEN = "Store.open(Path(sys.argv[1]), os.environ['LABCTL_DATABASE_URL'] or None)"


def finish(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out


# ------------------------------------------------------------------ where


def test_one_variable_moves_all_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_path({"LABCTL_HOME": "state"}) == tmp_path / "state"
    assert home_path({"LABCTL_HOME": "~/state"}) == Path("~/state").expanduser()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert home_path({}) == home_path({"LABCTL_HOME": ""}) == tmp_path / "data" / "labctl"
    assert database_url({}) is None
    assert database_url({"LABCTL_DATABASE_URL": "sqlite:////x"}) == "sqlite:////x"


def test_what_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    with Store.open(home.path) as store:
        begin(store)
        modes = {path.name: path.stat().st_mode & 0o777 for path in home.path.iterdir()}
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert modes == {
        "blobs": 0o700,
        "locks": 0o700,
        "labctl.db": 0o600,
        "labctl.db-wal": 0o600,
        "labctl.db-shm": 0o600,
    }


def test_an_installation_has_one_identity_for_ever(tmp_path: Path) -> None:
    with Store.open(tmp_path / "one") as one, Store.open(tmp_path / "two") as two:
        first = one.installation_id
        assert len(first) == 12
        assert first != two.installation_id
    with Store.open(tmp_path / "one") as again:
        assert again.installation_id == first


def test_sqlite_is_set_up_to_survive_the_power_plug(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store._database.reading() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_the_records_load_no_database_library() -> None:
    program = (
        "import sys, labctl.store; "
        "print({'sqlalchemy', 'alembic', 'platformdirs'} & set(sys.modules))"
    )
    assert finish(python(program)) == "set()\n"


def test_an_up_to_date_store_opens_without_alembic(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    program = (
        "import sys; from pathlib import Path; from labctl.store import Store; "
        "Store.open(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    assert finish(python(program, tmp_path)) == "False\n"


def test_unknown_attributes_stay_unknown() -> None:
    import labctl.store as package

    with pytest.raises(AttributeError, match="nonsense"):
        _ = package.nonsense


# ------------------------------------------------------------------ versions


def test_the_migrations_lead_to_the_tables_of_the_program(tmp_path: Path, url: str | None) -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert scripts.get_current_head() == database.REVISION
    with Store.open(tmp_path, url) as store, store._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_a_store_from_before_results_were_held_is_brought_up_to_date(
    tmp_path: Path, url: str | None
) -> None:
    with Store.open(tmp_path / "made") as store:
        code = begin(store)
    make_older(tmp_path / "made", tmp_path / "home", url, "0002")
    with Store.open(tmp_path / "home", url, upgrade=True) as store:
        assert store.session(code).held is False
        assert store.session(code).sitting is None
        assert store.sittings.list() == ()
        assert store.audit(code) == ()
        store.append(code, "malpractice.suspected", {}, "tester", held=True)
        assert store.session(code).held is True
        assert store.audit(code) == ()


def test_the_tables_can_be_spelled_for_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in schema.metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=dialect))


def test_a_store_of_a_newer_program_is_refused_and_left_alone(
    tmp_path: Path, url: str | None
) -> None:
    with Store.open(tmp_path, url) as store:
        tamper(store, "UPDATE alembic_version SET version_num = '0999'")
    path = tmp_path / "labctl.db"
    before = None if url else path.read_bytes()
    with pytest.raises(StoreError, match="written by a newer labctl \\(tables 0999") as caught:
        Store.open(tmp_path, url)
    assert "LABCTL_HOME" in caught.value.hint
    assert before is None or path.read_bytes() == before


def test_a_migration_that_is_cut_off_leaves_nothing(tmp_path: Path, url: str | None) -> None:
    program = """
import os, sys
from pathlib import Path
from alembic import op
import labctl.store.upgrade as upgrade
from labctl.store import Store
whole = upgrade.upgrade
def cut_off(connection):
    whole(connection)
    os.kill(os.getpid(), 9)
upgrade.upgrade = cut_off
OPEN
"""
    with python(program, tmp_path, url=url) as process:
        process.communicate(timeout=60)
        assert process.returncode == -9
    connected = closing(database.Database.connect(Home(tmp_path), url))
    with connected as left, left.reading() as connection:
        assert inspect(connection).get_table_names() == []
    with Store.open(tmp_path, url) as store:
        assert store.audit(begin(store)) == ()


@pytest.mark.parametrize(
    "url, message",
    [
        ("nonsense", "is not a database URL"),
        ("mysql://u@h/n", "names a database that labctl cannot use"),
        ("sqlite://", "names a database that labctl cannot use"),
        ("postgresql://user:secret@host:port/name", "is not a database URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(tmp_path, url)
    assert "postgresql://" in caught.value.hint


def test_a_missing_driver_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="driver for `LABCTL_DATABASE_URL`") as caught:
        Store.open(tmp_path, "postgresql+nodriver://user:secret@host/name")
    assert "secret" not in caught.value.message + caught.value.hint


def test_the_database_may_be_elsewhere(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with Store.open(tmp_path / "home", f"sqlite:///{other}") as store:
        code = begin(store)
    assert not (tmp_path / "home" / "labctl.db").exists()
    with Store.open(tmp_path / "home", f"sqlite:///{other}") as store:
        assert store.session(code).code == code


# ------------------------------------------------------------------ damage and access


@pytest.mark.parametrize("content", [b"this is no database" * 99])
def test_a_file_that_is_no_database_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "labctl.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=f"`{path}` is damaged") as caught:
        Store.open(tmp_path)
    assert "backup" in caught.value.hint
    assert path.read_bytes() == content


def test_text_that_is_not_utf_8_is_damage(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        code = begin(store)
        with closing(sqlite3.connect(tmp_path / "labctl.db", isolation_level=None)) as connection:
            connection.execute("UPDATE events SET actor = CAST(x'ff' AS TEXT)")
        with pytest.raises(StoreError, match="is damaged: Could not decode to UTF-8"):
            store.events(code)
        assert "bytes that are not text" in store.audit(code)[0].what
        assert store.session(code).code == code


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="could not be written") as caught:
        Store.open(tmp_path / "file" / "home")
    assert "LABCTL_HOME" in caught.value.hint


def test_a_database_that_is_a_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "labctl.db").mkdir()
    with pytest.raises(StoreError, match=r"labctl\.db` could not be written"):
        Store.open(tmp_path)


def test_a_read_only_database_is_named(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        code = begin(store)
        with store._database.reading() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="could not be used") as caught:
            store.append(code, "note", {}, "a")
        assert "yours and can be written" in caught.value.hint


def test_a_writer_that_never_ends_is_an_error_in_the_end(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(tmp_path, url):  # making the tables may take longer
        monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with Store.open(tmp_path, url) as store, Store.open(tmp_path, url) as other:
        code = begin(store)
        with (
            store._database.writing(),
            pytest.raises(StoreError, match="Another process has been writing"),
        ):
            other.append(code, "note", {}, "a")
        other.append(code, "note", {}, "a")


# ------------------------------------------------------------------ full disks


def fill(store: Store, code: str) -> int:
    """Append until the disk is full; returns how many events were acknowledged."""
    refused = None
    written = 0
    while refused is None and written < 10_000:
        try:
            store.append(code, "note", {"text": "x" * 5000}, "a", state=f"s{written}")
            written += 1
        except StoreError as error:
            refused = error
    assert refused is not None
    assert re.match(r"The disk is full: `.*labctl\.db`", refused.message), refused.message
    assert "nothing was recorded" in refused.message
    assert "df -h" in refused.hint
    return written


def assert_whole(store: Store, code: str, written: int) -> None:
    assert len(store.events(code)) == written + 1
    assert store.session(code).state == (f"s{written - 1}" if written else "created")
    assert store.audit(code) == ()


def test_a_database_that_may_not_grow_takes_nothing_half(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        code = begin(store)
        with store._database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 9}")
        written = fill(store, code)
        assert_whole(store, code, written)
        with store._database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        store.append(code, "note", {}, "a", state=f"s{written}")
        assert_whole(store, code, written + 1)


def test_a_full_disk_takes_nothing_half_and_room_mends_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        ballast = disk / "ballast"
        with Store.open(disk / "home") as store:
            code = begin(store)
            ballast.write_bytes(bytes(300_000))
            written = fill(store, code)
            assert_whole(store, code, written)
            with pytest.raises(StoreError, match=r"The disk is full: `.*blobs"):
                store.put_blob(os.urandom(500_000))
            assert list((disk / "home" / "blobs").glob("*/.part*")) == []
        ballast.unlink()
        with Store.open(disk / "home") as store:
            assert_whole(store, code, written)
            store.append(code, "note", {}, "a", state=f"s{written}")
            assert_whole(store, code, written + 1)


def test_a_disk_that_is_full_from_the_start_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        ballast = disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            for _ in range(100):
                file.write(bytes(4096))
        with pytest.raises(StoreError, match="The disk is full"):
            Store.open(disk / "home")
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        with Store.open(disk / "home") as store:
            begin(store)


# ------------------------------------------------------------------ several at once

APPEND = """
import os, sys
from pathlib import Path
from labctl.store import Store
_, count, *codes = sys.argv[1:]
with OPEN as store:
    sys.stdin.readline()
    for number in range(int(count)):
        for code in codes:
            print(code, store.append(code, "note", {"number": number}, str(number)).sequence)
"""


def test_writers_in_several_processes_lose_no_event(tmp_path: Path, url: str | None) -> None:
    with Store.open(tmp_path, url) as store:
        shared, *own = (begin(store, number) for number in range(4))
        writers = [python(APPEND, tmp_path, 15, shared, code, url=url) for code in own]
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        # A reader beside them sees a whole and growing log at every moment.
        deadline, seen = time.monotonic() + 60, 0
        while seen < 1 + 15 * len(own) and time.monotonic() < deadline:
            events = store.events(shared)
            assert [event.sequence for event in events] == list(range(1, len(events) + 1))
            assert len(events) >= seen
            seen = len(events)
        given = sorted(
            tuple(line.split()) for writer in writers for line in finish(writer).splitlines()
        )
        assert len(given) == len(set(given)) == 2 * 15 * len(own)
        assert len(store.events(shared)) == 1 + 15 * len(own)
        for code in (shared, *own):
            assert store.audit(code) == ()


def test_first_commands_at_once_make_one_store(tmp_path: Path, url: str | None) -> None:
    program = (
        "import os, sys; from pathlib import Path; from labctl.store import Store; "
        "print(OPEN.installation_id)"
    )
    # On a server they may even be on several machines, whose locks know nothing of each other.
    homes = [tmp_path / (f"home{number}" if url else "home") for number in range(3)]
    processes = [python(program, home, url=url) for home in homes]
    assert len({finish(process) for process in processes}) == 1


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path, url: str | None) -> None:
    with Store.open(tmp_path, url) as store, Store.open(tmp_path, url) as other:
        code = begin(store)
        with store._database.writing() as connection:
            connection.exec_driver_sql("UPDATE sessions SET state = 'half'")
            assert other.session(code).state == "created"
            connection.rollback()


KILLED = """
import os, sys
from pathlib import Path
from labctl.store import Store, log
from labctl.store.log import Entry
store = OPEN
with store._database.writing() as connection:
    log.append(connection, sys.argv[2], Entry("note", {}, "a", {"state": "half"}), "now")
    os.kill(os.getpid(), 9)
"""


def test_a_writer_that_is_killed_leaves_nothing_half(tmp_path: Path, url: str | None) -> None:
    with Store.open(tmp_path, url) as store:
        code = begin(store)
        with python(KILLED, tmp_path, code, url=url) as process:
            process.communicate(timeout=60)
            assert process.returncode == -9
        assert len(store.events(code)) == 1
        store.append(code, "note", {}, "a")
        assert store.audit(code) == ()


# ------------------------------------------------------------------ size


def test_lists_are_a_fixed_number_of_queries(tmp_path: Path, url: str | None) -> None:
    statements: list[str] = []

    def queries(store: Store) -> int:
        store.sessions()
        store.latest_runs()
        store.open_intentions()
        found = len(statements)
        statements.clear()
        return found

    with Store.open(tmp_path, url) as store:

        @event.listens_for(store._database._engine, "before_cursor_execute")
        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        few = queries(store)
        assert few >= 3
        for number in range(20):
            code = begin(store, number)
            store.record_run(code, Run("check", "s", "c", None, {}), (), "a")
            store.intend(code, "stop", {}, "a")
        statements.clear()
        assert queries(store) == few


INTENDS = """
import os, sys
from pathlib import Path
from labctl.store import Store
store = OPEN
with store.lock(sys.argv[2]):
    store.intend(sys.argv[2], "stop", {}, "a")
    print("intended", flush=True)
    sys.stdin.read()
"""


def test_the_next_command_sees_what_a_killed_one_left_half_done(
    tmp_path: Path, url: str | None
) -> None:
    with Store.open(tmp_path, url) as store:
        code = begin(store)
        with python(INTENDS, tmp_path, code, url=url) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "intended\n"
            (intention,) = store.open_intentions()
            assert intention.process.pid == process.pid
            assert intention.process.alive() is True
            with pytest.raises(Busy), store.lock(code):
                pass
            process.kill()
        (left,) = store.open_intentions(code)
        assert left.process.alive() is False
        with store.lock(code):
            store.undo(left.id, {"why": "interrupted"})
        assert store.open_intentions() == ()
        assert store.audit(code) == ()
