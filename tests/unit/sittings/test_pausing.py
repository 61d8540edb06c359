"""A fire alarm: everybody stops, and goes on; whoever stood for another reason does not."""

from __future__ import annotations

from typing import Any

import pytest

from labctl.errors import UsageError
from labctl.sessions import pausing as one_session
from labctl.sessions import side_by_side
from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.recovery import recover
from labctl.sessions.resetting import reset
from labctl.sessions.submission import submit
from labctl.sittings.acting import Acted
from labctl.sittings.beginning import begin
from labctl.sittings.model import Presence
from labctl.sittings.pausing import pause, resume
from labctl.sittings.reading import cut_off
from labctl.sittings.register import register
from tests.fakes.provider import FakeProvider, FakeServer
from tests.fakes.sittings import begun, clock_of, kinds, planned, states
from tests.fakes.time import HandMoved
from tests.fakes.timed import Killed, dying_after


def test_every_clock_stands_for_exactly_the_pause(controller: Controller, now: HandMoved) -> None:
    code, found = begun(controller)
    now.pass_by(100)
    submit(controller, found["C3"])
    acted = pause(controller, code, "fire alarm")
    assert [each.candidate for each in acted.outcomes] == ["C1", "C2"]
    assert {each.remaining for each in acted.outcomes} == {500}
    now.pass_by(1000)
    assert states(controller, code) == {"C1": "paused", "C2": "paused", "C3": "submitted"}
    acted = resume(controller, code)
    assert [(each.candidate, each.remaining) for each in acted.outcomes] == [
        ("C1", 500),
        ("C2", 500),
    ]
    now.pass_by(50)
    assert clock_of(controller, found["C1"]).worked == 150 * SECOND
    told = [each for each in kinds(controller, code) if each.startswith(("pause", "resume"))]
    assert told == ["pause.intended", "pause.done", "resume.intended", "resume.done"]
    with pytest.raises(UsageError, match=r"Nobody in sitting .* is paused"):
        resume(controller, code)


def test_one_that_cannot_be_paused_keeps_no_other_from_it(
    controller: Controller, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = begun(controller)
    with controller.store.lock(found["C2"]):
        monkeypatch.setattr(one_session, "LOCK_SECONDS", 0.0)
        acted = pause(controller, code, "fire alarm")
    by_name = {each.candidate: each for each in acted.outcomes}
    assert "in use by" in by_name["C2"].problem
    assert acted.exit_code == 5
    assert states(controller, code) == {"C1": "paused", "C2": "running", "C3": "paused"}
    last = controller.store.sittings.events(code)[-1].data
    assert list(last["failed"]) == ["C2"]
    (again,) = pause(controller, code, "fire alarm").outcomes
    assert (again.candidate, again.problem) == ("C2", "")
    assert len(resume(controller, code).outcomes) == 3


def test_hosts_that_could_not_be_frozen_are_frozen_by_the_next_pause(
    controller: Controller, server: FakeServer
) -> None:
    code, _ = begun(controller, "C1")
    server.fault("frozen", "The server is busy.")
    (one,) = pause(controller, code, "fire alarm").outcomes
    assert one.problem == "The server is busy."
    server.fault("frozen", None)
    (one,) = pause(controller, code, "fire alarm").outcomes
    assert one.problem == ""


def test_who_stood_before_stays_until_their_name_is_called(
    controller: Controller, now: HandMoved
) -> None:
    code, found = begun(controller)
    one_session.pause(controller, found["C2"], "rest break")
    assert len(pause(controller, code, "fire alarm").outcomes) == 2
    acted = resume(controller, code)
    assert acted.left == {"C2": "rest break"}
    assert states(controller, code) == {"C1": "running", "C2": "paused", "C3": "running"}
    only = resume(controller, code)
    assert (only.outcomes, only.left) == ((), {"C2": "rest break"})
    with pytest.raises(UsageError, match="No seat"):
        resume(controller, code, ["C9"])
    (one,) = resume(controller, code, ["C2"]).outcomes
    assert (one.candidate, one.problem) == ("C2", "")
    one_session.pause(controller, found["C2"], "rest break")
    assert len(resume(controller, code, everybody=True).outcomes) == 1
    (wrong,) = resume(controller, code, ["C2"]).outcomes
    assert "is running, not paused" in wrong.problem


def test_a_rest_break_with_something_half_done_is_left_alone(controller: Controller) -> None:
    code, found = begun(controller)
    with pytest.raises(Killed), dying_after(2):
        reset(controller, found["C1"], "desk", "it is lost")
    one_session.pause(controller, found["C1"], "rest break")
    acted = pause(controller, code, "fire alarm")
    assert [(each.candidate, each.problem) for each in acted.outcomes] == [("C2", ""), ("C3", "")]
    assert resume(controller, code).left == {"C1": "rest break"}


def alarm_while_hosts_come_up(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Has the alarm ring while the first of those who begin is on the way, one after the other."""
    monkeypatch.setattr(side_by_side, "AT_ONCE", 1)
    up = FakeProvider.up
    rung: list[Acted] = []

    def alarmed(*arguments: Any) -> Any:
        if not rung:
            rung.append(pause(controller, code, "fire alarm"))
            assert list(rung[0].left) == ["C1"]
        return up(*arguments)

    monkeypatch.setattr(FakeProvider, "up", alarmed)


def test_nobody_begins_while_the_room_stands(
    controller: Controller, code: str, now: HandMoved, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(controller, code, [], Presence.PRESENT)
    alarm_while_hosts_come_up(controller, code, monkeypatch)
    first, *others = begin(controller, code).started
    assert first.problem == ""
    assert [each.problem for each in others] == [f"Sitting `{code}` stands: fire alarm."] * 2
    assert states(controller, code) == {"C1": "paused"}
    now.pass_by(300)
    assert clock_of(controller, first.session or "").worked == 0 * SECOND
    with pytest.raises(UsageError, match="stands: fire alarm"):
        begin(controller, code)
    assert len(resume(controller, code).outcomes) == 1
    begin(controller, code)
    assert states(controller, code) == dict.fromkeys(("C1", "C2", "C3"), "running")


def test_the_alarm_that_finds_a_session_paused_by_its_beginning_is_content(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _ = begun(controller, "C1")
    original = one_session.pause

    def beaten(*arguments: Any) -> Any:
        original(*arguments)
        return original(*arguments)

    monkeypatch.setattr(one_session, "pause", beaten)
    (one,) = pause(controller, code, "fire alarm").outcomes
    assert (one.problem, one.remaining) == ("", 600)
    assert states(controller, code) == {"C1": "paused"}
    with pytest.raises(UsageError, match="works"):
        pause(controller, code, "fire alarm")


def test_the_room_goes_on_once_the_last_is_called_by_name(controller: Controller) -> None:
    code = planned(controller)
    begin(controller, code, ["C1", "C2"])
    pause(controller, code, "fire alarm")
    resume(controller, code, ["C1"])
    with pytest.raises(UsageError, match="stands: fire alarm"):
        begin(controller, code, ["C3"])
    resume(controller, code, ["C2"])
    assert begin(controller, code, ["C3"]).started[0].problem == ""


def test_a_room_in_which_all_were_on_the_way_goes_on_too(
    controller: Controller, server: FakeServer, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm_while_hosts_come_up(controller, code, monkeypatch)
    server.fault("up", "The disk is full.")
    begin(controller, code, ["C1"])
    server.fault("up", None)
    assert resume(controller, code).outcomes == ()
    begin(controller, code, ["C1"])
    assert states(controller, code) == {"C1": "running"}


def test_nobody_who_works_is_nothing_to_pause(controller: Controller, code: str) -> None:
    with pytest.raises(UsageError, match=r"Nobody in sitting .* works"):
        pause(controller, code, "fire alarm")
    with pytest.raises(UsageError, match="reason is empty"):
        pause(controller, code, " ")
    with pytest.raises(UsageError, match="Not begun yet: C1"):
        resume(controller, code, ["C1"])


def test_who_is_starting_is_named(controller: Controller, code: str) -> None:
    found, sessions = begun(controller, "C1")
    controller.store.append(sessions["C1"], "turn", {}, "tester", state="starting")
    acted = pause(controller, found, "fire alarm")
    assert acted.left == {"C1": "it is starting, and paused as soon as it is up"}


@pytest.mark.parametrize("writes", [1, 2, 3, 5, 7])
def test_cut_off_it_is_gone_on_with(controller: Controller, writes: int) -> None:
    code, _ = begun(controller)
    with pytest.raises(Killed), dying_after(writes):
        pause(controller, code, "fire alarm")
    assert [each.kind for each in cut_off(controller.store.sittings.events(code))] == [
        "pause.intended"
    ]
    with Controller(controller.home, controller.library_paths, now=controller.now) as other:
        recover(other)
        if "running" in states(other, code).values():
            pause(other, code, "fire alarm")
        assert set(states(other, code).values()) == {"paused"}
        pending = cut_off(other.store.sittings.events(code))
        assert [each.kind for each in pending] in ([], ["pause.intended"])
        assert len(resume(other, code).outcomes) == 3


def test_what_was_lost_is_said(controller: Controller, server: FakeServer) -> None:
    code, found = begun(controller, "C1")
    pause(controller, code, "power cut")
    server.stop_host(found["C1"], "desk")
    (one,) = resume(controller, code).outcomes
    assert one.note == "desk had stopped, and what was not saved there is gone"
