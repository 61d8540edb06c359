"""`labctl serve` on real hosts: time ends while it is dead, and the next one takes the work in."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.sessions.clock import ZERO
from labctl.sessions.controller import Controller
from labctl.sessions.record import State, load, provider_of
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.views import session_detail
from tests.server_process import ServerProcess, ago

LABS = Path(__file__).parent.parent / "labs"
LEFT = 30
"""Seconds of work: enough for the server to warn, and to be killed before they are over."""


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    with Controller(tmp_path / "home", [LABS]) as opened:
        yield opened
        for found in opened.store.sessions():
            opened.provider("docker").down(found.code)
        opened.provider("docker").tidy()


@pytest.fixture
def server(controller: Controller) -> Iterator[ServerProcess]:
    _ = controller.store
    made = ServerProcess(controller.home, LABS, ["-m", "labctl", "serve"])
    yield made
    made.close()


def test_the_work_is_taken_in_at_the_deadline_though_the_server_was_killed(
    controller: Controller, server: ServerProcess
) -> None:
    server.start()
    duration = controller.library.lab("mini").header.duration
    with Controller(controller.home, [LABS], now=ago(duration - LEFT)) as earlier:
        (begun,) = start(earlier, StartRequest("mini", ("c1",), seed=7))
    code = begun.session or pytest.fail(begun.problem)
    provider = provider_of(controller, load(controller.store, code))

    server.wait_for(
        lambda: any(e.kind == "deadline.warned" for e in controller.store.events(code)),
        "the warning",
        60,
    )
    server.end(signal.SIGKILL)
    assert controller.store.session(code).state == State.RUNNING
    server.start()
    server.wait_for(
        lambda: controller.store.session(code).state == State.SUBMITTED, "the hand-in", 180
    )

    placed = load(controller.store, code).placed()  # where it was restarted for its grading
    assert {each.state for each in provider.states(placed).values()} == {"frozen"}
    session = load(controller.store, code)
    assert session.timing.read(controller.now()).left == ZERO
    kinds = [event.kind for event in controller.store.events(code)]
    assert kinds.count("submit.intended") == kinds.count("submit.done") == 1
    assert "capture.taken" in kinds
    (run,) = controller.store.runs(code)
    assert run.reason == "submit"
    notes = " ".join(session_detail(controller, code).notes)
    assert "taken in by the deadline, without the candidate's declaration" in notes
    assert controller.store.audit(code) == ()
    assert server.end(signal.SIGTERM) == 0
