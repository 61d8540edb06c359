"""What a policy says. The defaults are what holds at a centre that has no policy file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from labctl.store.records import Mode

Which = Literal["harmless", "all"]
Approved = Literal["required", "warn", "off"]


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a candidate may try one lab in one mode; `limit` None is without limit.

    `cool_off_days` are the days that have to pass after the day of the last attempt.
    """

    limit: int | None = None
    cool_off_days: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a centre.

    `hints` are the modes whose task sheet has hints, `check` those in which work may be looked at
    before the hand-in, `checks` which checks that look may run. None of them ever runs what changes
    a host or follows a restart. `approved_labs` says what becomes of an assessment with a lab that
    nobody approved as it is; practice is free. `keep_disks_days` are the days after that of an
    assessment's hand-in in which what is on its hosts stays on the server; 0: it goes with them.
    """

    practice: Attempts = field(default_factory=Attempts)
    assessment: Attempts = field(default_factory=Attempts)
    hints: tuple[Mode, ...] = ("practice",)
    check: tuple[Mode, ...] = ("practice", "assessment")
    checks: Which = "harmless"
    approved_labs: Approved = "warn"
    keep_disks_days: int = 0

    def attempts(self, mode: Mode) -> Attempts:
        """The rules about attempts in a mode."""
        return self.practice if mode == "practice" else self.assessment
