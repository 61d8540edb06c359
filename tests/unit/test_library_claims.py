"""Criteria of several units: what a number means, and how one that two units have is marked."""

from __future__ import annotations

from checkers.model import Status, Verdict
from labctl.library.claims import Claims
from labctl.library.format import Evidence
from labctl.library.library import Library
from labctl.library.planning import plan
from labctl.library.surroundings import BUILT_IN
from labctl.marking import mark

PASSED = Verdict(Status.PASSED, "a", "a")
FAILED = Verdict(Status.FAILED, "a", "b")

CLAIMS = Claims.of(
    [
        Evidence(unit="linux-l3", criteria=["2.2", "2.3", "2.3"]),
        Evidence(objective="LPIC-1 105.2"),
        Evidence(unit="system-l3", criteria=["2.2", "1.1"]),
        Evidence(unit="linux-l3", criteria=["2.3"]),
    ]
)


def test_a_number_means_one_criterion_unless_two_units_have_it() -> None:
    assert CLAIMS.meant("2.3") == (("linux-l3", "2.3"),)
    assert CLAIMS.meant("2.2") == (("linux-l3", "2.2"), ("system-l3", "2.2"))
    assert CLAIMS.meant("system-l3:2.2") == (("system-l3", "2.2"),)
    for name in ("9.9", "linux-l3:1.1", "linux-l3:", ":2.2", "linux:2.2"):
        assert CLAIMS.meant(name) == ()


def test_one_criterion_has_one_name() -> None:
    assert CLAIMS.names() == ("linux-l3:2.2", "system-l3:2.2", "2.3", "1.1")
    assert CLAIMS.same(["linux-l3:2.3", "2.3", "system-l3:2.2"]) == ("2.3", "system-l3:2.2")
    assert CLAIMS.same(["2.2", "9.9"]) == ("2.2", "9.9")
    assert Claims().same(["2.2"]) == ("2.2",)


def test_criteria_of_one_number_are_marked_apart() -> None:
    planned = plan(Library((BUILT_IN,)).lab("backup-that-restores"), 1)
    verdicts = {check.id: PASSED for check in planned.checks}
    met = mark(planned, verdicts).criteria
    assert set(met) == {"linux-l3:2.2", "system-management-l3:2.2", "2.3", "3.1"}
    assert set(met.values()) == {"met"}
    of_one = mark(planned, verdicts | {"rotates": FAILED}).criteria
    assert of_one["linux-l3:2.2"] == "not met"
    assert of_one["system-management-l3:2.2"] == "met"
