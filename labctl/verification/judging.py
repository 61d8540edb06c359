"""What a case expects of each check, and where a run differs from it, in either direction."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.model import Status
from labctl.marking import Marking
from labctl.plan import CasePlan, Plan

NOT_PASSED = frozenset({Status.FAILED, Status.BLOCKED})


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What a case did not expect of a run; `subject` is a check, `outcome` or `marks`."""

    subject: str
    expected: str
    found: str


def expectations(plan: Plan, case: CasePlan) -> dict[str, frozenset[Status]]:
    """The statuses that each check may end with.

    `fails` fail, what needs them is blocked, and everything else passes. A case that lists
    `passes`, and `untouched`, is one that achieves nothing: all but those listed must not pass.
    """
    if case.name == "untouched" or case.passes:
        return {
            check.id: frozenset({Status.PASSED}) if check.id in case.passes else NOT_PASSED
            for check in plan.checks
        }
    lost = set(case.fails)
    found: dict[str, frozenset[Status]] = {}
    for _ in plan.checks:
        lost |= {check.id for check in plan.checks if lost & set(check.needs)}
    for check in plan.checks:
        if check.id not in lost:
            found[check.id] = frozenset({Status.PASSED})
        elif lost & set(check.needs):
            found[check.id] = frozenset({Status.BLOCKED})
        else:
            found[check.id] = frozenset({Status.FAILED})
    return found


def judge(plan: Plan, case: CasePlan, marking: Marking) -> tuple[Mismatch, ...]:
    """Everything in which the run is not what the case expects; nothing if all is."""
    wanted = expectations(plan, case)
    mismatches = [
        Mismatch(
            check.check,
            " or ".join(sorted(wanted[check.check])),
            _told(check.status, check.expected, check.found),
        )
        for check in marking.checks
        if check.status not in wanted[check.check]
    ]
    if case.outcome and marking.outcome != case.outcome and not mismatches:
        mismatches.append(
            Mismatch("outcome", case.outcome, f"{marking.outcome} ({marking.reason})")
        )
    target = marking.available if case.marks == "all" else case.marks
    if target is not None and marking.marks != target:
        mismatches.append(Mismatch("marks", f"{target:g}", f"{marking.marks:g}"))
    return tuple(mismatches)


def _told(status: Status, expected: str, found: str) -> str:
    words = f"{status}"
    if expected:
        words += f": expected {expected}"
    if found:
        words += f", found {found}" if expected else f": {found}"
    return words
