"""What can be left out of a script, what is remembered of a run, and how it is reported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from labctl.library.folder import Folder, LabFileEntry
from labctl.library.library import Library
from labctl.library.planning import plan, verification_seeds
from labctl.library.surroundings import BUILT_IN
from labctl.plan import CasePlan
from labctl.verification import CaseResult, Mismatch, MutantResult, Report
from labctl.verification.cases import UNTOUCHED, judged_marks
from labctl.verification.ledger import MUTATED, VERIFIED, Ledger, key_of
from labctl.verification.lines import ScriptLine, droppable, without
from labctl.verification.mutation_report import json_text as lines_json
from labctl.verification.mutation_report import text_of as lines_text
from labctl.verification.report import json_text, text_of
from labctl.verification.running import _trials, mixed
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


def inside(script: str) -> list[tuple[int, int, str]]:
    return [(line.first, line.inside, line.why) for line in droppable(script) if line.inside]


def test_what_can_be_left_out() -> None:
    assert texts(SCRIPT) == [
        (4, 5, ""),
        (6, 11, ""),
        (8, 8, ""),
        (9, 9, ""),
        (10, 10, "nobody reads it"),
        (15, 15, "changes nothing"),
        (17, 17, "the one above"),
    ]


DOCUMENT = """\
# unchecked: people read it
cat >/a \\
  >>/b <<EOF
# unchecked: the first of them
one
two three
four  # unchecked: the last
EOF
# unchecked "three": said below
# unchecked "cat >/c": all of it
cat >/c <<EOF
EOF
cat >/d <<EOF  # unchecked: beside it
five
EOF
"""


def test_an_explanation_covers_what_it_stands_at_and_no_more() -> None:
    assert inside(DOCUMENT) == [
        (5, 2, "the first of them"),
        (6, 2, "said below"),
        (7, 2, "the last"),
        (14, 13, ""),
    ]
    assert [line for line in texts(DOCUMENT) if line[0] in (2, 11, 13)] == [
        (2, 8, "people read it"),
        (11, 12, "all of it"),
        (13, 15, "beside it"),
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
    ledger = Ledger.open(tmp_path, VERIFIED, keep=False)
    assert ledger.entry(key_of(trial)) is None
    ledger.note(key_of(trial), seconds=2.5)
    with (tmp_path / VERIFIED).open("a") as file:
        file.write('{"key": "half a li')
    again = Ledger.open(tmp_path, VERIFIED, keep=True)
    assert again.entry(key_of(trial)) == {"key": key_of(trial), "seconds": 2.5}
    assert Ledger.open(tmp_path, MUTATED, keep=True).entry(key_of(trial)) is None


def test_what_has_changed_is_tried_again(tmp_path: Path, trial: Trial) -> None:
    ledger = Ledger.open(tmp_path, VERIFIED, keep=False)
    ledger.note(key_of(trial), seconds=2.5)
    again = Ledger.open(tmp_path, VERIFIED, keep=True)
    other = Folder({**trial.folder.files, "setup/new.sh": LabFileEntry(b"true\n")})
    assert again.entry(key_of(replace(trial, folder=other))) is None
    assert again.entry(key_of(replace(trial, case=trial.plan.cases[1]))) is None
    assert again.entry(key_of(trial, "cases/solution.sh", "4-4")) is None
    assert Ledger.open(tmp_path, VERIFIED, keep=False).entry(key_of(trial)) is None


def test_the_report_of_lines_tells_those_inside_documents_apart() -> None:
    found = [
        MutantResult("one", "cases/a.sh", ScriptLine(2, 2, "touch `x`"), "unnoticed"),
        MutantResult("one", "cases/a.sh", ScriptLine(3, 3, "a"), "noticed", ("check",)),
        MutantResult(
            "one", "cases/a.sh", ScriptLine(5, 5, "b", "why", 4), "explained", detail="w<y"
        ),
        MutantResult("two", "cases/b.sh", ScriptLine(1, 1, "c"), "problem", detail="no\nDocker"),
    ]
    text = lines_text(found, 6)
    assert "Interrupted: 4 of 6 lines had been looked at." in text
    assert "4 lines: 1 noticed, 1 explained (1 of them inside here-documents), 1 unnoticed" in text
    assert "| one | 3 | 1 | 1 | 1 | 1 | 0 |" in text
    assert "- **one**, cases/a.sh:2: `touch 'x'`\n" in text
    assert "- **two**, cases/b.sh:1: `c`: no Docker\n" in text
    assert "- **one**, cases/a.sh:5: `b`: w&lt;y\n" in text
    assert "0 lines: none tried." in lines_text((), 0)
    assert "Interrupted" not in lines_text(found, 4)
    told = json.loads(lines_json(found[1:3], 2))
    assert (told["ok"], told["complete"]) == (True, True)
    assert told["results"][1]["line"]["inside"] == 4
    assert json.loads(lines_json(found, 4))["ok"] is False


def test_seeds_beyond_those_asked_for_repeat_no_wrong_answer() -> None:
    """They are there for values of a choice, not to try once more what asks for none."""
    lab = Library((BUILT_IN,)).lab("ssh-hardening-and-keys")
    trials = _trials(lab, 1, ())
    assert len({trial.plan.seed for trial in trials}) > 1
    ran: dict[str, list[CasePlan]] = {}
    for trial in trials:
        ran.setdefault(trial.case.name, []).append(trial.case)
    assert {case.name for seed in verification_seeds(lab, 1) for case in plan(lab, seed).cases} <= (
        set(ran)
    )
    for cases in ran.values():
        repeats = cases[0].name == "untouched" or cases[0].outcome == "achieved"
        assert len(cases) == 1 or repeats
    assert len(ran["untouched"]) == len({trial.plan.seed for trial in trials})


def test_nothing_done_is_given_the_lowest_marks_unless_others_are_supplied() -> None:
    planned = plan(Library((BUILT_IN,)).lab("responsive-accessible-page"), 1)
    (looks, _) = aspects = [one.id for task in planned.tasks for one in task.judged]
    lowest = dict.fromkeys(aspects, 0.0)
    assert judged_marks(planned, UNTOUCHED) == lowest
    assert judged_marks(planned, replace(UNTOUCHED, judged={looks: 1.0})) == {**lowest, looks: 1.0}
    assert judged_marks(planned, CasePlan("half-done", judged={looks: 2.0})) == {looks: 2.0}
    assert judged_marks(planned, CasePlan("half-done")) == {}


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


def test_trials_of_different_labs_take_turns() -> None:
    labs = ["a", "a", "a", "b", "c", "c"]
    assert [labs[number] for number in mixed(labs)] == ["a", "b", "c", "a", "c", "a"]
    assert sorted(mixed(labs)) == list(range(6))
    assert mixed([]) == []
