"""One act on many sessions of a sitting, and what came of it in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from labctl.sessions.controller import Controller
from labctl.sessions.side_by_side import Outcome as OneOutcome
from labctl.sessions.side_by_side import side_by_side
from labctl.sittings.reading import Seated

FAILED = "failed"
"""The key under which is recorded in whose sessions an act was not done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went in one session: `remaining` seconds on its clock, or the `problem` and its cure.

    `note` is what should be known though it went well. `exit_code` is that of the error, 0 without.
    """

    candidate: str
    session: str
    remaining: int | None = None
    note: str = ""
    problem: str = ""
    hint: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of an act on a sitting: in each session, and in those that were `left` as they are.

    `left` maps candidates to the reason.
    """

    sitting: str
    outcomes: tuple[Outcome, ...]
    left: dict[str, str]

    @property
    def exit_code(self) -> int:
        """The highest of any session."""
        return max((each.exit_code for each in self.outcomes), default=0)


def in_each(
    controller: Controller, seats: Sequence[Seated], act: Callable[[str], tuple[int, str]]
) -> tuple[Outcome, ...]:
    """Call `act` with each session's code; it gives the seconds that remain, and a note.

    One that fails costs no other.
    """
    candidates = {each.code: each.seat.candidate for each in seats}
    outcomes = side_by_side(controller, list(candidates), act)
    return tuple(_outcome(candidates[each.name], each) for each in outcomes)


def _outcome(candidate: str, found: OneOutcome[tuple[int, str]]) -> Outcome:
    error = found.error
    if error is not None:
        why = (error.message, error.hint, error.exit_code)
        return Outcome(candidate, found.name, None, "", *why)
    return Outcome(candidate, found.name, *(found.value or (None, "")))


def told(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What is recorded of it: whose sessions it was done in, and why it was not in others."""
    return {
        "sessions": {each.candidate: each.session for each in outcomes if not each.problem},
        FAILED: {each.candidate: each.problem for each in outcomes if each.problem},
    }


def named(seats: Sequence[Seated]) -> dict[str, str]:
    """Candidate → session, as it is recorded."""
    return {each.seat.candidate: each.code for each in seats}
