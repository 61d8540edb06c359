"""How `labctl labs coverage` looks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.library.coverage import Covered


def sheet(screen: Screen, shown: Sequence[Covered], every: Sequence[Covered]) -> None:
    """A table a unit or list, and a closing line over everything."""
    for group, found in groupby(shown, key=lambda row: row.group):
        rows = list(found)
        level = f", level {rows[0].level}" if rows[0].level else ""
        named = "" if rows[0].title.startswith(group) else f"  {rows[0].title}"
        screen.show(screen.text(f"{group}{named}{level}", "bold"))
        screen.table(
            ("", "WHAT", "LABS"),
            [
                (
                    row.number,
                    row.text,
                    ", ".join(row.labs) if row.labs else screen.text("none", "yellow"),
                )
                for row in rows
            ],
        )
        screen.show("")
    have = sum(bool(row.labs) for row in every)
    screen.say(f"{have} of {len(every)} criteria and headings have labs.")
