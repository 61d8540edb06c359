"""Hosts that a fault of the server has ended, and what becomes of verdicts about them.

What such a machine had in its memory alone is gone, and nobody is there who could do it again. So
what fails from then on is an error of the machinery: it might have passed. What passes has passed.
The record gets the error in place of what was observed, so that marking again comes to the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from checkers.engine import CheckResult
from checkers.model import Blame, Failure, Status

if TYPE_CHECKING:
    from labctl.sessions.controller import Controller
    from labctl.store import Event

FELL = "host.fell"
REOPENED = "reopen.done"
LOST = "{} was ended by a fault of the server, and what was not saved is gone"


def note_fallen(controller: Controller, code: str, host: str, why: str = "") -> None:
    """Note that a fault of the server has ended a host whose owner cannot do its work again."""
    data = {"host": host, "why": why} if why else {"host": host}
    controller.store.append(code, FELL, data, controller.actor)


def fallen_hosts(events: Iterable[Event]) -> set[str]:
    """What fell since the candidate was last at work: what was lost before, could be done again."""
    found: set[str] = set()
    for event in events:
        if event.kind == REOPENED:
            found.clear()
        elif event.kind == FELL:
            found.add(str(event.data["host"]))
    return found


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
