"""Where screens get what they show: use-cases that give frozen values."""

from __future__ import annotations

from typing import Protocol

from labctl.centre.candidates import named, names
from labctl.sessions.controller import Controller
from labctl.sessions.views import SessionDetail, SessionView, session_detail, session_views


class Source(Protocol):
    """What the screens ask; both may be called from a worker's thread."""

    def sessions(self) -> tuple[SessionView, ...]:
        """Every session, oldest first."""

    def detail(self, code: str) -> SessionDetail:
        """Everything about one session."""


class ControllerSource:
    """A source that asks the use-cases in this process."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def sessions(self) -> tuple[SessionView, ...]:
        """Every session, oldest first."""
        return session_views(self._controller.store, names=names(self._controller))

    def detail(self, code: str) -> SessionDetail:
        """Everything about one session, without asking its hosts, which may be slow."""
        return named(self._controller, session_detail(self._controller, code, hosts=False))
