"""Hosts that stand frozen: what ends one of them is the server, and never their owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labctl.marking import Marking, Outcome
from labctl.sessions.controller import Controller
from labctl.sessions.deadline import hand_in_due
from labctl.sessions.pausing import pause
from labctl.sessions.recovery import recover
from labctl.sessions.reopening import reopen
from labctl.sessions.results import recorded
from labctl.sessions.submission import submit
from labctl.store import Store
from tests.fakes.provider import FakeProvider, FakeServer
from tests.fakes.time import HandMoved
from tests.fakes.timed import DURATION, Killed, dying_after, kinds, started


@pytest.fixture
def code(controller: Controller, server: FakeServer) -> str:
    """A session in which everything is right, in memory alone."""
    code = started(controller)
    for name in "abc":
        server.write(code, "desk", f"/srv/{name}", "x")
    return code


def end_hosts(server: FakeServer, code: str, only: str = "") -> None:
    """All hosts end, or one, with what was in their memory."""
    with server.state() as state:
        for name, host in state["sessions"][code]["hosts"].items():
            if only in ("", name):
                host |= {"state": "stopped", "files": {}}


def due(controller: Controller, now: HandMoved, code: str, writes: int) -> None:
    """The hand-in at the deadline, cut off after so many writes."""
    now.pass_by(DURATION + 1)
    with pytest.raises(Killed), dying_after(writes):
        hand_in_due(controller, code)


def statuses(marking: Marking) -> set[str]:
    return {each.status.value for each in marking.checks}


def ends_when(monkeypatch: pytest.MonkeyPatch, server: FakeServer, operation: str) -> None:
    """Has desk's own programs end it, with what is in its memory, at an operation."""
    original: Callable[..., Any] = getattr(FakeProvider, operation)

    def ending(self: FakeProvider, placement: Any, *others: Any) -> Any:
        found = original(self, placement, *others)
        end_hosts(server, placement.session, "desk")
        return found

    monkeypatch.setattr(FakeProvider, operation, ending)


def test_what_a_server_ends_while_it_waits_for_its_grading_is_never_a_fail(
    controller: Controller, server: FakeServer, now: HandMoved, code: str
) -> None:
    due(controller, now, code, writes=2)
    assert kinds(controller, code)[-1] == "hosts.frozen"
    end_hosts(server, code)
    recover(controller, code)
    found = recorded(controller, code)
    assert (found.outcome, statuses(found)) == (Outcome.UNDETERMINED, {"error"})
    assert "desk" in found.checks[0].found
    assert kinds(controller, code).count("host.fell") == 3
    again = submit(controller, code)  # what was lost is lost
    assert (again.outcome, statuses(again)) == (Outcome.UNDETERMINED, {"error"})


@pytest.mark.parametrize("boot, found", [("boot-2", "error"), ("boot-1", "failed")])
def test_before_they_are_frozen_only_a_boot_speaks_for_hosts_that_ended(
    controller: Controller,
    server: FakeServer,
    now: HandMoved,
    *,
    code: str,
    boot: str,
    found: str,
) -> None:
    due(controller, now, code, writes=1)
    assert kinds(controller, code)[-1] == "submit.intended"
    end_hosts(server, code)
    now.boot(boot, after=60)
    recover(controller, code)
    assert statuses(recorded(controller, code)) == {found}


@pytest.mark.parametrize("boot, lost", [("boot-2", True), ("boot-1", False)])
def test_while_they_are_thawed_only_a_boot_speaks_for_hosts_that_ended(
    controller: Controller,
    server: FakeServer,
    now: HandMoved,
    monkeypatch: pytest.MonkeyPatch,
    *,
    code: str,
    boot: str,
    lost: bool,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(FakeProvider, "thaw", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            submit(controller, code)
    assert kinds(controller, code)[-1] == "hosts.thawed"
    end_hosts(server, code)
    now.boot(boot, after=60)
    recover(controller, code)
    found = {each.check: each.status.value for each in recorded(controller, code).checks}
    assert found == {"a": "passed", "b": "error" if lost else "failed", "c": "passed"}


@pytest.mark.parametrize("operation", ["thaw", "restart", "revive"])
def test_a_host_that_ends_itself_once_it_is_let_go_on_is_not_excused(
    controller: Controller,
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    operation: str,
) -> None:
    if operation == "revive":
        server.stop_host(code, "desk")
    ends_when(monkeypatch, server, operation)
    found = submit(controller, code)
    assert "host.fell" not in kinds(controller, code)
    assert "error" not in statuses(found)


def test_a_host_that_was_shut_down_before_the_hand_in_is_not_excused(
    controller: Controller, server: FakeServer, now: HandMoved, code: str
) -> None:
    end_hosts(server, code)
    due(controller, now, code, writes=2)
    recover(controller, code)
    assert statuses(recorded(controller, code)) == {"failed"}


def test_a_handed_in_session_that_is_graded_again_after_a_power_cut_loses_nothing(
    controller: Controller, server: FakeServer, now: HandMoved, code: str
) -> None:
    assert submit(controller, code).outcome is Outcome.ACHIEVED
    end_hosts(server, code)
    now.boot("boot-2", after=60)
    assert submit(controller, code).outcome is not Outcome.NOT_YET


def test_who_hands_in_from_a_pause_in_which_the_power_went_loses_nothing(
    controller: Controller, server: FakeServer, now: HandMoved, code: str
) -> None:
    pause(controller, code, "alarm")
    end_hosts(server, code)
    now.boot("boot-2", after=60)
    assert statuses(submit(controller, code)) == {"error"}


def test_what_was_lost_before_it_was_opened_again_could_be_done_again(
    controller: Controller, server: FakeServer, now: HandMoved, code: str
) -> None:
    due(controller, now, code, writes=2)
    end_hosts(server, code)
    recover(controller, code)
    reopen(controller, code, "it was lost", 60)
    server.stop_host(code, "desk")
    assert statuses(submit(controller, code)) == {"failed"}


def test_a_host_that_is_let_go_on_to_be_opened_again_is_not_excused(
    controller: Controller, server: FakeServer, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    submit(controller, code)
    with monkeypatch.context() as patch:
        ends_when(patch, server, "thaw")
        patch.setattr(Store, "complete", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reopen(controller, code, "the wrong button")
    recover(controller)
    submit(controller, code)
    assert "host.fell" not in kinds(controller, code)
