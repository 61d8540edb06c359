"""A session's tasks as they are shown: what each check came to in one run, and what is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labctl import transcript
from labctl.plan import Plan
from labctl.store import Result, RunRecord, Store

NOT_RUN = "not-run"
"""The status of a check that no run has looked at yet."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check and its verdict. `vantages` are where it was looked at from."""

    id: str
    title: str
    status: str
    marks: float | None
    available: float
    expected: str
    found: str
    feedback: str
    blame: str | None
    flags: tuple[str, ...]
    vantages: tuple[str, ...]
    seconds: float | None
    visible: bool


@dataclass(frozen=True, slots=True)
class JudgedView:
    """An aspect that a person marks."""

    id: str
    title: str
    marks: float | None
    available: float
    meets: float


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with what its checks came to; `open` counts marks that are not settled."""

    id: str
    title: str
    marks: float
    available: float
    open: int
    checks: tuple[CheckView, ...]
    judged: tuple[JudgedView, ...]


def tasks(store: Store, plan: Plan, run: RunRecord | None) -> tuple[TaskView, ...]:
    """The tasks with what `run` made of their checks.

    The rows of the run are the truth: one that was marked by another scheme has that scheme's
    checks, of which only what the run recorded is known.
    """
    seen = _seen(store, run)
    if run is None:
        rows = _not_run(plan)
        sums: list[Mapping[str, Any]] = [
            {"task": each.id, "title": each.title} for each in plan.tasks
        ]
    else:
        rows = store.results(run)
        sums = list(run.summary.get("tasks", []))
    checks = [(row.task, _check(plan, row, seen)) for row in rows]
    return tuple(
        _task(plan, told, tuple(check for task, check in checks if task == told["task"]))
        for told in sums
    )


def _not_run(plan: Plan) -> tuple[Result, ...]:
    return tuple(
        Result(task.id, check.id, NOT_RUN, None, check.marks)
        for task in plan.tasks
        for check in task.checks
    )


def _task(plan: Plan, told: Mapping[str, Any], checks: tuple[CheckView, ...]) -> TaskView:
    """A task with its checks; `told` is what the run's summary says of it."""
    planned = next((each for each in plan.tasks if each.id == told["task"]), None)
    judged = () if planned is None else planned.judged
    available = sum(each.available for each in checks) + sum(each.marks for each in judged)
    return TaskView(
        id=str(told["task"]),
        title=str(told["title"]),
        marks=float(told.get("marks", 0)),
        available=float(told.get("available", available)),
        open=int(told.get("open", len(checks) + len(judged))),
        checks=checks,
        judged=tuple(
            JudgedView(each.id, each.title, None, each.marks, each.meets) for each in judged
        ),
    )


def _check(plan: Plan, row: Result, seen: Mapping[str, tuple[tuple[str, ...], float]]) -> CheckView:
    planned = next((each for each in plan.checks if each.id == row.check), None)
    vantages, seconds = seen.get(row.check, ((), None))
    return CheckView(
        id=row.check,
        title=planned.title if planned else row.check,
        status=row.status,
        marks=row.marks,
        available=row.available,
        expected=row.expected,
        found=row.found,
        feedback=planned.feedback if planned and row.status == "failed" else "",
        blame=row.blame,
        flags=row.flags,
        vantages=vantages,
        seconds=seconds,
        visible=planned.visible == "all" if planned else True,
    )


def _seen(store: Store, run: RunRecord | None) -> dict[str, tuple[tuple[str, ...], float]]:
    """Of each check: the vantages it was looked at from, and how long it took, in seconds."""
    if run is None or run.transcript is None:
        return {}
    results = transcript.unpack(store.get_blob(run.transcript))
    return {
        name: (
            tuple(sorted({str(observed.vantage) for observed in result.transcript})),
            result.seconds,
        )
        for name, result in results.items()
    }
