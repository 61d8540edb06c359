"""Backups: the whole of the state in one file, and back, whatever happens in between."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labctl.backup import archive, places
from labctl.backup.making import BackedUp, back_up
from labctl.backup.restoring import Restored, restore
from labctl.errors import LabctlError, StoreError, UsageError
from labctl.sessions.controller import Controller
from labctl.store import Busy, NewSession, Person, Result, Run, Store
from tests.fakes.command import Command
from tests.older import make_older
from tests.small_disk import small_disk
from tests.tampering import tamper
from tests.tar_members import Members, members_of, write_members

POLICY = b"format: 1\n"


def fill(home: Path, url: str | None = None) -> None:
    """A record with something in each of its tables, and rules."""
    with Store.open(home, url) as store:
        plan = store.put_blob(b'{"a": "plan"}')
        code = ""
        for number in (1, 2, 3):
            new = NewSession(f"C{number}", "lab", "ab" * 32, number, "assessment", plan)
            code = store.create_session(new, "amy").code
            store.append(code, "note", {"text": "naïve \x01"}, "amy", state="submitted")
            transcript = store.put_blob(f"observations {number}".encode())
            found = [Result("t", "c", "error", None, 1.5, "x", "y", "host", ("seen",))]
            store.record_run(code, Run("submit", "s", "c", transcript, {"marks": 1}), found, "amy")
        store.append(code, "malpractice.suspected", {}, "amy", held=True)
        store.complete(store.intend(code, "stop", {}, "amy"), {}, state="stopped")
        store.record("roster.imported", {}, "amy", people=[Person("C1", "Grace", {"uln": "1"})])
    (home / "policy.yaml").write_bytes(POLICY)


def everything(home: Path, url: str | None = None) -> dict[str, Any]:
    """All that a record says, but for what is recorded of backups."""
    with Store.open(home, url) as store:
        assert store.audit_all() == ()
        codes = [each.code for each in store.sessions()]
        return {
            "installation": store.installation_id,
            "sessions": store.sessions(),
            "events": [store.events(code) for code in codes],
            "runs": [(run, store.results(run)) for code in codes for run in store.runs(code)],
            "people": store.people(),
            "centre": [e for e in store.centre_events() if not e.kind.startswith("backup.")],
            "blobs": {p.name: p.read_bytes() for p in (home / "blobs").glob("*/*")},
        }


def make(home: Path, file: Path) -> BackedUp:
    with Controller(home) as controller:
        return back_up(controller, file)


def put_back(file: Path, home: Path, *, replace: bool = False) -> Restored:
    with Controller(home) as controller:
        return restore(controller, file, replace=replace)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    fill(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def file(home: Path, tmp_path: Path) -> Path:
    return make(home, tmp_path / "backup.tar.gz").path


# ------------------------------------------------------------------ there and back


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def second_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "sqlite":
        yield None
        return
    with request.getfixturevalue("cluster").database() as found:
        yield found


def test_a_record_comes_back_on_an_empty_machine_whatever_the_databases(
    tmp_path: Path, url: str | None, second_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, file = tmp_path / "old", tmp_path / "deep" / "new", tmp_path / "b.tar.gz"
    fill(old, url)
    due = everything(old, url)
    monkeypatch.setenv("LABCTL_DATABASE_URL", url or "")
    made = make(old, file)
    assert (made.about.sessions, made.about.problems, made.blobs) == (3, (), 4)
    assert file.stat().st_mode & 0o777 == 0o600

    monkeypatch.setenv("LABCTL_DATABASE_URL", second_url or "")
    done = put_back(file, new)
    assert (done.before, done.unfinished, done.about) == (None, (), made.about)
    assert everything(new, second_url) == due
    assert (new / "policy.yaml").read_bytes() == POLICY
    assert (new / "labctl.db").exists() == (second_url is None)
    assert new.stat().st_mode & 0o777 == 0o700
    with Store.open(new, second_url) as store:
        assert store.centre_events("backup")[-1].kind == "backup.restored"
        store.append(store.sessions()[0].code, "note", {}, "amy")
        assert store.audit_all() == ()
        if second_url is None:
            with store._database.reading() as connection:
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.tar.gz", "deep", "old"]
    assert [each.name for each in (tmp_path / "deep").iterdir()] == ["new"]


@pytest.mark.postgresql
def test_a_database_that_has_a_record_is_left_as_it_is(
    file: Path, tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster.database() as url:
        with Store.open(tmp_path / "other", url) as store:
            own = store.installation_id
        monkeypatch.setenv("LABCTL_DATABASE_URL", url)
        with pytest.raises(
            StoreError, match=r"There is a record in `postgresql.* already"
        ) as caught:
            put_back(file, tmp_path / "new")
        assert "empty database" in caught.value.hint
        assert not (tmp_path / "new").exists()
        with Store.open(tmp_path / "other", url) as store:
            assert store.installation_id == own
            assert store.sessions() == ()


WRITES = """
import sys
from pathlib import Path
from labctl.store import Store
with Store.open(Path(sys.argv[1])) as store:
    code = store.sessions()[0].code
    while True:
        digest = store.put_blob(store.events(code)[-1].hash.encode())
        print(store.append(code, "note", {"blobs": [digest]}, "b").sequence, flush=True)
"""


def test_a_backup_is_one_moment_of_a_record_that_is_written_to(home: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        before = int(writer.stdout.readline())
        made = make(home, tmp_path / "b.tar.gz")
        after = int(writer.stdout.readline())
        writer.kill()
    assert made.about.problems == ()
    put_back(made.path, tmp_path / "new")
    with Store.open(tmp_path / "new") as store:
        assert before <= store.sessions()[0].sequence
        assert after > before
        assert store.audit_all() == ()


def test_the_centre_s_log_says_which_file_it_is(file: Path, home: Path) -> None:
    with Store.open(home) as store:
        (event,) = store.centre_events("backup")
    assert event.kind == "backup.made"
    assert event.data["file"] == file.name
    with file.open("rb") as content:
        assert event.data["digest"] == hashlib.file_digest(content, "sha256").hexdigest()


def test_plain_tar_reads_it(file: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "xzf", str(file), "-C", str(tmp_path)], check=True)
    about = json.loads((tmp_path / "about.json").read_text())
    assert (about["kind"], about["sessions"]) == ("labctl backup", 3)
    with closing(sqlite3.connect(tmp_path / "labctl.db")) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (3,)


# ------------------------------------------------------------------ making


def test_no_backup_is_overwritten_and_a_folder_gets_a_new_one(file: Path, home: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(UsageError, match="is there already, and backups are never overwritten"):
        make(home, file)
    assert file.read_bytes() == before
    folder = file.parent / "stick"
    folder.mkdir()
    made = make(home, folder)
    assert made.path.parent == folder
    assert made.path.name.startswith("labctl-20")
    assert list(folder.iterdir()) == [made.path]


def test_where_there_is_no_folder_nothing_is_made(home: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be written: No such file or directory"):
        make(home, tmp_path / "none" / "b.tar.gz")
    (tmp_path / "flat").touch()
    with pytest.raises(LabctlError):
        make(home, tmp_path / "flat" / "b.tar.gz")


def test_without_links_a_backup_is_made_all_the_same(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    put_back(make(home, tmp_path / "b.tar.gz").path, tmp_path / "new")


def test_what_does_not_add_up_is_named_and_comes_back_as_it_is(home: Path, tmp_path: Path) -> None:
    with Store.open(home) as store:
        code = store.sessions()[0].code
        tamper(store, f"UPDATE events SET actor = 'eve' WHERE session = '{code}' AND sequence = 2")
    made = make(home, tmp_path / "b.tar.gz")
    (problem,) = made.about.problems
    assert code in problem
    done = put_back(made.path, tmp_path / "new")
    assert done.about.problems == (problem,)
    with Store.open(tmp_path / "new") as store:
        assert [str(each) for each in store.audit_all()] == [problem]


@pytest.mark.parametrize("content", [None, b"rot"], ids=["missing", "damaged"])
def test_a_file_that_is_lost_is_named_and_keeps_no_backup_from_coming_back(
    home: Path, tmp_path: Path, content: bytes | None
) -> None:
    with Store.open(home) as store:
        digest = store.runs(store.sessions()[0].code)[0].transcript
    assert digest
    lost = home / "blobs" / digest[:2] / digest[2:]
    lost.unlink() if content is None else lost.write_bytes(content)
    made = make(home, tmp_path / "b.tar.gz")
    (problem,) = made.about.problems
    assert digest in problem
    assert str(home) not in problem
    assert put_back(made.path, tmp_path / "new").problems == (problem,)


def test_what_adds_up_less_than_it_did_comes_back_for_a_reason(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(home) as store:
        tamper(store, "UPDATE events SET actor = 'eve' WHERE sequence = 2")
    made = make(home, tmp_path / "b.tar.gz")
    known, *new = made.about.problems
    assert len(new) == 2
    monkeypatch.setattr(archive, "read_about", lambda _: replace(made.about, problems=(known,)))
    with pytest.raises(StoreError, match=r"does not add up: .* \(and 1 more\)") as caught:
        put_back(made.path, tmp_path / "new")
    assert "--as-it-is" in caught.value.hint
    with Controller(tmp_path / "new") as controller:
        done = restore(controller, made.path, as_it_is="the disk is dying")
    assert done.problems == (known, *new)
    with Store.open(tmp_path / "new") as store:
        restored = store.centre_events("backup")[-1].data
    assert (restored["problems"], restored["reason"]) == ([known, *new], "the disk is dying")


# ------------------------------------------------------------------ killed half way

KILLED = """
import os, sys
from pathlib import Path
from labctl.backup import archive, making, places, restoring
from labctl.sessions.controller import Controller
from labctl.store import copying

what, home, file, where = sys.argv[1:]
count = 0

def die(*_arguments, **_options):
    os.kill(os.getpid(), 9)

def die_at_the_third(whole):
    def counted(*arguments, **options):
        global count
        count += 1
        if count == 3:
            die()
        return whole(*arguments, **options)
    return counted

if where == "third member":
    archive.Writer.add_file = die_at_the_third(archive.Writer.add_file)
    archive._Reader._keep = die_at_the_third(archive._Reader._keep)
elif where == "before it is settled":
    places.flush = die
elif where == "proved":
    restoring.places.give_to_owner_of = die
elif where == "the two names":
    places._exchange = die
else:
    whole = places._exchange
    places._exchange = lambda *both: die(whole(*both))
with Controller(Path(home)) as controller:
    if what == "backup":
        making.back_up(controller, Path(file))
    else:
        restoring.restore(controller, Path(file), replace=True)
"""


def kill(what: str, home: Path, file: Path, where: str) -> None:
    command = [sys.executable, "-c", KILLED, what, str(home), str(file), where]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -9, done.stderr


@pytest.mark.parametrize("where", ["third member", "before it is settled"])
def test_a_backup_that_is_killed_is_no_file_and_the_next_one_is_whole(
    home: Path, tmp_path: Path, where: str
) -> None:
    file = tmp_path / "b.tar.gz"
    kill("backup", home, file, where)
    assert not file.exists()
    due = everything(home)
    put_back(make(home, file).path, tmp_path / "new")
    assert everything(tmp_path / "new") == due
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.tar.gz", "home", "new"]


@pytest.mark.parametrize("where", ["third member", "proved", "before it is settled"])
def test_a_restore_that_is_killed_leaves_an_empty_home_empty(
    file: Path, home: Path, tmp_path: Path, where: str
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    kill("restore", new, file, where)
    assert list(new.iterdir()) == []
    put_back(file, new)
    assert everything(new) == everything(home)
    assert sorted(each.name for each in tmp_path.iterdir()) == [file.name, "home", "new"]


@pytest.mark.parametrize("where", ["third member", "proved", "the two names", "after them"])
def test_a_restore_that_is_killed_leaves_the_old_record_or_has_the_new_one(
    file: Path, tmp_path: Path, where: str
) -> None:
    new = tmp_path / "new"
    with Store.open(new) as store:
        own = store.installation_id
    kill("restore", new, file, where)
    with Store.open(new) as store:
        assert (store.installation_id == own) == (where != "after them")
        assert store.audit_all() == ()
    put_back(file, new, replace=True)
    with Store.open(new) as store:
        assert len(store.sessions()) == 3
    kept = [path for path in tmp_path.glob("new.before-restore*") if (path / "labctl.db").exists()]
    owners = set()
    for path in kept:
        with Store.open(path) as store:
            owners.add(store.installation_id)
    assert own in owners


def test_two_at_once_are_told_of_each_other(file: Path, home: Path, tmp_path: Path) -> None:
    from labctl.backup.places import beside

    new = tmp_path / "new"
    with beside(new, "new"), pytest.raises(Busy, match=r"new` is in use by labctl \(process"):
        put_back(file, new)
    other = tmp_path / "other.tar.gz"
    with beside(other, "other"), pytest.raises(Busy):
        make(home, other)


# ------------------------------------------------------------------ full disks


@pytest.mark.parametrize("more", [-40, 8], ids=["for the record", "for the archive"])
def test_a_backup_that_finds_no_room_is_no_file(home: Path, tmp_path: Path, more: int) -> None:
    room = (home / "labctl.db").stat().st_size // 1024 + more
    with small_disk(tmp_path / "stick", f"{room}k") as stick:
        with pytest.raises(StoreError, match="The disk is full") as caught:
            make(home, stick / "b.tar.gz")
        assert f"`df -h {stick}" in caught.value.hint
        assert list(stick.iterdir()) == []
    make(home, tmp_path / "b.tar.gz")


@pytest.mark.parametrize("size", ["40k", "100k", "150k"])
def test_a_restore_that_finds_no_room_leaves_nothing(file: Path, tmp_path: Path, size: str) -> None:
    with small_disk(tmp_path / "disk", size) as disk:
        with pytest.raises(StoreError, match="The disk is full"):
            put_back(file, disk / "home")
        assert list(disk.iterdir()) == []


# ------------------------------------------------------------------ damaged files


Change = Callable[[Members], Members]


def blob(found: Members) -> int:
    return next(number for number, (name, _) in enumerate(found) if name.startswith("blobs/"))


def flip(name: str) -> Change:
    return lambda found: [
        (each, bytes([text[0] ^ 1]) + text[1:] if each == name else text) for each, text in found
    ]


def about(**changes: Any) -> Change:
    def change(found: Members) -> Members:
        told = json.loads(found[0][1]) | changes
        return [("about.json", json.dumps(told).encode()), *found[1:]]

    return change


@pytest.mark.parametrize(
    "change, told",
    [
        (flip("labctl.db"), "`labctl.db` was changed or is missing"),
        (flip("policy.yaml"), "`policy.yaml` was changed or is missing"),
        (lambda found: found[: blob(found)] + found[blob(found) + 1 :], r"`blobs/.*` was changed"),
        (lambda found: [each for each in found if each[0] != "labctl.db"], "`labctl.db` was"),
        (lambda found: [*found[:2], ("../evil", b"x"), *found[2:]], r"`\.\./evil` was changed"),
        (lambda found: [*found[:2], ("/etc/evil", b"x"), *found[2:]], "`/etc/evil` was changed"),
        (lambda found: [*found, ("policy.yaml", b"format: 1")], "`policy.yaml` was changed"),
        (lambda found: found[:-1], "is cut off after `blobs/"),
        (lambda found: [*found[:-1], ("manifest.json", b"[]")], "was changed or is missing"),
        (lambda found: [*found[:-1], ("manifest.json", b"{")], "`about.json`, .* more was changed"),
        (lambda found: found[1:], "is no backup of labctl"),
        (lambda found: [], "is no backup of labctl"),
        (about(kind="diary"), "is no backup of labctl"),
        (about(surprise=1), "is no backup of labctl"),
        (about(format=2), "was made by a newer labctl"),
        (about(tables="0999"), r"was written by a newer labctl \(tables 0999"),
        (about(sessions=9), "`about.json` was changed"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused_by_name(
    file: Path, tmp_path: Path, change: Change, told: str
) -> None:
    write_members(file, change(members_of(file)))
    with pytest.raises(StoreError, match=told) as caught:
        put_back(file, tmp_path / "new")
    assert str(file) in caught.value.message
    assert caught.value.hint
    assert sorted(each.name for each in tmp_path.iterdir()) == [file.name, "home"]


def test_a_file_that_was_cut_off_anywhere_is_refused(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    for size in (*range(0, len(whole), len(whole) // 25), len(whole) - 8, len(whole) - 1):
        file.write_bytes(whole[:size])
        with pytest.raises(StoreError, match=r"cut off|damaged|is no backup"):
            put_back(file, tmp_path / "new")
        assert not (tmp_path / "new").exists()


def test_a_flipped_bit_anywhere_is_refused_or_means_nothing(
    file: Path, home: Path, tmp_path: Path
) -> None:
    """Some bits of a compressed file only fill it up to a whole byte."""
    whole, new = file.read_bytes(), tmp_path / "new"
    refused = 0
    for place in range(10, len(whole) - 4, len(whole) // 40):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            put_back(file, new)
        except StoreError as error:
            named = re.search(r"`.*` is (cut off|damaged|no backup|not as)", error.message)
            refused += bool(named) and not new.exists()
        else:
            assert everything(new) == everything(home)
            shutil.rmtree(new)
    assert refused > 35


def test_a_record_that_was_forged_with_a_manifest_that_fits_is_still_audited(
    file: Path, home: Path, tmp_path: Path
) -> None:
    """Whoever can write a manifest cannot write a chain that ends where it ended."""
    with Store.open(home) as store:
        tamper(store, "UPDATE results SET marks = 1.5")
    forged = make(home, tmp_path / "forged.tar.gz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "read_about", lambda _: replace(forged.about, problems=()))
        with pytest.raises(StoreError, match=r"does not add up: .*the rows of run 1 differ"):
            put_back(forged.path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [b"", b"text", gzip.compress(b"text", mtime=0)], ids=len)
def test_what_is_no_backup_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "holiday.tar.gz"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"holiday.* is no backup of labctl"):
        put_back(path, tmp_path / "new")
    with pytest.raises(StoreError, match="There is no backup"):
        put_back(tmp_path / "none", tmp_path / "new")
    with pytest.raises(StoreError, match="cannot be read: Is a directory"):
        put_back(tmp_path, tmp_path / "new")


# ------------------------------------------------------------------ what is there already


def test_a_home_that_is_not_empty_is_kept_beside(file: Path, home: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir(mode=0o750)
    (new / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"is not empty: there is `notes\.txt`") as caught:
        put_back(file, new)
    assert "--replace" in caught.value.hint
    done = put_back(file, new, replace=True)
    assert done.before == tmp_path / "new.before-restore"
    assert (done.before / "notes.txt").read_text() == "mine"
    assert everything(new) == everything(home)
    again = put_back(file, new, replace=True)
    assert again.before == tmp_path / "new.before-restore-2"


def test_work_that_is_not_handed_in_is_not_replaced(file: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    code = with_a_session(new, "running")
    with pytest.raises(UsageError, match=f"1 sessions .* are not handed in: {code}"):
        put_back(file, new, replace=True)
    with Store.open(new) as store:
        store.append(code, "handed-in", {}, "amy", state="submitted")
    assert put_back(file, new, replace=True).before


def with_a_session(home: Path, state: str) -> str:
    with Store.open(home) as store:
        made = NewSession("C1", "lab", "ab" * 32, 1, "practice", store.put_blob(b"{}"))
        code = store.create_session(made, "amy").code
        store.append(code, "begun", {}, "amy", state=state)
    return code


def test_nobody_comes_into_a_home_that_is_being_replaced(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, refused = tmp_path / "new", []
    with_a_session(new, "submitted")
    whole = archive.unpack

    def unpack(path: Path, folder: Path) -> archive.About:
        with pytest.raises(Busy, match=r"new` is in use by labctl \(process") as caught:
            Store.open(new)
        refused.append(caught.value)
        return whole(path, folder)

    monkeypatch.setattr(archive, "unpack", unpack)
    with Store.open(new), pytest.raises(Busy, match="new` is in use by another labctl"):
        put_back(file, new, replace=True)
    assert refused == []
    assert put_back(file, new, replace=True).before
    assert len(refused) == 1


def test_a_record_that_is_begun_meanwhile_is_not_replaced(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, whole, codes = tmp_path / "new", archive.unpack, []

    def unpack(path: Path, folder: Path) -> archive.About:
        codes.append(with_a_session(new, "running"))
        return whole(path, folder)

    monkeypatch.setattr(archive, "unpack", unpack)
    with pytest.raises(UsageError, match="is not empty"):
        put_back(file, new)
    shutil.rmtree(new)
    with pytest.raises(Busy):
        put_back(file, new, replace=True)
    with Store.open(new) as store:
        assert [each.code for each in store.sessions()] == codes[1:]


def test_an_older_record_is_asked_too_and_so_is_a_file_beside_another_database(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new"
    code = with_a_session(tmp_path / "made", "running")
    make_older(tmp_path / "made", new, None, "0003")
    with pytest.raises(UsageError, match=f"1 sessions .* are not handed in: {code}"):
        put_back(file, new, replace=True)
    monkeypatch.setenv("LABCTL_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    with pytest.raises(UsageError, match=f"1 sessions .* are not handed in: {code}"):
        put_back(file, tmp_path / "made", replace=True)
    with closing(sqlite3.connect(new / "labctl.db", isolation_level=None)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0999'")
        with pytest.raises(UsageError, match=f"1 sessions .* are not handed in: {code}"):
            put_back(file, new, replace=True)
        raw.execute("UPDATE sessions SET state = 'submitted'")
    monkeypatch.delenv("LABCTL_DATABASE_URL")
    assert put_back(file, new, replace=True).before


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("pg", marks=pytest.mark.postgresql)])
def test_a_restore_that_ends_between_database_and_directory_is_gone_on_with(
    request: pytest.FixtureRequest,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/elsewhere.db"
        if kind == "pg":
            url = stack.enter_context(request.getfixturevalue("cluster").database())
        monkeypatch.setenv("LABCTL_DATABASE_URL", url)
        new = tmp_path / "new"
        with monkeypatch.context() as patch:
            patch.setattr(places, "settle_folder", refuse)
            with pytest.raises(KeyboardInterrupt):
                put_back(file, new)
        assert not new.exists()
        assert put_back(file, new).home == new
        with Store.open(new, url) as store:
            assert store.audit_all() == ()
            assert len(store.sessions()) == 3
            store.record("roster.imported", {}, "amy")
        with pytest.raises(StoreError, match="There is a record in"):
            put_back(file, tmp_path / "second")


def refuse(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_damaged_record_is_replaced(file: Path, home: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / "labctl.db").write_bytes(b"this is no database" * 99)
    assert put_back(file, new, replace=True).before
    assert everything(new) == everything(home)


def test_a_file_in_the_home_s_place_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "flat").touch()
    with pytest.raises(UsageError, match="cannot be used: Not a directory"):
        put_back(file, tmp_path / "flat")
    with pytest.raises(LabctlError):
        put_back(file, tmp_path / "flat" / "home")


def test_a_kernel_that_cannot_exchange_names_restores_too(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_EXCHANGE", 1 << 20)  # a flag that no kernel knows: EINVAL
    new = tmp_path / "new"
    Store.open(new).close()
    done = put_back(file, new, replace=True)
    assert done.before
    assert (done.before / "labctl.db").exists()
    with Store.open(new) as store:
        assert len(store.sessions()) == 3


# ------------------------------------------------------------------ the commands


def test_the_commands(labctl: Command, tmp_path: Path) -> None:
    code = labctl.start("amy")
    handed_in = labctl.start("bilal")
    labctl("submit", handed_in)
    said = labctl("backup", "b.tar.gz")
    assert said.out.strip() == str(tmp_path / "b.tar.gz")
    assert "backed up: 2 sessions" in said.err
    assert "already" in labctl("backup", "b.tar.gz", code=2).err
    assert "is not empty" in labctl("restore", "b.tar.gz", code=2).err
    done = labctl("restore", "b.tar.gz", "--into", "new")
    assert done.out.strip() == str(tmp_path / "new")
    told = " ".join(done.err.split())
    assert "1 session had not been handed in" in told
    assert code in told
    assert "restored: 2 sessions, as of 20" in told
    assert "backed up to b.tar.gz" in labctl("centre", "log").out
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABCTL_HOME", str(tmp_path / "new"))
        assert len(labctl("sessions", "--all", "--json").json) == 2
        assert "adds up" in labctl("audit").err
        assert "restored from a backup as of" in labctl("centre", "log").out
        assert labctl("backup", ".", "--json").json["about"]["sessions"] == 2
    labctl("stop", code, "--yes")
    refused = labctl("restore", "b.tar.gz", "--replace", code=5)
    assert f"home` is in use by labctl (process {os.getpid()} on" in " ".join(refused.err.split())
    again = ["restore", "b.tar.gz", "--into", "new", "--replace"]
    assert f"not handed in: {code}" in " ".join(labctl(*again, code=2).err.split())
    with Store.open(tmp_path / "new") as store:
        store.append(code, "given-up", {}, "a", state="stopped")
    swapped = labctl(*again, "--json").json
    assert swapped["before"].endswith("new.before-restore")
    assert swapped["unfinished"] == [code]
    with Store.open(tmp_path / "new") as store:
        store.append(code, "given-up", {}, "a", state="stopped")
    (tmp_path / "new" / "backups").mkdir()
    (tmp_path / "new" / "server").touch()
    told = " ".join(labctl(*again).err.split())
    assert "before-restore-2, with its `backups` and `server`; remove it when" in told
    assert "`labctl centre init` makes `server` again" in told
