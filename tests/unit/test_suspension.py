"""A check that is suspended costs nobody a mark, and gives nobody one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.model import Blame, Status, Verdict
from labctl.errors import UnknownName, UsageError
from labctl.library.library import Library
from labctl.library.planning import plan
from labctl.marking import Marking, Outcome, mark
from labctl.plan import Plan
from labctl.providers import PROVIDERS
from labctl.scheme import planned_checks
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.remarking import mark_again, remark
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.submission import submit
from labctl.sessions.suspending import sessions_of, suspend
from labctl.sessions.views import session_detail
from labctl.suspension import reasons, still_suspended
from labctl.verification import apply_case
from tests.fakes.command import LIBRARY, Command

PASSED = Verdict(Status.PASSED, "this", "this")
FAILED = Verdict(Status.FAILED, "this", "that")
BLOCKED = Verdict(Status.BLOCKED, found="it needs `note`, which has not passed")


def notes() -> Plan:
    return plan(Library.open([LIBRARY]).lab("notes"), 7)


def by_name(marking: Marking) -> dict[str, tuple[Status, float | None]]:
    return {each.check: (each.status, each.marks) for each in marking.checks}


def test_what_is_suspended_is_open_and_so_is_what_needs_it() -> None:
    verdicts = {"note": FAILED, "tidy": BLOCKED, "kept": PASSED}
    marking = mark(notes(), verdicts, suspended={"note": "its word is wrong"})
    assert by_name(marking) == dict.fromkeys(("note", "tidy", "kept"), (Status.ERROR, None))
    assert (marking.outcome, marking.marks) == (Outcome.UNDETERMINED, 0)
    assert marking.reason == "1 check suspended, 2 more open"
    assert marking.criteria == {"1.1": "open", "1.2": "open"}
    note, tidy, _ = marking.checks
    assert "suspended (its word is wrong)" in note.found
    assert (note.expected, note.flags) == ("", ())
    assert note.blame == str(Blame.MACHINERY)
    assert tidy.found == "it needs `note`, which is suspended"


def test_what_does_not_need_it_counts_as_always() -> None:
    verdicts = {"note": PASSED, "tidy": FAILED, "kept": PASSED}
    marking = mark(notes(), verdicts, suspended={"tidy": "a slip"})
    assert by_name(marking)["note"] == (Status.PASSED, 2)
    assert by_name(marking)["kept"] == (Status.PASSED, 1)
    assert marking.reason == "1 check suspended"


def test_a_name_that_the_plan_does_not_have_suspends_nothing() -> None:
    assert reasons(notes(), {"other": "why"}) == {}
    verdicts = dict.fromkeys(("note", "tidy", "kept"), PASSED)
    assert mark(notes(), verdicts, suspended={"other": "why"}) == mark(notes(), verdicts)


@given(
    st.dictionaries(
        st.sampled_from(["note", "tidy", "kept"]), st.sampled_from([PASSED, FAILED, BLOCKED])
    ),
    st.sets(st.sampled_from(["note", "tidy", "kept"]), min_size=1),
)
def test_a_suspension_never_decides_anything(
    verdicts: dict[str, Verdict], suspended: set[str]
) -> None:
    """Nobody is failed while a check of theirs is suspended, and nobody achieves by it."""
    planned = notes()
    before = mark(planned, verdicts)
    after = mark(planned, verdicts, suspended=dict.fromkeys(suspended, "why"))
    assert after.outcome is Outcome.UNDETERMINED
    assert after.marks <= before.marks
    assert after.available == before.available
    assert all(each.marks is None for each in after.checks if each.check in suspended)


# ------------------------------------------------------------------ sessions


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Labs that a test may mend."""
    return Path(shutil.copytree(LIBRARY, tmp_path / "labs"))


@pytest.fixture
def controller(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [library]) as opened:
        yield opened


def mend(controller: Controller, library: Path, old: str, new: str) -> None:
    path = library / "linux" / "notes" / "lab.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    controller.__dict__["library"] = Library.open([library])


@pytest.fixture
def faulty(controller: Controller, library: Path) -> str:
    """A session of a lab whose check looks for the wrong word, with the right answer in it."""
    mend(controller, library, 'contains: "{{ word }}"}}\n        marks: 2', WRONG)
    (one,) = start(controller, StartRequest("notes", ("amy",), seed=7))
    assert one.session is not None
    cases = record.load(controller.store, one.session).plan.cases
    solution = next(each for each in cases if each.name == "solution")
    apply_case(controller, one.session, solution)
    return one.session


WRONG = 'contains: "no {{ word }}"}}\n        marks: 2'
RIGHT = 'contains: "{{ word }}"}}\n        marks: 2'


def outcomes(controller: Controller, code: str) -> list[str]:
    return [str(run.summary["outcome"]) for run in controller.store.runs(code)]


def test_a_suspension_before_the_hand_in_lets_a_mended_check_settle_everything(
    controller: Controller, library: Path, faulty: str
) -> None:
    suspend(controller, faulty, "write/note", "it looks for the wrong word")
    assert submit(controller, faulty).outcome is Outcome.UNDETERMINED
    assert remark(controller, faulty).after == Outcome.UNDETERMINED
    mend(controller, library, WRONG, RIGHT)
    settled = remark(controller, faulty, scheme="notes")
    assert settled.after == Outcome.ACHIEVED
    assert settled.marking.marks == 4
    assert controller.store.audit(faulty) == ()


def test_what_needs_a_faulty_check_is_looked_at_all_the_same(
    controller: Controller, library: Path, faulty: str
) -> None:
    submit(controller, faulty)  # blocked by the faulty check: never observed
    mend(controller, library, WRONG, RIGHT)
    assert remark(controller, faulty, scheme="notes", dry_run=True).after == "undetermined"
    suspend(controller, faulty, "write/note", "it looks for the wrong word")
    submit(controller, faulty)  # the hosts are kept: looked at once more, and nothing is blocked
    assert remark(controller, faulty, scheme="notes").after == Outcome.ACHIEVED


def test_a_suspension_after_the_hand_in_takes_the_fail_back(
    controller: Controller, faulty: str
) -> None:
    assert submit(controller, faulty).outcome is Outcome.NOT_YET
    suspend(controller, faulty, "write/note", "it looks for the wrong word")
    (note,) = session_detail(controller, faulty, hosts=False).notes
    assert note.startswith("marked before write/note was suspended")
    again = mark_again(controller, faulty)
    assert again is not None
    assert (again.before, again.after) == ("not-yet-achieved", "undetermined")
    assert session_detail(controller, faulty, hosts=False).notes == ()
    suspend(controller, faulty, "write/note", "it was right", lift=True)
    again = mark_again(controller, faulty)
    assert again is not None
    assert again.after == "not-yet-achieved"


def test_the_same_check_in_another_scheme_is_as_faulty_there(
    controller: Controller, library: Path, faulty: str
) -> None:
    suspend(controller, faulty, "write/note", "it looks for the wrong word")
    submit(controller, faulty)
    mend(controller, library, "title: Nothing is left lying about", "title: Nothing is about")
    assert remark(controller, faulty, scheme="notes").after == Outcome.UNDETERMINED


def test_what_a_corrected_scheme_has_settled_is_not_undone_by_the_way(
    controller: Controller, library: Path, faulty: str
) -> None:
    suspend(controller, faulty, "write/note", "it looks for the wrong word")
    submit(controller, faulty)
    mend(controller, library, WRONG, RIGHT)
    remark(controller, faulty, scheme="notes")
    suspend(controller, faulty, "write/note", "mended", lift=True)
    assert mark_again(controller, faulty) is None
    assert outcomes(controller, faulty)[-1] == "achieved"
    assert session_detail(controller, faulty, hosts=False).notes == ()


def test_what_another_scheme_left_open_is_to_be_marked_by_it_again(
    controller: Controller, library: Path, faulty: str
) -> None:
    suspend(controller, faulty, "write/note", "it looks for the wrong word")
    submit(controller, faulty)
    mend(controller, library, "title: Nothing is left lying about", "title: Nothing is about")
    remark(controller, faulty, scheme="notes")
    hint = f"`labctl remark {faulty} --scheme LAB` marks again"
    suspend(controller, faulty, "write/note", "it was right", lift=True)
    (note,) = session_detail(controller, faulty, hosts=False).notes
    assert note == f"marked before write/note was made to count again: {hint}"
    remark(controller, faulty, scheme="notes")
    assert session_detail(controller, faulty, hosts=False).notes == ()
    suspend(controller, faulty, "write/tidy", "it is wrong too")
    (note,) = session_detail(controller, faulty, hosts=False).notes
    assert note == f"marked before write/tidy was suspended: {hint}"


def test_a_mended_function_of_the_labs_own_settles_it() -> None:
    planned = notes()
    own = planned.checks[0]
    call = replace(own, kind="python", parameters={"call": "checks.py:note"})
    tasks = (replace(planned.tasks[0], checks=(call,)),)
    changed = replace(planned, tasks=tasks)
    old, new = (
        planned_checks(changed, lambda _, text=text: text)  # type: ignore[misc]
        for text in (b"def note(subject): pass\n", b"def note(subject): return None\n")
    )
    assert still_suspended(old, old, {"note": "why"}) == {"note": "why"}
    assert still_suspended(old, new, {"note": "why"}) == {}
    assert still_suspended(old, (), {"note": "why"}) == {}


def test_what_cannot_be_suspended_is_refused(controller: Controller, faulty: str) -> None:
    with pytest.raises(UnknownName, match="write/not"):
        suspend(controller, faulty, "write/not", "why")
    with pytest.raises(UnknownName):
        suspend(controller, faulty, "note", "why")
    with pytest.raises(UsageError, match="not suspended"):
        suspend(controller, faulty, "write/note", "why", lift=True)
    with pytest.raises(UsageError, match="reason is empty"):
        suspend(controller, faulty, "write/note", "")
    suspend(controller, faulty, "write/note", "why")
    with pytest.raises(UsageError, match="suspended already"):
        suspend(controller, faulty, "write/note", "why")
    with pytest.raises(UsageError, match="suspended already in all"):
        sessions_of(controller, "notes", "write/note")
    with pytest.raises(UnknownName):
        sessions_of(controller, "notes", "write/other")
    with pytest.raises(UsageError, match="no session of the lab"):
        sessions_of(controller, "moves", "files/a")


# ------------------------------------------------------------------ the command


def test_a_check_is_suspended_in_all_sessions_of_a_lab(labctl: Command) -> None:
    amy, bilal, chen = labctl.start("amy", "bilal", "chen")
    labctl("submit", amy)
    labctl("void", chen, "--reason", "the wrong lab")
    arguments = ("--check", "write/note", "--reason", "its word is wrong")
    said = labctl("suspend", "--lab", "notes", *arguments, "--json").json
    assert {each["code"]: (each["before"], each["after"]) for each in said} == {
        amy: ("not-yet-achieved", "undetermined"),
        bilal: (None, None),
    }
    handed_in = labctl("submit", bilal)
    assert "1 check suspended" in handed_in.out
    assert f"labctl remark {bilal} --scheme LAB" in handed_in.err
    shown = labctl("show", bilal).out
    assert "write/note was suspended: its word is wrong" in " ".join(shown.split())
    lifted = labctl("suspend", bilal, *arguments, "--lift")
    assert "not yet achieved" in lifted.out
    assert "is not suspended" in labctl("suspend", bilal, *arguments, "--lift", code=2).err
    labctl("note", amy, "--kind", "malpractice", "--text", "A phone.")
    told = labctl("suspend", "--lab", "notes", *arguments, "--lift", "--json").json
    assert [(each["before"], each["after"]) for each in told] == [("held", "held")]


def test_suspend_wants_sessions_or_a_lab(labctl: Command) -> None:
    arguments = ("--check", "write/note", "--reason", "why")
    assert "Name the sessions" in labctl("suspend", *arguments, code=2).err
    code = labctl.start("amy")
    assert "Name the sessions" in labctl("suspend", code, "--lab", "notes", *arguments, code=2).err
    assert "not graded" in labctl("suspend", code, *arguments).out
