"""A pause on real hosts: nothing moves, nobody is in, and the time is there again afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from labctl.errors import ProviderError, UsageError
from labctl.providers.docker.provider import DockerProvider
from labctl.sessions import entering
from labctl.sessions.clock import moment_of
from labctl.sessions.controller import Controller
from labctl.sessions.pausing import pause, resume
from labctl.sessions.record import load
from labctl.sessions.starting import StartRequest, start
from labctl.store import moment

LABS = Path(__file__).parent.parent / "labs"
TICKER = "while :; do n=$((n + 1)); echo $n > /run/t; mv /run/t /run/ticks; sleep 0.1; done"


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    with Controller(tmp_path / "home", [LABS]) as opened:
        yield opened
        for found in opened.store.sessions():
            opened.provider("docker").down(found.code)
        opened.provider("docker").tidy()


def ticks(controller: Controller, code: str) -> bytes:
    return entering.get(controller, code, "r1", "/run/ticks")


def wait_for_ticks(controller: Controller, code: str, after: bytes) -> None:
    until = time.monotonic() + 20
    while ticks(controller, code) == after:
        assert time.monotonic() < until, "the host does not go on"
        time.sleep(0.05)


def test_a_pause_stands_everything_still_and_moves_the_deadline_by_its_length(
    controller: Controller,
) -> None:
    (begun,) = start(controller, StartRequest("mini", ("c1",), seed=7, extra_time=25))
    code = begun.session or pytest.fail(begun.problem)
    provider = controller.provider("docker")
    assert isinstance(provider, DockerProvider)
    placed = load(controller.store, code).placed()
    daemon = f"({TICKER}) </dev/null >/dev/null 2>&1 &"
    provider.run(placed, "r1", ["/bin/sh", "-c", f"touch /run/ticks; setsid sh -c '{daemon}'"])
    wait_for_ticks(controller, code, b"")
    before = controller.store.session(code).deadline
    assert before is not None

    left = pause(controller, code, "rest break").remaining
    assert {each.state for each in provider.states(placed).values()} == {"frozen"}
    stood = ticks(controller, code)
    with pytest.raises(UsageError, match="is paused, not running"):
        entering.console(controller, code, "r1")
    with pytest.raises(ProviderError):
        provider.run(placed, "r1", ["/bin/true"])
    paused = load(controller.store, code)
    assert paused.timing.read(controller.now()).remaining == left
    assert controller.store.session(code).deadline is None
    assert ticks(controller, code) == stood

    resumed = resume(controller, code)
    assert resumed.restarted == ()
    wait_for_ticks(controller, code, stood)
    assert provider.run(placed, "r1", ["/bin/true"]).exit == 0
    events = {event.kind: moment_of(event) for event in controller.store.events(code)}
    length = events["resume.done"].at - events["pause.intended"].at
    after = controller.store.session(code).deadline
    assert after is not None
    moved = moment(after) - moment(before)
    assert abs(moved - length) < timedelta(milliseconds=1)
    assert controller.store.audit(code) == ()
