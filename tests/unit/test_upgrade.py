"""Records of older programs: refused by all commands but the one that upgrades them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from labctl.backup.restoring import restore
from labctl.backup.upgrading import Upgraded, upgrade
from labctl.centre import staff
from labctl.centre.account import Account
from labctl.centre.roles import Role
from labctl.errors import NotPermitted, StoreError, UsageError
from labctl.sessions.controller import Controller
from labctl.store import Busy, NewSession, Person, Store, centre, database
from labctl.store.locks import exclusive
from labctl.warden.running import WHAT, lock_of
from tests.fakes.command import Command
from tests.older import make_older
from tests.tampering import tamper

ROOT = Account("root", 0)
DAEMON = Account("daemon", 1)


def older(home: Path, url: str | None, state: str = "submitted") -> str:
    """A record as the version before results were held left it."""
    made = home.with_name("made")
    with Store.open(made) as store:
        new = NewSession("C1", "lab", "ab" * 32, 1, "practice", store.put_blob(b"{}"))
        code = store.create_session(new, "amy").code
        store.append(code, "moved", {}, "amy", state=state)
        store.record("roster.imported", {}, "amy", people=[Person("C1", "Grace")])
    make_older(made, home, url, "0002")
    return code


def bring_up(home: Path, account: Account = ROOT) -> Upgraded | None:
    with Controller(home) as controller:
        controller.__dict__["account"] = account
        return upgrade(controller)


def test_an_older_record_is_upgraded_after_a_backup(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABCTL_DATABASE_URL", url or "")
    home = tmp_path / "home"
    code = older(home, url)
    with pytest.raises(StoreError, match="written by an older labctl \\(tables 0002") as caught:
        Store.open(home, url)
    assert "`labctl upgrade`" in caught.value.hint

    done = bring_up(home)
    assert done is not None
    assert (done.before, done.after) == ("0002", database.REVISION)
    assert done.backup.path.parent == home / "backups"
    with Store.open(home, url) as store:
        assert store.session(code).held is False
        assert store.audit_all() == ()
        assert [each.kind for each in store.centre_events()][-2:] == [
            "backup.made",
            "store.upgraded",
        ]
    assert bring_up(home) is None

    monkeypatch.delenv("LABCTL_DATABASE_URL")
    with Controller(tmp_path / "new") as controller:
        assert restore(controller, done.backup.path).about.tables == "0002"
    with Store.open(tmp_path / "new") as store:
        assert store.session(code).candidate == "C1"
        assert store.names() == {"C1": "Grace"}


def test_the_backup_of_a_record_with_a_flaw_can_be_restored(tmp_path: Path) -> None:
    home = tmp_path / "home"
    older(home, None)
    with closing(sqlite3.connect(home / "labctl.db", isolation_level=None)) as raw:
        raw.execute("UPDATE events SET actor = 'eve' WHERE sequence = 2")
    done = bring_up(home)
    assert done is not None
    (problem,) = done.backup.about.problems
    assert "it does not match its hash" in problem
    with Controller(tmp_path / "new") as controller:
        assert restore(controller, done.backup.path).problems == (problem,)


def test_while_sessions_run_nothing_is_changed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = older(home, None, state="running")
    before = (home / "labctl.db").read_bytes()
    with pytest.raises(UsageError, match=f"1 sessions are not handed in: {code}"):
        bring_up(home)
    assert (home / "labctl.db").read_bytes() == before
    assert not (home / "backups").exists()


def test_while_a_server_runs_nothing_is_changed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    older(home, None)
    before = (home / "labctl.db").read_bytes()
    with exclusive(lock_of(home), WHAT), pytest.raises(Busy, match=r"home` is in use by labctl"):
        bring_up(home)
    assert (home / "labctl.db").read_bytes() == before
    assert not (home / "backups").exists()


def test_the_upgrade_and_its_event_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    older(home, None)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(centre, "append", cut_off)
        with pytest.raises(KeyboardInterrupt):
            bring_up(home)
    with pytest.raises(StoreError, match="written by an older labctl"):
        Store.open(home)
    # The backup of the first try is another second's.
    for path in (home / "backups").iterdir():
        path.unlink()
    assert bring_up(home) is not None
    assert sorted(each.name for each in home.iterdir() if each.name.startswith(".")) == []


def test_an_upgrade_that_fails_is_found_on_the_copy(tmp_path: Path) -> None:
    home = tmp_path / "home"
    older(home, None)
    with closing(sqlite3.connect(home / "labctl.db", isolation_level=None)) as raw:
        raw.execute("DROP TABLE sessions")
    before = (home / "labctl.db").read_bytes()
    with pytest.raises(StoreError, match="no such table: sessions"):
        bring_up(home)
    assert (home / "labctl.db").read_bytes() == before


def test_only_who_may_upgrades(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Controller(home) as controller:
        controller.__dict__["account"] = ROOT
        staff.add(controller, "daemon", "Amy Jones", [Role.ASSESSOR])
    assert bring_up(home) is None
    with pytest.raises(NotPermitted, match="You may not upgrade the record"):
        bring_up(home, DAEMON)
    old = tmp_path / "old"
    make_older(home, old, None, "0002")
    with pytest.raises(NotPermitted, match="You may not upgrade the record") as caught:
        bring_up(old, DAEMON)
    assert f"LABCTL_HOME={old} " in caught.value.hint
    assert not (old / "backups").exists()
    assert bring_up(old) is not None


def test_a_newer_record_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path / "newer") as store:
        tamper(store, "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(StoreError, match="written by a newer labctl"):
        bring_up(tmp_path / "newer")


def test_the_command(labctl: Command, tmp_path: Path) -> None:
    assert "of this version already" in labctl("upgrade").err
    for path in labctl.home.glob("labctl.db*"):
        path.unlink()
    shutil.rmtree(labctl.home / "blobs")
    older(labctl.home, None)
    refused = labctl("sessions", code=5)
    assert "`labctl upgrade` makes a backup" in " ".join(refused.err.split())
    assert "is in use by labctl" in " ".join(labctl("upgrade", code=5).err.split())
    lock_of(labctl.home).unlink()  # which the fixture holds, as a server does
    done = labctl("upgrade")
    assert done.out.strip().startswith(str(labctl.home / "backups" / "before-"))
    assert "the tables went from 0002 to" in done.err
    assert "upgraded: tables 0002 to" in labctl("centre", "log").out
    assert labctl("upgrade", "--json").json is None
