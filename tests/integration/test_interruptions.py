"""`kill -9` at every recorded step of a use-case: the next command settles what is half done."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.marking import Outcome
from labctl.plan import CasePlan
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.controller import Controller
from labctl.sessions.record import State, load
from labctl.sessions.recovery import recover
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.verification import apply_case

TESTS = Path(__file__).parent.parent
LIBRARY = TESTS / "labs"
MOST_WRITES = 40


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    with Controller(tmp_path / "home", [LIBRARY]) as opened:
        yield opened
        for found in opened.store.sessions():
            opened.provider("docker").down(found.code)
        opened.provider("docker").tidy()


def killed(controller: Controller, writes: int, verb: str, *rest: str) -> bool:
    """Run a use-case that dies after so many writes; whether it did die before its end."""
    done = subprocess.run(
        [
            sys.executable,
            str(TESTS / "interrupted.py"),
            str(controller.home),
            str(LIBRARY),
            str(writes),
            verb,
            *rest,
        ],
        check=False,
        timeout=180,
    )
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


def case_named(controller: Controller, code: str, name: str) -> CasePlan:
    plan = load(controller.store, code).plan
    return next(case for case in plan.cases if case.name == name)


def begin(controller: Controller, case: str) -> str:
    (begun,) = start(controller, StartRequest("mini", ("c1",), seed=7))
    assert begun.session, begun.problem
    apply_case(controller, begun.session, case_named(controller, begun.session, case))
    return begun.session


def nothing_owed(controller: Controller) -> None:
    """The record adds up, nothing is half done, and the server holds nothing that is not needed."""
    assert controller.store.open_intentions() == ()
    for found in controller.store.sessions():
        assert controller.store.audit(found.code) == ()
    cleaned = collect_garbage(controller)
    assert [each for each in cleaned.removed if each.session] == []


def test_start_killed_at_every_step_leaves_nothing(controller: Controller) -> None:
    for writes in range(1, MOST_WRITES):
        if not killed(controller, writes, "start"):
            break
        recover(controller)
        last = controller.store.sessions()[-1]
        assert last.state in (State.WITHDRAWN, State.RUNNING)
        if last.state == State.RUNNING:
            stop(controller, last.code)
        nothing_owed(controller)
    else:
        pytest.fail(f"a start makes more than {MOST_WRITES} writes")
    assert writes > 3


def test_submit_killed_at_every_step_is_finished(controller: Controller) -> None:
    for writes in range(1, MOST_WRITES):
        code = begin(controller, "solution")
        died = killed(controller, writes, "submit", code)
        recover(controller)
        if controller.store.session(code).state == State.RUNNING:
            pytest.fail("the hand-in left no trace of itself")
        (run,) = [run for run in controller.store.runs(code) if run.reason == "submit"]
        assert run.summary["outcome"] == Outcome.ACHIEVED
        assert controller.store.session(code).state == State.SUBMITTED
        stop(controller, code)
        nothing_owed(controller)
        if not died:
            break
    assert writes > 4


def test_a_reset_killed_at_every_step_is_finished(controller: Controller) -> None:
    code = begin(controller, "solution")
    provider = controller.provider("docker")
    plan = load(controller.store, code).plan
    host = plan.hosts[0].name
    for writes in range(1, MOST_WRITES):
        placed = load(controller.store, code).placed()
        provider.run(placed, host, ["/usr/bin/touch", "/root/mine"])
        died = killed(controller, writes, "reset", code, host)
        recover(controller)
        now = load(controller.store, code).placed()
        assert provider.run(now, host, ["/usr/bin/test", "-e", "/root/mine"]).exit == 1
        assert {each.state for each in provider.states(now).values()} == {"running"}
        kept = [each for each in provider.owned() if each.kind == "snapshot"]
        assert len(kept) == writes, "one snapshot for each reset, also for one that was cut off"
        nothing_owed(controller)
        if not died:
            break
    assert writes > 3
    stop(controller, code)
    assert provider.owned() == ()


@pytest.mark.parametrize(
    "verb, ended",
    [("stop", State.STOPPED), pytest.param("void", State.VOID, marks=pytest.mark.nightly)],
)
def test_an_end_killed_at_every_step_is_finished(
    controller: Controller, verb: str, ended: State
) -> None:
    code = ""
    for writes in range(1, MOST_WRITES):
        if not code:
            code = begin(controller, "not-persistent")
        died = killed(controller, writes, verb, code)
        recover(controller)
        assert controller.store.session(code).state == ended
        assert controller.provider("docker").owned() == ()
        nothing_owed(controller)
        code = ""
        if not died:
            break
    assert writes > 2
