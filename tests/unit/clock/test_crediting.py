"""Time that the machinery took: measured, given back, and only once."""

from __future__ import annotations

from typing import Any

import pytest

from labctl.errors import ProviderError
from labctl.sessions import entering
from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.crediting import LONG_WAIT
from labctl.sessions.hands import hands
from labctl.sessions.pausing import pause, resume
from labctl.sessions.recovery import recover
from labctl.sessions.resetting import reset
from labctl.warden import running
from labctl.warden.hosts import look_after
from tests.fakes.jobs import AtOnce
from tests.fakes.provider import FakeServer
from tests.fakes.time import HandMoved
from tests.fakes.timed import (
    DURATION,
    Killed,
    Slow,
    credits_of,
    dying_after,
    read,
    started,
    stop_looking,
)


def test_a_reset_for_a_fault_gives_its_time_back(
    controller: Controller, now: HandMoved, slow: Slow
) -> None:
    code = started(controller)
    slow("reset", 42.5)
    now.pass_by(60)
    reset(controller, code, "desk", "its disk was broken", fault=True)
    assert credits_of(controller, code) == [43]
    reset(controller, code, "desk", "its owner broke it")
    assert credits_of(controller, code) == [43]
    clock = read(controller, code)
    assert clock.total == (DURATION + 43) * SECOND
    assert controller.store.session(code).deadline is not None


def test_a_reset_that_was_cut_off_gives_back_what_ran_and_no_pause(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    server.fault("reset", "The server is busy.")
    with pytest.raises(ProviderError):
        reset(controller, code, "desk", "its disk was broken", fault=True)
    now.pass_by(10)
    pause(controller, code, "an alarm")
    now.pass_by(1000)
    resume(controller, code)
    now.pass_by(20)
    server.fault("reset", None)
    recover(controller)
    assert credits_of(controller, code) == [30]


def test_a_host_that_the_server_ended_gives_the_time_back_and_a_reboot_does_not(
    controller: Controller, server: FakeServer, slow: Slow
) -> None:
    code = started(controller)
    slow("revive", 9)
    server.stop_host(code, "desk")
    entering.ensure_running(controller, code)
    assert credits_of(controller, code) == []
    server.fell(code, "desk")
    look_after(controller)
    assert credits_of(controller, code) == [9]
    (told,) = [each for each in controller.store.events(code) if each.kind == "time.credited"]
    assert told.data["why"] == "ended by a fault of the server: desk"


@pytest.mark.parametrize("waited, given", [(19.0, []), (20.0, [20]), (33.2, [34])])
def test_a_long_wait_for_another_command_is_given_back(
    controller: Controller,
    now: HandMoved,
    monkeypatch: pytest.MonkeyPatch,
    waited: float,
    given: list[int],
) -> None:
    code = started(controller)
    original = controller.store.lock

    def slow_lock(session: str, *, wait: float = 0.0) -> Any:
        now.pass_by(waited)
        return original(session, wait=wait)

    monkeypatch.setattr(controller.store, "lock", slow_lock)
    hands(controller, code, "press")
    assert credits_of(controller, code) == given
    assert LONG_WAIT == 20 * SECOND


def test_a_console_that_waits_for_another_command_gives_the_time_back(
    controller: Controller,
    server: FakeServer,
    now: HandMoved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = started(controller)
    server.stop_host(code, "pad")
    original = controller.store.lock

    def slow_lock(session: str, *, wait: float = 0.0) -> Any:
        now.pass_by(25)
        return original(session, wait=wait)

    monkeypatch.setattr(controller.store, "lock", slow_lock)
    entering.console(controller, code, "pad")
    assert credits_of(controller, code) == [25]


def test_no_second_is_given_back_twice(
    controller: Controller, server: FakeServer, now: HandMoved, slow: Slow
) -> None:
    code = started(controller)
    server.fault("reset", "The server is busy.")
    with pytest.raises(ProviderError):
        reset(controller, code, "desk", "its disk was broken", fault=True)
    now.pass_by(10)
    server.fault("reset", None)
    slow("reset", 5)
    with pytest.raises(Killed), dying_after(2):  # the credit is recorded, the end is not
        recover(controller)
    now.pass_by(3)
    recover(controller)
    assert credits_of(controller, code) == [15, 8]


def look_once(controller: Controller, now: HandMoved) -> None:
    """A warden does one round, and dies a second after it."""
    running.keep(controller, lambda _: stop_looking(now), AtOnce())


def test_the_time_in_which_nothing_looked_after_a_stopped_host_is_given_back(
    controller: Controller, server: FakeServer, now: HandMoved, slow: Slow
) -> None:
    code = started(controller)
    now.pass_by(100)
    look_once(controller, now)
    server.stop_host(code, "desk")
    now.pass_by(300)
    slow("revive", 9)
    look_once(controller, now)
    assert credits_of(controller, code) == [310]
    assert read(controller, code).left == (DURATION - 101) * SECOND
    now.pass_by(30)
    server.stop_host(code, "desk")
    look_once(controller, now)
    assert credits_of(controller, code) == [310, 40]


def test_what_runs_on_while_nothing_looks_is_work(controller: Controller, now: HandMoved) -> None:
    code = started(controller)
    look_once(controller, now)
    now.pass_by(300)
    look_once(controller, now)
    assert credits_of(controller, code) == []


def test_a_reboot_is_no_credit_while_the_warden_looks(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(100)
    look_once(controller, now)
    now.pass_by(5)
    server.stop_host(code, "desk")
    look_once(controller, now)
    assert credits_of(controller, code) == []


def test_time_that_ends_while_hosts_are_down_and_nothing_looks_is_given_back_first(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION - 50)
    look_once(controller, now)
    server.stop_host(code, "desk")
    now.set_clock(-4000)
    now.pass_by(600)
    assert recover(controller, code) == ()
    assert controller.store.session(code).state == "running"
    assert read(controller, code).left == 50 * SECOND
    now.pass_by(50)
    (told,) = recover(controller, code)
    assert told.verb == "time"
