"""A session's way through the command line, over a server of paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labctl.plan import CasePlan
from labctl.sessions.controller import Controller
from labctl.sessions.record import load
from labctl.verification import apply_case
from tests.fakes.command import LIBRARY, Command


def work(labctl: Command, code: str, case: str) -> None:
    """Do in a session what one of the lab's cases does."""
    with Controller(labctl.home, [LIBRARY]) as controller:
        cases: dict[str, CasePlan] = {
            each.name: each for each in load(controller.store, code).plan.cases
        }
        apply_case(controller, code, cases[case])


def test_start_tells_the_codes_and_what_to_type_next(labctl: Command) -> None:
    said = labctl("start", "notes", "--candidate", "amy", "bilal", "--seed", "7")
    assert "amy" in said.out
    assert "bilal" in said.out
    assert said.out.count("▶ running") == 2
    assert "desk is ready" in said.err
    assert "labctl submit" in said.err
    assert len(labctl.server.sessions()) == 2


def test_start_reads_candidates_from_a_file(labctl: Command, tmp_path: Path) -> None:
    names = tmp_path / "cohort.txt"
    names.write_text("# the cohort\namy\n\nbilal # late\n")
    found = labctl("start", "notes", "--candidates-file", str(names), "--json").json
    assert [each["candidate"] for each in found] == ["amy", "bilal"]
    assert {each["state"] for each in found} == {"running"}
    assert found[0]["seed"] != found[1]["seed"]


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["notes"], "No candidate is named."),
        (["notes", "--candidate", "amy", "amy"], "Named twice: amy."),
        (["notes", "--candidate", "Amy Jones"], "cannot be a candidate's code"),
        (["nots", "--candidate", "amy"], "Did you mean `notes`?"),
        (["notes", "--candidate", "amy", "--seed", "x"], "--seed"),
    ],
)
def test_start_refuses_what_makes_no_sense(
    labctl: Command, arguments: list[str], told: str
) -> None:
    said = labctl("start", *arguments, code=2)
    assert told in said.err
    assert said.out == ""
    assert labctl.server.sessions() == []


def test_a_start_that_fails_is_told_once_and_undone(labctl: Command) -> None:
    labctl.server.fault("up", "The disk is full.")
    said = labctl("start", "notes", "--candidate", "amy", "bilal", code=4)
    assert "amy, bilal: not started. The disk is full." in " ".join(said.err.split())
    assert "hint: Mend it." in said.err
    assert labctl.server.sessions() == []
    listed = labctl("sessions", "--all", "--json").json
    assert {each["state"] for each in listed} == {"withdrawn"}
    failed = labctl("start", "notes", "--candidate", "amy", "--json", code=4).json
    assert failed[0]["code"] is None
    assert failed[0]["problem"] == "The disk is full."


def test_a_set_up_that_fails_undoes_the_start(labctl: Command, tmp_path: Path) -> None:
    library = tmp_path / "labs"
    lab = library / "linux" / "broken"
    original = LIBRARY / "linux" / "notes"
    for path in original.rglob("*"):
        if path.is_file():
            copied = lab / path.relative_to(original)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_text(path.read_text().replace("id: notes", "id: broken"))
    (lab / "setup" / "desk.sh").write_text("exit 3\n")
    said = labctl("--library", str(library), "start", "broken", "--candidate", "amy", code=4)
    assert "desk: `setup/desk.sh` ended with 3: it said no" in said.err
    assert labctl.server.sessions() == []


def test_the_list_shows_what_runs_and_all_on_request(labctl: Command) -> None:
    assert "No session has hosts." in labctl("sessions").err
    amy, bilal = labctl.start("amy", "bilal")
    labctl("stop", bilal, "--yes")
    assert amy in labctl("sessions").out
    assert bilal not in labctl("sessions").out
    assert bilal in labctl("sessions", "--all").out
    assert labctl("sessions", "--candidate", "bilal", "--all", "--json").json[0]["code"] == bilal
    assert labctl("sessions", "--state", "stopped", "--json").json[0]["candidate"] == "bilal"
    assert "No such session." in labctl("sessions", "--lab", "other").err
    keys = {"code", "candidate", "lab", "mode", "attempt", "state", "seed", "created", "deadline"}
    assert keys <= labctl("sessions", "--json").json[0].keys()


def test_the_task_sheet_says_what_to_do_and_not_how_it_is_checked(labctl: Command) -> None:
    code = labctl.start("amy")
    sheet = labctl("tasks", code).out
    assert sheet.startswith("# Leave a note\n")
    assert f"`labctl console {code} desk`" in sheet
    assert "shelf**: `eth0` on office. You cannot log in to it." in sheet
    assert "Hints" not in sheet
    for hidden in ("contains", "Nothing is left", "Look at the file with", "expected"):
        assert hidden not in sheet
    practice = labctl.start("amy", practice=True)
    assert "- `echo WORD > FILE` writes a file." in labctl("tasks", practice).out
    assert labctl("tasks", code, "--json").json == {"session": code, "markdown": sheet}


def test_check_looks_and_takes_nothing_in(labctl: Command) -> None:
    code = labctl.start("amy")
    said = labctl("check", code)
    assert "✗ failed" in said.out
    assert "· at hand-in" in said.out
    assert "So far 0/4 marks; 1 more checks run at hand-in." in said.out
    work(labctl, code, "solution")
    found = labctl("check", code, "--json").json
    statuses = {each["check"]: each["status"] for each in found["checks"]}
    assert statuses == {"note": "passed", "tidy": "passed", "kept": "error"}
    assert "so far" in labctl("sessions").out
    assert labctl("sessions", "--json").json[0]["state"] == "running"


def test_submit_shows_every_verdict_and_the_recommendation(labctl: Command) -> None:
    code = labctl.start("amy")
    work(labctl, code, "solution")
    said = labctl("submit", code)
    assert said.out.count("✓ passed") == 3
    assert "Recommended: ✓ achieved, 4/4 marks, 2 of 2 criteria met" in said.out
    assert "The assessor decides." in said.err
    shown = labctl("show", code)
    assert "■ submitted" in shown.out
    assert "■ frozen" in shown.out
    assert "Criteria: 1.1 met, 1.2 met" in shown.out
    assert "✓ achieved" in labctl("sessions").out


def test_a_wrong_answer_is_explained_in_one_line(labctl: Command) -> None:
    code = labctl.start("amy")
    work(labctl, code, "wrong-word")
    said = labctl("submit", code)
    assert "✗ failed" in said.out
    assert "melon" in " ".join(said.out.split())
    assert "Look at the file with `cat`." in said.out
    assert "⊘ blocked" in said.out
    assert "Recommended: ✗ not yet achieved" in said.out


def test_several_are_submitted_at_once_and_one_that_fails_costs_no_other(labctl: Command) -> None:
    amy, bilal = labctl.start("amy", "bilal")
    labctl("stop", bilal)
    work(labctl, amy, "not-kept")
    said = labctl("submit", amy, bilal, code=2)
    assert f"{bilal}: Session `{bilal}` is stopped, not running" in " ".join(said.err.split())
    assert "✗ not yet achieved" in said.out
    found = labctl("submit", amy, "--json").json
    assert [each["session"] for each in found] == [amy]
    assert {"outcome", "marks", "available", "checks", "tasks", "criteria"} <= found[0].keys()


def test_an_unobservable_host_is_an_error_and_no_fail(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl.server.fault("dial", "The observer is gone.")
    said = labctl("submit", code)
    assert "! error" in said.out
    assert "Recommended: ? undetermined" in said.out
    labctl.server.fault("dial", None)
    assert "not yet achieved" in labctl("submit", code).out


def test_what_was_cut_off_is_settled_by_the_next_command(labctl: Command) -> None:
    code = labctl.start("amy")
    work(labctl, code, "solution")
    labctl.server.fault("running", "The engine hangs.")  # thawing fails: the hand-in is cut off
    assert "The engine hangs." in labctl("submit", code, code=4).err
    listed = labctl("sessions")
    assert f"1 session with something half done, or in the middle of a command: `{code}`" in (
        " ".join(listed.err.split())
    )
    assert labctl("sessions", "--json").json[0]["half_done"] == 1
    stuck = labctl("show", code)
    assert "left as it is: The engine hangs." in " ".join(stuck.err.split())
    assert "! half done: submit" in stuck.out
    assert "half done in" in labctl("doctor", code=None).out
    labctl.server.fault("running", None)
    said = labctl("submit", code)
    assert "its submit had been cut off; handed in: achieved" in said.err
    assert "Recommended: ✓ achieved" in said.out
    assert [run["reason"] for run in labctl("show", code, "--json").json["runs"]] == ["submit"]


def test_stop_removes_hosts_and_may_be_given_again(labctl: Command) -> None:
    amy, bilal = labctl.start("amy", "bilal")
    assert labctl("stop", amy, "--json").json == [{"code": amy, "stopped": True}]
    assert labctl.server.sessions() == [bilal]
    assert "has no hosts any more; it is stopped" in labctl("stop", amy).err
    labctl("stop", "--all")
    assert labctl.server.sessions() == []
    assert "No session has hosts." in labctl("stop", "--all").err


def test_stop_wants_names_or_all(labctl: Command) -> None:
    assert "Name the sessions to stop" in labctl("stop", code=2).err
    assert "No session is called `abc234`" in labctl("stop", "abc234", code=2).err


def test_a_stop_that_fails_says_so_and_is_finished_later(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl.server.fault("down", "The engine is busy.")
    assert "The engine is busy." in labctl("stop", code, code=4).err
    labctl.server.fault("down", None)
    assert "its stop had been cut off; stopped" in labctl("gc").err
    assert labctl.server.sessions() == []


@pytest.mark.parametrize("command", ["show", "tasks", "check", "submit", "remark", "evidence"])
def test_an_unknown_session_is_answered_with_the_nearest(labctl: Command, command: str) -> None:
    code = labctl.start("amy")
    other = code[:-1] + ("2" if code[-1] != "2" else "3")
    said = labctl(command, other, code=2)
    assert f"No session is called `{other}`." in said.err
    assert f"Did you mean `{code}`?" in said.err


def test_remark_gives_the_same_verdicts_without_any_server(labctl: Command) -> None:
    code = labctl.start("amy")
    work(labctl, code, "wrong-word")
    labctl("submit", code)
    labctl("stop", code)
    labctl.server.fault("any", "Docker is not running.")
    said = labctl("remark", code)
    assert "All 3 verdicts are what they were." in said.out
    assert "Run 1 marked again; recorded as run 2." in said.err
    found = labctl("remark", code, "--dry-run", "--json").json
    assert found["changes"] == []
    assert (found["old_run"], found["new_run"]) == (1, None)
    assert "attempt 1" in labctl("show", code).out


def test_remark_by_another_scheme_shows_what_changed(labctl: Command, tmp_path: Path) -> None:
    code = labctl.start("amy")
    work(labctl, code, "wrong-word")
    labctl("submit", code)
    library = tmp_path / "mended"
    lab = library / "linux" / "notes"
    for path in (LIBRARY / "linux" / "notes").rglob("*"):
        if path.is_file():
            copied = lab / path.relative_to(LIBRARY / "linux" / "notes")
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_text(
                path.read_text().replace(
                    'path: /srv/note.txt, content: {contains: "{{ word }}"}',
                    "path: /srv/note.txt, content: {contains: melon}",
                )
            )
    said = labctl("remark", code, "--scheme", "notes", "--library", str(library))
    assert "3 verdicts changed." in said.out
    assert "✗ failed   ✓ passed" in said.out
    # What was blocked then was never observed: no guess is made of it.
    assert "⊘ blocked  ! error" in said.out
    assert "✗ not yet achieved → ? undetermined, 2/4 marks" in said.out
    assert "remark" in labctl("show", code).out


def test_audit_finds_a_changed_record(labctl: Command) -> None:
    code = labctl.start("amy")
    assert "the record of 1 session and of the centre adds up" in labctl("audit").err
    told = {"sessions": [code], "sittings": [], "problems": []}
    assert labctl("audit", code, "--json").json == told
    with Controller(labctl.home) as controller:
        digest = controller.store.session(code).plan
    (labctl.home / "blobs" / digest[:2] / digest[2:]).unlink()
    said = labctl("audit", code, code=1)
    assert digest in said.out
    assert "1 problem in the record of 1 session" in said.err
    assert labctl("audit", code, "--json", code=1).json["problems"]


def test_gc_removes_what_no_session_needs_if_it_is_asked_to(labctl: Command) -> None:
    code = labctl.start("amy")
    with labctl.server.state() as state:
        state["sessions"]["zzzzzz"] = {"hosts": {"desk": {"state": "running", "files": {}}}}
    assert "the record knows no such session: zzzzzz" in labctl("gc").err
    assert "zzzzzz" in labctl.server.sessions()
    dry = labctl("gc", "--unknown", "--dry-run")
    assert "1 object would be removed, 3 in use." in dry.err
    said = labctl("gc", "--unknown")
    assert "zzzzzz-desk" in said.out
    assert labctl.server.sessions() == [code]
    assert labctl("gc", "--json").json["removed"] == []


def test_evidence_is_written_once_and_numbered_after(labctl: Command, tmp_path: Path) -> None:
    code = labctl.start("amy")
    labctl("submit", code)
    first = labctl("evidence", code, "--output", str(tmp_path / "e"))
    again = labctl("evidence", code, "--output", str(tmp_path / "e"), "--json").json
    assert first.out.strip() == str(tmp_path / "e")
    assert again["folder"] == str(tmp_path / "e-2")
    assert set(again["files"]) == {path.name for path in (tmp_path / "e-2").iterdir()}
    assert json.loads((tmp_path / "e" / "manifest.json").read_text())["session"] == code


def test_the_warden_ends_when_nothing_runs(labctl: Command) -> None:
    assert labctl("warden").out == ""


def test_a_qualification_whose_dates_have_passed_is_a_warning(
    labctl: Command, tmp_path: Path
) -> None:
    library = tmp_path / "dated"
    library.mkdir()
    (library / "catalogue.yaml").write_text(
        "format: 1\nqualifications:\n"
        "  - {id: old, title: The old diploma, level: 2, accreditation: 500/0000/0, credits: 1,\n"
        "     total_hours: 10, guided_hours: {least: 1, most: 2}, mandatory_units: 0,\n"
        '     last_registration: "2000-01-01", last_certification: "2001-01-01",\n'
        "     verified: false, source: a test}\n"
    )
    arguments = ("--library", str(library), "start", "notes", "--candidate", "amy")
    told = "warning: The old diploma: certification ended on 2001-01-01."
    assert told in labctl(*arguments).err
    assert told not in labctl(*arguments, "--practice").err
