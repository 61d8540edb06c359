"""A whole sitting on real hosts: tried, begun and killed, paused, told, handed in and sealed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.record import load as load_session
from labctl.sessions.recovery import recover
from labctl.sessions.submission import submit
from labctl.sessions.task_sheet import task_sheet
from labctl.sittings.beginning import begin
from labctl.sittings.ending import end
from labctl.sittings.model import Presence
from labctl.sittings.notices import notice
from labctl.sittings.pausing import pause, resume
from labctl.sittings.planning import SittingRequest, plan_sitting
from labctl.sittings.preparing import prepare
from labctl.sittings.register import register
from labctl.sittings.views import SeatView, sitting_view
from labctl.store import Person, moment

TESTS = Path(__file__).parent.parent
LIBRARY = TESTS / "labs"


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    with Controller(tmp_path / "home", [LIBRARY]) as opened:
        yield opened
        for found in opened.store.sessions():
            opened.provider("docker").down(found.code)
        opened.provider("docker").tidy()


def planned(controller: Controller) -> str:
    people = [Person("C1", "Grace Hopper", {"cohort": "A", "extra_time": 25})]
    people += [Person(code, f"Somebody {code}", {"cohort": "A"}) for code in ("C2", "C3", "C4")]
    controller.store.record("roster.imported", {}, "tester", people=people)
    today = f"{controller.now().at.astimezone():%Y-%m-%d}"
    request = SittingRequest(today, "00:00", "23:59", "R 12", ("mini",), cohort="A")
    return plan_sitting(controller, request).sitting.code


def killed(controller: Controller, writes: int, code: str) -> None:
    """Begin the sitting in a process that dies after so many writes."""
    program = [sys.executable, str(TESTS / "interrupted.py"), str(controller.home), str(LIBRARY)]
    done = subprocess.run([*program, str(writes), "begin", code], check=False, timeout=300)
    assert done.returncode == -signal.SIGKILL


def seats(controller: Controller, code: str) -> dict[str, SeatView]:
    return {each.seat.candidate: each for each in sitting_view(controller, code).seats}


def host_states(controller: Controller, code: str) -> set[str]:
    provider, found = controller.provider("docker"), set()
    for each in seats(controller, code).values():
        if each.seat.session:
            placed = load_session(controller.store, each.seat.session).placed()
            found |= {host.state for host in provider.states(placed).values()}
    return found


def test_a_sitting_from_the_day_before_to_its_seal(controller: Controller) -> None:
    code = planned(controller)
    prepared = prepare(controller, code, pre_flight=True)
    assert [(each.candidate, each.problem) for each in prepared.tried] == [
        (each, "") for each in ("C1", "C2", "C3", "C4")
    ]
    assert controller.store.sessions() == ()
    assert [each for each in controller.provider("docker").owned() if each.session] == []

    register(controller, code, ["C4"], Presence.ABSENT)
    register(controller, code, ["C1", "C2"], Presence.PRESENT, identity=True)
    killed(controller, 9, code)
    recover(controller)
    begin(controller, code)
    begin(controller, code, ["C3"])
    found = seats(controller, code)
    assert [each.state for each in found.values()] == ["running", "running", "running", ""]
    assert found["C3"].seat.entry.presence is Presence.LATE
    live = {each.session for each in controller.provider("docker").owned() if each.session}
    assert live == {each.seat.session for each in found.values() if each.seat.session}

    acted = pause(controller, code, "fire alarm")
    assert acted.exit_code == 0
    assert host_states(controller, code) == {"frozen"}
    assert resume(controller, code).exit_code == 0
    assert host_states(controller, code) == {"running"}
    assert notice(controller, code, "Read task 1 again.", 120).exit_code == 0
    for each in seats(controller, code).values():
        if each.seat.session:
            session = load_session(controller.store, each.seat.session)
            assert task_sheet(session).count("Read task 1 again.") == 1
            submit(controller, session.code)

    view = end(controller, code)
    sealed = {
        each["candidate"]: each for each in controller.store.sittings.events(code)[-1].data["seats"]
    }
    assert sealed["C1"]["clock"]["extra"] == 150
    assert {sealed[each]["clock"]["credited"] for each in ("C1", "C2", "C3")} == {120}
    assert sealed["C4"]["session"] is None
    for name in ("C1", "C2", "C3"):
        demand_right_to_the_second(controller, sealed[name]["session"], view.seats)
        assert controller.store.audit(sealed[name]["session"]) == ()
    assert controller.store.sittings.audit(code) == ()


def demand_right_to_the_second(
    controller: Controller, session: str, seats: tuple[SeatView, ...]
) -> None:
    """The clock is what the times of the events say, the pause taken out."""
    at = {event.kind: moment(event.at) for event in controller.store.events(session)}
    stood = at["resume.done"] - at["pause.intended"]
    worked = at["submit.intended"] - at["start.done"] - stood
    (seat,) = (each for each in seats if each.seat.session == session)
    assert seat.clock is not None
    assert abs(seat.clock.worked * SECOND - worked) < timedelta(seconds=1)
    assert abs(seat.paused * SECOND - stood) < timedelta(seconds=1)
