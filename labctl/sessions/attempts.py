"""Whether a candidate may try a lab once more, by the centre's policy.

Attempts of one mode use up none of the other. A session that is void, or whose start was undone,
was no attempt; it keeps its number all the same, so that numbers never change their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import date, timedelta
from typing import Any

from labctl.errors import UsageError
from labctl.policy.rules import Attempts
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.store import Mode, SessionFilter, SessionRecord, moment
from labctl.store.locks import exclusive

NO_ATTEMPT = (State.WITHDRAWN, State.VOID)
LOCK_SECONDS = 60.0
BEYOND = "beyond_limit"


def one_at_a_time(controller: Controller, mode: Mode) -> AbstractContextManager[None]:
    """Keep two starts of one candidate from both being the last that is allowed."""
    if controller.policy.attempts(mode) == Attempts():
        return nullcontext()
    path = controller.home / "locks" / "attempts.lock"
    return exclusive(path, "The counting of attempts", wait=LOCK_SECONDS)


def permission(
    controller: Controller, lab: str, candidate: str, mode: Mode, beyond: str
) -> Mapping[str, Any]:
    """What is recorded of the permission for one more attempt: nothing where none is needed.

    Raises `UsageError` where the policy refuses it and `beyond`, the reason for letting it go on
    all the same, is empty.
    """
    found = controller.store.sessions(SessionFilter(candidate=candidate, lab=lab, mode=mode))
    made = [each for each in found if each.state not in NO_ATTEMPT]
    rule = refusal(controller.policy.attempts(mode), made, date.today())  # noqa: DTZ011  # as here
    if not rule:
        return {}
    if beyond:
        return {BEYOND: {"rule": rule, "why": beyond}}
    raise UsageError(
        f"The centre's policy refuses one more {mode} attempt at `{lab}`: {rule}.",
        "`--beyond-limit --reason WHY` lets it go on; both are recorded.",
    )


def refusal(rules: Attempts, made: list[SessionRecord], today: date) -> str:
    """Why the rules refuse one more attempt after those `made` (oldest first); or nothing."""
    if rules.limit is not None and len(made) >= rules.limit:
        return f"{len(made)} of {rules.limit} are used"
    if made and rules.cool_off_days:
        last = moment(made[-1].created).astimezone().date()
        again = last + timedelta(days=rules.cool_off_days)
        if today < again:
            return f"the last was on {last}, and the next may be from {again} on"
    return ""
