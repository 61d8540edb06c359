"""From verdicts to marks, criteria and a recommended outcome. Pure; the assessor decides.

- A criterion is met when every check that names it passed, and every judged aspect that names it
  is at or above its `meets:`.
- While an error is open the outcome is *undetermined*: no candidate loses a mark to a fault of the
  machinery, and none gains by causing one. A check that is suspended is open in the same way.
- A judged aspect that is unmarked leaves the outcome *undetermined* only while its marks can still
  change it.
- `pass_mark: all` is the vocational rule: every criterion met. A sum of marks can hide a missing
  criterion, so a percentage is the lab author's explicit choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from checkers.model import Status, Verdict
from labctl.plan import CheckPlan, JudgedPlan, Plan, TaskPlan
from labctl.suspension import withheld


class Outcome(StrEnum):
    """What the program recommends."""

    ACHIEVED = "achieved"
    NOT_YET = "not-yet-achieved"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class CheckMark:
    """A check's verdict and what it earns; `marks` is None while that is open."""

    task: str
    check: str
    title: str
    status: Status
    marks: float | None
    available: float
    expected: str
    found: str
    feedback: str = ""
    blame: str | None = None
    flags: tuple[str, ...] = ()
    visible: bool = True


@dataclass(frozen=True, slots=True)
class TaskMark:
    """A task's sum; `open` counts the checks and judged aspects without a mark."""

    task: str
    title: str
    marks: float
    available: float
    open: int


@dataclass(frozen=True, slots=True)
class Marking:
    """Everything that follows from a run's verdicts. `criteria` maps each to met, not met, open."""

    checks: tuple[CheckMark, ...]
    tasks: tuple[TaskMark, ...]
    criteria: dict[str, str]
    marks: float
    available: float
    outcome: Outcome
    reason: str


def mark(
    plan: Plan,
    verdicts: Mapping[str, Verdict],
    judged: Mapping[str, float] | None = None,
    suspended: Mapping[str, str] | None = None,
) -> Marking:
    """Mark a run. A check without a verdict counts as not observed, an error.

    `suspended` maps checks that are faulty to why they do not count for now.
    """
    given = judged or {}
    found = withheld(plan, verdicts, suspended or {})
    checks = tuple(
        _check_mark(task, check, found.get(check.id))
        for task in plan.tasks
        for check in task.checks
    )
    tasks = tuple(_task_mark(task, checks, given) for task in plan.tasks)
    criteria = _criteria(plan, checks, given)
    sum_ = (_sum(task.marks for task in tasks), _sum(task.available for task in tasks))
    outcome, reason = _outcome(plan, checks, given, frozenset(suspended or ()))
    return Marking(checks, tasks, criteria, *sum_, outcome, reason)


def _check_mark(task: TaskPlan, check: CheckPlan, verdict: Verdict | None) -> CheckMark:
    if verdict is None:
        verdict = Verdict(Status.ERROR, found="not observed")
    earned: float | None = 0.0
    if verdict.status is Status.PASSED:
        earned = check.marks
    elif verdict.status is Status.ERROR:
        earned = None
    return CheckMark(
        task=task.id,
        check=check.id,
        title=check.title,
        status=verdict.status,
        marks=earned,
        available=check.marks,
        expected=verdict.expected,
        found=verdict.found,
        feedback=check.feedback if verdict.status is Status.FAILED else "",
        blame=str(verdict.blame) if verdict.blame else None,
        flags=verdict.flags,
        visible=check.visible == "all",
    )


def _task_mark(
    task: TaskPlan, checks: tuple[CheckMark, ...], judged: Mapping[str, float]
) -> TaskMark:
    own = [check for check in checks if check.task == task.id]
    aspects = [judged.get(aspect.id) for aspect in task.judged]
    earned = [check.marks for check in own] + aspects
    return TaskMark(
        task=task.id,
        title=task.title,
        marks=_sum(mark for mark in earned if mark is not None),
        available=_sum([check.available for check in own] + [a.marks for a in task.judged]),
        open=sum(1 for mark in earned if mark is None),
    )


def _criteria(
    plan: Plan, checks: tuple[CheckMark, ...], judged: Mapping[str, float]
) -> dict[str, str]:
    """Each criterion that the plan names: `met`, `not met` or `open`."""
    found: dict[str, list[str]] = {}
    statuses = {check.check: check.status for check in checks}
    for task in plan.tasks:
        for check in task.checks:
            for criterion in check.criteria or task.criteria:
                found.setdefault(criterion, []).append(_standing(statuses[check.id]))
        for aspect in task.judged:
            for criterion in aspect.criteria or task.criteria:
                found.setdefault(criterion, []).append(_judged_standing(aspect, judged))
    return {criterion: _worst(standings) for criterion, standings in sorted(found.items())}


def _loose(plan: Plan, checks: tuple[CheckMark, ...], judged: Mapping[str, float]) -> list[str]:
    """The standings of checks and judged aspects that name no criterion: each stands for itself."""
    statuses = {check.check: check.status for check in checks}
    found = []
    for task in plan.tasks:
        found += [
            _standing(statuses[check.id])
            for check in task.checks
            if not (check.criteria or task.criteria)
        ]
        found += [
            _judged_standing(aspect, judged)
            for aspect in task.judged
            if not (aspect.criteria or task.criteria)
        ]
    return found


def _sum(marks: Iterable[float]) -> float:
    """A sum of marks as a person adds them: 0.1 and 0.2 make 0.3."""
    return float(sum(Fraction(str(mark)) for mark in marks))


def _standing(status: Status) -> str:
    return {Status.PASSED: "met", Status.ERROR: "open"}.get(status, "not met")


def _judged_standing(aspect: JudgedPlan, judged: Mapping[str, float]) -> str:
    given = judged.get(aspect.id)
    if given is None:
        return "open"
    return "met" if given >= aspect.meets else "not met"


def _worst(standings: list[str]) -> str:
    for standing in ("not met", "open"):
        if standing in standings:
            return standing
    return "met"


def _outcome(
    plan: Plan,
    checks: tuple[CheckMark, ...],
    judged: Mapping[str, float],
    suspended: frozenset[str],
) -> tuple[Outcome, str]:
    """What the marks come to; with aspects unmarked, what they come to whatever those get."""
    errors = [check.check for check in checks if check.status is Status.ERROR]
    if errors:
        return Outcome.UNDETERMINED, _open(errors, suspended)
    waiting = [one for task in plan.tasks for one in task.judged if one.id not in judged]
    worst, least = _marked(plan, checks, {**judged, **{one.id: 0.0 for one in waiting}})
    if not waiting:
        return worst, least
    if worst is Outcome.ACHIEVED:
        return worst, f"at least {least}"
    best, most = _marked(plan, checks, {**judged, **{one.id: one.marks for one in waiting}})
    if best is Outcome.NOT_YET:
        return best, f"at most {most}"
    told = f"{_counted(len(waiting), 'judged aspect')} to be marked by the assessor"
    return Outcome.UNDETERMINED, told


def _open(errors: list[str], suspended: frozenset[str]) -> str:
    """Why nothing is settled: what is suspended, and what could not be observed."""
    left = len(errors) - len(suspended.intersection(errors))
    if left == len(errors):
        return f"{_counted(left, 'check')} could not be observed"
    told = f"{_counted(len(errors) - left, 'check')} suspended"
    return f"{told}, {left} more open" if left else told


def _marked(
    plan: Plan, checks: tuple[CheckMark, ...], judged: Mapping[str, float]
) -> tuple[Outcome, str]:
    """What a run comes to in which nothing is open, and why."""
    tasks = [_task_mark(task, checks, judged) for task in plan.tasks]
    available = _sum(task.available for task in tasks)
    if available <= 0:
        return Outcome.UNDETERMINED, "the lab has nothing to mark"
    if plan.pass_mark != "all":  # noqa: S105  # a mark, not a word
        marks = _sum(task.marks for task in tasks)
        reached = 100 * Fraction(str(marks)) / Fraction(str(available))
        met = reached >= Fraction(str(plan.pass_mark))
        told = f"{float(reached):.0f} % of the marks, {plan.pass_mark:g} % needed"
        return (Outcome.ACHIEVED if met else Outcome.NOT_YET), told
    standings = [*_criteria(plan, checks, judged).values(), *_loose(plan, checks, judged)]
    named = any(task.criteria or any(c.criteria for c in task.checks) for task in plan.tasks)
    noun = "criteria" if named else "checks"
    met_count = standings.count("met")
    told = f"{met_count} of {len(standings)} {noun} met"
    return (Outcome.ACHIEVED if met_count == len(standings) else Outcome.NOT_YET), told


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
