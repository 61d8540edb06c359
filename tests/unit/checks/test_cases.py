"""Every recorded case of every check type gives the verdict that its file says."""

from __future__ import annotations

import pytest

from checkers.registry import known
from tests.check_cases import Case, all_cases

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case) -> None:
    verdict, _ = case.run()
    found = {
        "status": verdict.status.value,
        "blame": verdict.blame.value if verdict.blame else None,
        "expected": verdict.expected,
        "found": verdict.found,
        "flags": list(verdict.flags),
    }
    assert case.expect.keys() <= found.keys()
    assert found == {**found, **case.expect}


@pytest.mark.parametrize("kind", known())
def test_each_type_has_cases_of_every_kind(kind: str) -> None:
    own = [case for case in CASES if case.kind == kind]
    ends = {case.expect["status"] for case in own}
    assert ends >= {"passed", "failed", "error"}
    assert any(case.name.startswith("fake") for case in own)
