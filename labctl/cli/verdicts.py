"""Verdicts on the screen: a line a check, and under those that did not pass, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labctl.cli.words import marks, sign

if TYPE_CHECKING:
    from rich.text import Text

    from labctl.cli.screen import Screen
    from labctl.marking import CheckMark, Marking

EXTRA = {
    "later": ("·", "at hand-in", "dim"),
    "not-run": ("·", "not run", "dim"),
    "judged": ("?", "assessor", "cyan"),
}
"""What is no verdict: a check that waits for the hand-in, or an aspect that a person marks."""


@dataclass(frozen=True, slots=True)
class Line:
    """One check as it is shown."""

    status: str
    title: str
    marks: float | None
    available: float
    expected: str
    found: str
    feedback: str = ""
    flags: tuple[str, ...] = ()
    vantages: str = ""

    def why(self) -> list[str]:
        """Why it did not pass, in short lines; nothing where there is nothing to explain."""
        if self.status in EXTRA:
            return []
        told = []
        if self.status != "passed":
            told = [because(self.expected, self.found)]
        if self.vantages and self.status != "passed":
            told[-1] += f" (seen from {self.vantages})"
        if self.feedback:
            told.append(self.feedback)
        return [line for line in told if line] + [f"remark: {flag}" for flag in self.flags]


def because(expected: str, found: str) -> str:
    """One readable line: `expected 10.1.0.1/24 on eth0, found 10.1.0.1/16`."""
    if expected and found:
        return f"expected {expected}, found {found}"
    return f"expected {expected}" if expected else found


def line_of(check: CheckMark) -> Line:
    """A check of a marking."""
    status = check.status.value
    if status == "error" and check.blame is None:
        status = "later"
    return Line(
        status,
        check.title if check.visible else f"{check.title} (for the assessor alone)",
        check.marks,
        check.available,
        check.expected,
        check.found,
        check.feedback,
        check.flags,
    )


def show_marking(screen: Screen, marking: Marking) -> None:
    """Show a run: its tasks, its checks, and what it comes to."""
    titles = {task.task: (task.title, task.marks, task.available) for task in marking.tasks}
    lines = {
        task.task: [line_of(check) for check in marking.checks if check.task == task.task]
        for task in marking.tasks
    }
    show_tasks(screen, titles, lines)


def show_tasks(
    screen: Screen,
    titles: Mapping[str, tuple[str, float, float]],
    lines: Mapping[str, Sequence[Line]],
) -> None:
    """Show tasks by id: title, marks, marks available, and their lines."""
    from rich.padding import Padding
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for number, (name, (title, earned, available)) in enumerate(titles.items(), 1):
        heading = screen.text(title, "bold")
        table.add_row(screen.text(f"TASK {number}", "bold"), heading, marks(earned, available))
        for line in lines[name]:
            worth = marks(line.marks, line.available)
            table.add_row(_sign(line.status), screen.text(line.title), worth)
            for why in line.why():
                table.add_row("", Padding(screen.text(why), (0, 0, 0, 2)), "")
    screen.show(table)


def _sign(status: str) -> Text:
    from rich.text import Text

    if status in EXTRA:
        glyph, word, style = EXTRA[status]
        return Text(f"{glyph} {word}", style=style)
    return sign(status)
