"""Disks that stay after a hand-in as long as the policy says, and what is in the way of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from labctl.providers.libvirt.files import MachineFiles
from labctl.sessions import record, retention
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.clock import Moment, present
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.sessions.recovery import recover
from labctl.sessions.retention import kept_disks
from labctl.sessions.stopping import stop
from tests.fakes.command import LIBRARY, Command
from tests.fakes.provider import FakeProvider

DAYS = 30


@pytest.fixture
def code(labctl: Command) -> str:
    """A hand-in whose disks are to be kept."""
    (labctl.home / "policy.yaml").write_text(f"format: 1\nkeep_disks_days: {DAYS}\n")
    made: str = labctl.start("amy")
    labctl("submit", made)
    return made


@contextmanager
def after(labctl: Command, days: int = 0) -> Iterator[Controller]:
    """A controller so many days later."""

    def now() -> Moment:
        moment = present()
        return replace(moment, at=moment.at + timedelta(days=days))

    with Controller(labctl.home, [LIBRARY], now=now) as opened:
        yield opened


def kinds(labctl: Command, code: str) -> list[str]:
    return [each["kind"] for each in labctl("show", code, "--json").json["timeline"]]


def snapshots(labctl: Command, code: str) -> list[str]:
    with after(labctl) as opened:
        owned = opened.provider("docker").owned()
    return [each.name for each in owned if (each.session, each.kind) == (code, "snapshot")]


def test_what_a_candidate_could_enter_stays_until_its_day_is_over(
    labctl: Command, code: str
) -> None:
    labctl("stop", code)
    assert labctl.server.sessions() == []
    assert snapshots(labctl, code) == [f"kept/{code}-desk"]  # and not the shelf's
    until = (present().at.astimezone().date() + timedelta(days=DAYS)).isoformat()
    assert labctl("show", code, "--json").json["disks"]["until"] == until
    assert f"disks kept until {until}: desk as {code}/desk/1" in labctl("show", code).out
    log = labctl("show", code, "--log").out
    assert f"disks are kept until {until}: desk" in log

    assert labctl("gc", "--json").json["removed"] == []
    with after(labctl, DAYS) as opened:
        collect_garbage(opened)
    assert len(snapshots(labctl, code)) == 1
    with after(labctl, DAYS + 1) as opened:
        collect_garbage(opened, dry_run=True)
        assert kept_disks(opened.store.events(code)) is not None
        (gone,) = (each for each in collect_garbage(opened).removed if each.session == code)
        assert gone.kind == "snapshot"
    assert snapshots(labctl, code) == []
    assert labctl("show", code, "--json").json["disks"] is None
    assert kinds(labctl, code)[-1] == "disks.removed"
    assert "adds up" in labctl("audit").err


@pytest.mark.parametrize("how", ["practice", "not handed in", "no rule", "too late"])
def test_where_nothing_is_to_be_kept_nothing_is(labctl: Command, code: str, how: str) -> None:
    if how == "no rule":
        (labctl.home / "policy.yaml").unlink()
    other = code if how == "too late" else labctl.start("bo", practice=how == "practice")
    if how not in ("not handed in", "too late"):
        labctl("submit", other)
    with after(labctl, DAYS + 1 if how == "too late" else 0) as opened:
        stop(opened, other)
    assert snapshots(labctl, other) == []
    assert retention.KEPT not in kinds(labctl, other)


def test_a_hand_in_that_could_not_be_graded_is_kept_too(labctl: Command, code: str) -> None:
    other = labctl.start("bo")
    with after(labctl) as opened:
        opened.store.intend(other, "submit", {}, "bo", state=State.SUBMITTING)
        stop(opened, other)
    assert snapshots(labctl, other) == [f"kept/{other}-desk"]
    until = (present().at.astimezone().date() + timedelta(days=DAYS)).isoformat()
    assert labctl("show", other, "--json").json["disks"]["until"] == until


def test_without_room_nothing_is_removed_and_it_says_what_to_type(
    labctl: Command, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeProvider, "disk_room", lambda _: 1 << 20)
    said = " ".join(labctl("stop", code, code=4).err.split())
    assert "that takes 1.0 MiB, and 819.2 KiB can be had. Nothing was removed." in said
    assert f"`labctl stop {code} --discard --reason WHY`" in said
    assert labctl("sessions", "--json").json[0]["state"] == "submitted"
    assert labctl.server.sessions() == [code]

    labctl("stop", code, "--discard", "--reason", "an appeal is not possible any more")
    assert snapshots(labctl, code) == []
    assert "let go: an appeal is not possible any more" in " ".join(
        labctl("show", code, "--log").out.split()
    )


def test_where_the_room_is_not_known_it_is_tried(
    labctl: Command, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeProvider, "disk_room", lambda _: None)
    labctl("stop", code)
    assert len(snapshots(labctl, code)) == 1


def test_what_cannot_be_kept_leaves_the_hand_in_as_it_is(labctl: Command, code: str) -> None:
    labctl.server.fault("snapshot", "The disk is full.")
    assert "The disk is full." in labctl("stop", code, code=4).err
    assert labctl.server.sessions() == [code]
    assert kinds(labctl, code)[-1] == "stop.undone"
    labctl.server.fault("snapshot", None)
    labctl("stop", code)
    assert len(snapshots(labctl, code)) == 1


@pytest.mark.parametrize("where", ["before", "between"])
def test_a_stop_that_was_killed_keeps_once_and_finishes(
    labctl: Command, code: str, where: str
) -> None:
    with after(labctl) as opened:
        intent = opened.store.intend(code, "stop", {}, opened.actor)
        if where == "between":  # kept, and not removed yet
            session = record.load(opened.store, code)
            retention.keep(opened, session, intent, date(2099, 1, 1))
    with after(labctl) as opened:
        for found in recover(opened, code):
            assert found.what == "stopped"
    labctl("gc")
    assert len(snapshots(labctl, code)) == 1
    assert labctl.server.sessions() == []
    assert kinds(labctl, code).count(retention.KEPT) == 1


def test_a_killed_gc_is_gone_on_with(labctl: Command, code: str) -> None:
    labctl("stop", code)
    with after(labctl, DAYS + 1) as opened:
        retention.note_removed(opened, code)  # killed here
        collect_garbage(opened)
    assert snapshots(labctl, code) == []
    assert kinds(labctl, code).count(retention.REMOVED) == 1


def test_a_host_that_is_gone_is_said_to_be(labctl: Command, code: str) -> None:
    with labctl.server.state() as state:
        del state["sessions"][code]["hosts"]["desk"]
    labctl("stop", code)
    with after(labctl) as opened:
        (event,) = (each for each in opened.store.events(code) if each.kind == retention.KEPT)
    assert (event.data["hosts"], event.data["gone"]) == ({}, ["desk"])


def test_letting_disks_go_takes_a_reason(labctl: Command, code: str) -> None:
    assert "go together" in labctl("stop", code, "--discard", code=2).err
    assert "go together" in labctl("stop", code, "--reason", "why", code=2).err
    assert labctl.server.sessions() == [code]


def test_of_machines_the_copies_stay_and_the_disks_go(tmp_path: Path) -> None:
    files = MachineFiles("1234567890", top=tmp_path)
    folder = files.of_host("abcdef", "pc1")
    (folder / "root.qcow2").write_text("disk")
    files.of_host("abcdef", "pc2")
    name = files.keep("abcdef", "pc1")
    assert not files.only_kept("abcdef")
    files.remove_but_kept("abcdef")
    assert [each.name for each in folder.iterdir()] == ["kept-1"]
    assert (files.top / name / "root.qcow2").read_text() == "disk"
    assert files.sessions() == ("abcdef",)
    assert files.only_kept("abcdef")
    assert not (files.top / "abcdef" / "pc2").exists()
    files.remove("abcdef")
    files.remove_but_kept("abcdef")
    files.of_host("abcdee", "pc1")
    files.remove_but_kept("abcdee")
    assert files.sessions() == ()
