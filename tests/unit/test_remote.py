"""The observer of real hosts: one request a round; what goes wrong is a failure, with blame."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from checkers import remote
from checkers.engine import Wanted
from checkers.model import (
    AnyProbe,
    Blame,
    Connect,
    Directory,
    File,
    FileResult,
    Inside,
    LabHost,
    Observation,
    Processes,
    Program,
    ProgramResult,
    Vantage,
)
from checkers.remote import RemoteObserver, Whereabouts
from tests.ssh_server import Act, answering, serving

HOSTS = (LabHost("r1", "root"), LabHost("pc1", "none"))
PINS = {"r1": {"pid": 1}, "pc1": {"pid": 2}}
Answers = Callable[[dict[str, Any]], Iterator[Any]]
EMPTY = {
    "program": {"exit": 0, "stdout": "", "stderr": ""},
    "connect": {"outcome": "open"},
    "file": {"type": "file"},
    "directory": {"entries": []},
    "processes": {"processes": []},
}


def well(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Answers everything, the last first."""
    for probe in reversed(request["probes"]):
        yield {"id": probe["id"], "result": EMPTY[probe["kind"]]}
    yield {"done": True}


def ran(probe: Inside) -> ProgramResult:
    return ProgramResult(0, probe.argv[0].encode(), b"")


def ask(
    act: Act,
    *probes: AnyProbe,
    run: Callable[[Inside], ProgramResult] = ran,
    pins: dict[str, Any] | None = None,
    **options: Any,
) -> list[Observation]:
    with serving(act) as server:
        where = Whereabouts(PINS if pins is None else pins, {}, options.pop("broken", {}))
        observer = RemoteObserver(HOSTS, where, server.dial, run, **options)
        try:
            return list(observer.observe([Wanted(probe, ("a",)) for probe in probes]))
        finally:
            observer.close()


def reason(seen: Observation) -> str:
    assert seen.result is None
    assert seen.failure is not None
    return seen.failure.reason


def test_answers_come_in_the_order_of_the_questions_whatever_order_they_came_in() -> None:
    probes: list[AnyProbe] = [
        File("r1", b"/a"),
        Inside("r1", ("id",)),
        Program("pc1", ("ip",)),
        Inside("r1", ("who",)),
        Processes("r1"),
        Directory("pc1", b"/"),
        Connect("pc1", "10.0.0.1", 80),
        Program("r1", ("ip",)),
    ]
    found = ask(answering(well), *probes)
    assert [seen.probe for seen in found] == probes
    assert all(seen.result is not None and seen.failure is None for seen in found)
    assert [seen.vantage for seen in found] == [
        Vantage.BESIDE,
        Vantage.INSIDE,
        Vantage.OUTSIDE,
        Vantage.INSIDE,
        Vantage.BESIDE,
        Vantage.BESIDE,
        Vantage.OUTSIDE,
        Vantage.BESIDE,
    ]
    assert [found[n].result.stdout for n in (1, 3)] == [b"id", b"who"]  # type: ignore[union-attr]


def test_a_round_is_one_request_and_a_session_one_connection() -> None:
    requests: list[dict[str, Any]] = []

    def count(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        requests.append(request)
        yield from well(request)

    with serving(answering(count)) as server:
        observer = RemoteObserver(HOSTS, Whereabouts(PINS, {"pins": {}}), server.dial, ran)
        for _ in range(3):
            probes = [File(host, b"/x%d" % n) for host in ("r1", "pc1") for n in range(20)]
            observer.observe([Wanted(probe, ("a",)) for probe in probes])
        observer.close()
        assert len(server.dialled) == 1
    assert len(requests) == 3
    assert requests[0]["hosts"] == PINS
    assert requests[0]["fabric"] == {"pins": {}}


def test_only_inside_asks_no_agent() -> None:
    def act(_: object) -> None:
        raise AssertionError("asked")

    (seen,) = ask(act, Inside("r1", ("id",)))
    assert seen.vantage is Vantage.INSIDE


def test_the_programs_of_a_host_that_nobody_can_enter_are_no_candidates() -> None:
    def lost(_: Inside) -> ProgramResult:
        raise TimeoutError

    for run in (ran, lost):
        own, trusted = ask(answering(well), Inside("r1", ("id",)), Inside("pc1", ("id",)), run=run)
        assert own.vantage is Vantage.INSIDE
        assert trusted.vantage is Vantage.OUTSIDE


def test_what_is_frozen_is_told() -> None:
    found = ask(answering(well), File("r1", b"/a"), Inside("r1", ("id",)), frozen=True)
    assert [seen.frozen for seen in found] == [True, True]


def test_an_answer_that_never_comes_is_a_failure_of_the_machinery() -> None:
    def some(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"id": request["probes"][0]["id"], "result": EMPTY["file"]}
        yield {"done": True}

    first, second = ask(answering(some), File("r1", b"/a"), File("r1", b"/b"))
    assert isinstance(first.result, FileResult)
    assert "no answer" in reason(second)
    assert second.failure is not None
    assert second.failure.blame is Blame.MACHINERY


@pytest.mark.parametrize(
    "answer, blame",
    [
        ({"failure": "host changed", "blame": "host"}, Blame.HOST),
        ({"failure": "lost", "blame": "machinery"}, Blame.MACHINERY),
        ({"failure": "lost"}, Blame.MACHINERY),
        ({"failure": "lost", "blame": "candidate"}, Blame.MACHINERY),
        ({"result": {"type": "pipe"}}, Blame.MACHINERY),
        ({"result": None}, Blame.MACHINERY),
        ({"result": EMPTY["connect"]}, Blame.MACHINERY),
        ({}, Blame.MACHINERY),
    ],
    ids=repr,
)
def test_what_an_agent_may_say_instead(answer: dict[str, Any], blame: Blame) -> None:
    def one(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for probe in request["probes"]:
            yield {"id": probe["id"], **answer}
        yield {"done": True}

    for seen in ask(answering(one), File("r1", b"/a"), File("pc1", b"/a")):
        assert reason(seen)
        assert seen.failure is not None
        assert seen.failure.blame is blame


@pytest.mark.parametrize(
    "answer", [{"id": 77, "result": {}}, {"id": "x", "result": {}}, {"result": {}}, [], None, 7]
)
def test_an_answer_to_nothing_that_was_asked(answer: object) -> None:
    def first(request: dict[str, Any]) -> Iterator[Any]:
        yield answer
        yield from well(request)

    (seen,) = ask(answering(first), File("r1", b"/a"))
    assert (seen.result is None) == (seen.failure is not None)


def test_what_was_answered_before_the_agent_died_counts() -> None:
    def dies(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"id": request["probes"][0]["id"], "result": EMPTY["file"]}
        raise OSError("killed")

    first, second = ask(answering(dies), File("r1", b"/a"), File("r1", b"/b"))
    assert first.result is not None
    assert "the agent ended" in reason(second)


def test_after_a_failure_the_next_round_has_a_new_connection() -> None:
    turns = iter([False, True])

    def second_time(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if not next(turns):
            raise OSError("killed")
        yield from well(request)

    with serving(answering(second_time)) as server:
        observer = RemoteObserver(HOSTS, Whereabouts(PINS, {}), server.dial, ran)
        wanted = [Wanted(File("r1", b"/a"), ("a",))]
        assert reason(observer.observe(wanted)[0])
        assert observer.observe(wanted)[0].result is not None
        observer.close()
        assert len(server.dialled) == 2


def test_an_observer_that_cannot_be_reached() -> None:
    def dial(*_: object) -> Any:
        raise RuntimeError("the Docker daemon is not running")

    observer = RemoteObserver(HOSTS, Whereabouts(PINS, {}), dial, ran)
    probes: list[AnyProbe] = [File("r1", b"/a"), Inside("r1", ("id",))]
    file, inside = observer.observe([Wanted(probe, ("a",)) for probe in probes])
    assert "the Docker daemon is not running" in reason(file)
    assert inside.result is not None
    observer.close()


def test_an_observer_that_is_never_reached_is_given_up() -> None:
    """A check of many rounds must not wait for the same engine in each."""
    dialled: list[int] = []

    def dial(*_: object) -> Any:
        dialled.append(1)
        raise RuntimeError("the Docker daemon does not answer")

    observer = RemoteObserver(HOSTS, Whereabouts(PINS, {}), dial, ran)
    for _ in range(5):
        (seen,) = observer.observe([Wanted(File("r1", b"/a"), ("a",))])
        assert "does not answer" in reason(seen)
    assert len(dialled) == remote.MOST_UNREACHED


def test_an_observer_in_a_machine_is_tried_once_more() -> None:
    with serving(answering(well)) as server:
        dialled: list[int] = []

        def dial(argv: Any, preamble: bytes) -> Any:
            dialled.append(1)
            if len(dialled) == 1:
                raise RuntimeError("it is not awake yet")
            return server.dial(argv, preamble)

        where = Whereabouts(PINS, {})
        observer = RemoteObserver(HOSTS, where, server.dial, ran, guests={"r1": dial})
        (seen,) = observer.observe([Wanted(File("r1", b"/a"), ("a",))])
        observer.close()
    assert seen.failure is None
    assert seen.vantage is Vantage.GUEST
    assert len(dialled) == 2


def put_to_a_dying_agent(*probes: AnyProbe) -> tuple[list[Observation], list[int]]:
    """What an agent of a machine says that dies after one answer, and how much each round asked."""
    rounds: list[int] = []

    def dies_once(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        rounds.append(len(request["probes"]))
        answers = well(request)
        yield next(answers)
        if len(rounds) == 1:
            raise OSError("killed")
        yield from answers

    with serving(answering(dies_once)) as server:
        where = Whereabouts(PINS, {})
        observer = RemoteObserver(HOSTS, where, server.dial, ran, guests={"r1": server.dial})
        seen = list(observer.observe([Wanted(probe, ("a",)) for probe in probes]))
        observer.close()
    return seen, rounds


def test_what_an_observer_in_a_machine_left_open_is_asked_again() -> None:
    seen, rounds = put_to_a_dying_agent(File("r1", b"/a"), File("r1", b"/b"), File("r1", b"/c"))
    assert [each.failure for each in seen] == [None] * 3
    assert rounds == [3, 2]


def test_what_sends_is_not_asked_again() -> None:
    """A second request might order, print or delete something a second time."""
    connect = Connect("r1", "127.0.0.1", 80)
    seen, rounds = put_to_a_dying_agent(connect, File("r1", b"/a"))
    assert "the agent ended" in reason(seen[0])
    assert rounds == [2]


def test_a_round_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SLACK_SECONDS", 0.2)
    monkeypatch.setattr(remote, "_time_for", lambda _: 0.1)

    def never(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        time.sleep(1)
        yield {"done": True}

    started = time.monotonic()
    (seen,) = ask(answering(never), File("r1", b"/a"))
    assert "did not answer in time" in reason(seen)
    assert time.monotonic() - started < 5


# --------------------------------------------------------------------------- inside


@pytest.mark.parametrize(
    "problem, blame",
    [
        (TimeoutError(), Blame.HOST),
        (RuntimeError("no such container"), Blame.MACHINERY),
        (OSError("reset"), Blame.MACHINERY),
    ],
    ids=repr,
)
def test_a_program_inside_that_cannot_be_run(problem: Exception, blame: Blame) -> None:
    def run(_: Inside) -> ProgramResult:
        raise problem

    (seen,) = ask(answering(well), Inside("r1", ("id",), timeout=2.5), run=run)
    assert "`id`" in reason(seen)
    assert seen.failure is not None
    assert seen.failure.blame is blame


def test_programs_inside_run_side_by_side() -> None:
    together = threading.Barrier(remote.INSIDE_AT_ONCE, timeout=10)

    def run(probe: Inside) -> ProgramResult:
        together.wait()
        return ran(probe)

    probes = [Inside("r1", (f"p{n}",)) for n in range(2 * remote.INSIDE_AT_ONCE)]
    assert all(seen.result for seen in ask(answering(well), *probes, run=run))


# --------------------------------------------------------------------------- broken hosts


def test_a_host_that_is_known_to_be_broken_is_not_asked() -> None:
    asked: list[str] = []

    def note(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        asked.extend(probe["host"] for probe in request["probes"])
        yield from well(request)

    probes: list[AnyProbe] = [File("r1", b"/a"), File("pc1", b"/a"), Inside("r1", ("id",))]
    broken, fine, inside = ask(answering(note), *probes, broken={"r1": "r1 does not boot"})
    assert asked == ["pc1"]
    assert fine.result is not None
    for seen in (broken, inside):
        assert seen.failure is not None
        assert (seen.failure.blame, seen.failure.conclusive) == (Blame.HOST, True)


def test_time_grows_with_what_is_asked() -> None:
    few = remote._time_for([Program("r1", ("ip",), timeout=5)])
    many = remote._time_for([Program("r1", ("ip",), timeout=5)] * (3 * remote.AGENT_AT_ONCE))
    assert remote._time_for([File("r1", b"/a")]) < few < many
    assert remote._time_for([Connect("r1", "10.0.0.1", 1, wait=9)]) > few
