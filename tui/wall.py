"""The wall: every session with its state, marks and time left, kept up to date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Header, Static

from checkers.words import clean
from labctl.errors import LabctlError
from labctl.sessions.views import SessionView
from labctl.store.records import moment
from tui.session import SessionScreen
from tui.source import Source

COLUMNS = ("Session", "Candidate", "Lab", "State", "Marks", "Recommended", "Time left")
REFRESH_SECONDS = 2.0
SIGNS = {
    "running": "▶ running",
    "paused": "‖ paused",
    "submitted": "■ submitted",
    "stopped": "□ stopped",
    "withdrawn": "□ withdrawn",
    "void": "∅ void",
    "held": "‖ held",
    "achieved": "✓ achieved",
    "not-yet-achieved": "✗ not yet achieved",
    "undetermined": "? undetermined",
}


def time_left(deadline: str | None, now: datetime) -> str:
    """The time until a deadline in minutes, or how long it has been over."""
    if deadline is None:
        return ""
    seconds = (moment(deadline) - now).total_seconds()
    minutes = int(abs(seconds) // 60)
    return f"{minutes} min" if seconds >= 0 else f"over by {minutes} min"


def rest_of(session: SessionView, now: datetime) -> str:
    """The time that a session has left, whether its clock runs or stands."""
    if session.remaining is not None:
        return f"{session.remaining // 60} min, stands"
    return time_left(session.deadline, now)


def cells(session: SessionView, now: datetime) -> tuple[Text, ...]:
    """A session's row: words beside every sign, and nothing of a candidate's obeyed."""
    run = session.run if session.run and session.run.counts else None
    outcome = run.outcome if run else "held" if session.held else ""
    half = f" ({session.half_done} half done)" if session.half_done else ""
    return tuple(
        Text(clean(text, 60))
        for text in (
            session.code,
            f"{session.candidate} {session.name}".rstrip(),
            session.lab,
            SIGNS.get(session.state, f"… {session.state}") + half,
            f"{run.marks:g}/{run.available:g}" if run else "",
            SIGNS.get(outcome, outcome),
            rest_of(session, now),
        )
    )


class Wall(Screen[None]):
    """The list of sessions. Enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "refresh", "Refresh", tooltip="Read the record again now"),
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
    ]

    @dataclass
    class Loaded(Message):
        """The sessions, as they were read; or why they could not be."""

        sessions: tuple[SessionView, ...]
        problem: str = ""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._known: set[str] = set()

    def compose(self) -> ComposeResult:
        """A table between header and footer, and one line for what is amiss."""
        yield Header()
        yield DataTable(cursor_type="row", fixed_columns=1, id="sessions")
        yield Static("", id="note", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Make the columns, read the record, and go on reading it."""
        table = self.query_one(DataTable)
        for name in COLUMNS:
            table.add_column(name, key=name)
        self.action_refresh()
        self.set_interval(REFRESH_SECONDS, self.action_refresh)

    def action_refresh(self) -> None:
        """Read the record in the background."""
        self._load()

    def action_down(self) -> None:
        """Go to the next session."""
        self.query_one(DataTable).action_cursor_down()

    def action_up(self) -> None:
        """Go to the session before."""
        self.query_one(DataTable).action_cursor_up()

    @work(thread=True, exclusive=True)
    def _load(self) -> None:
        try:
            self.post_message(self.Loaded(self._source.sessions()))
        except LabctlError as error:
            self.post_message(self.Loaded((), error.message))

    def on_wall_loaded(self, message: Loaded) -> None:
        """Bring the table up to date, cell by cell."""
        note = self.query_one("#note", Static)
        if message.problem:
            note.update(f"! what is shown is out of date: {message.problem}")
            return
        note.update("" if message.sessions else "No session yet: `labctl start LAB --candidate C1`")
        table = self.query_one(DataTable)
        now = datetime.now(UTC)
        for session in message.sessions:
            row = cells(session, now)
            if session.code not in self._known:
                table.add_row(*row, key=session.code)
                self._known.add(session.code)
                continue
            for name, cell in zip(COLUMNS, row, strict=True):
                if table.get_cell(session.code, name) != cell:
                    table.update_cell(session.code, name, cell, update_width=True)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the session that was chosen."""
        if event.row_key.value:
            self.app.push_screen(SessionScreen(self._source, event.row_key.value))
