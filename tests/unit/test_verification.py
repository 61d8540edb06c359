"""What can be left out of a script, what is remembered of a run, and how it is reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labctl.library.library import Library
from labctl.library.planning import plan
from labctl.library.surroundings import BUILT_IN
from labctl.verification import CaseResult, Mismatch, Report
from labctl.verification.ledger import LEDGER_FILE, Ledger
from labctl.verification.lines import droppable, without
from labctl.verification.report import json_text, text_of
from labctl.verification.trial import Trial

SCRIPT = """\
#!/bin/bash
set -eu
# a comment
ip address add \\
  "$LAB_A/24" dev eth0
cat >/etc/conf <<'EOF'
# the file's own comment
one
#!/bin/sh
two
EOF
if true; then
  touch /x
fi
visudo -c  # unchecked: changes nothing
# unchecked: the one above
rm -f /y

# unchecked "two": nobody reads it
"""


def texts(script: str) -> list[tuple[int, int, str]]:
    return [(line.first, line.last, line.why) for line in droppable(script)]


def test_what_can_be_left_out() -> None:
    assert texts(SCRIPT) == [
        (4, 5, ""),
        (6, 11, "nobody reads it"),
        (8, 8, ""),
        (9, 9, ""),
        (10, 10, "nobody reads it"),
        (15, 15, "changes nothing"),
        (17, 17, "the one above"),
    ]


def test_an_only_command_of_a_branch_is_structure() -> None:
    assert texts("if true; then\n  a\n  b\nfi\n") == [(2, 2, ""), (3, 3, "")]


def test_leaving_out_leaves_the_rest() -> None:
    line = droppable("a\nb \\\n c\nd\n")[1]
    assert line.text == "b \\\n c"
    assert without("a\nb \\\n c\nd\n", line) == "a\nd\n"


@pytest.fixture
def trial() -> Trial:
    lab = Library((BUILT_IN,)).lab("static-routing")
    planned = plan(lab, 3)
    return Trial(lab, planned, planned.cases[0], lab.folder)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path, trial: Trial) -> None:
    ledger = Ledger.open(tmp_path, keep=False)
    assert ledger.seconds(trial) == 0
    ledger.note(trial, 2.5)
    with (tmp_path / LEDGER_FILE).open("a") as file:
        file.write('{"key": "half a li')
    assert Ledger.open(tmp_path, keep=True).seconds(trial) == 2.5


def test_what_has_changed_is_tried_again(tmp_path: Path, trial: Trial) -> None:
    from dataclasses import replace

    from labctl.library.folder import Folder, LabFileEntry

    ledger = Ledger.open(tmp_path, keep=False)
    ledger.note(trial, 2.5)
    again = Ledger.open(tmp_path, keep=True)
    other = Folder({**trial.folder.files, "setup/new.sh": LabFileEntry(b"true\n")})
    assert again.seconds(replace(trial, folder=other)) == 0
    assert again.seconds(replace(trial, case=trial.plan.cases[1])) == 0
    assert Ledger.open(tmp_path, keep=False).seconds(trial) == 0


def test_the_report_says_what_was_not_as_expected() -> None:
    wrong = (Mismatch("route", "passed", "failed: expected a | b, found <nothing>"),)
    report = Report(
        (
            CaseResult("one", "solution", 0, (), 2.0),
            CaseResult("one", "fake", 0, wrong, 2.0),
            CaseResult("two", "solution", 0, (), 2.0, problem="no\nDocker"),
        ),
        6.0,
    )
    text = text_of(report)
    assert "1 of 3 cases were as expected, in 6 s." in text
    assert "| one | 2 | 1 | 1 of 2 | 4 |" in text
    assert "`route`: expected passed, found failed: expected a \\| b, found &lt;nothing>" in text
    assert "could not be carried out: no Docker" in text
    found = json.loads(json_text(report))
    assert found["ok"] is False
    assert [row["case"] for row in found["results"]] == ["solution", "fake", "solution"]
