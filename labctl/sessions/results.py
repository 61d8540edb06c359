"""Recording a run: its marking, its verdicts, and every observation they rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from checkers.engine import CheckResult
from checkers.model import Status, Verdict
from labctl import scheme, transcript
from labctl.errors import UsageError
from labctl.marking import CheckMark, Marking, Outcome, TaskMark, mark
from labctl.plan import Plan
from labctl.served import served
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State, load
from labctl.sessions.suspending import suspensions
from labctl.store import Reason, Result, Run, RunRecord

Results = Mapping[str, CheckResult]


def as_they_were(stored: Results) -> Results:
    """The results of an earlier run, not judged again."""
    return stored


def marking_of(
    controller: Controller,
    session: Session,
    results: Results,
    suspended: Mapping[str, str] | None = None,
    judged: Callable[[Results], Results] = as_they_were,
) -> Marking:
    """The marking of a run by the scheme in the session's plan.

    A check with `ever: true` counts if it passed at any recorded time, as `judged` says of an
    earlier run; one that is suspended counts not. `suspended` None takes what the log says.
    """
    verdicts = {name: result.verdict for name, result in results.items()}
    for name, earlier in _ever(controller, session, judged).items():
        if verdicts.get(name, earlier).status is not Status.PASSED:
            verdicts[name] = earlier
    if suspended is None:
        suspended = suspensions(controller.store.events(session.code))
    return mark(session.plan, verdicts, suspended=suspended)


def _ever(
    controller: Controller, session: Session, judged: Callable[[Results], Results]
) -> dict[str, Verdict]:
    """What earlier runs say of checks that may have held at any time.

    A pass that can not be judged again, for want of an observation, is an error and no fail.
    """
    found: dict[str, Verdict] = {}
    wanted = {check.id for check in session.plan.checks if check.ever}
    for run in controller.store.runs(session.code) if wanted else ():
        if run.transcript is None or run.reason not in ("check", "submit"):
            continue
        stored = transcript.unpack(controller.store.get_blob(run.transcript))
        now = judged(stored)
        for name in wanted & now.keys():
            verdict = now[name].verdict
            if verdict.status is Status.PASSED:
                found[name] = verdict
            elif verdict.status is Status.ERROR and _passed(stored, name):
                found.setdefault(name, verdict)
    return found


def _passed(results: Results, name: str) -> bool:
    return name in results and results[name].verdict.status is Status.PASSED


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
