"""The engine's rounds: what is asked together, what waits for what, what is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checkers.check import Check, ask, ask_all
from checkers.engine import (
    MOST_ROUNDS,
    RETRY_PAUSE,
    CheckResult,
    PlannedCheck,
    effective_phases,
    run_phase,
)
from checkers.model import Blame, Failure, FileResult, Phase, Subject
from tests.scripted import (
    FAIL,
    PASS,
    FakeClock,
    FakeObserver,
    file,
    looks_at,
    planned,
    returns,
)

LOST = Failure("the agent did not answer in time")


def run(
    *checks: PlannedCheck,
    observer: FakeObserver | None = None,
    clock: FakeClock | None = None,
    earlier: Mapping[str, CheckResult] | None = None,
    **options: Any,
) -> dict[str, CheckResult]:
    asked = observer or FakeObserver()
    time = clock or FakeClock()
    return run_phase(checks, asked, earlier or {}, clock=time.clock, **options)


def statuses(results: Mapping[str, CheckResult]) -> dict[str, str]:
    return {name: result.verdict.status.value for name, result in results.items()}


# --------------------------------------------------------------------------- rounds


def test_the_rounds_are_as_many_as_the_deepest_check_is_deep() -> None:
    observer = FakeObserver()
    checks = [
        planned(f"c{n}", looks_at(*[f"{n}-{d}" for d in range(n % 4 + 1)])) for n in range(40)
    ]
    assert set(statuses(run(*checks, observer=observer)).values()) == {"passed"}
    assert len(observer.rounds) == 4


def test_equal_probes_of_a_round_are_asked_once_and_name_all_askers() -> None:
    observer = FakeObserver()
    results = run(planned("a", looks_at("x")), planned("b", looks_at("x")), observer=observer)
    ((wanted,),) = observer.rounds
    assert wanted.askers == ("a", "b")
    assert results["a"].transcript == results["b"].transcript


def test_a_later_round_asks_again_since_the_world_may_have_changed() -> None:
    observer = FakeObserver()
    run(planned("a", looks_at("x", "x")), observer=observer)
    assert observer.asked == {file("x"): 2}


def test_a_batch_is_answered_in_the_order_it_was_asked_in() -> None:
    def script(subject: Subject) -> Check:
        two, one, again = yield from ask_all(file("2"), file("1"), file("2"))
        assert (two.size, one.size, again.size) == (2, 1, 2)
        return PASS

    observer = FakeObserver(lambda probe, _: FileResult("file", size=int(probe.path)))  # type: ignore[union-attr]
    results = run(planned("a", script), observer=observer)
    assert statuses(results) == {"a": "passed"}
    assert [seen.probe for seen in results["a"].transcript] == [file("2"), file("1"), file("2")]


def test_what_changes_a_host_runs_alone_after_what_only_looks_in_the_order_of_the_plan() -> None:
    observer = FakeObserver()
    checks = [
        planned("a", looks_at("x"), changes=True),
        planned("b", looks_at("x")),
        planned("c", looks_at("x"), changes=True),
        planned("d", looks_at("x")),
    ]
    run(*checks, observer=observer)
    askers = [[want.askers for want in wanted] for wanted in observer.rounds]
    assert askers == [[("b", "d")], [("a",)], [("c",)]]


def test_progress_is_told_once_for_each_check() -> None:
    told: list[str] = []
    run(
        planned("deep", looks_at("1", "2", "3")),
        planned("flat", looks_at("1")),
        planned("blocked", looks_at("1"), needs=("fails",)),
        planned("fails", returns(FAIL, "1")),
        progress=lambda result: told.append(result.id),
    )
    assert sorted(told) == ["blocked", "deep", "fails", "flat"]
    assert told.index("flat") < told.index("deep")


def test_no_checks_are_no_results() -> None:
    assert run() == {}


# --------------------------------------------------------------------------- needs


def test_a_check_starts_when_all_that_it_needs_has_passed() -> None:
    observer = FakeObserver()
    results = run(
        planned("last", looks_at("3"), needs=("first", "second")),
        planned("first", looks_at("1")),
        planned("second", looks_at("1", "2")),
        observer=observer,
    )
    assert set(statuses(results).values()) == {"passed"}
    assert [[want.probe for want in wanted] for wanted in observer.rounds] == [
        [file("1")],
        [file("2")],
        [file("3")],
    ]


@pytest.mark.parametrize(
    "first, second, then",
    [
        (PASS, PASS, "passed"),
        (FAIL, PASS, "blocked"),
        (PASS, FAIL, "blocked"),
        (LOST, PASS, "error"),
        (FAIL, LOST, "error"),
        (LOST, FAIL, "error"),
    ],
)
def test_what_needs_a_fail_is_blocked_and_what_needs_an_error_is_an_error(
    first: object, second: object, then: str
) -> None:
    def answer(probe: Any, _: int) -> FileResult | Failure:
        return LOST if probe.path == b"lost" else FileResult("file")

    def check(name: str, wish: object, *more: str) -> PlannedCheck:
        return planned(name, looks_at("lost") if wish is LOST else returns(wish, "x", *more))

    results = run(
        check("first", first),
        check("second", second, "y", "z"),  # known two rounds later than the other
        planned("third", looks_at("x"), needs=("first", "second")),
        planned("fourth", looks_at("x"), needs=("third",)),
        observer=FakeObserver(answer),
    )
    found = statuses(results)
    assert found["third"] == then
    assert found["fourth"] == then
    if then != "passed":
        assert results["third"].tries == 0
        assert results["third"].transcript == ()


def test_the_blame_for_an_error_goes_on_to_what_needs_it() -> None:
    observer = FakeObserver(lambda *_: Failure("host changed", Blame.HOST))
    results = run(
        planned("a", looks_at("x")), planned("b", looks_at("y"), needs=("a",)), observer=observer
    )
    assert results["a"].verdict.blame is Blame.HOST
    assert results["b"].verdict.blame is Blame.HOST
    assert "`a`" in results["b"].verdict.found


def test_needs_are_met_by_results_of_an_earlier_phase() -> None:
    earlier = run(planned("a", looks_at("x")), planned("b", returns(FAIL, "x")))
    results = run(
        planned("c", looks_at("x"), needs=("a",)),
        planned("d", looks_at("x"), needs=("b",)),
        earlier=earlier,
    )
    assert statuses(results) == {"c": "passed", "d": "blocked"}


def test_a_circle_of_needs_and_a_need_that_never_runs_are_errors() -> None:
    results = run(
        planned("a", looks_at("x"), needs=("b",)),
        planned("b", looks_at("x"), needs=("a",)),
        planned("c", looks_at("x"), needs=("nowhere",)),
        planned("d", looks_at("x"), needs=("d",)),
        planned("e", looks_at("x")),
    )
    assert statuses(results) == dict.fromkeys("abcd", "error") | {"e": "passed"}
    assert all(results[name].verdict.blame is Blame.MACHINERY for name in "abcd")


def test_a_check_runs_in_the_latest_phase_that_it_needs() -> None:
    checks = [
        planned("restart", looks_at("x"), phase=Phase.AFTER_RESTART),
        planned("c", looks_at("x"), needs=("b",)),
        planned("b", looks_at("x"), needs=("a",)),
        planned("a", looks_at("x"), phase=Phase.BEHAVIOUR),
        planned("d", looks_at("x"), phase=Phase.BEHAVIOUR, needs=("restart",)),
        planned("e", looks_at("x"), phase=Phase.BEHAVIOUR, needs=("f", "unknown")),
        planned("f", looks_at("x")),
    ]
    found = effective_phases(checks)
    assert found == {
        "restart": Phase.AFTER_RESTART,
        "a": Phase.BEHAVIOUR,
        "b": Phase.BEHAVIOUR,
        "c": Phase.BEHAVIOUR,
        "d": Phase.AFTER_RESTART,
        "e": Phase.BEHAVIOUR,
        "f": Phase.STATE,
    }


def test_phases_in_a_circle_come_to_an_end() -> None:
    checks = [
        planned("a", looks_at("x"), needs=("b",)),
        planned("b", looks_at("x"), needs=("a",), phase=Phase.BEHAVIOUR),
    ]
    assert set(effective_phases(checks).values()) == {Phase.BEHAVIOUR}


# --------------------------------------------------------------------------- retry


def appears_at(number: int) -> FakeObserver:
    return FakeObserver(lambda _, time: FileResult("file" if time >= number else None))


def test_a_check_with_retry_is_tried_until_it_passes() -> None:
    clock = FakeClock()
    results = run(planned("a", looks_at("x"), retry=10.0), observer=appears_at(4), clock=clock)
    assert statuses(results) == {"a": "passed"}
    assert results["a"].tries == 4
    assert results["a"].seconds == pytest.approx(3 * RETRY_PAUSE)
    assert clock.waits == pytest.approx([RETRY_PAUSE] * 3)


def test_the_last_verdict_stands_when_the_time_is_up() -> None:
    clock = FakeClock()
    results = run(planned("a", looks_at("x"), retry=2.0), observer=appears_at(99), clock=clock)
    assert statuses(results) == {"a": "failed"}
    assert results["a"].tries == 1 + 2 / RETRY_PAUSE
    assert clock.time <= 102.0


def test_only_the_observations_of_the_last_try_are_kept() -> None:
    results = run(planned("a", looks_at("y", "x"), retry=10.0), observer=appears_at(3))
    assert [seen.probe for seen in results["a"].transcript] == [file("y"), file("x")]
    assert [seen.result for seen in results["a"].transcript] == [FileResult("file")] * 2


def test_an_error_is_tried_again_as_well() -> None:
    def answer(_: Any, time: int) -> FileResult | Failure:
        return LOST if time < 3 else FileResult("file")

    results = run(planned("a", looks_at("x"), retry=5.0), observer=FakeObserver(answer))
    assert statuses(results) == {"a": "passed"}


def test_without_retry_there_is_one_try() -> None:
    results = run(planned("a", looks_at("x")), observer=appears_at(2))
    assert statuses(results) == {"a": "failed"}
    assert results["a"].tries == 1


def test_what_changes_a_host_is_never_tried_again() -> None:
    observer = appears_at(2)
    results = run(planned("a", looks_at("x"), retry=30.0, changes=True), observer=observer)
    assert statuses(results) == {"a": "failed"}
    assert observer.asked == {file("x"): 1}


def test_others_go_on_while_one_waits_for_its_next_try() -> None:
    def answer(probe: Any, time: int) -> FileResult | Failure:
        return FileResult("file" if probe.path != b"slow" or time > 2 else None)

    observer, told = FakeObserver(answer), []
    run(
        planned("slow", looks_at("slow"), retry=10.0),
        planned("deep", looks_at("1", "2", "3", "4")),
        planned("after", looks_at("5"), needs=("slow",)),
        observer=observer,
        progress=lambda result: told.append(result.id),
    )
    assert told == ["deep", "slow", "after"]


def test_what_needs_a_check_waits_for_its_last_try() -> None:
    """With `fails` known before `flaky`: a replay, which never waits, must come to the same."""

    def answer(probe: Any, time: int) -> FileResult | Failure:
        if probe.path == b"flaky":
            return LOST if time > 2 else FileResult(None)
        return FileResult(None)

    results = run(
        planned("fails", looks_at("x")),
        planned("flaky", looks_at("flaky"), retry=2.0),
        planned("c", looks_at("x"), needs=("fails", "flaky")),
        observer=FakeObserver(answer),
    )
    assert statuses(results) == {"fails": "failed", "flaky": "error", "c": "error"}


# --------------------------------------------------------------------------- limits


def test_a_check_that_takes_longer_than_its_timeout_is_an_error() -> None:
    clock = FakeClock()
    observer = FakeObserver(before=lambda: clock.wait(4.0))
    results = run(
        planned("a", looks_at("1", "2", "3"), timeout=5.0), observer=observer, clock=clock
    )
    assert statuses(results) == {"a": "error"}
    assert "longer than 5 s" in results["a"].verdict.found


def test_a_verdict_that_needs_no_more_answers_is_never_too_late() -> None:
    """Else a replay, which takes no time, would come to another verdict."""
    clock = FakeClock()
    observer = FakeObserver(before=lambda: clock.wait(9.0))
    results = run(planned("a", looks_at("1"), timeout=5.0), observer=observer, clock=clock)
    assert statuses(results) == {"a": "passed"}


def test_a_check_that_asks_for_ever_is_an_error() -> None:
    def script(subject: Subject) -> Check:
        while True:
            yield from ask(file("x"))

    observer = FakeObserver()
    results = run(planned("a", script), planned("b", looks_at("y")), observer=observer)
    assert statuses(results) == {"a": "error", "b": "passed"}
    assert len(observer.rounds) == MOST_ROUNDS


def test_a_check_that_is_cut_off_may_tidy_up() -> None:
    closed: list[str] = []

    def script(subject: Subject) -> Check:
        try:
            while True:
                yield from ask(file("x"))
        finally:
            closed.append("closed")

    assert statuses(run(planned("a", script))) == {"a": "error"}
    assert closed == ["closed"]


def test_an_empty_batch_is_answered_at_once() -> None:
    def script(subject: Subject) -> Check:
        assert (yield ()) == ()
        yield from ask(file("x"))
        return PASS

    assert statuses(run(planned("a", script))) == {"a": "passed"}
