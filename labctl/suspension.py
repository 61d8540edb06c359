"""Checks that are suspended because they are faulty: what that does to a run. Pure.

A suspended check is open: it earns nothing and costs nothing, and the outcome is undetermined until
the work is marked again by a scheme in which the check is mended. So is whatever needs it, since
nobody knows whether what it needs was there (docs/decisions/0009).

Nothing stops it from being run: what it looks at is kept for the mended one. What needs it is run
as if it did not, so that its observations are there too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from checkers.engine import PlannedCheck
from checkers.model import Blame, Status, Verdict
from labctl.plan import Plan


def withheld(
    plan: Plan, verdicts: Mapping[str, Verdict], suspended: Mapping[str, str]
) -> dict[str, Verdict]:
    """The verdicts, but open for what is suspended (check → why) and for what needs such a check.

    What no run has looked at yet has no verdict, and gets none here.
    """
    found = dict(verdicts)
    for name, why in reasons(plan, suspended).items():
        if name in found:
            found[name] = Verdict(Status.ERROR, found=why, blame=Blame.MACHINERY)
    return found


def reasons(plan: Plan, suspended: Mapping[str, str]) -> dict[str, str]:
    """Why each check of a plan is open that is suspended or needs, however far off, one that is."""
    found = {
        check.id: f"the check is suspended ({suspended[check.id]}); nobody loses a mark by it"
        for check in plan.checks
        if check.id in suspended
    }
    for _ in plan.checks if found else ():
        for check in plan.checks:
            needed = next((need for need in check.needs if need in found), None)
            if needed is not None and check.id not in found:
                told = "is suspended" if needed in suspended else "is open itself"
                found[check.id] = f"it needs `{needed}`, which {told}"
    return found


def independent(
    checks: Sequence[PlannedCheck], suspended: Mapping[str, str]
) -> tuple[PlannedCheck, ...]:
    """The checks, none of them waiting for one that is suspended; their phases are settled."""
    return tuple(
        replace(check, needs=tuple(need for need in check.needs if need not in suspended))
        for check in checks
    )


def still_suspended(
    own: Sequence[PlannedCheck], other: Sequence[PlannedCheck], suspended: Mapping[str, str]
) -> dict[str, str]:
    """What stays suspended where work is marked by another scheme than its own.

    A check that another scheme has word for word is as faulty there; one that it has changed, or
    has no more, is settled by it.
    """
    before = {check.id: _judges(check) for check in own}
    after = {check.id: _judges(check) for check in other}
    return {
        name: why
        for name, why in suspended.items()
        if name in after and before.get(name) == after[name]
    }


def _judges(check: PlannedCheck) -> tuple[object, ...]:
    """What the verdict of a check follows from, given the same observations."""
    subject = check.subject
    return check.check, subject.host, subject.origin, check.phase, check.needs, check.changes
