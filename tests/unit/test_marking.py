"""From verdicts to marks and a recommendation: every rule of it, on plans made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.model import Blame, Status, Verdict
from labctl.marking import Outcome, mark
from labctl.plan import CheckPlan, JudgedPlan, Plan, TaskPlan

PASSED = Verdict(Status.PASSED, "a", "a")
FAILED = Verdict(Status.FAILED, "a", "b")
BLOCKED = Verdict(Status.BLOCKED, found="it needs `one`")
ERROR = Verdict(Status.ERROR, found="no answer", blame=Blame.MACHINERY)


def check(name: str, **more: Any) -> CheckPlan:
    return CheckPlan(name, f"Check {name}", "file", {}, "desk", **more)


def plan_of(*tasks: TaskPlan, pass_mark: Any = "all") -> Plan:
    return Plan(
        lab="notes",
        title="Notes",
        summary="A summary",
        area="linux",
        level=2,
        seed=7,
        provider="docker",
        duration=1800,
        pass_mark=pass_mark,
        lab_digest="0" * 64,
        values={},
        variables={},
        networks=(),
        hosts=(),
        tasks=tasks,
    )


TASK = TaskPlan(
    "t",
    "Task",
    "Do it.",
    criteria=("1.1",),
    checks=(
        check("one", marks=2, criteria=("1.1",), feedback="Look again."),
        check("two", marks=3, criteria=("1.2",), visible="assessor"),
    ),
)
JUDGED = JudgedPlan("style", "Style", 3, 2, {"0": "none", "3": "good"}, criteria=("1.3",))


def test_everything_passed_is_achieved() -> None:
    marking = mark(plan_of(TASK), {"one": PASSED, "two": PASSED})
    assert (marking.marks, marking.available) == (5, 5)
    assert marking.outcome is Outcome.ACHIEVED
    assert marking.reason == "2 of 2 criteria met"
    assert marking.criteria == {"1.1": "met", "1.2": "met"}
    assert [each.visible for each in marking.checks] == [True, False]


@pytest.mark.parametrize("verdict", [FAILED, BLOCKED])
def test_one_missing_criterion_is_not_yet_achieved(verdict: Verdict) -> None:
    marking = mark(plan_of(TASK), {"one": verdict, "two": PASSED})
    assert marking.marks == 3
    assert marking.outcome is Outcome.NOT_YET
    assert marking.criteria == {"1.1": "not met", "1.2": "met"}


def test_feedback_is_for_a_fail_alone() -> None:
    assert mark(plan_of(TASK), {"one": FAILED, "two": PASSED}).checks[0].feedback == "Look again."
    assert mark(plan_of(TASK), {"one": PASSED, "two": PASSED}).checks[0].feedback == ""


@pytest.mark.parametrize("verdicts", [{"one": ERROR, "two": PASSED}, {"two": PASSED}, {}])
def test_an_error_is_no_fail_and_leaves_the_outcome_open(verdicts: dict[str, Verdict]) -> None:
    marking = mark(plan_of(TASK), verdicts)
    assert marking.checks[0].marks is None
    assert marking.checks[0].status is Status.ERROR
    assert marking.outcome is Outcome.UNDETERMINED
    errors = sum(each.status is Status.ERROR for each in marking.checks)
    told = "1 check" if errors == 1 else f"{errors} checks"
    assert marking.reason == f"{told} could not be observed"
    assert marking.criteria["1.1"] == "open"
    assert marking.tasks[0].open == 2 - len([v for v in verdicts.values() if v is PASSED])


def test_an_error_beside_a_fail_is_still_open() -> None:
    marking = mark(plan_of(TASK), {"one": ERROR, "two": FAILED})
    assert marking.outcome is Outcome.UNDETERMINED
    assert marking.criteria == {"1.1": "open", "1.2": "not met"}
    assert marking.checks[0].blame == "machinery"


def test_judged_aspects_wait_for_the_assessor() -> None:
    plan = plan_of(replace(TASK, judged=(JUDGED,)))
    verdicts = {"one": PASSED, "two": PASSED}
    waiting = mark(plan, verdicts)
    assert waiting.outcome is Outcome.UNDETERMINED
    assert waiting.reason == "1 judged aspect to be marked by the assessor"
    assert waiting.criteria["1.3"] == "open"
    assert waiting.available == 8
    below = mark(plan, verdicts, {"style": 1})
    assert below.outcome is Outcome.NOT_YET
    assert below.criteria["1.3"] == "not met"
    met = mark(plan, verdicts, {"style": 2})
    assert met.outcome is Outcome.ACHIEVED
    assert met.marks == 7


def test_what_a_judge_cannot_change_does_not_wait_for_one() -> None:
    plan = plan_of(replace(TASK, judged=(JUDGED,)))
    failed = mark(plan, {"one": FAILED, "two": PASSED})
    assert failed.outcome is Outcome.NOT_YET
    assert failed.reason == "at most 2 of 3 criteria met"
    assert failed.criteria == {"1.1": "not met", "1.2": "met", "1.3": "open"}
    assert failed.tasks[0].open == 1


def test_an_error_waits_although_a_check_failed_and_an_aspect_is_unmarked() -> None:
    marking = mark(plan_of(replace(TASK, judged=(JUDGED,))), {"one": FAILED, "two": ERROR})
    assert marking.outcome is Outcome.UNDETERMINED
    assert marking.reason == "1 check could not be observed"


def test_an_aspect_below_its_mark_decides_though_another_is_unmarked() -> None:
    other = replace(JUDGED, id="layout", criteria=("1.4",))
    plan = plan_of(replace(TASK, judged=(JUDGED, other)))
    verdicts = {"one": PASSED, "two": PASSED}
    assert mark(plan, verdicts, {"style": 1}).outcome is Outcome.NOT_YET
    assert mark(plan, verdicts, {"style": 3}).outcome is Outcome.UNDETERMINED


@pytest.mark.parametrize(
    "pass_mark, one, outcome, reason",
    [
        (75.0, FAILED, Outcome.UNDETERMINED, "1 judged aspect to be marked by the assessor"),
        (76.0, FAILED, Outcome.NOT_YET, "at most 75 % of the marks, 76 % needed"),
        (62.0, PASSED, Outcome.ACHIEVED, "at least 62 % of the marks, 62 % needed"),
        (63.0, PASSED, Outcome.UNDETERMINED, "1 judged aspect to be marked by the assessor"),
    ],
)
def test_a_percentage_waits_only_for_marks_that_can_change_it(
    pass_mark: float, one: Verdict, outcome: Outcome, reason: str
) -> None:
    plan = plan_of(replace(TASK, judged=(JUDGED,)), pass_mark=pass_mark)
    marking = mark(plan, {"one": one, "two": PASSED})
    assert (marking.outcome, marking.reason) == (outcome, reason)


@given(
    statuses=st.lists(st.sampled_from(list(Status)), min_size=1, max_size=4),
    given_=st.lists(st.sampled_from([None, 0.0, 1.0, 2.0, 3.0]), min_size=1, max_size=3),
    pass_mark=st.sampled_from(["all", 0.0, 50.0, 80.0, 100.0]),
)
def test_what_is_decided_early_stays_decided(
    statuses: list[Status], given_: list[float | None], pass_mark: Any
) -> None:
    checks = tuple(check(f"c{number}") for number in range(len(statuses)))
    aspects = tuple(replace(JUDGED, id=f"j{number}", criteria=()) for number in range(len(given_)))
    plan = plan_of(TaskPlan("t", "T", "", checks=checks, judged=aspects), pass_mark=pass_mark)
    verdicts = {one.id: Verdict(status) for one, status in zip(checks, statuses, strict=True)}
    judged = {
        one.id: mark_ for one, mark_ in zip(aspects, given_, strict=True) if mark_ is not None
    }
    early = mark(plan, verdicts, judged).outcome
    open_ = [one.id for one in aspects if one.id not in judged]
    later = {
        mark(plan, verdicts, {**judged, **dict.fromkeys(open_, each)}).outcome
        for each in (0.0, 1.0, 2.0, 3.0)
    }
    assert early is Outcome.UNDETERMINED or later == {early}
    if Status.ERROR not in statuses and early is Outcome.UNDETERMINED:
        assert later == {Outcome.ACHIEVED, Outcome.NOT_YET}


def test_a_percentage_is_the_authors_choice() -> None:
    verdicts = {"one": FAILED, "two": PASSED}
    assert mark(plan_of(TASK, pass_mark=60.0), verdicts).outcome is Outcome.ACHIEVED
    below = mark(plan_of(TASK, pass_mark=61.0), verdicts)
    assert below.outcome is Outcome.NOT_YET
    assert below.reason == "60 % of the marks, 61 % needed"


def test_without_criteria_every_check_counts() -> None:
    bare = TaskPlan("t", "Task", "", checks=(check("one"), check("two")))
    assert mark(plan_of(bare), {"one": PASSED, "two": FAILED}).reason == "1 of 2 checks met"


def test_nothing_to_mark_is_never_a_pass() -> None:
    for plan in (plan_of(), plan_of(TaskPlan("t", "T", "")), plan_of(pass_mark=0.0)):
        marking = mark(plan, {})
        assert marking.outcome is Outcome.UNDETERMINED
        assert marking.reason == "the lab has nothing to mark"


@given(
    statuses=st.lists(st.sampled_from(list(Status)), min_size=1, max_size=6),
    pass_mark=st.sampled_from(["all", 0.0, 50.0, 100.0]),
)
def test_no_verdict_costs_a_mark_by_getting_better(statuses: list[Status], pass_mark: Any) -> None:
    checks = tuple(check(f"c{number}", criteria=(f"{number}",)) for number in range(len(statuses)))
    plan = plan_of(TaskPlan("t", "T", "", checks=checks), pass_mark=pass_mark)
    verdicts = {one.id: Verdict(status) for one, status in zip(checks, statuses, strict=True)}
    before = mark(plan, verdicts)
    assert (before.outcome is Outcome.UNDETERMINED) == (Status.ERROR in statuses)
    for name in verdicts:
        after = mark(plan, verdicts | {name: PASSED})
        assert after.marks >= before.marks
        if before.outcome is Outcome.ACHIEVED:
            assert after.outcome is Outcome.ACHIEVED
