"""The deadline as a use-case: warned once, one hand-in, nobody worse off by what comes between."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from labctl.centre.account import Account
from labctl.declaration import declaration
from labctl.errors import ProviderError, StoreError, UsageError
from labctl.evidence import evidence_files
from labctl.sessions import announcing, deadline, entering, record
from labctl.sessions.checking import check
from labctl.sessions.clock import SECOND, ZERO
from labctl.sessions.controller import Controller
from labctl.sessions.crediting import credit
from labctl.sessions.deadline import hand_in_due, warn
from labctl.sessions.declaring import declare
from labctl.sessions.incidents import notice
from labctl.sessions.pausing import extend, pause, resume
from labctl.sessions.record import State
from labctl.sessions.recovery import recover
from labctl.sessions.reopening import reopen
from labctl.sessions.resetting import reset
from labctl.sessions.results import recorded
from labctl.sessions.submission import submit
from labctl.sessions.views import session_detail
from labctl.store import Busy, Store
from labctl.store.blobs import disk_full
from tests.fakes.provider import FakeProvider, FakeServer
from tests.fakes.time import HandMoved
from tests.fakes.timed import (
    DURATION,
    Killed,
    Slow,
    dying_after,
    host_states,
    kinds,
    read,
    started,
)


def events_of(controller: Controller, code: str, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in controller.store.events(code) if event.kind == kind]


def full(*_: object, **__: object) -> None:
    raise disk_full("store")


def notes_of(controller: Controller, code: str) -> str:
    return " ".join(session_detail(controller, code).notes)


# --------------------------------------------------------------------------- the hand-in


def test_the_deadline_takes_the_work_in_as_a_hand_in_does(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    server.write(code, "desk", "/srv/a", "x")
    now.pass_by(DURATION - 1)
    assert hand_in_due(controller, code) is None
    assert controller.store.session(code).state == State.RUNNING
    now.pass_by(4)
    marking = hand_in_due(controller, code)
    assert marking is not None
    assert marking.marks == 1
    assert controller.store.session(code).state == State.SUBMITTED
    assert host_states(server, code) == {"frozen"}
    (begun,) = events_of(controller, code, "submit.intended")
    assert (begun["by"], begun["late"]) == ("deadline", 3)
    seen = kinds(controller, code)
    assert seen.index("capture.taken") < seen.index("submit.phase") < seen.index("submit.done")
    clock = read(controller, code)
    assert (clock.worked, clock.left) == (DURATION * SECOND, ZERO), "the clock ends at the deadline"
    assert hand_in_due(controller, code) is None
    assert controller.store.audit(code) == ()


def test_that_there_is_no_declaration_is_said_until_there_is_one(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION)
    hand_in_due(controller, code)
    assert "taken in by the deadline, without the candidate's declaration" in notes_of(
        controller, code
    )
    report = evidence_files(controller, code)["report.md"].decode()
    assert "handed in by the deadline: " in report
    assert "without the candidate" in report
    submit(controller, code)  # looked at once more, as while an error is open
    assert "taken in by the deadline" in notes_of(controller, code)
    declare(controller, code, declaration())
    assert "with the candidate's declaration" in notes_of(controller, code)


def test_who_hands_in_when_the_time_is_over_hands_in_by_the_deadline(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION + 90)
    submit(controller, code, declared=declaration())
    (begun,) = events_of(controller, code, "submit.intended")
    assert (begun["by"], begun["late"]) == ("deadline", 90)
    assert read(controller, code).left == ZERO
    in_time = started(controller)
    submit(controller, in_time)
    (begun,) = events_of(controller, in_time, "submit.intended")
    assert "by" not in begun
    assert notes_of(controller, in_time) == ""


def test_a_hand_in_and_the_deadline_in_the_same_second_are_one(
    controller: Controller, now: HandMoved, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = started(controller)
    now.pass_by(DURATION)
    lock, once = Store.lock, [True]

    def late(store: Store, session: str, *, wait: float = 0.0) -> Any:
        """The deadline is quicker: it is done while the candidate's command waits."""
        if once.pop() if once else False:
            assert hand_in_due(controller, code) is not None
        return lock(store, session, wait=wait)

    monkeypatch.setattr(Store, "lock", late)
    marking = submit(controller, code, declared=declaration())
    assert marking.marks == 0
    assert kinds(controller, code).count("submit.intended") == 1
    assert len(controller.store.runs(code)) == 1
    assert "with the candidate's declaration" in notes_of(controller, code)


def test_while_another_command_is_at_it_the_deadline_waits(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION)
    with controller.store.lock(code), pytest.raises(Busy):
        hand_in_due(controller, code)
    assert hand_in_due(controller, code) is not None


def test_what_stands_or_has_more_time_is_not_due(controller: Controller, now: HandMoved) -> None:
    stands, longer = started(controller), started(controller)
    now.pass_by(DURATION - 10)
    pause(controller, stands, "alarm")
    now.pass_by(30)
    extend(controller, longer, 60, "late start")
    assert hand_in_due(controller, stands) is None
    assert hand_in_due(controller, longer) is None
    resume(controller, stands)
    now.pass_by(10)
    assert hand_in_due(controller, stands) is not None
    now.pass_by(29)
    assert hand_in_due(controller, longer) is None
    now.pass_by(1)
    assert hand_in_due(controller, longer) is not None


# --------------------------------------------------------------------------- what goes wrong


def test_a_full_disk_leaves_the_work_frozen_and_the_next_try_goes_on(
    controller: Controller,
    server: FakeServer,
    now: HandMoved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = started(controller)
    now.pass_by(DURATION)
    for method in ("intend", "append"):
        with monkeypatch.context() as patch:
            patch.setattr(Store, method, full)
            with pytest.raises(StoreError, match="disk is full"):
                hand_in_due(controller, code)
        assert host_states(server, code) == {"frozen"}
        if method == "append":
            assert controller.store.session(code).state == State.SUBMITTING
            (recovered,) = recover(controller)
            assert (recovered.verb, recovered.problem) == ("submit", "")
    assert controller.store.session(code).state == State.SUBMITTED
    assert len(controller.store.runs(code)) == 1
    assert read(controller, code).left == ZERO


@pytest.mark.parametrize("writes", range(1, 7))
def test_one_that_is_killed_anywhere_is_gone_on_with_and_its_clock_is_right(
    controller: Controller, now: HandMoved, writes: int
) -> None:
    code = started(controller)
    now.pass_by(DURATION + 1)
    with pytest.raises(Killed), dying_after(writes):
        hand_in_due(controller, code)
    now.pass_by(100)
    controller.__dict__["account"] = Account("another", 4711)
    recover(controller, code)
    assert controller.store.session(code).state == State.SUBMITTED
    if kinds(controller, code)[-1] == "submit.done":
        assert controller.store.events(code)[-1].actor == "another"
    assert len(controller.store.runs(code)) == 1
    assert kinds(controller, code).count("submit.intended") == 1
    assert read(controller, code).left == ZERO
    assert controller.store.audit(code) == ()


def test_a_provider_that_fails_is_an_error_and_is_tried_again(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION)
    server.fault("frozen", "Docker is gone.")
    with pytest.raises(ProviderError, match="Docker is gone"):
        hand_in_due(controller, code)
    server.fault("frozen", None)
    (recovered,) = recover(controller)
    assert recovered.what.startswith("handed in")


def half_made_anew(controller: Controller, server: FakeServer) -> str:
    """A session with a reset that has failed."""
    code = started(controller)
    server.fault("reset", "It is too slow.")
    with pytest.raises(ProviderError):
        reset(controller, code, "desk", "it was broken")
    return code


def test_a_host_that_cannot_be_made_anew_keeps_nobodys_work_back_and_costs_no_mark(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = half_made_anew(controller, server)
    now.pass_by(DURATION)
    marking = hand_in_due(controller, code)
    assert marking is not None
    assert {each.status.value for each in marking.checks} == {"error"}
    assert controller.store.session(code).state == State.SUBMITTED
    assert kinds(controller, code).index("submit.intended") < kinds(controller, code).index(
        "reset.undone"
    )
    (fell,) = events_of(controller, code, "host.fell")
    assert fell == {"host": "desk", "why": "it was half made anew"}


def test_one_that_was_killed_in_between_costs_no_mark_either(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = half_made_anew(controller, server)
    now.pass_by(DURATION)
    with pytest.raises(Killed), dying_after(1):
        hand_in_due(controller, code)
    assert [each.verb for each in recover(controller)] == ["reset", "submit"]
    assert {each.status.value for each in recorded(controller, code).checks} == {"error"}


def test_what_was_half_done_to_hosts_is_finished_before_the_work_is_taken_in(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = half_made_anew(controller, server)
    server.fault("reset", None)
    act = controller.store.intend(code, "hands", {"act": "pull"}, "tester")
    with server.state() as state:
        state["acts"] = {act: "desk: pulled"}
    now.pass_by(DURATION)
    assert hand_in_due(controller, code) is not None
    seen = [each for each in kinds(controller, code) if each.endswith((".done", ".intended"))]
    assert seen[2:] == [
        "reset.intended",
        "hands.intended",
        "reset.done",
        "hands.done",
        "submit.intended",
        "submit.done",
    ]


def test_nothing_is_done_to_the_hosts_of_who_has_handed_in(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    submit(controller, code)
    act = controller.store.intend(code, "hands", {"act": "pull"}, "tester")
    with server.state() as state:
        state["acts"] = {act: "desk: pulled"}
    (told,) = recover(controller)
    assert (told.verb, told.what) == ("hands", "the session runs no more")


def test_a_reset_that_is_finished_late_gives_its_time_back(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION - 30)
    server.fault("reset", "It is too slow.")
    with pytest.raises(ProviderError):
        reset(controller, code, "desk", "it fell", fault=True)
    server.fault("reset", None)
    now.pass_by(35)
    assert hand_in_due(controller, code) is None
    assert read(controller, code).left == 30 * SECOND


def test_more_time_for_who_stands_still_since_the_deadline_lets_the_hosts_go_on(
    controller: Controller,
    server: FakeServer,
    now: HandMoved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, told = started(controller), started(controller)
    now.pass_by(DURATION + 1)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "intend", full)
        for each in (code, told):
            with pytest.raises(StoreError):
                hand_in_due(controller, each)
    now.pass_by(900)
    with pytest.raises(UsageError, match="hosts stay frozen"):
        entering.thaw(controller, code)
    extend(controller, code, 1, "not enough")
    assert host_states(server, code) == {"frozen"}
    extend(controller, code, 600, "the disk was full")
    notice(controller, told, "The disk was full.", 600)
    for each, extended in ((code, 601), (told, 600)):
        assert host_states(server, each) == {"running"}
        assert read(controller, each).left == (extended - 1) * SECOND, "it stood still for 900 s"
        assert hand_in_due(controller, each) is None


@pytest.mark.parametrize("method", ["intend", "both"])
def test_late_is_when_the_hosts_stood_still(
    controller: Controller, now: HandMoved, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    code = started(controller)
    now.pass_by(DURATION + 1)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "intend", full)
        if method == "both":
            patch.setattr(Store, "append", full)
        with pytest.raises(StoreError):
            hand_in_due(controller, code)
    now.pass_by(900)
    assert hand_in_due(controller, code) is not None
    (begun,) = events_of(controller, code, "submit.intended")
    assert begun["late"] == 1


def test_a_pause_after_the_end_gives_no_more_than_there_was(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION + 300)
    pause(controller, code, "alarm")
    assert read(controller, code).left == ZERO
    (begun,) = events_of(controller, code, "pause.intended")
    assert begun["late"] == 300
    resume(controller, code)
    assert hand_in_due(controller, code) is not None
    assert read(controller, code).left == ZERO


def test_a_look_in_whose_middle_the_time_ends_records_nothing(
    controller: Controller, server: FakeServer, now: HandMoved, slow: Slow
) -> None:
    code = started(controller)
    server.write(code, "desk", "/srv/a", "x")
    now.pass_by(DURATION - 3)
    slow("_answer", 2)
    with pytest.raises(UsageError, match="was over before the look had ended"):
        check(controller, code)
    assert controller.store.runs(code) == ()
    marking = hand_in_due(controller, code)
    assert marking is not None
    assert marking.marks == 1


# --------------------------------------------------------------------------- the warning


def test_the_last_minute_is_warned_of_once_for_each_end(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION - 61)
    assert not warn(controller, code)
    now.pass_by(2)
    assert warn(controller, code)
    assert not warn(controller, code)
    extend(controller, code, 300, "alarm")
    assert not warn(controller, code)
    now.pass_by(310)
    assert warn(controller, code)
    assert [each["seconds"] for each in events_of(controller, code, "deadline.warned")] == [59, 49]
    now.pass_by(100)
    assert not warn(controller, code), "the time is over: there is nothing to warn of"


@pytest.mark.parametrize("ended", [submit, lambda c, code: pause(c, code, "alarm")])
def test_who_does_not_work_is_not_warned(
    controller: Controller, now: HandMoved, ended: Any
) -> None:
    code = started(controller)
    now.pass_by(DURATION - 30)
    ended(controller, code)
    assert not warn(controller, code)


def test_what_is_recorded_for_people_at_work_is_shown_at_their_console(
    controller: Controller, now: HandMoved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "LOOK_SECONDS", 0.01)
    code = started(controller)
    now.pass_by(DURATION - 40)
    shown: list[str] = []
    said, closed = threading.Event(), []

    def sit(*_: object) -> int:
        notice(controller, code, "Task 1 means `/srv`.")
        extend(controller, code, 60, "for that")
        before = read(controller, code).worked
        now.pass_by(5)
        with controller.store.lock(code):
            credit(controller, code, before, "the server stood still")
        now.pass_by(50)
        warn(controller, code)
        assert said.wait(20)
        hand_in_due(controller, code)
        now.pass_by(50)
        hand_in_due(controller, code)
        return 137

    def show(line: str) -> None:
        shown.append(line)
        if len(shown) == 4:
            said.set()

    monkeypatch.setattr(FakeProvider, "console", sit)
    controller.tell = lambda _code, line: closed.append(line)
    assert entering.console(controller, code, "desk", show) == 137
    assert shown == [
        "Notice: Task 1 means `/srv`.",
        "You have 1 minute more.",
        "You have 5 seconds more.",
        "50 seconds are left. Save your work: it is taken in then.",
    ]
    assert closed[-1] == "the work was taken in"
    assert controller.store.session(code).state == State.SUBMITTED


# --------------------------------------------------------------------------- commands about it


def test_the_command_that_asks_about_a_session_takes_it_in_and_no_other(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    asked, other = started(controller), started(controller)
    now.pass_by(DURATION)
    assert recover(controller) == ()
    (told,) = recover(controller, asked)
    assert (told.verb, told.what) == ("time", "handed in: not-yet-achieved")
    assert controller.store.session(other).state == State.RUNNING
    with controller.store.lock(other):
        assert recover(controller, other) == ()
    server.fault("frozen", "Docker is gone.")
    (failed,) = recover(controller, other)
    assert (failed.what, failed.problem) == ("it is not handed in yet", "Docker is gone.")


def test_after_the_deadline_it_takes_more_time_to_open_a_hand_in_again(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION + 5)
    hand_in_due(controller, code)
    with pytest.raises(UsageError, match="No time is left") as refused:
        reopen(controller, code, "the alarm")
    assert "--minutes" in refused.value.hint
    found = reopen(controller, code, "the alarm", 300)
    assert found.deadline is not None
    clock = read(controller, code)
    assert (clock.remaining, clock.extended) == (300 * SECOND, 300 * SECOND)
    assert notes_of(controller, code).startswith("the hand-in was opened again")
    now.pass_by(299)
    assert hand_in_due(controller, code) is None
    now.pass_by(1)
    assert hand_in_due(controller, code) is not None
    assert len(controller.store.runs(code)) == 2
    assert controller.store.audit(code) == ()


def test_the_log_says_it_in_words(controller: Controller, now: HandMoved) -> None:
    code = started(controller)
    now.pass_by(DURATION - 20)
    warn(controller, code)
    now.pass_by(22)
    hand_in_due(controller, code)
    reopen(controller, code, "the alarm", 60)
    told = [each.what for each in session_detail(controller, code).timeline]
    assert "20 s were left; said at every console that was open" in told
    assert "the time was over: the work is taken in as it is, 2 s late" in told
    assert "running again with 1 min more; the next hand-in replaces what was graded" in told
    assert deadline.WARNING == 60 * SECOND
    assert record.WARNED == "deadline.warned"
