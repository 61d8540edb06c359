"""Verdicts computed again from stored observations: no host, no provider, no network."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from types import MappingProxyType

from checkers.engine import PHASES, CheckResult, PlannedCheck, effective_phases, run_phase
from checkers.replay import ReplayObserver
from labctl import transcript
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.library.planning import plan as planned
from labctl.marking import Marking
from labctl.scheme import digest, planned_checks
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State
from labctl.sessions.results import marking_of, record_run
from labctl.sessions.suspending import suspensions
from labctl.store import RunRecord
from labctl.suspension import independent, still_suspended

LOCK_SECONDS = 5.0

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Change:
    """A check whose verdict is not what it was."""

    check: str
    before: str
    after: str
    found: str


@dataclass(frozen=True, slots=True)
class Remarked:
    """The new run beside the old: `before` and `after` are outcomes, `changes` the difference."""

    session: str
    old_run: int
    new_run: int | None
    before: str
    after: str
    marking: Marking
    changes: tuple[Change, ...]


@served
def remark(
    controller: Controller, code: str, *, scheme: str | None = None, dry_run: bool = False
) -> Remarked:
    """Mark the session's hand-in again, by its own scheme or by the lab called `scheme`.

    The new run is recorded beside the old one unless `dry_run`. What is suspended stays open, but
    where the other scheme has mended it. Raises `UsageError` if nothing was handed in, or the
    session is void.
    """
    permit(controller, Act.REMARK_DRY if dry_run else Act.REMARK)
    with nullcontext() if dry_run else controller.store.lock(code, wait=LOCK_SECONDS):
        return _remark(controller, code, scheme, dry_run=dry_run)


def _remark(controller: Controller, code: str, scheme: str | None, *, dry_run: bool) -> Remarked:
    session = record.load(controller.store, code)
    _demand_counts(session)
    old = _hand_in(controller, code)
    stored = transcript.unpack(controller.store.get_blob(old.transcript or ""))
    folder = record.lab_folder(controller.store, session.archive)
    plan = session.plan
    checks = planned_checks(plan, folder.content)
    suspended = suspensions(controller.store.events(code))
    if scheme is not None:
        lab = controller.library.lab(scheme)
        plan, own = planned(lab, session.record.seed), checks
        checks = planned_checks(plan, lab.folder.content)
        suspended = still_suspended(own, checks, suspended)

    def judged(observed: Mapping[str, CheckResult]) -> dict[str, CheckResult]:
        return replay(checks, observed, suspended)

    results = judged(stored)
    marked = replace(session, plan=plan)
    marking = marking_of(controller, marked, results, suspended, judged)
    changes = _changes(controller, old, marking)
    new = None
    if not dry_run:
        moved = {name: old.summary[name] for name in ("state_moved",) if name in old.summary}
        extra = {"of": old.number, **moved}
        new = record_run(controller, marked, "remark", results, marking, extra=extra).number
    before = str(old.summary["outcome"])
    return Remarked(code, old.number, new, before, marking.outcome.value, marking, changes)


@served
def mark_again(controller: Controller, code: str) -> Remarked | None:
    """Mark by the session's own scheme after a check was suspended or counts again.

    None where nothing was handed in, or what counts by now was marked by another scheme: that is
    not undone by the way, and `to_mark_again` says that it is to be done.
    """
    permit(controller, Act.REMARK)
    if not _counts_by_its_own(controller, code):
        return None
    with controller.store.lock(code, wait=LOCK_SECONDS):
        if not _counts_by_its_own(controller, code):
            return None
        return _remark(controller, code, None, dry_run=False)


def _counts_by_its_own(controller: Controller, code: str) -> bool:
    """Whether what counts by now was marked by the session's own scheme."""
    graded = [run for run in controller.store.runs(code) if run.reason in ("submit", "remark")]
    plan = record.load(controller.store, code).plan
    return bool(graded) and graded[-1].scheme == digest(plan)


def _demand_counts(session: Session) -> None:
    if session.record.state == State.VOID:
        raise UsageError(
            f"Session `{session.code}` is void: nothing in it is marked.",
            f"`labctl show {session.code}` says why.",
        )


def _hand_in(controller: Controller, code: str) -> RunRecord:
    runs = [run for run in controller.store.runs(code) if run.reason == "submit" and run.transcript]
    if not runs:
        raise UsageError(
            f"Nothing was handed in for session `{code}`.", f"`labctl submit {code}` takes it in."
        )
    return runs[-1]


def replay(
    checks: tuple[PlannedCheck, ...],
    stored: Mapping[str, CheckResult],
    suspended: Mapping[str, str] = NOTHING,
) -> dict[str, CheckResult]:
    """Run checks on what was observed before; nothing waits and nothing is asked of any host.

    None waits for one that is `suspended`, as none did where it was graded under the suspension.
    """
    phases = effective_phases(checks)
    transcripts = transcript.by_phase(stored)
    results: dict[str, CheckResult] = {}
    for phase in PHASES:
        own = [
            replace(check, phase=phase, retry=0.0, timeout=None)
            for check in independent(checks, suspended)
            if phases[check.id] is phase
        ]
        results |= run_phase(own, ReplayObserver(phase, transcripts[phase]), results)
    return results


def _changes(controller: Controller, old: RunRecord, marking: Marking) -> tuple[Change, ...]:
    before = {result.check: result for result in controller.store.results(old)}
    changes = []
    for now in marking.checks:
        was = before.get(now.check)
        if was is None or (was.status, was.expected, was.found) != (
            now.status,
            now.expected,
            now.found,
        ):
            status = was.status if was else "not in that scheme"
            changes.append(Change(now.check, status, now.status.value, now.found))
    gone = before.keys() - {now.check for now in marking.checks}
    changes += [
        Change(name, before[name].status, "not in this scheme", "") for name in sorted(gone)
    ]
    return tuple(changes)
