"""Recording a run: its marking, its verdicts, and every observation they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from checkers.engine import CheckResult
from checkers.model import Status
from labctl import scheme, transcript
from labctl.errors import UsageError
from labctl.marking import CheckMark, Marking, Outcome, TaskMark, mark
from labctl.plan import Plan
from labctl.served import served
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State, load
from labctl.sessions.suspending import suspensions
from labctl.store import Reason, Result, Run, RunRecord


def marking_of(
    controller: Controller, session: Session, results: Mapping[str, CheckResult]
) -> Marking:
    """The marking of a run by the session's own scheme.

    A check with `ever: true` counts if it passed at any recorded time, one that is suspended not.
    """
    verdicts = {name: result.verdict for name, result in results.items()}
    wanted = {check.id for check in session.plan.checks if check.ever}
    if wanted:
        for run in controller.store.runs(session.code):
            if run.transcript is None or run.reason not in ("check", "submit"):
                continue
            for name, result in transcript.unpack(
                controller.store.get_blob(run.transcript)
            ).items():
                if name in wanted and result.verdict.status is Status.PASSED:
                    verdicts[name] = result.verdict
    suspended = suspensions(controller.store.events(session.code))
    return mark(session.plan, verdicts, suspended=suspended)


@served
def recorded(controller: Controller, code: str) -> Marking:
    """What was recorded of the session's last hand-in; `UsageError` if nothing was handed in."""
    session = load(controller.store, code)
    for run in reversed(controller.store.runs(code)):
        if run.reason == "submit":
            return _read_back(session.plan, run, controller.store.results(run))
    raise UsageError(f"Nothing was handed in for session `{code}`.")


def _read_back(plan: Plan, run: RunRecord, rows: Sequence[Result]) -> Marking:
    """The marking as it was; titles and the like are the plan's."""
    planned = {check.id: check for check in plan.checks}
    checks = tuple(
        CheckMark(
            task=row.task,
            check=row.check,
            title=planned[row.check].title,
            status=Status(row.status),
            marks=row.marks,
            available=row.available,
            expected=row.expected,
            found=row.found,
            feedback=planned[row.check].feedback if row.status == "failed" else "",
            blame=row.blame,
            flags=row.flags,
            visible=planned[row.check].visible == "all",
        )
        for row in rows
    )
    told = run.summary
    return Marking(
        checks=checks,
        tasks=tuple(TaskMark(**task) for task in told["tasks"]),
        criteria=dict(told["criteria"]),
        marks=told["marks"],
        available=told["available"],
        outcome=Outcome(told["outcome"]),
        reason=told["reason"],
    )


def record_run(
    controller: Controller,
    session: Session,
    reason: Reason,
    results: Mapping[str, CheckResult],
    marking: Marking,
    *,
    extra: Mapping[str, Any] | None = None,
    state: State | None = None,
) -> RunRecord:
    """Record a run, its results and its transcript, all or nothing."""
    store = controller.store
    blob = store.put_blob(transcript.pack(results.values()))
    run = Run(
        reason=reason,
        scheme=scheme.digest(session.plan),
        checkers=scheme.checkers_digest(),
        transcript=blob,
        summary={**summary(marking), **(extra or {})},
    )
    rows = [
        Result(
            task=check.task,
            check=check.check,
            status=check.status.value,
            marks=check.marks,
            available=check.available,
            expected=check.expected,
            found=check.found,
            blame=check.blame,
            flags=check.flags,
        )
        for check in marking.checks
    ]
    return store.record_run(session.code, run, rows, controller.actor, state=state)


def summary(marking: Marking) -> dict[str, Any]:
    """What lists show of a run, as JSON."""
    return {
        "marks": marking.marks,
        "available": marking.available,
        "outcome": marking.outcome.value,
        "reason": marking.reason,
        "criteria": marking.criteria,
        "tasks": [asdict(task) for task in marking.tasks],
    }
