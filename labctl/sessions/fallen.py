"""Verdicts about machines that a fault of the server has ended after the hand-in.

What such a machine had in its memory alone is gone, and nobody is there who could do it again. So
what fails from then on is an error of the machinery: it might have passed. What passes has passed.
The record gets the error in place of what was observed, so that marking again comes to the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from checkers.engine import CheckResult
from checkers.model import Blame, Failure, Status

LOST = "{} was ended by a fault of the server after the hand-in, and what was not saved is gone"


def excused(result: CheckResult, fallen: Collection[str]) -> CheckResult:
    """The result, but an error where it says that something fails; `fallen` are names of hosts."""
    verdict = result.verdict
    if not fallen or verdict.status not in (Status.FAILED, Status.BLOCKED):
        return result
    reason = LOST.format(" and ".join(sorted(fallen)))
    found = f"{reason}; then found: {verdict.found}" if verdict.found else reason
    return replace(
        result,
        verdict=replace(verdict, status=Status.ERROR, found=found, blame=Blame.MACHINERY),
        transcript=tuple(
            replace(seen, result=None, failure=Failure(reason)) for seen in result.transcript
        ),
    )
