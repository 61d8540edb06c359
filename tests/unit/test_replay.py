"""Stored observations give the verdicts that they gave before, and nothing is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checkers.check import Check, ask, ask_all
from checkers.engine import CheckResult, PlannedCheck, run_phase
from checkers.model import (
    Blame,
    Failure,
    FileResult,
    Phase,
    Status,
    Subject,
    Verdict,
)
from checkers.replay import ReplayObserver
from labctl import transcript
from tests.scripted import FAIL, PASS, FakeClock, FakeObserver, Script, file, looks_at, planned


def again(checks: Sequence[PlannedCheck], results: dict[str, CheckResult]) -> dict[str, Verdict]:
    """The verdicts of a replay, from what the store keeps."""
    stored = transcript.by_phase(transcript.unpack(transcript.pack(results.values())))
    observer = ReplayObserver(Phase.STATE, stored[Phase.STATE])
    bare = [replace(check, retry=0.0, timeout=None) for check in checks]
    found = run_phase(bare, observer, {}, clock=FakeClock().clock)
    return {name: result.verdict for name, result in found.items()}


def now(checks: Sequence[PlannedCheck], observer: FakeObserver) -> dict[str, CheckResult]:
    return run_phase(checks, observer, {}, clock=FakeClock().clock)


def verdicts(results: dict[str, CheckResult]) -> dict[str, Verdict]:
    return {name: result.verdict for name, result in results.items()}


def grows(times: int) -> Script:
    """Asks the same question several times; passes if the answer never stood still."""

    def script(subject: Subject) -> Check:
        sizes = []
        for _ in range(times):
            result = yield from ask(file("log"))
            sizes.append(result.size)
        return PASS if sorted(set(sizes)) == sizes else FAIL

    return script


def test_a_question_put_twice_is_answered_in_order() -> None:
    checks = [planned("a", grows(3)), planned("b", grows(2)), planned("c", grows(4))]
    results = now(checks, FakeObserver())
    assert set(verdicts(results).values()) == {PASS}
    assert again(checks, results) == verdicts(results)


def test_a_question_put_twice_at_once_and_once_more_later() -> None:
    def script(subject: Subject) -> Check:
        one, same = yield from ask_all(file("log"), file("log"))
        later = yield from ask(file("log"))
        return PASS if one.size == same.size < later.size else FAIL

    checks = [planned("a", script), planned("b", script)]
    results = now(checks, FakeObserver())
    assert set(verdicts(results).values()) == {PASS}
    assert again(checks, results) == verdicts(results)


def test_a_check_that_was_tried_again() -> None:
    observer = FakeObserver(lambda _, time: FileResult("file" if time > 2 else None))
    checks = [planned("a", looks_at("x"), retry=5.0), planned("b", looks_at("y"), needs=("a",))]
    results = now(checks, observer)
    assert again(checks, results) == verdicts(results)


def test_a_check_is_answered_from_its_own_record_first() -> None:
    """`late` saw the file in a later round than `early` did not."""

    def late(subject: Subject) -> Check:
        yield from ask(file("other"))
        result = yield from ask(file("x"))
        return PASS if result.type else FAIL

    observer = FakeObserver(lambda _, time: FileResult("file" if time > 1 else None))
    checks = [planned("early", looks_at("x")), planned("late", late)]
    results = now(checks, observer)
    assert verdicts(results) == {"early": FAIL, "late": PASS}
    assert again(checks, results) == verdicts(results)


def test_a_corrected_check_may_use_what_another_has_seen() -> None:
    results = now([planned("a", looks_at("x")), planned("b", looks_at("y"))], FakeObserver())
    assert again([planned("b", looks_at("x"))], results) == {"b": PASS}


def test_what_nobody_has_seen_is_an_error_of_the_machinery() -> None:
    results = now([planned("a", looks_at("x"))], FakeObserver())
    found = again([planned("a", looks_at("x", "z"))], results)["a"]
    assert (found.status, found.blame) == (Status.ERROR, Blame.MACHINERY)
    assert "not observed" in found.found


def test_another_phase_is_another_record() -> None:
    results = now([planned("a", looks_at("x"))], FakeObserver())
    stored = transcript.by_phase(results)
    observer = ReplayObserver(Phase.BEHAVIOUR, stored[Phase.BEHAVIOUR])
    found = run_phase([planned("a", looks_at("x"))], observer, {}, clock=FakeClock().clock)
    assert found["a"].verdict.status is Status.ERROR


def test_a_stored_failure_is_the_same_failure() -> None:
    checks = [planned("a", looks_at("x"))]
    results = now(checks, FakeObserver(lambda *_: Failure("host changed", Blame.HOST)))
    assert again(checks, results) == verdicts(results)


def test_an_observation_is_given_back_as_it_was() -> None:
    results = now([planned("a", looks_at("x"))], FakeObserver())
    (seen,) = results["a"].transcript
    frozen = replace(seen, at=12.5, frozen=True)
    observer = ReplayObserver(Phase.STATE, {"a": (frozen,)})
    found = run_phase([planned("a", looks_at("x"))], observer, {}, clock=FakeClock().clock)
    assert found["a"].transcript == (frozen,)


@st.composite
def labs(draw: st.DrawFn) -> list[PlannedCheck]:
    """Checks that ask different questions in different orders and need each other."""
    names = [f"c{number}" for number in range(draw(st.integers(1, 6)))]
    files = st.lists(st.sampled_from("uvwxyz"), min_size=1, max_size=4)
    return [
        planned(
            name,
            looks_at(*draw(files)),
            needs=tuple(draw(st.sets(st.sampled_from(names[:number]), max_size=2)))
            if number
            else (),
            retry=draw(st.sampled_from([0.0, 1.5])),
            changes=draw(st.booleans()),
        )
        for number, name in enumerate(names)
    ]


@given(labs(), st.randoms(use_true_random=False))
def test_any_lab_is_marked_again_as_it_was(checks: list[PlannedCheck], random: Any) -> None:
    def answer(_probe: object, _time: int) -> FileResult | Failure:
        return random.choice(  # type: ignore[no-any-return]
            [FileResult("file"), FileResult(None), Failure("lost"), Failure("hung", Blame.HOST)]
        )

    results = now(checks, FakeObserver(answer))
    assert again(checks, results) == verdicts(results)
