"""Pauses, extensions and credits as use-cases, over a server of paper and a time moved by hand."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labctl.errors import ProviderError, UsageError
from labctl.providers import PROVIDERS
from labctl.sessions import entering, interruption, keeping, record
from labctl.sessions.checking import check
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.clock import SECOND, Clock, Phase
from labctl.sessions.controller import Controller
from labctl.sessions.crediting import LONG_WAIT
from labctl.sessions.hands import hands
from labctl.sessions.pausing import extend, pause, resume
from labctl.sessions.recovery import recover
from labctl.sessions.resetting import reset
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.sessions.views import session_detail, session_views
from labctl.store import time_text
from labctl.store.database import Database
from tests.fakes.command import LIBRARY
from tests.fakes.provider import FakeProvider, FakeServer
from tests.fakes.time import HandMoved

DURATION = 600
"""Seconds of the lab `moves`."""


@pytest.fixture
def now() -> HandMoved:
    return HandMoved()


@pytest.fixture
def controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: HandMoved
) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY], now=now) as opened:
        yield opened


@pytest.fixture
def server(controller: Controller) -> FakeServer:
    return FakeServer(controller.home)


def started(controller: Controller, lab: str = "moves", extra_time: int = 0) -> str:
    (one,) = start(controller, StartRequest(lab, ("amy",), seed=7, extra_time=extra_time))
    assert one.session is not None
    return one.session


def read(controller: Controller, code: str) -> Clock:
    return record.load(controller.store, code).timing.read(controller.now())


def kinds(controller: Controller, code: str) -> list[str]:
    return [event.kind for event in controller.store.events(code)]


def host_states(server: FakeServer, code: str) -> set[str]:
    with server.state() as state:
        return {each["state"] for each in state["sessions"][code]["hosts"].values()}


def credits_of(controller: Controller, code: str) -> list[int]:
    events = controller.store.events(code)
    return [each.data["seconds"] for each in events if each.kind == "time.credited"]


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
    assert kinds(controller, code)[-4:] == [
        "pause.intended",
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
        with pytest.raises(UsageError, match="No reason"):
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


class Killed(BaseException):
    """The process is gone."""


@contextlib.contextmanager
def dying_after(writes: int) -> Iterator[None]:
    """Has the process die right after so many transactions."""
    original, left = Database.writing, [writes]

    @contextlib.contextmanager
    def counted(database: Database) -> Iterator[Any]:
        with original(database) as connection:
            yield connection
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", counted)
        yield


def test_a_pause_killed_at_every_step_is_finished(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    for writes in (1, 2):
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


# --------------------------------------------------------------------------- the machinery's part


class Slow:
    """Has operations of the provider take time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: HandMoved) -> None:
        self._patch, self._now = monkeypatch, now

    def __call__(self, operation: str, seconds: float) -> None:
        original = getattr(FakeProvider, operation)

        def slow(*arguments: Any, **options: Any) -> Any:
            self._now.pass_by(seconds)
            return original(*arguments, **options)

        self._patch.setattr(FakeProvider, operation, slow)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, now: HandMoved) -> Slow:
    return Slow(monkeypatch, now)


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
    keeping.look(controller)
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


# --------------------------------------------------------------------------- the power


def test_after_a_power_cut_the_clock_stands_at_the_last_heartbeat(
    controller: Controller, server: FakeServer, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(300)
    keeping.keep(controller, lambda _: stop_looking(now))
    assert interruption.last_beat(controller.home) is not None
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


def stop_looking(now: HandMoved) -> None:
    """The keeper is ended with the power, a while after its last look."""
    now.pass_by(1)
    raise Killed


@pytest.fixture(autouse=True)
def killed_keepers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keeper that is killed in its pause ends, as the process would."""
    keep = keeping.keep

    def ended(*arguments: Any) -> None:
        with contextlib.suppress(Killed):
            keep(*arguments)

    monkeypatch.setattr(keeping, "keep", ended)


def test_a_keeper_sees_to_what_a_boot_cut_off_before_its_first_heartbeat(
    controller: Controller, now: HandMoved
) -> None:
    code = started(controller)
    now.pass_by(50)
    keeping.keep(controller, lambda _: stop_looking(now))
    now.boot("boot-2", after=60)
    with controller.store.lock(code):  # somebody is at it: tried again at the next look
        keeping.keep(controller, lambda _: stop_looking(now))
    first = interruption.last_beat(controller.home)
    assert first is not None
    assert first.boot == "boot-1"
    keeping.keep(controller, lambda _: stop_looking(now))
    assert controller.store.session(code).state == "paused"
    second = interruption.last_beat(controller.home)
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
        (controller.home / interruption.FILE).write_text(written)
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


# --------------------------------------------------------------------------- what is shown


def test_views_show_the_clock_whether_it_runs_or_stands(
    controller: Controller, now: HandMoved
) -> None:
    runs, stands = started(controller, extra_time=25), started(controller)
    now.pass_by(61)
    pause(controller, stands, "rest break")
    now.set_clock(3600)
    now.pass_by(9)
    keeping.look(controller)
    keeping.look(controller)
    assert kinds(controller, runs).count("clock.set") == 1
    assert "clock.set" not in kinds(controller, stands)
    views = {view.code: view for view in session_views(controller.store, now=now())}
    assert views[stands].remaining == DURATION - 61
    assert views[stands].deadline is None
    assert views[runs].remaining is None
    deadline = read(controller, runs).deadline
    assert deadline is not None
    assert views[runs].deadline == time_text(deadline)
    clock = session_detail(controller, stands).clock
    assert clock is not None
    assert (clock.phase, clock.worked, clock.total) == ("paused", 61, DURATION)
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
            running, told["events"] = False, told["events"] + 2
        elif (step == "pause") == running and step in ("pause", "resume"):
            pause(controller, code, "so") if running else resume(controller, code)
            running, told["events"] = not running, told["events"] + 2
        clock = read(controller, code)
        assert abs(clock.worked - told["worked"] * SECOND) < SECOND
        assert clock.extended == told["more"] * SECOND
        assert clock.remaining >= 0 * SECOND
        assert len(kinds(controller, code)) == told["events"]
    assert controller.store.audit(code) == ()
