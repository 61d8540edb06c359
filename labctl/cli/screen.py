"""Everything that reaches a terminal: data on stdout, narration on stderr.

Texts may hold bytes that a candidate chose. Nothing here reads markup, and every text is made of
`Text` objects whose control characters have been spelt out first (`harmless`).
"""

from __future__ import annotations

import dataclasses
import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Self

from labctl.harmless import UNSEEN, harmless

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text


def plain_json(value: Any) -> Any:
    """A value of ours (dataclasses, tuples, paths) as what `json` writes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain_json(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    return str(value) if isinstance(value, PurePath) else value


class Screen:
    """The two streams that a command writes to."""

    @cached_property
    def out(self) -> Console:
        """For data: stdout."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """For narration: stderr."""
        return _console(stderr=True)

    @property
    def live(self) -> bool:
        """Whether narration can be redrawn in place: bars and counters, or plain lines instead."""
        return self.err.is_terminal and not self.err.is_dumb_terminal

    # ------------------------------------------------------------------ data

    def json(self, value: Any) -> None:
        """Write data as JSON."""
        text = json.dumps(plain_json(value), indent=2, ensure_ascii=False)
        # No character of a candidate's reaches a terminal raw: JSON can spell all of them.
        safe = "".join(
            letter if letter == "\n" or unicodedata.category(letter) not in UNSEEN else _u(letter)
            for letter in text
        )
        sys.stdout.write(safe + "\n")

    def show(self, *parts: RenderableType) -> None:
        """Write data for people; a plain string is made harmless first."""
        for part in parts:
            self.out.print(self.text(part) if isinstance(part, str) else part, soft_wrap=False)

    def line(self, text: str) -> None:
        """Write one line of data as it is, never wrapped: for programs that read lines."""
        self.out.print(self.text(text), soft_wrap=True)

    # ------------------------------------------------------------------ narration

    def say(self, text: str, style: str = "") -> None:
        """Tell what happens."""
        self.err.print(self.text(text, style), soft_wrap=not self.err.is_terminal)

    def tell(self, session: str, line: str) -> None:
        """Tell what happens in a session; the controller's `tell`."""
        self.say(f"{session}: {line}" if session else line, "dim")

    def error(self, message: str, hint: str = "") -> None:
        """Tell what went wrong, and what to do next."""
        self._labelled("error", "bold red", message)
        if hint:
            self._labelled("hint", "bold", hint)

    def warn(self, message: str) -> None:
        """Tell something that should be known, though nothing went wrong."""
        self._labelled("warning", "bold yellow", message)

    def announce(self, line: str) -> None:
        """Tell people at a console, whose terminal passes everything on, so that they notice."""
        sys.stderr.write(f"\r\n\a*** labctl: {harmless(line)} ***\r\n")
        sys.stderr.flush()

    def _labelled(self, label: str, style: str, message: str) -> None:
        from rich.text import Text

        text = Text(f"{label}: ", style=style)
        text.append(harmless(message), style="not bold default")
        self.err.print(text, soft_wrap=not self.err.is_terminal)

    # ------------------------------------------------------------------ shapes

    def text(self, text: str, style: str = "") -> Text:
        """A text as it stands, without markup, and harmless."""
        from rich.text import Text

        return Text(harmless(text), style=style)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
        """Write a table as data; a column whose name begins with `>` is set to the right."""
        self.show(self.table_of(columns, rows))

    def table_of(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
        """A table without frames, that wraps rather than cuts."""
        from rich.table import Table

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for column in columns:
            right = column.startswith(">")
            table.add_column(
                column.removeprefix(">"),
                justify="right" if right else "left",
                overflow="fold",
                no_wrap=right,
            )
        for row in rows:
            table.add_row(*(self.text(cell) if isinstance(cell, str) else cell for cell in row))
        return table

    def bar(self, total: int | None = None) -> Bar:
        """A bar for the length of a `with`; `total` steps, if that is known by now."""
        return Bar(self, total)


class Bar:
    """One line that is redrawn on a terminal, and written out where nothing can be redrawn."""

    def __init__(self, screen: Screen, total: int | None) -> None:
        self._screen = screen
        self._total = total
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        if self._screen.live:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

            self._progress = Progress(
                SpinnerColumn(),
                BarColumn(bar_width=20),
                TextColumn("{task.fields[said]}", markup=False),
                console=self._screen.err,
                transient=True,
            )
            self._progress.start()
            self._progress.add_task("", total=self._total, said="")
        return self

    def begin(self, total: int) -> None:
        """Say how many steps there will be."""
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], total=total)

    def step(self, text: str, done: int) -> None:
        """Show `text` beside `done` steps; where nothing can be redrawn it becomes a line."""
        if self._progress is None:
            self._screen.say(text)
        else:
            said = harmless(" ".join(text.split()))[: max(20, self._screen.err.width - 26)]
            self._progress.update(self._progress.task_ids[0], completed=done, said=said)

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


def _u(letter: str) -> str:
    code = ord(letter)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)
