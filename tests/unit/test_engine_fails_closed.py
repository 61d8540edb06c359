"""Whatever a check does wrong is an error of that check: no pass, no fail, and no other harmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from checkers.check import Check, NotObserved, ask, error
from checkers.engine import run_phase
from checkers.model import (
    Blame,
    Failure,
    FileResult,
    Program,
    Status,
    Subject,
    Verdict,
)
from tests.scripted import (
    FAIL,
    PASS,
    FakeClock,
    FakeObserver,
    Script,
    file,
    looks_at,
    planned,
    returns,
)

LOST = Failure("the agent did not answer in time")


def verdict_of(script: Script, observer: FakeObserver | None = None) -> Verdict:
    """The verdict of a check that runs beside a proper one, which must not notice it."""
    checks = [
        planned("bad", script),
        planned("good", looks_at("1", "2", "3")),
        planned("after", looks_at("4"), needs=("bad",)),
    ]
    results = run_phase(checks, observer or FakeObserver(), {}, clock=FakeClock().clock)
    if observer is None:
        assert results["good"].verdict is PASS
    if results["bad"].verdict.status is Status.ERROR:
        assert results["after"].verdict.status is Status.ERROR
    return results["bad"].verdict


def raises(problem: BaseException, *names: str) -> Script:
    def script(subject: Subject) -> Check:
        for name in names:
            yield from ask(file(name))
        raise problem

    return script


def yields(value: Any) -> Script:
    def script(subject: Subject) -> Iterator[Any]:
        yield value

    return script


def ignores_errors(verdict: Verdict) -> Script:
    def script(subject: Subject) -> Check:
        yield (file("x"),)
        return verdict

    return script


@pytest.mark.parametrize(
    "problem",
    [
        ValueError("no number"),
        KeyError("x"),
        RecursionError(),
        AssertionError(),
        SystemExit(0),
        StopIteration(PASS),
        MemoryError(),
    ],
    ids=lambda problem: type(problem).__name__,
)
@pytest.mark.parametrize("names", [(), ("x",)], ids=["at once", "after a round"])
def test_an_exception(problem: BaseException, names: tuple[str, ...]) -> None:
    found = verdict_of(raises(problem, *names))
    assert found.status is Status.ERROR
    assert found.blame is Blame.MACHINERY
    assert "broke off" in found.found


def test_an_exception_before_the_check_is_a_generator() -> None:
    def script(subject: Subject) -> Check:
        raise TypeError("not even begun")

    assert verdict_of(script).status is Status.ERROR


def test_an_interruption_is_not_the_checks_to_swallow() -> None:
    with pytest.raises(KeyboardInterrupt):
        verdict_of(raises(KeyboardInterrupt()))


@pytest.mark.parametrize(
    "value",
    [None, True, "passed", Status.PASSED, (PASS,), {"status": "passed"}],
    ids=repr,
)
def test_a_return_value_that_is_no_verdict(value: object) -> None:
    found = verdict_of(returns(value, "x"))
    assert found.status is Status.ERROR
    assert "instead of a verdict" in found.found


def test_a_check_that_is_no_generator() -> None:
    assert verdict_of(lambda _: PASS).status is Status.ERROR
    assert verdict_of(lambda _: None).status is Status.ERROR
    assert verdict_of(lambda _: [(file("x"),)]).status is Status.ERROR


@pytest.mark.parametrize(
    "value",
    [None, file("x"), [file("x")], ("x",), (file("x"), None), "file", iter(())],
    ids=lambda value: type(value).__name__,
)
def test_a_question_that_is_no_batch_of_probes(value: object) -> None:
    found = verdict_of(yields(value))
    assert found.status is Status.ERROR
    assert "instead of a tuple of probes" in found.found


def test_a_probe_with_a_list_in_it() -> None:
    bad = Program("pc", ["ip", "addr"])  # type: ignore[arg-type]  # as people write it
    found = verdict_of(yields((bad,)))
    assert found.status is Status.ERROR
    assert "unhashable" in found.found


@pytest.mark.parametrize("verdict", [PASS, FAIL], ids=["pass", "fail"])
def test_a_verdict_without_looking(verdict: Verdict) -> None:
    found = verdict_of(returns(verdict))
    assert found.status is Status.ERROR
    assert "without having seen anything" in found.found


@pytest.mark.parametrize("verdict", [PASS, FAIL], ids=["pass", "fail"])
def test_a_verdict_on_nothing_but_failures(verdict: Verdict) -> None:
    found = verdict_of(ignores_errors(verdict), FakeObserver(lambda *_: LOST))
    assert found.status is Status.ERROR


@pytest.mark.parametrize("status", [Status.PASSED, Status.FAILED])
@pytest.mark.parametrize("expected, said", [("", ""), ("x", ""), ("", "x")])
def test_a_verdict_without_words(status: Status, expected: str, said: str) -> None:
    found = verdict_of(returns(Verdict(status, expected, said), "x"))
    assert found.status is Status.ERROR
    assert "without saying" in found.found


def test_blocked_is_for_the_engine_to_say() -> None:
    assert verdict_of(returns(Verdict(Status.BLOCKED, found="so"), "x")).status is Status.ERROR


def test_an_error_always_has_somebody_to_blame() -> None:
    found = verdict_of(returns(Verdict(Status.ERROR, found="broken")))
    assert (found.status, found.blame) == (Status.ERROR, Blame.MACHINERY)
    host = error("its file is a pipe", Blame.HOST)
    assert verdict_of(returns(host)) == host


@pytest.mark.parametrize("blame", list(Blame))
def test_what_is_not_observed(blame: Blame) -> None:
    found = verdict_of(looks_at("x"), FakeObserver(lambda *_: Failure("gone", blame)))
    assert (found.status, found.found, found.blame) == (Status.ERROR, "gone", blame)


def test_an_observation_with_neither_result_nor_failure() -> None:
    found = verdict_of(raises(NotObserved(Failure("not observed"))))
    assert found.status is Status.ERROR


def test_only_a_host_that_is_shown_to_be_broken_fails_unseen() -> None:
    broken = Failure("pc does not boot any more", Blame.HOST, conclusive=True)
    found = verdict_of(looks_at("x"), FakeObserver(lambda *_: broken))
    assert found.status is Status.FAILED
    assert found.found == broken.reason


def test_a_generator_that_refuses_to_be_closed() -> None:
    def script(subject: Subject) -> Check:
        while True:
            try:
                yield from ask(file("x"))
            except GeneratorExit:
                yield (file("y"),)

    assert verdict_of(script).status is Status.ERROR


def test_a_pass_needs_one_real_answer_not_all() -> None:
    def answer(probe: Any, _: int) -> FileResult | Failure:
        return LOST if probe.path == b"lost" else FileResult("file")

    def script(subject: Subject) -> Check:
        yield (file("lost"), file("x"))
        return PASS

    assert verdict_of(script, FakeObserver(answer)) is PASS
