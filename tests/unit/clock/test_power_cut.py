"""A server that goes down while sessions run, and what is shown of clocks."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from labctl.sessions import clock, entering, heartbeat
from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.incidents import note
from labctl.sessions.pausing import extend, pause, resume
from labctl.sessions.recovery import recover
from labctl.sessions.submission import submit
from labctl.sessions.views import session_detail, session_views
from labctl.store import time_text
from labctl.warden import running
from labctl.warden.hosts import look_after
from tests.fakes.provider import FakeServer
from tests.fakes.time import HandMoved
from tests.fakes.timed import (
    DURATION,
    Killed,
    dying_after,
    kinds,
    read,
    started,
    stop_looking,
)


def test_after_a_power_cut_the_clock_stands_at_the_last_heartbeat(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(300)
    running.keep(controller, lambda _: stop_looking(now))
    assert heartbeat.last_beat(controller.home) is not None
    now.boot("boot-2", after=7200)
    server.stop_host(code, "desk")
    (told,) = recover(controller, code)
    assert (told.verb, told.problem) == ("work", "")
    assert f"labctl resume {code}" in told.what
    assert read(controller, code).worked == 300 * SECOND
    assert recover(controller) == ()
    now.pass_by(100)
    found = resume(controller, code)
    assert found.restarted == ("desk",)
    assert found.clock.remaining == (DURATION - 300) * SECOND
    assert controller.store.audit(code) == ()


def test_a_keeper_sees_to_what_a_boot_cut_off_before_its_first_heartbeat(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(50)
    running.keep(controller, lambda _: stop_looking(now))
    now.boot("boot-2", after=60)
    with controller.store.lock(code):  # somebody is at it: tried again at the next look
        running.keep(controller, lambda _: stop_looking(now))
    first = heartbeat.last_beat(controller.home)
    assert first is not None
    assert first.boot == "boot-1"
    running.keep(controller, lambda _: stop_looking(now))
    assert controller.store.session(code).state == "paused"
    second = heartbeat.last_beat(controller.home)
    assert second is not None
    assert second.boot == "boot-2"
    assert read(controller, code).worked == 50 * SECOND


@pytest.mark.parametrize("written", [None, "", "[]", '{"at": "yesterday"}'])
def test_without_a_heartbeat_the_clock_stands_at_the_last_event(
    controller: Controller, now: HandMoved, written: str | None
) -> None:
    code = started(controller)
    now.pass_by(120)
    entering.console(controller, code, "desk")
    if written is not None:
        (controller.home / heartbeat.FILE).write_text(written)
    now.pass_by(30)
    now.boot("boot-2", after=60)
    recover(controller)
    assert read(controller, code).worked == 120 * SECOND


def test_what_runs_on_another_server_is_left_to_that(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.moment = replace(now.moment, boot="its own", server="another")
    assert recover(controller) == ()
    assert controller.store.session(code).state == "running"


def test_a_server_that_went_down_after_a_pause_changes_nothing(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    pause(controller, code, "rest break")
    now.boot("boot-2", after=60)
    assert recover(controller) == ()
    submitted = started(controller)
    submit(controller, submitted)
    now.boot("boot-3", after=60)
    assert recover(controller) == ()


def test_a_server_is_known_again_under_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    known = clock.server_id()
    monkeypatch.setattr("socket.gethostname", lambda: "dhcp-17")
    clock.server_id.cache_clear()
    assert (clock.server_id() == known) == clock.MACHINE_ID.is_file()


def test_without_a_machine_id_a_server_is_known_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock, "MACHINE_ID", tmp_path / "none")
    monkeypatch.setattr("socket.gethostname", lambda: "dhcp-17")
    clock.server_id.cache_clear()
    assert clock.server_id() == "dhcp-17"
    clock.server_id.cache_clear()


# --------------------------------------------------------------------------- what is shown


def test_views_show_the_clock_whether_it_runs_or_stands(
    controller: Controller, now: HandMoved
) -> None:
    runs, stands = started(controller, extra_time=25), started(controller)
    now.pass_by(61)
    pause(controller, stands, "rest break")
    now.set_clock(3600)
    now.pass_by(9)
    look_after(controller)
    look_after(controller)
    assert kinds(controller, runs).count("clock.set") == 1
    assert "clock.set" not in kinds(controller, stands)
    views = {view.code: view for view in session_views(controller.store, now=now())}
    assert views[stands].remaining == DURATION - 61
    assert views[stands].deadline is None
    assert views[runs].remaining is None
    deadline = read(controller, runs).deadline
    assert deadline is not None
    assert views[runs].deadline == time_text(deadline)
    shown = session_detail(controller, stands).clock
    assert shown is not None
    assert (shown.phase, shown.worked, shown.total) == ("paused", 61, DURATION)
    assert session_detail(controller, stands).session == views[stands]
    assert session_detail(controller, runs).session == views[runs]


def test_no_sequence_of_commands_loses_an_event_or_counts_a_pause(
    controller: Controller, now: HandMoved
) -> None:
    drawn = random.Random(7)  # not a secret: the same steps each time
    code = started(controller)
    told = {"worked": 0, "more": 0, "events": len(kinds(controller, code))}
    running = True
    for _ in range(60):
        step = drawn.choice(("wait", "set", "pause", "resume", "extend", "die"))
        if step == "wait":
            seconds = drawn.randrange(300)
            now.pass_by(seconds)
            told["worked"] += seconds if running else 0
        elif step == "set":
            now.set_clock(drawn.randrange(-5000, 5000))
        elif step == "extend":
            extend(controller, code, 60, "so")
            told["more"] += 60
            told["events"] += 1
        elif step == "die" and running:
            with pytest.raises(Killed), dying_after(1):
                pause(controller, code, "so")
            recover(controller)
            running, told["events"] = False, told["events"] + 3
        elif (step == "pause") == running and step in ("pause", "resume"):
            pause(controller, code, "so") if running else resume(controller, code)
            running, told["events"] = not running, told["events"] + (3 if running else 2)
        if not running:  # a pause counts as of the end of the time
            told["worked"] = min(told["worked"], DURATION + told["more"])
        clock = read(controller, code)
        assert abs(clock.worked - told["worked"] * SECOND) < SECOND
        assert clock.extended == told["more"] * SECOND
        assert clock.remaining >= 0 * SECOND
        assert len(kinds(controller, code)) == told["events"]
    assert controller.store.audit(code) == ()


def test_what_is_noted_after_the_power_is_back_is_no_work(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(300)
    running.keep(controller, lambda _: stop_looking(now))
    now.boot("boot-2", after=7200)
    server.stop_host(code, "desk")
    note(controller, code, "note", "the power was gone")
    recover(controller, code)
    assert read(controller, code).worked == 300 * SECOND
