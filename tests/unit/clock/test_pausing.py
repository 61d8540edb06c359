"""Pauses and extensions as use-cases: what stands, what is refused, what was cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labctl.errors import ProviderError, UsageError
from labctl.sessions import entering, record
from labctl.sessions.checking import check
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.clock import SECOND, Phase
from labctl.sessions.controller import Controller
from labctl.sessions.hands import hands
from labctl.sessions.pausing import extend, pause, resume
from labctl.sessions.recovery import recover
from labctl.sessions.resetting import reset
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.store import Person, time_text
from tests.fakes.provider import FakeServer
from tests.fakes.time import HandMoved
from tests.fakes.timed import (
    DURATION,
    Killed,
    dying_after,
    host_states,
    kinds,
    read,
    started,
)

# --------------------------------------------------------------------------- pause and resume


def test_a_pause_stands_the_clock_and_freezes_and_a_resumption_undoes_both(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    begun = controller.store.session(code).deadline
    assert begun is not None
    now.pass_by(200)
    assert pause(controller, code, "rest break").remaining == (DURATION - 200) * SECOND
    assert host_states(server, code) == {"frozen"}
    row = controller.store.session(code)
    assert (row.state, row.deadline) == ("paused", None)
    now.pass_by(900)
    found = resume(controller, code)
    assert (found.clock.remaining, found.restarted) == ((DURATION - 200) * SECOND, ())
    assert host_states(server, code) == {"running"}
    after = controller.store.session(code)
    assert after.state == "running"
    assert found.clock.deadline is not None
    assert after.deadline == time_text(found.clock.deadline)
    assert kinds(controller, code)[-5:] == [
        "pause.intended",
        "hosts.frozen",
        "pause.done",
        "resume.intended",
        "resume.done",
    ]
    assert controller.store.audit(code) == ()


def test_a_paused_session_lets_nobody_in_and_says_what_to_type(controller: Controller) -> None:
    code = started(controller)
    pause(controller, code, "rest break")
    acts: tuple[Callable[[], Any], ...] = (
        lambda: check(controller, code),
        lambda: entering.console(controller, code, "desk"),
        lambda: entering.put(controller, code, "desk", "/a", b""),
        lambda: entering.thaw(controller, code),
        lambda: hands(controller, code, "press"),
        lambda: reset(controller, code, "desk", "why"),
        lambda: pause(controller, code, "again"),
    )
    for act in acts:
        with pytest.raises(UsageError, match="is paused, not running") as told:
            act()
        assert f"labctl resume {code}" in told.value.hint


def test_only_what_is_paused_is_resumed_and_only_what_runs_is_paused(
    controller: Controller,
) -> None:
    code = started(controller)
    with pytest.raises(UsageError, match="is running, not paused"):
        resume(controller, code)
    for nothing in ("", "  "):
        with pytest.raises(UsageError, match="reason is empty"):
            pause(controller, code, nothing)
    submit(controller, code)
    with pytest.raises(UsageError, match="is submitted, not running"):
        pause(controller, code, "late")
    with pytest.raises(UsageError, match="is submitted, not running or paused"):
        extend(controller, code, 60, "late")


def test_a_paused_session_can_be_handed_in_and_its_clock_has_ended(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(60)
    pause(controller, code, "taken ill")
    now.pass_by(3600)
    submit(controller, code)
    clock = read(controller, code)
    assert (clock.phase, clock.worked) == (Phase.ENDED, 60 * SECOND)


def test_a_paused_session_can_be_stopped_and_is_needed_until_then(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    pause(controller, code, "taken ill")
    assert collect_garbage(controller).removed == ()
    assert server.sessions() == [code]
    stop(controller, code)
    assert controller.store.session(code).state == "stopped"
    assert server.sessions() == []


def test_hosts_that_lost_their_power_are_started_before_the_clock(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    pause(controller, code, "an alarm")
    server.stop_host(code, "desk")
    server.fault("silent", "desk")
    assert resume(controller, code).restarted == ("desk",)
    assert host_states(server, code) == {"running"}
    assert "hosts.late" in kinds(controller, code)


def test_a_host_that_is_half_made_anew_waits_for_the_resumption(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    server.fault("reset", "The server is busy.")
    with pytest.raises(ProviderError):
        reset(controller, code, "desk", "its owner broke it")
    pause(controller, code, "an alarm")
    server.stop_host(code, "desk")
    server.fault("reset", None)
    assert recover(controller) == ()
    assert resume(controller, code).restarted == ()
    assert [each.verb for each in recover(controller)] == ["reset"]
    assert host_states(server, code) == {"running"}


# --------------------------------------------------------------------------- cut off


def test_a_pause_killed_at_every_step_is_finished(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    for writes in (1, 2, 3):
        code = started(controller)
        now.pass_by(100)
        with pytest.raises(Killed), dying_after(writes):
            pause(controller, code, "an alarm")
        now.pass_by(100)
        recover(controller)
        assert host_states(server, code) == {"frozen"}
        assert read(controller, code).worked == 100 * SECOND
        assert controller.store.open_intentions(code) == ()
        assert controller.store.audit(code) == ()


def test_a_resumption_killed_before_its_end_leaves_the_session_paused(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(100)
    pause(controller, code, "an alarm")
    with pytest.raises(Killed), dying_after(1):
        resume(controller, code)
    with server.state() as state:  # as if it had been killed a moment later
        for host in state["sessions"][code]["hosts"].values():
            host["state"] = "running"
    now.pass_by(100)
    (settled,) = recover(controller)
    assert "it is paused as before" in settled.what
    assert host_states(server, code) == {"frozen"}
    assert read(controller, code).remaining == (DURATION - 100) * SECOND
    with pytest.raises(Killed), dying_after(1):
        resume(controller, code)
    assert resume(controller, code).clock.phase is Phase.RUNNING
    assert controller.store.open_intentions(code) == ()


def test_hosts_that_cannot_be_frozen_are_tried_again_while_the_clock_stands(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    server.fault("frozen", "The engine hangs.")
    with pytest.raises(ProviderError):
        pause(controller, code, "an alarm")
    now.pass_by(100)
    assert read(controller, code).worked == 0 * SECOND
    server.fault("frozen", None)
    assert pause(controller, code, "an alarm").phase is Phase.PAUSED
    assert host_states(server, code) == {"frozen"}


def test_a_hand_in_ends_a_pause_that_was_cut_off(controller: Controller) -> None:
    code = started(controller)
    with pytest.raises(Killed), dying_after(1):
        pause(controller, code, "an alarm")
    submit(controller, code)
    (settled,) = recover(controller)
    assert settled.what == "the session is submitted"
    assert controller.store.session(code).state == "submitted"
    assert controller.store.open_intentions(code) == ()


# --------------------------------------------------------------------------- more time


def test_the_rosters_extra_time_counts_unless_another_is_given(
    controller: Controller, now: HandMoved
) -> None:
    controller.store.record(
        "roster.imported", {}, "ada", people=(Person("amy", "Amy Jones", {"extra_time": 50}),)
    )
    for given, percent in ((None, 50), (25, 25), (0, 0)):
        code = started(controller, extra_time=given)
        assert record.load(controller.store, code).timing.percent == percent


def test_extra_time_is_there_from_the_start(controller: Controller, now: HandMoved) -> None:
    code = started(controller, extra_time=25)
    clock = read(controller, code)
    assert (clock.percent, clock.total) == (25, (DURATION + 150) * SECOND)
    (told,) = [each for each in controller.store.events(code) if each.kind == "time.arranged"]
    assert told.data == {"percent": 25, "why": "access arrangement"}
    now.pass_by(DURATION)
    assert read(controller, code).remaining == 150 * SECOND


def test_an_extension_moves_the_deadline_by_exactly_that(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    before = read(controller, code).deadline
    now.pass_by(7)
    found = extend(controller, code, 600, "came late")
    assert before is not None
    assert found.deadline == before + 600 * SECOND
    assert controller.store.session(code).deadline == time_text(found.deadline)
    pause(controller, code, "rest break")
    assert extend(controller, code, 60, "came late").remaining == (DURATION + 653) * SECOND
    assert controller.store.session(code).deadline is None
    with pytest.raises(UsageError, match="adds time"):
        extend(controller, code, 0, "slip")
