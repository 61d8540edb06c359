"""Several sessions at a time on the screen: a line each, redrawn in place where possible."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from labctl.cli.screen import Screen

STYLES = {"✓": "green", "✗": "red", "!": "magenta", "?": "magenta"}
"""The colour of a text that begins with such a sign."""


class Board:
    """A line for each name, with what was last said of it. May be written to by many threads.

    On a terminal the lines are redrawn; elsewhere each text becomes a line of its own.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._lines: dict[str, str] = {}
        self._lock = threading.Lock()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._screen.live:
            from rich.live import Live

            self._live = Live(
                console=self._screen.err,
                get_renderable=self._drawn,
                refresh_per_second=8,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, name: str, text: str) -> None:
        """Show `text` beside `name`."""
        with self._lock:
            if self._lines.get(name) == text:
                return
            self._lines[name] = text
        if self._live is None:
            self._screen.say(f"{name}: {text}" if name else text)

    def forget(self, name: str) -> None:
        """Take a line off the board."""
        with self._lock:
            self._lines.pop(name, None)

    def _drawn(self) -> Table:
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        with self._lock:
            lines = dict(self._lines)
        for name, text in lines.items():
            style = STYLES.get(text[:1], "")
            table.add_row(self._screen.text(name, "bold"), self._screen.text(text, style))
        return table


def counted(done: int, total: int) -> str:
    """How far the checks of a session are: `▰▰▰▱▱▱▱▱▱▱ 3 of 10 checks`."""
    filled = 10 * done // total if total else 10
    return f"{'▰' * filled}{'▱' * (10 - filled)} {done} of {total} checks"
