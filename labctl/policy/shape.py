"""The shape of a policy file, and how rules are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from labctl.library.format import Strict
from labctl.policy.rules import Approved, Attempts, Policy, Which
from labctl.store.records import Mode

UNLIMITED: Literal["unlimited"] = "unlimited"
MOST_DAYS = 3650


def _is_a_limit(value: int | str) -> int | str:
    if isinstance(value, int) and value < 1:
        raise ValueError(f"expected `{UNLIMITED}` or a whole number from 1")
    return value


def _is_a_wait(value: int) -> int:
    if not 0 <= value <= MOST_DAYS:
        raise ValueError(f"expected a number of days from 0 to {MOST_DAYS}")
    return value


def _each_once(value: list[Mode]) -> list[Mode]:
    if len(set(value)) != len(value):
        raise ValueError("expected each mode once")
    return value


_Number = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 1})]
_Limit = Annotated[Literal["unlimited"] | _Number, AfterValidator(_is_a_limit)]
_Days = Annotated[
    int,
    AfterValidator(_is_a_wait),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_DAYS}),
]
_Modes = Annotated[
    list[Mode], AfterValidator(_each_once), Field(json_schema_extra={"uniqueItems": True})
]


class AttemptRules(Strict):
    """How often one candidate may try one lab."""

    limit: _Limit = Field(default=UNLIMITED, description="How many attempts; void ones are none.")
    cool_off_days: _Days = Field(
        default=0, description="Days that have to pass after the day of the last attempt."
    )


class AttemptModes(Strict):
    """The attempts of each mode; those of one use up none of the other."""

    practice: AttemptRules = Field(default_factory=AttemptRules)
    assessment: AttemptRules = Field(default_factory=AttemptRules)


class WhileWorking(Strict):
    """What there is for people while they work."""

    hints: _Modes = Field(
        default=["practice"], description="Modes in which the task sheet has hints."
    )
    check: _Modes = Field(
        default=["practice", "assessment"],
        description="Modes in which `labctl check` may look at work before the hand-in.",
    )
    checks: Which = Field(
        default="harmless",
        description="What it may run: checks that disturb nobody, or all that change no host.",
    )


class PolicyFile(Strict):
    """A centre's policy. What is left out is as by default."""

    format: Literal[1]
    attempts: AttemptModes = Field(default_factory=AttemptModes)
    while_working: WhileWorking = Field(default_factory=WhileWorking)
    approved_labs: Approved = Field(
        default="warn",
        description="Whether an assessment wants a lab that somebody approved as it is now.",
    )
    keep_disks_days: _Days = Field(
        default=0, description="Days after the hand-in in which hosts' disks stay on the server."
    )

    def rules(self) -> Policy:
        """The rules that the file gives."""
        return Policy(
            practice=_attempts(self.attempts.practice),
            assessment=_attempts(self.attempts.assessment),
            hints=tuple(self.while_working.hints),
            check=tuple(self.while_working.check),
            checks=self.while_working.checks,
            approved_labs=self.approved_labs,
            keep_disks_days=self.keep_disks_days,
        )


def _attempts(found: AttemptRules) -> Attempts:
    limit = found.limit if isinstance(found.limit, int) else None
    return Attempts(limit, found.cool_off_days)


def as_data(policy: Policy) -> dict[str, Any]:
    """All rules in the file's shape: what is kept with a session, and named by its digest."""
    return {
        "format": 1,
        "attempts": {
            "practice": _attempts_data(policy.practice),
            "assessment": _attempts_data(policy.assessment),
        },
        "while_working": {
            "hints": list(policy.hints),
            "check": list(policy.check),
            "checks": policy.checks,
        },
        "approved_labs": policy.approved_labs,
        "keep_disks_days": policy.keep_disks_days,
    }


def _attempts_data(found: Attempts) -> dict[str, Any]:
    return {"limit": found.limit or UNLIMITED, "cool_off_days": found.cool_off_days}


def from_data(data: Any) -> Policy:
    """The rules in `as_data`'s shape; raises `ValueError` for anything else."""
    return PolicyFile.model_validate(data).rules()


def settings(data: Mapping[str, Any], *above: str) -> dict[tuple[str, ...], Any]:
    """Every single setting by its path: `("while_working", "hints")`."""
    found: dict[tuple[str, ...], Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            found |= settings(value, *above, name)
        elif (*above, name) != ("format",):
            found[*above, name] = value
    return found


def json_schema() -> dict[str, Any]:
    """The JSON Schema of policy files, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **PolicyFile.model_json_schema(),
        "title": "labctl policy, format 1",
    }
