"""One session: its tasks and checks with expected and found, and what has happened in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Header, Static

from checkers.words import clean
from labctl.errors import LabctlError
from labctl.sessions.clock_view import ClockView
from labctl.sessions.task_views import CheckView
from labctl.sessions.views import SessionDetail
from tui.source import Source

SIGNS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "blocked": ("⊘", "yellow"),
    "error": ("!", "magenta"),
}


def check_lines(check: CheckView) -> Text:
    """A check's title and verdict, and why, in a line each."""
    glyph, colour = SIGNS.get(check.status, ("·", ""))
    text = Text()
    text.append(f"  {glyph} {check.status:<8}", style=colour)
    text.append(f" {clean(check.title)}\n")
    if check.status in ("failed", "error") and check.found:
        wanted = f"expected {clean(check.expected)}, found " if check.expected else ""
        text.append(f"             {wanted}{clean(check.found)}\n", style="italic")
    return text


def clock_line(clock: ClockView) -> str:
    """What is left of a session's time when it is read, and what was added to it."""
    stands = ", the clock stands" if clock.phase == "paused" else ""
    added = clock.extra + clock.extended + clock.credited
    more = f" · {added // 60} min of them added" if added else ""
    return f"{clock.remaining // 60} of {clock.total // 60} min left{stands}{more}"


def body(detail: SessionDetail) -> Text:
    """Everything about a session as text."""
    session = detail.session
    who = f"{session.candidate} {session.name}".rstrip()
    held = " · result held" if session.held else ""
    text = Text()
    text.append(f"{clean(detail.title)}\n", style="bold")
    text.append(
        f"session {session.code} · candidate {clean(who)} · {session.state}{held}"
        f" · attempt {session.attempt} · seed {session.seed}\n"
    )
    if detail.clock and detail.clock.phase in ("running", "paused"):
        text.append(f"{clock_line(detail.clock)}\n")
    text.append("\n")
    for task in detail.tasks:
        text.append(f"{clean(task.title)}  {task.marks:g}/{task.available:g}\n", style="bold")
        for check in task.checks:
            text.append_text(check_lines(check))
        text.append("\n")
    text.append("What has happened\n", style="bold")
    for event in detail.timeline:
        text.append(f"  {event.at[11:19]}  {clean(event.what)}\n")
    return text


class SessionScreen(Screen[None]):
    """Everything about one session. Escape goes back to the wall."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back", tooltip="Back to the list of sessions"),
        Binding("r", "refresh", "Refresh", tooltip="Read the record again now"),
    ]

    @dataclass
    class Loaded(Message):
        """What was read, or why it could not be."""

        text: Text

    def __init__(self, source: Source, code: str) -> None:
        super().__init__()
        self._source = source
        self._code = code

    def compose(self) -> ComposeResult:
        """One long text that can be scrolled."""
        yield Header()
        with VerticalScroll():
            yield Static("reading …", id="body")
        yield Footer()

    def on_mount(self) -> None:
        """Read the session."""
        self.query_one(VerticalScroll).focus()
        self.action_refresh()

    def action_refresh(self) -> None:
        """Read the session in the background."""
        self._load()

    @work(thread=True, exclusive=True)
    def _load(self) -> None:
        try:
            text = body(self._source.detail(self._code))
        except LabctlError as error:
            text = Text(f"! {error.message}\n{error.hint}")
        self.post_message(self.Loaded(text))

    def on_session_screen_loaded(self, message: Loaded) -> None:
        """Show what was read."""
        self.query_one("#body", Static).update(message.text)
