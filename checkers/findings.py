"""Collects what a check compared, and makes the verdict of it.

    findings = Findings()
    findings.note(ok, expected="192.168.4.1/24 on eth0", found="192.168.4.1/16")
    return findings.verdict()

A fail names only what did not hold, so that its line stays readable; a pass names everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from checkers.check import error, failed, passed
from checkers.matchers import Matcher, Value, holds, shown, spoken
from checkers.model import Verdict

INSIDE_ONLY = "seen from inside only"
"""The flag of verdicts that rest on the candidate's own programs."""

OWN_HOST_ONLY = "asked on the host itself, not over the network"
"""The flag of verdicts about a service that nobody but its own host was seen to reach."""


@dataclass
class Findings:
    """Comparisons of one check, in the order in which they were made."""

    _holding: list[tuple[str, str]] = field(default_factory=list)
    _failing: list[tuple[str, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def note(self, ok: bool, /, *, expected: str, found: str) -> bool:
        """Add one comparison and hand its outcome back; both texts are for the candidate."""
        (self._holding if ok else self._failing).append((expected, found))
        return ok

    def hold(self, *, expected: str, found: str) -> None:
        """Add something that holds."""
        self._holding.append((expected, found))

    def miss(self, *, expected: str, found: str) -> None:
        """Add something that does not hold."""
        self._failing.append((expected, found))

    def compare(self, name: str, matcher: Matcher, value: Value, *, empty: bool = False) -> bool:
        """Add the comparison of a found value with a matcher, spoken of as `name`."""
        ok = holds(matcher, value, empty=empty)
        return self.note(ok, expected=f"{name} {spoken(matcher)}", found=f"{name} {shown(value)}")

    @property
    def failing(self) -> bool:
        """Whether anything did not hold so far."""
        return bool(self._failing)

    def verdict(self) -> Verdict:
        """Passed if something was compared and all of it holds."""
        flags = tuple(dict.fromkeys(self.flags))
        if self._failing:
            return failed(**_joined(self._failing), flags=flags)
        if not self._holding:
            return error("the check compared nothing")
        return passed(**_joined(self._holding), flags=flags)


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    return {
        "expected": ", ".join(dict.fromkeys(expected for expected, _ in pairs)),
        "found": ", ".join(dict.fromkeys(found for _, found in pairs)),
    }
