"""The assessor's program: a wall of sessions, and each session in full."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from labctl.sessions.controller import Controller
from tui.source import ControllerSource, Source
from tui.wall import Wall


class AssessorApp(App[None]):
    """Shows sessions and never changes one; what changes them is typed as commands."""

    TITLE = "labctl"
    SUB_TITLE = "sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", tooltip="Leave; what runs goes on running"),
    ]

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def on_mount(self) -> None:
        """Begin with the wall."""
        self.push_screen(Wall(self._source))


def run(controller: Controller) -> None:
    """Show the sessions of a controller until the assessor leaves."""
    AssessorApp(ControllerSource(controller)).run()
