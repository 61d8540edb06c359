"""The warden's rounds in a time moved by hand: nobody holds another up, nothing is forgotten."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from labctl.errors import StoreError
from labctl.sessions import heartbeat
from labctl.sessions.clock import SECOND, ZERO
from labctl.sessions.controller import Controller, Interrupted
from labctl.sessions.deadline import hand_in_due
from labctl.sessions.entering import thaw
from labctl.sessions.pausing import pause
from labctl.sessions.record import State
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.store import Store
from labctl.store.blobs import disk_full
from labctl.store.locks import exclusive
from labctl.warden import rounds, running
from labctl.warden.hosts import look_after
from labctl.warden.jobs import Threads
from labctl.warden.rounds import PAUSE, SHORTEST, Warden
from tests.fakes.jobs import AtOnce
from tests.fakes.provider import FakeServer
from tests.fakes.time import HandMoved
from tests.fakes.timed import DURATION, Killed, dying_after, host_states, kinds, read, started
from tests.tampering import tamper


@pytest.fixture
def warden(controller: Controller) -> Warden:
    return Warden(controller, AtOnce())


def state_of(controller: Controller, code: str) -> str:
    return controller.store.session(code).state


def told_by(controller: Controller) -> list[str]:
    said: list[str] = []
    controller.tell = lambda _code, line: said.append(line)
    return said


# --------------------------------------------------------------------------- the time


def test_it_warns_then_takes_the_work_in_and_is_there_in_time(
    controller: Controller, warden: Warden, now: HandMoved
) -> None:
    code = started(controller)
    assert warden.round() == PAUSE
    now.pass_by(DURATION - 61)
    assert warden.round() == SECOND, "it comes back when the last minute begins"
    now.pass_by(1)
    warden.round()
    warden.round()
    assert kinds(controller, code).count("deadline.warned") == 1
    now.pass_by(59.5)
    assert warden.round() == timedelta(seconds=0.5)
    now.pass_by(0.49)
    assert warden.round() == SHORTEST
    now.pass_by(0.01)
    warden.round()
    assert state_of(controller, code) == State.SUBMITTED
    actors = {each.actor for each in controller.store.events(code)[-5:]}
    assert actors == {rounds.NAME}
    assert read(controller, code).left == ZERO
    assert warden.round() is None


def test_time_that_is_added_in_time_puts_the_hand_in_off(
    controller: Controller, warden: Warden, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION - 30)
    warden.round()
    pause(controller, code, "alarm")
    now.pass_by(600)
    assert warden.round() == PAUSE
    assert state_of(controller, code) == State.PAUSED


def test_a_grading_that_takes_long_keeps_nobody_elses_time_from_ending(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    """One turn for all, and it is taken: every session is closed in time all the same."""
    controller.turns = threading.Semaphore(1)
    codes = [started(controller) for _ in range(4)]
    jobs = Threads()
    warden = Warden(controller, jobs)
    with controller.turn():
        now.pass_by(DURATION)
        warden.round()
        wait_for(lambda: all(host_states(server, code) == {"frozen"} for code in codes))
        assert {state_of(controller, code) for code in codes} == {State.SUBMITTING}
        assert not jobs.end(0.01)
        warden.round()
    assert jobs.end(60)
    assert {state_of(controller, code) for code in codes} == {State.SUBMITTED}
    assert all(len(controller.store.runs(code)) == 1 for code in codes)


def test_whoever_waits_for_a_turn_can_be_stopped_and_the_next_warden_goes_on(
    controller: Controller, warden: Warden, now: HandMoved
) -> None:
    controller.turns = threading.Semaphore(1)
    code, jobs = started(controller), Threads()
    waiting = Warden(controller, jobs)
    now.pass_by(DURATION)
    with controller.turn():
        waiting.round()
        wait_for(lambda: state_of(controller, code) == State.SUBMITTING)
        waiting.interrupt()
        assert jobs.end(60)
    assert state_of(controller, code) == State.SUBMITTING
    warden.round()
    assert state_of(controller, code) == State.SUBMITTED
    assert len(controller.store.runs(code)) == 1


def wait_for(condition: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(2000):
        if condition():
            return
        tick.wait(0.01)
    pytest.fail("still waiting")


# --------------------------------------------------------------------------- what goes wrong


def test_what_fails_is_said_and_tried_again_later(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code, said = started(controller), told_by(controller)
    warden = Warden(controller, AtOnce())
    server.fault("frozen", "Docker is gone.")
    now.pass_by(DURATION)
    warden.round()
    warden.round()
    assert said.count("Docker is gone. Tried again in 30 s.") == 1
    server.fault("frozen", None)
    now.pass_by(29)
    warden.round()
    assert state_of(controller, code) == State.SUBMITTING
    now.pass_by(1)
    warden.round()
    assert state_of(controller, code) == State.SUBMITTED


def test_a_full_disk_harms_neither_the_work_nor_the_warden(
    controller: Controller,
    server: FakeServer,
    now: HandMoved,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, said = started(controller), told_by(controller)
    warden = Warden(controller, AtOnce())
    now.pass_by(DURATION)

    def full(*_: object, **__: object) -> None:
        raise disk_full("store")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "intend", full)
        warden.round()
    assert host_states(server, code) == {"frozen"}
    assert any("disk is full" in line for line in said)
    now.pass_by(30)
    warden.round()
    assert state_of(controller, code) == State.SUBMITTED
    (begun,) = [each for each in controller.store.events(code) if each.kind == "submit.intended"]
    assert begun.data["late"] == 0, "the hosts stood still in time"
    assert read(controller, code).left == ZERO


def test_a_command_that_is_at_it_is_waited_for_and_not_reported(
    controller: Controller, now: HandMoved
) -> None:
    code, said = started(controller), told_by(controller)
    warden = Warden(controller, AtOnce())
    now.pass_by(DURATION)
    with controller.store.lock(code):
        assert warden.round() == PAUSE
    assert said == []
    warden.round()
    assert state_of(controller, code) == State.SUBMITTED


def test_a_store_that_cannot_be_read_ends_nothing(
    controller: Controller, now: HandMoved, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = started(controller), told_by(controller)
    waits: list[float] = []

    def fails(*_: object, **__: object) -> None:
        raise StoreError("The disk is gone.")

    with contextlib.ExitStack() as broken:
        broken.enter_context(monkeypatch.context()).setattr(Store, "sessions", fails)

        def wait(seconds: float) -> None:
            waits.append(seconds)
            broken.close()
            if len(waits) > 1:
                stop(controller, code)

        running.keep(controller, wait, AtOnce())
    assert waits == [2.0, 2.0]
    assert said[0] == "The disk is gone."


def test_a_fault_of_its_own_ends_nothing(
    controller: Controller, warden: Warden, now: HandMoved, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = started(controller), started(controller)
    hand_in = hand_in_due

    def fails(acting: Controller, code: str) -> object:
        return 1 / 0 if code == broken else hand_in(acting, code)

    monkeypatch.setattr(rounds, "hand_in_due", fails)
    now.pass_by(DURATION)
    warden.round()
    assert state_of(controller, broken) == State.RUNNING
    assert state_of(controller, other) == State.SUBMITTED


# --------------------------------------------------------------------------- what was left


def test_a_hand_in_by_the_deadline_that_was_killed_is_gone_on_with_at_once(
    controller: Controller, warden: Warden, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(DURATION)
    with pytest.raises(Killed), dying_after(2):
        hand_in_due(controller, code)
    warden.round()
    assert state_of(controller, code) == State.SUBMITTED
    assert kinds(controller, code).count("submit.intended") == 1
    assert len(controller.store.runs(code)) == 1


def test_what_a_command_left_is_seen_to_when_nobody_has_come_back_to_it(
    controller: Controller, warden: Warden, now: HandMoved
) -> None:
    code = started(controller)
    with pytest.raises(Killed), dying_after(2):
        submit(controller, code)
    now.pass_by(29)
    warden.round()
    assert state_of(controller, code) == State.SUBMITTING, "its command may be typed again"
    now.pass_by(1)
    with controller.store.lock(code):
        warden.round()
    assert state_of(controller, code) == State.SUBMITTING, "somebody is at it"
    warden.round()
    assert state_of(controller, code) == State.SUBMITTED


def test_what_cannot_be_seen_to_is_said_and_tried_again(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code, said = started(controller), told_by(controller)
    warden = Warden(controller, AtOnce())
    with pytest.raises(Killed), dying_after(2):
        submit(controller, code)
    server.fault("frozen", "Docker is gone.")
    now.pass_by(30)
    warden.round()
    warden.round()
    assert said.count("Docker is gone. Tried again in 30 s.") == 1
    server.fault("frozen", None)
    now.pass_by(30)
    warden.round()
    assert state_of(controller, code) == State.SUBMITTED


# --------------------------------------------------------------------------- hosts


def test_it_starts_what_has_stopped(controller: Controller, server: FakeServer) -> None:
    code, said = started(controller), told_by(controller)
    server.stop_host(code, "desk")
    look_after(controller)
    assert host_states(server, code) == {"running"}
    server.stop_host(code, "desk")
    server.fault("revive", "The engine hangs.")
    look_after(controller)
    assert "The engine hangs." in said


def test_it_freezes_the_host_that_fills_the_disk(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    server.fault("disk", "yes")
    for _ in range(4):
        look_after(controller)
    frozen = [each for each in controller.store.events(code) if each.kind == "incident.disk"]
    assert len(frozen) == 3
    assert {each.data["host"] for each in frozen} == {"desk", "pad", "shelf"}


def test_a_host_that_was_frozen_for_the_disks_sake_loses_no_time(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(100)
    server.fault("disk", "yes")
    look_after(controller)
    now.pass_by(30)
    look_after(controller)
    server.fault("disk", None)
    now.pass_by(90)
    thaw(controller, code)
    assert host_states(server, code) == {"running"}
    assert read(controller, code).left == (DURATION - 100) * SECOND
    now.pass_by(10)
    thaw(controller, code)
    assert read(controller, code).left == (DURATION - 110) * SECOND


def test_a_command_at_one_session_keeps_no_other_from_being_looked_after(
    controller: Controller, server: FakeServer
) -> None:
    one, other = started(controller), started(controller)
    server.stop_host(one, "desk")
    server.stop_host(other, "desk")
    with controller.store.lock(one):
        look_after(controller)
    assert "stopped" in host_states(server, one)
    assert host_states(server, other) == {"running"}


# --------------------------------------------------------------------------- a damaged record


def damage(controller: Controller, code: str) -> None:
    """Somebody has an editor at the last event of a session."""
    last = f"SELECT max(sequence) FROM events WHERE session = '{code}'"
    tamper(
        controller.store,
        f"UPDATE events SET data = ' ' || data WHERE session = '{code}' AND sequence = ({last})",
    )


def mend(controller: Controller, code: str) -> None:
    """It is put right again."""
    tamper(controller.store, f"UPDATE events SET data = ltrim(data) WHERE session = '{code}'")


def test_a_damaged_log_stops_nobody_elses_time(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    damaged, whole = started(controller), started(controller)
    said, warden = told_by(controller), Warden(controller, AtOnce())
    damage(controller, damaged)
    server.stop_host(whole, "desk")
    warden.round()
    warden.round()
    assert host_states(server, whole) == {"running"}
    assert len([each for each in said if "keeps its time" in each]) == 1
    assert heartbeat.last_beat(controller.home) is not None
    now.pass_by(DURATION)
    warden.round()
    assert state_of(controller, whole) == State.SUBMITTED


def test_what_was_damaged_while_the_warden_knew_it_is_still_tried_at_its_deadline(
    controller: Controller, now: HandMoved
) -> None:
    code, said = started(controller), told_by(controller)
    warden = Warden(controller, AtOnce())
    warden.round()
    damage(controller, code)
    now.pass_by(DURATION)
    warden.round()
    assert any("Tried again" in each for each in said)


def test_after_a_power_cut_a_damaged_log_keeps_no_other_clock_running(
    controller: Controller, warden: Warden, now: HandMoved
) -> None:
    damaged, whole = started(controller), started(controller)
    now.pass_by(60)
    warden.round()
    damage(controller, damaged)
    now.boot("boot-2", after=600)
    Warden(controller, AtOnce()).round()
    assert state_of(controller, whole) == State.PAUSED
    assert read(controller, whole).worked == 60 * SECOND
    found = heartbeat.last_beat(controller.home)
    assert found is not None
    assert found.boot == "boot-2"
    mend(controller, damaged)
    later = Warden(controller, AtOnce())
    later.round()
    assert state_of(controller, damaged) == State.PAUSED, "one that can be read again stands too"
    assert read(controller, damaged).worked < DURATION * SECOND


def test_a_round_that_goes_wrong_in_an_unforeseen_way_is_not_the_last(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = started(controller), told_by(controller)
    rounds_left = [ValueError("out of nowhere")]
    original = Warden.round

    def unsound(warden: Warden) -> timedelta | None:
        if rounds_left:
            raise rounds_left.pop()
        return original(warden)

    monkeypatch.setattr(Warden, "round", unsound)
    running.keep(controller, lambda _: stop(controller, code), AtOnce())
    assert "ValueError: out of nowhere" in said


# --------------------------------------------------------------------------- the loop


def test_it_ends_with_the_last_session_and_there_is_one_for_a_home(controller: Controller) -> None:
    code = started(controller)
    waits: list[float] = []

    def wait(length: float) -> None:
        waits.append(length)
        stop(controller, code)

    running.keep(controller, wait)
    assert waits == [PAUSE.total_seconds()]
    with exclusive(running.lock_of(controller.home), running.WHAT):
        running.keep(controller, wait)
        running.ensure_warden(controller)  # one is at work: none is started
    assert len(waits) == 1


@pytest.fixture
def threads() -> Iterator[Threads]:
    jobs = Threads()
    yield jobs
    assert jobs.end(20)


def test_one_job_of_a_name_at_a_time(threads: Threads) -> None:
    go, done = threading.Event(), []

    def act() -> None:
        assert go.wait(20)
        done.append(1)

    assert threads.begin("a", act)
    assert not threads.begin("a", act)
    assert threads.begin("b", act)
    assert not threads.end(0.01)
    go.set()
    assert threads.end(20)
    assert threads.begin("a", act)
    assert threads.end(20)
    assert done == [1, 1, 1]


def test_a_job_that_is_interrupted_is_over(threads: Threads) -> None:
    def act() -> None:
        raise Interrupted

    assert threads.begin("a", act)
    assert threads.end(20)
    assert threads.begin("a", act)
