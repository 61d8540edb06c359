"""The clock as a function of events: what it counts, and what it never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.sessions.clock import (
    ALLOWANCE,
    ARRANGED,
    CREDITED,
    EXTENDED,
    NOTICED,
    SECOND,
    SINCE,
    STAMP,
    ZERO,
    Clock,
    Moment,
    Phase,
    elapsed,
    moment_from,
    present,
    timing_of,
)
from labctl.sittings.views import stood
from labctl.store import Event, moment, time_text

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DURATION = 1800


class Log:
    """Events of one session, by a wall clock that can be set and an uptime that cannot."""

    def __init__(self, *, stamped: bool = True) -> None:
        self.events: list[Event] = []
        self.now = Moment(NOON, "boot-1", 0)
        self._stamped = stamped

    def pass_by(self, seconds: float) -> None:
        """Time passes."""
        gone = timedelta(seconds=seconds)
        uptime = self.now.uptime + gone // timedelta(microseconds=1)
        self.now = Moment(self.now.at + gone, self.now.boot, uptime)

    def set_clock(self, seconds: float) -> None:
        """Somebody sets the server's clock."""
        self.now = replace(self.now, at=self.now.at + timedelta(seconds=seconds))

    def add(self, kind: str, state: str | None = None, **data: Any) -> None:
        if self._stamped:
            data[STAMP] = self.now.stamp()
        if state:
            data["session"] = {"state": state}
        number = len(self.events) + 1
        self.events.append(
            Event("abcdef", number, time_text(self.now.at), kind, data, "tester", "", "")
        )

    def start(self, duration: int = DURATION) -> None:
        self.add("session.created", "created")
        self.add("start.done", "running", **{ALLOWANCE: duration})

    def read(self) -> Clock:
        return timing_of(self.events).read(self.now)


def test_a_clock_waits_runs_stands_and_ends() -> None:
    log = Log()
    log.add("session.created", "created")
    assert log.read().phase is Phase.WAITING
    assert log.read().deadline is None
    log.add("start.done", "running", allowance=DURATION)
    log.pass_by(600)
    clock = log.read()
    assert (clock.phase, clock.worked, clock.left) == (Phase.RUNNING, 600 * SECOND, 1200 * SECOND)
    assert clock.deadline == NOON + timedelta(minutes=30)
    log.add("pause.intended", "paused", why="fire alarm")
    log.pass_by(3600)
    clock = log.read()
    assert (clock.phase, clock.remaining, clock.deadline) == (Phase.PAUSED, 1200 * SECOND, None)
    log.add("resume.done", "running")
    assert log.read().deadline == NOON + timedelta(minutes=90)
    log.pass_by(300)
    log.add("submit.intended", "submitting")
    log.pass_by(9999)
    clock = log.read()
    assert (clock.phase, clock.worked, clock.deadline) == (Phase.ENDED, 900 * SECOND, None)
    log.add("reopened", "running")
    log.pass_by(60)
    assert log.read().worked == 960 * SECOND


def test_every_kind_of_time_is_added_up() -> None:
    log = Log()
    log.add("session.created", "created")
    log.add(ARRANGED, percent=10, why="by mistake")
    log.add(ARRANGED, percent=25, why="access arrangement")
    log.add("start.done", "running", allowance=1801)
    log.add(EXTENDED, seconds=600, why="late")
    log.add(CREDITED, seconds=42, why="a host fell")
    clock = log.read()
    assert clock.extra == 451 * SECOND  # 450.25, rounded up
    assert clock.total == (1801 + 451 + 600 + 42) * SECOND


def test_what_is_over_is_over_by_so_much_and_nothing_remains() -> None:
    log = Log()
    log.start()
    log.pass_by(DURATION + 180)
    clock = log.read()
    assert (clock.left, clock.remaining) == (-180 * SECOND, ZERO)
    assert clock.deadline == log.now.at - timedelta(seconds=180)
    log.add(EXTENDED, seconds=600, why="late")
    assert log.read().remaining == 420 * SECOND


def test_a_session_of_before_has_the_deadline_that_it_had() -> None:
    log = Log(stamped=False)
    log.add("session.created", "created")
    log.add("start.done", "running")
    deadline = time_text(log.now.at + timedelta(seconds=1799, milliseconds=991))
    log.events[-1].data["session"]["deadline"] = deadline
    log.pass_by(100)
    found = log.read().deadline
    assert found is not None
    assert time_text(found) == deadline


@pytest.mark.parametrize("jump", [-7200, -30, 30, 7200])
def test_a_clock_that_is_set_while_it_runs_changes_nothing(jump: int) -> None:
    log = Log()
    log.start()
    log.pass_by(100)
    log.set_clock(jump)
    log.pass_by(100)
    clock = log.read()
    assert clock.worked == 200 * SECOND
    # By the clock as it stands now.
    assert clock.deadline == log.now.at + timedelta(seconds=DURATION - 200)
    log.add("pause.intended", "paused", why="so")
    log.pass_by(50)
    log.add("resume.done", "running")
    log.pass_by(10)
    assert log.read().worked == 210 * SECOND


def test_without_a_boot_a_clock_that_is_set_back_stands_until_it_is_later_again() -> None:
    log = Log(stamped=False)
    log.start()
    log.pass_by(100)
    log.add("pause.intended", "paused")
    log.set_clock(-3600)
    log.add("resume.done", "running")
    log.pass_by(1800)
    assert log.read().worked == 100 * SECOND
    log.pass_by(1810)
    assert log.read().worked == 110 * SECOND


def test_a_small_drift_of_the_wall_clock_is_followed() -> None:
    earlier = Moment(NOON, "b", 0)
    assert elapsed(earlier, Moment(NOON + 9.2 * SECOND, "b", 10_000_000)) == 9.2 * SECOND
    assert elapsed(earlier, Moment(NOON + 8.2 * SECOND, "b", 10_000_000)) == 10 * SECOND
    assert elapsed(earlier, Moment(NOON + 8.2 * SECOND, "other", 1)) == 8.2 * SECOND


def test_a_clock_stands_as_of_the_last_sign_of_life() -> None:
    log = Log()
    log.start()
    log.pass_by(500)
    heart = log.now
    log.pass_by(90)  # the power is gone, and nothing says so
    log.now = Moment(log.now.at + timedelta(hours=2), "boot-2", 5_000_000)
    log.add("pause.intended", "paused", why="the server went down", **{SINCE: heart.whole()})
    timing = timing_of(log.events)
    assert timing.read(log.now).worked == 500 * SECOND
    assert timing.stood == heart.at
    log.add("resume.done", "running")
    log.pass_by(10)
    assert log.read().worked == 510 * SECOND


def test_a_moment_survives_being_written_down() -> None:
    now = present()
    assert moment_from(now.whole()) == now
    assert now.boot
    assert elapsed(now, present()) < timedelta(minutes=10)


def test_the_deadline_after_an_event_is_what_is_read_then() -> None:
    log = Log()
    log.start()
    log.pass_by(10)
    data = {"seconds": 60, STAMP: log.now.stamp()}
    before = timing_of(log.events)
    told = before.deadline_after(EXTENDED, data)(time_text(log.now.at))
    log.add(EXTENDED, seconds=60)
    found = log.read().deadline
    assert found is not None
    assert told == time_text(found)
    paused = before.deadline_after("pause.intended", {}, "paused")
    assert paused(time_text(log.now.at)) is None


# --------------------------------------------------------------------------- properties

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 4000)),
        st.tuples(st.just("set"), st.integers(-9000, 9000)),
        st.tuples(st.sampled_from(["pause", "resume", "submit", "reopen", "boot"]), st.just(0)),
        st.tuples(st.sampled_from(["extend", "credit", "notice"]), st.integers(1, 4000)),
        st.tuples(st.just("arrange"), st.integers(1, 100)),
    ),
    max_size=30,
)
STATES = {"pause": "paused", "resume": "running", "submit": "submitting", "reopen": "running"}


def played(steps: list[tuple[str, int]], log: Log) -> dict[str, int]:
    """Play the steps into a log; what a person with a stopwatch would have counted."""
    told = {"worked": 0, "extended": 0, "credited": 0, "percent": 0, "stood": 0}
    running, paused = True, False
    for step, amount in steps:
        if step == "wait":
            log.pass_by(amount)
            told["worked"] += amount if running else 0
            told["stood"] += amount if paused else 0
        elif step == "set":
            log.set_clock(amount)
        elif step == "boot" and not running:
            log.now = Moment(log.now.at, f"boot-{len(log.events)}", 7)
        elif step in STATES:
            log.add(step, STATES[step])
            running, paused = STATES[step] == "running", STATES[step] == "paused"
        elif step == "extend":
            log.add(EXTENDED, seconds=amount)
            told["extended"] += amount
        elif step == "credit":
            log.add(CREDITED, seconds=amount)
            told["credited"] += amount
        elif step == "notice":
            given = amount % 2 * amount  # every other one gives no time
            log.add(NOTICED, text="Read task 2 again.", seconds=given)
            told["credited"] += given
        elif step == "arrange":
            log.add(ARRANGED, percent=amount)
            told["percent"] = amount
    return told


@given(STEPS)
def test_no_sequence_of_events_counts_wrong(steps: list[tuple[str, int]]) -> None:
    log = Log()
    log.start()
    told = played(steps, log)
    clock = log.read()
    # Whatever the wall clock was set to: a stopwatch says the same, but for what is drift.
    assert abs(clock.worked - told["worked"] * SECOND) < SECOND * (1 + len(steps))
    assert clock.extended == told["extended"] * SECOND
    assert clock.credited == told["credited"] * SECOND
    assert clock.percent == told["percent"]
    assert clock.remaining >= ZERO
    assert clock.total == (
        clock.allowance + clock.extra + (told["extended"] + told["credited"]) * SECOND
    )


@given(STEPS)
def test_without_a_set_clock_it_is_right_to_the_microsecond(steps: list[tuple[str, int]]) -> None:
    for stamped in (True, False):
        log = Log(stamped=stamped)
        log.start()
        told = played([step for step in steps if step[0] != "set"], log)
        assert log.read().worked == told["worked"] * SECOND
        assert stood(log.events, log.now) == told["stood"] * SECOND


@given(STEPS)
def test_without_a_boot_it_never_counts_more_than_the_wall_clock_showed(
    steps: list[tuple[str, int]],
) -> None:
    log = Log(stamped=False)
    log.start()
    played(steps, log)
    latest = max(moment(event.at) for event in log.events)
    clock = log.read()
    assert ZERO <= clock.worked <= max(latest, log.now.at) - NOON
    assert clock.remaining >= ZERO


@given(STEPS, st.integers(0, 90_000), st.integers(-9000, 9000))
def test_a_pause_changes_nothing_of_what_is_left(
    steps: list[tuple[str, int]], length: int, jump: int
) -> None:
    log = Log()
    log.start()
    played(steps, log)
    log.add("resume", "running")
    log.add("pause", "paused")
    before = log.read()
    log.pass_by(length)
    log.set_clock(jump)
    assert log.read().left == before.left
    log.add("resume", "running")
    after = log.read()
    assert (after.left, after.phase) == (before.left, Phase.RUNNING)


@given(STEPS, st.integers(1, 90_000), st.sampled_from(["running", "paused"]))
def test_an_extension_adds_exactly(steps: list[tuple[str, int]], seconds: int, state: str) -> None:
    log = Log()
    log.start()
    played(steps, log)
    log.add("turn", state)
    before = log.read()
    log.add(EXTENDED, seconds=seconds)
    after = log.read()
    assert after.left == before.left + seconds * SECOND
    if before.deadline is not None:
        assert after.deadline == before.deadline + timedelta(seconds=seconds)


@given(STEPS, st.integers(1, 90_000), st.sampled_from(["running", "paused"]))
def test_a_notice_gives_back_exactly_and_settles_nothing(
    steps: list[tuple[str, int]], seconds: int, state: str
) -> None:
    log = Log()
    log.start()
    played(steps, log)
    log.add("turn", state)
    before, settled = log.read(), timing_of(log.events).settled
    log.add(NOTICED, text="Read task 2 again.", seconds=seconds)
    after = log.read()
    assert (after.left, after.worked) == (before.left + seconds * SECOND, before.worked)
    if before.deadline is not None:
        assert after.deadline == before.deadline + timedelta(seconds=seconds)
    # What the machinery takes meanwhile is given back beside it.
    assert timing_of(log.events).settled == settled


@given(STEPS)
def test_events_that_say_nothing_of_time_change_nothing(steps: list[tuple[str, int]]) -> None:
    log = Log()
    log.start()
    played(steps, log)
    without = log.read()
    log.add("console.opened", host="desk")
    assert log.read() == without
