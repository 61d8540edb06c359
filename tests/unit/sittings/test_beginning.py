"""Beginning: everybody who is there, somebody who is late, and again after it was cut off."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from labctl.centre import staff
from labctl.centre.account import Account
from labctl.centre.roles import Act, Role
from labctl.errors import NotPermitted, UsageError
from labctl.sessions import record, starting
from labctl.sessions.controller import Controller
from labctl.sessions.recovery import recover
from labctl.sessions.starting import StartRequest, enrol_allowed
from labctl.sessions.voiding import void
from labctl.sittings import beginning
from labctl.sittings.beginning import begin
from labctl.sittings.model import Presence, Stage
from labctl.sittings.reading import load, sessions_of
from labctl.sittings.recording import Recorder
from labctl.sittings.register import mark, register
from labctl.store import Person
from tests.fakes.provider import FakeServer
from tests.fakes.sittings import begun, clock_of, kinds, planned, sessions, states
from tests.fakes.timed import Killed, dying_after


def test_everybody_who_is_there_begins(controller: Controller, code: str) -> None:
    controller.store.record(
        "roster.imported", {}, "t", people=[Person("C1", "Al Bo", {"extra_time": 25})]
    )
    register(controller, code, ["C3"], Presence.ABSENT)
    register(controller, code, [], Presence.PRESENT)
    found = begin(controller, code)
    assert [each.candidate for each in found.started] == ["C1", "C2"]
    assert found.unknown == ("C1", "C2")
    assert states(controller, code) == {"C1": "running", "C2": "running"}
    assert load(controller.store, code).stage is Stage.BEGUN
    mine = sessions(controller, code)
    assert clock_of(controller, mine["C1"]).percent == 25
    assert controller.store.session(mine["C1"]).sitting == code
    assert controller.store.session(mine["C1"]).mode == "assessment"
    done = controller.store.sittings.events(code)[-1]
    assert done.data["sessions"] == mine
    for each in mine.values():
        assert controller.store.audit(each) == ()


def test_somebody_who_comes_late_is_registered_as_late(controller: Controller) -> None:
    code, _ = begun(controller, "C1")
    other = planned(controller, "C1", "C2")
    begin(controller, other, ["C1"])
    begin(controller, other, ["C2"])
    found = load(controller.store, other)
    assert [seat.entry.presence for seat in found.seats] == [Presence.PRESENT, Presence.LATE]
    assert begin(controller, code, ["C1"]).already == ("C1",)
    with pytest.raises(UsageError, match="No seat in sitting"):
        begin(controller, code, ["C9"])


def test_nobody_there_is_said_with_what_to_type(controller: Controller, code: str) -> None:
    with pytest.raises(UsageError, match="registered as present") as caught:
        begin(controller, code)
    assert f"labctl sitting register {code} present" in caught.value.hint
    assert kinds(controller, code) == ["sitting.planned"]


def test_one_that_fails_costs_no_other(
    controller: Controller, server: FakeServer, code: str
) -> None:
    register(controller, code, [], Presence.PRESENT)
    server.fault("up", "The disk is full.")
    assert {each.problem for each in begin(controller, code).started} == {"The disk is full."}
    assert sessions(controller, code) == {}
    assert controller.store.sittings.events(code)[-1].data["failed"]["C1"] == "The disk is full."
    server.fault("up", None)
    assert all(each.session for each in begin(controller, code).started)
    assert len(sessions_of(controller.store, code)) == 6
    assert len(sessions(controller, code)) == 3


def test_begun_again_nothing_happens(controller: Controller) -> None:
    code, before = begun(controller)
    events = kinds(controller, code)
    found = begin(controller, code)
    assert (found.started, found.already) == ((), ("C1", "C2", "C3"))
    assert kinds(controller, code) == events
    void(controller, before["C2"], "the wrong person")
    (again,) = begin(controller, code).started
    assert again.candidate == "C2"
    assert sessions(controller, code)["C2"] == again.session != before["C2"]


@pytest.mark.parametrize("writes", range(1, 15, 3))
def test_cut_off_it_is_gone_on_with(
    controller: Controller, server: FakeServer, writes: int
) -> None:
    code = planned(controller)
    register(controller, code, [], Presence.PRESENT)
    with pytest.raises(Killed), dying_after(writes):
        begin(controller, code)
    with Controller(controller.home, controller.library_paths, now=controller.now) as other:
        recover(other)
        begin(other, code)
        assert states(other, code) == dict.fromkeys(("C1", "C2", "C3"), "running")
        assert sorted(server.sessions()) == sorted(sessions(other, code).values())
        assert other.store.sittings.audit(code) == ()


def test_two_at_once_start_nobody_twice(controller: Controller, code: str) -> None:
    register(controller, code, [], Presence.PRESENT)
    with Controller(controller.home, controller.library_paths, now=controller.now) as other:
        other.__dict__["account"] = Account("bo", 4712)
        threads = [
            threading.Thread(target=begin, args=(each, code)) for each in (controller, other)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(sessions_of(controller.store, code)) == 3
    assert states(controller, code) == dict.fromkeys(("C1", "C2", "C3"), "running")
    assert controller.store.sittings.audit(code) == ()


def test_the_policy_counts_and_can_be_passed_with_a_reason(
    controller: Controller, tmp_path: Path, code: str
) -> None:
    (controller.home / "policy.yaml").write_text("format: 1\nattempts:\n  assessment: {limit: 1}\n")
    begun(controller, "C1")
    (found,) = begin(controller, code, ["C1"]).started
    assert "refuses one more assessment attempt" in found.problem
    (found,) = begin(controller, code, ["C1"], "a fault").started
    assert found.session is not None
    first = controller.store.events(found.session)[0]
    assert first.data["beyond_limit"]["why"] == "a fault"


def test_a_start_that_was_given_up_meanwhile_is_not_brought_up(
    controller: Controller, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another command takes the session for one that was left behind, before its lock is held."""

    def enrolled(*arguments: Any) -> object:
        found = enrol_allowed(*arguments)
        recover(controller)
        return found

    monkeypatch.setattr(starting, "enrol_allowed", enrolled)
    (found,) = starting.start(controller, StartRequest("moves", ("C1",)))
    assert "is withdrawn by now" in found.problem
    assert server.sessions() == []


def test_what_is_being_begun_is_never_taken_for_left_behind(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enrolled(*arguments: Any) -> object:
        found = enrol_allowed(*arguments)
        assert recover(controller) == ()
        return found

    monkeypatch.setattr(beginning, "enrol_allowed", enrolled)
    (found,) = begin(controller, code, ["C1"]).started
    assert found.problem == ""


def test_who_did_it_is_recorded_with_the_role(controller: Controller, code: str) -> None:
    controller.__dict__["account"] = Account("root", 0)
    staff.add(controller, "daemon", "Amy Jones", [Role.INVIGILATOR, Role.VERIFIER])
    with pytest.raises(NotPermitted, match="You may not keep the register"):
        begin(controller, code, ["C1"])
    assert kinds(controller, code) == ["sitting.planned"]
    mark(Recorder(controller, code, Act.REGISTER), ["C1"], Presence.PRESENT)
    begin(controller, code, ["C1"])
    event = controller.store.sittings.events(code)[-1]
    assert (event.actor, event.data["roles"]) == ("root", ["technician"])
    with pytest.raises(NotPermitted, match="You may not keep the register"):
        register(controller, code, ["C2"], Presence.PRESENT)


def test_a_session_remembers_its_sitting_in_its_own_first_event(controller: Controller) -> None:
    code, found = begun(controller, "C1")
    first = controller.store.events(found["C1"])[0]
    assert first.data["session"]["sitting"] == code
    assert record.load(controller.store, found["C1"]).record.sitting == code
