"""The assessor's screens, driven by keys over a source that is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from labctl.errors import StoreError
from labctl.sessions.clock_view import ClockView
from labctl.sessions.task_views import CheckView, TaskView
from labctl.sessions.timeline import EventView
from labctl.sessions.views import RunView, SessionDetail, SessionView
from tui.app import AssessorApp
from tui.session import SessionScreen
from tui.wall import Wall, cells

RUN = RunView(1, "2026-03-01T10:00:00.000000Z", "submit", 3, 4, "not-yet-achieved", "", "s", "c")


def session(code: str, state: str = "running", run: RunView | None = None) -> SessionView:
    at = "2026-03-01T09:30:00.000000Z"
    return SessionView(
        code, f"C-{code}", "static-routing", "assessment", 1, state, 7, at, at, None, 0, run
    )


def check(status: str, found: str) -> CheckView:
    return CheckView(
        id="a",
        title="r1 has its address",
        status=status,
        marks=0,
        available=2,
        expected="10.0.0.1/24 on eth0",
        found=found,
        feedback="",
        blame=None,
        flags=(),
        vantages=(),
        seconds=None,
        visible=True,
    )


class Scripted:
    """A source whose answers a test sets."""

    def __init__(self) -> None:
        self.rows: tuple[SessionView, ...] = (session("aaaaa2"), session("bbbbb3"))
        self.problem: StoreError | None = None
        self.clock: ClockView | None = None
        self.found = "10.0.0.1/16\x1b[31m [bold]"

    def sessions(self) -> tuple[SessionView, ...]:
        if self.problem:
            raise self.problem
        return self.rows

    def detail(self, code: str) -> SessionDetail:
        if self.problem:
            raise self.problem
        task = TaskView("t", "Addressing", 0, 2, 0, (check("failed", self.found),), ())
        event = EventView(1, "2026-03-01T09:30:00.000000Z", "root", "session.created", "created")
        return SessionDetail(
            session(code),
            "Route",
            3,
            "d",
            {},
            (),
            (task,),
            {},
            (),
            (),
            (event,),
            "h",
            (),
            clock=self.clock,
        )


@pytest.mark.parametrize(
    "state, held, outcome, told",
    [
        ("submitted", True, "held", ("■ submitted", "3/4", "‖ held")),
        ("void", False, "void", ("∅ void", "3/4", "∅ void")),
        ("running", True, "", ("▶ running", "", "‖ held")),
    ],
)
def test_a_result_that_is_kept_back_says_so(
    state: str, held: bool, outcome: str, told: tuple[str, ...]
) -> None:
    run = replace(RUN, outcome=outcome) if outcome else None
    row = cells(replace(session("aaaaa2", state, run), held=held), datetime.now(UTC))
    assert tuple(str(cell) for cell in row[3:6]) == told


async def settled(pilot: Pilot[None]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def shown(app: AssessorApp, row: str) -> list[str]:
    assert isinstance(app.screen, Wall)
    return [str(cell) for cell in app.screen.query_one(DataTable).get_row(row)]


async def test_sessions_are_listed_and_brought_up_to_date() -> None:
    source = Scripted()
    app = AssessorApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert shown(app, "aaaaa2")[3] == "▶ running"
        source.rows = (session("aaaaa2", "submitted", RUN), session("bbbbb3"))
        await pilot.press("r")
        await settled(pilot)
        assert shown(app, "aaaaa2")[3:6] == ["■ submitted", "3/4", "✗ not yet achieved"]


async def test_what_cannot_be_read_is_said_and_the_old_rows_stay() -> None:
    source = Scripted()
    app = AssessorApp(source)
    async with app.run_test() as pilot:
        await settled(pilot)
        source.problem = StoreError("the disk is full")
        await pilot.press("r")
        await settled(pilot)
        assert "the disk is full" in str(app.screen.query_one("#note", Static).content)
        assert app.screen.query_one(DataTable).row_count == 2


async def test_a_session_opens_says_why_and_closes() -> None:
    app = AssessorApp(Scripted())
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("j", "enter")
        await settled(pilot)
        assert isinstance(app.screen, SessionScreen)
        text = str(app.screen.query_one("#body", Static).content)
        assert "C-bbbbb3" in text
        assert "expected 10.0.0.1/24 on eth0, found 10.0.0.1/16" in text
        assert "\x1b" not in text
        await pilot.press("escape")
        assert not isinstance(app.screen, SessionScreen)


async def test_an_empty_record_says_what_to_type() -> None:
    source = Scripted()
    source.rows = ()
    app = AssessorApp(source)
    async with app.run_test() as pilot:
        await settled(pilot)
        assert "labctl start" in str(app.screen.query_one("#note", Static).content)


async def test_a_paused_session_shows_what_is_left_and_that_it_stands() -> None:
    source = Scripted()
    source.rows = (replace(session("aaaaa2", "paused"), remaining=1109),)
    source.clock = ClockView("paused", 1800, 25, 450, 0, 0, 2250, 1141, 1109, None)
    app = AssessorApp(source)
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        assert shown(app, "aaaaa2")[3] == "‖ paused"
        assert shown(app, "aaaaa2")[6] == "18 min, stands"
        await pilot.press("enter")
        await settled(pilot)
        text = str(app.screen.query_one("#body", Static).content)
        assert "18 of 37 min left, the clock stands · 7 min of them added" in text


@pytest.mark.parametrize("key", ["q"])
async def test_q_leaves(key: str) -> None:
    app = AssessorApp(Scripted())
    async with app.run_test() as pilot:
        await pilot.press(key)
    assert app.return_code == 0
