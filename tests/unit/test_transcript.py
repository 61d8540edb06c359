"""A transcript: what is packed comes back, shared observations once; nothing else is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.engine import CheckResult, run_phase
from checkers.model import (
    Blame,
    Failure,
    FileResult,
    Observation,
    Phase,
    Status,
    Vantage,
    Verdict,
)
from labctl import transcript
from tests.scripted import FakeClock, FakeObserver, file, looks_at, planned

SEEN = st.builds(
    Observation,
    st.builds(file, st.sampled_from(["a", "b", "ü"])),
    st.sampled_from(Vantage),
    st.floats(0, 2e9),
    result=st.builds(FileResult, st.sampled_from(["file", None]), content=st.none() | st.binary()),
    frozen=st.booleans(),
)
VERDICTS = st.builds(Verdict, st.sampled_from(Status), st.text(), st.text(), st.just(None))


@st.composite
def results(draw: st.DrawFn) -> dict[str, CheckResult]:
    names = draw(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=4))
    return {
        name: CheckResult(
            name,
            draw(VERDICTS),
            draw(st.sampled_from(Phase)),
            tuple(draw(st.lists(SEEN, max_size=4))),
            draw(st.integers(0, 100)) / 8,
            draw(st.integers(0, 20)),
        )
        for name in names
    }


@given(results())
def test_what_is_packed_comes_back(found: dict[str, CheckResult]) -> None:
    packed = transcript.pack(found.values())
    assert transcript.unpack(packed) == found
    assert transcript.pack(transcript.unpack(packed).values()) == packed


def test_a_shared_observation_is_kept_once() -> None:
    checks = [planned(f"c{n}", looks_at("x", "y")) for n in range(10)]
    found = run_phase(checks, FakeObserver(), {}, clock=FakeClock().clock)
    value = json.loads(transcript.pack(found.values()))
    assert len(value["observations"]) == 2
    assert {tuple(check["observations"]) for check in value["checks"]} == {
        tuple(value["checks"][0]["observations"])
    }


def test_failures_and_blame_are_kept() -> None:
    lost = Failure("r1 does not boot", Blame.HOST, conclusive=True)
    seen = Observation(file("x"), Vantage.BESIDE, 1.0, failure=lost)
    verdict = Verdict(Status.ERROR, found="lost", blame=Blame.HOST, flags=("a", "b"))
    result = CheckResult("a", verdict, Phase.BEHAVIOUR, (seen,), 0.5, 3)
    assert transcript.unpack(transcript.pack([result])) == {"a": result}


def test_observations_by_phase() -> None:
    seen = Observation(file("x"), Vantage.BESIDE, 1.0, result=FileResult("file"))
    verdict = Verdict(Status.PASSED, "x", "x")
    kept = {
        "a": CheckResult("a", verdict, Phase.STATE, (seen,)),
        "b": CheckResult("b", verdict, Phase.AFTER_RESTART, (seen, seen)),
    }
    assert transcript.by_phase(kept) == {
        Phase.STATE: {"a": (seen,)},
        Phase.BEHAVIOUR: {},
        Phase.AFTER_RESTART: {"b": (seen, seen)},
    }


def changed(**change: Any) -> bytes:
    value = {"version": 1, "checks": [], "observations": {}} | change
    return json.dumps(value).encode()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", changed(version=2), b"{}"])
def test_what_is_no_transcript(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # JSON's and ours are both one
        transcript.unpack(content)


def test_an_empty_run_is_a_transcript() -> None:
    assert transcript.unpack(transcript.pack([])) == {}
