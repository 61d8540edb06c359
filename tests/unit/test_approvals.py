"""Labs that somebody approved: what is shown first, what is recorded, and what a change undoes."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from labctl.centre.account import Account
from labctl.centre.approvals import CHECKLIST, approvals, approve, approved
from labctl.cli.approving import SIDE_BY_SIDE
from labctl.errors import NotPermitted, StoreError, UsageError
from labctl.sessions.controller import Controller
from tests.fakes.command import LIBRARY, Command


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labctl: Command) -> Path:
    """A library with a lab that a test may change."""
    library = tmp_path / "labs"
    lab = library / "linux" / "notes"
    for path in (LIBRARY / "linux" / "notes").rglob("*"):
        if path.is_file():
            target = lab / path.relative_to(LIBRARY / "linux" / "notes")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            target.chmod(path.stat().st_mode)
    monkeypatch.setenv("LABCTL_LIBRARY", str(library))
    return lab


def change(lab: Path) -> None:
    path = lab / "lab.yaml"
    path.write_text(path.read_text() + "\n# another version\n")


def report(labctl: Command, path: Path, *arguments: str) -> Path:
    labctl("labs", "verify", "notes", "--seeds", "1", "--report", str(path), *arguments)
    return path


def altered(path: Path, alter: Callable[[dict[str, Any]], object]) -> None:
    told = json.loads(path.read_text())
    for each in told["results"]:
        alter(each)
    path.write_text(json.dumps(told))


# ------------------------------------------------------------------ what is recorded


def test_what_is_approved_is_exactly_one_version(tmp_path: Path) -> None:
    with Controller(tmp_path / "home", [LIBRARY]) as controller:
        controller.__dict__["account"] = Account("dean", 4711)
        lab = controller.library.lab("notes")
        assert approved(controller.store, lab.digest) is None
        with pytest.raises(UsageError, match=r"this was not confirmed: The work can be done"):
            approve(controller, lab, CHECKLIST[:2])
        assert approvals(controller.store) == ()

        found = approve(controller, lab, CHECKLIST, b"report")
        assert (found.by, found.lab, found.digest) == ("dean", "notes", lab.digest)
        assert found.confirmed == CHECKLIST
        assert found.report is not None
        assert controller.store.get_blob(found.report) == b"report"
        assert approved(controller.store, lab.digest) == found
        assert approved(controller.store, "ab" * 32) is None
        assert controller.store.audit_centre() == ()


def test_an_approval_that_was_changed_is_damage(tmp_path: Path) -> None:
    with Controller(tmp_path / "home", [LIBRARY]) as controller:
        approve(controller, controller.library.lab("notes"), CHECKLIST)
        path = controller.home / "labctl.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute('UPDATE centre_events SET data = \'{"lab":"notes"}\'')
        with pytest.raises(StoreError, match="Event 1 of the centre's log is damaged"):
            approvals(controller.store)


# ------------------------------------------------------------------ the command


def test_a_lab_is_shown_in_three_variants_and_confirmed_point_by_point(
    labctl: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = report(labctl, tmp_path / "report.json")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * len(CHECKLIST)))
    said = labctl("labs", "approve", "notes", "--report", str(path))
    head = next(line for line in said.out.splitlines() if line.startswith("VALUE"))
    assert head.split() == ["VALUE", "SEED", "0", "SEED", "1", "SEED", "2"]
    assert said.out.count("SEED 1") == 2
    assert "Time allowed" in said.out
    assert "✓ lint: nothing wrong" in said.err
    assert "as expected, 1 seed" in flat(said.err)
    assert all(point in flat(said.err) for point in CHECKLIST)
    assert "✓ notes is approved by tester" in said.err
    (event,) = labctl("centre", "log", "--json").json
    assert event["kind"] == "lab.approved"
    assert "notes was approved, digest" in labctl("centre", "log").out
    assert "of the centre adds up" in labctl("audit").err


def test_in_a_wide_terminal_the_sheets_stand_side_by_side(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = labctl("labs", "approve", "notes", "--yes").out
    monkeypatch.setenv("COLUMNS", str(SIDE_BY_SIDE))
    wide = labctl("labs", "approve", "notes", "--yes").out
    assert narrow.count("Your network") == wide.count("Your network") == 3
    assert any(line.count("Your network") == 3 for line in wide.splitlines())
    assert not any(line.count("Your network") > 1 for line in narrow.splitlines())


def test_a_lab_that_is_the_same_for_everybody_says_so(labctl: Command) -> None:
    said = labctl("labs", "approve", "moves", "--yes")
    assert "every candidate gets the same" in flat(said.out)


def test_one_no_and_nothing_is_recorded(labctl: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\nn\n"))
    said = labctl("labs", "approve", "notes", code=2)
    assert CHECKLIST[1] in flat(said.err)
    assert CHECKLIST[2] not in flat(said.err)
    assert "No report of a verification is given" in flat(said.err)
    assert labctl("centre", "log", "--json").json == []


@pytest.mark.parametrize(
    "alter, told",
    [
        (lambda each: each.update(problem="no Docker"), "was not as expected in the cases"),
        (lambda each: each.update(digest="ab" * 32), "is about another version of `notes`"),
        (lambda each: each.update(lab="moves"), "says nothing of `notes`"),
        (lambda each: each.pop("lab"), "is no report of a verification in JSON"),
    ],
)
def test_a_report_that_does_not_speak_for_the_lab_is_refused(
    labctl: Command, tmp_path: Path, alter: Callable[[dict[str, Any]], object], told: str
) -> None:
    path = report(labctl, tmp_path / "report.json")
    altered(path, alter)
    said = labctl("labs", "approve", "notes", "--yes", "--report", str(path), code=2)
    assert told in flat(said.err)
    assert labctl("centre", "log", "--json").json == []


def test_a_report_that_leaves_out_cases_says_so(labctl: Command, tmp_path: Path) -> None:
    path = report(labctl, tmp_path / "report.json", "--case", "solution")
    said = labctl("labs", "approve", "notes", "--yes", "--report", str(path), "--json")
    assert said.json["by"] == "tester"
    assert "The report leaves out the cases untouched" in flat(said.err)


def test_what_is_no_report_is_named(labctl: Command, tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("# Verification of labs\n")
    said = labctl("labs", "approve", "notes", "--yes", "--report", str(path), code=2)
    assert "is no report of a verification in JSON" in flat(said.err)
    said = labctl("labs", "approve", "notes", "--yes", "--report", "none.json", code=2)
    assert "cannot be read" in said.err


def test_a_lab_that_lint_refuses_cannot_be_approved(labctl: Command, library: Path) -> None:
    path = library / "lab.yaml"
    path.write_text(path.read_text().replace("id: notes", "id: notebook"))
    said = labctl("labs", "approve", "notes", "--yes", code=2)
    assert "`notes` has mistakes, so it cannot be approved" in flat(said.err)
    assert labctl("centre", "log", "--json").json == []


def test_lists_and_starts_tell_what_was_approved_and_what_has_changed(
    labctl: Command, library: Path
) -> None:
    assert "APPROVED" not in labctl("labs", "list").out
    told = flat(labctl("start", "notes", "--candidate", "amy").err)
    assert "Nobody has approved `notes` as it is now" in told
    assert "approve" not in labctl("start", "notes", "--candidate", "bo", "--practice").err

    labctl("labs", "approve", "notes", "--yes")
    found = {each["id"]: each["approval"] for each in labctl("labs", "list", "--json").json}
    assert found.pop("notes")["standing"] == "approved"
    assert not any(found.values())
    listed = labctl("labs", "list").out
    assert "✓ approved" in listed
    assert "by tester" in flat(listed)
    assert "approved" not in labctl("start", "notes", "--candidate", "cy").err

    change(library)
    assert "! changed since" in flat(labctl("labs", "list").out)
    told = flat(labctl("start", "notes", "--candidate", "di").err)
    assert "tester approved `notes` on " in told
    assert "nobody has approved `notes` as it is now" in told
    labctl("labs", "approve", "notes", "--yes")
    assert "approved" not in labctl("start", "notes", "--candidate", "ed").err


def rule(labctl: Command, word: str) -> None:
    (labctl.home / "policy.yaml").write_text(f"format: 1\napproved_labs: {word}\n")


def test_where_the_policy_demands_it_nobody_is_assessed_by_another_version(
    labctl: Command, library: Path
) -> None:
    rule(labctl, "required")
    said = labctl("start", "notes", "--candidate", "amy", "bilal", code=2)
    assert flat(said.err).count("Nobody has approved `notes` as it is now") == 1
    assert "(`approved_labs: required`)" in flat(said.err)
    assert "`labctl labs approve notes`" in flat(said.err)
    assert labctl("sessions", "--all", "--json").json == []
    assert "approve" not in labctl("start", "notes", "--candidate", "amy", "--practice").err

    labctl("labs", "approve", "notes", "--yes")
    labctl("start", "notes", "--candidate", "amy")
    change(library)
    told = flat(labctl("start", "notes", "--candidate", "bilal", code=2).err)
    assert "tester approved `notes` on " in told
    assert "but it has changed" in told


def test_where_the_policy_does_not_ask_nothing_is_said(labctl: Command) -> None:
    rule(labctl, "off")
    assert "approve" not in labctl("start", "notes", "--candidate", "amy").err


def test_a_lab_that_cannot_be_read_any_more_has_changed(labctl: Command, library: Path) -> None:
    labctl("labs", "approve", "notes", "--yes")
    (library / "link").symlink_to("/etc/passwd")
    found = {each["id"]: each["approval"] for each in labctl("labs", "list", "--json").json}
    assert found["notes"]["standing"] == "changed"


def test_a_list_of_labs_makes_no_record(labctl: Command) -> None:
    labctl("labs", "list")
    assert not (labctl.home / "labctl.db").exists()


def test_approving_takes_the_role(labctl: Command) -> None:
    labctl("staff", "add", "daemon", "--name", "Amy Jones", "--role", "assessor")
    labctl.account = Account("daemon", 1)
    said = labctl("labs", "approve", "notes", "--yes", code=2)
    assert "this takes the role iqa" in flat(said.err)
    assert said.out == ""
    with Controller(labctl.home, [LIBRARY]) as controller:
        controller.__dict__["account"] = labctl.account
        with pytest.raises(NotPermitted):
            approve(controller, controller.library.lab("notes"), CHECKLIST)
