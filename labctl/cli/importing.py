"""`labctl labs import`: what was made, and what could not be carried over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from labctl.library.importing import Place, read_containerlab, read_kathara, write_lab
from labctl.library.lint import lint

if TYPE_CHECKING:
    from labctl.cli.settings import Settings


def bring_in(
    settings: Settings,
    tool: str,
    source: Path,
    place: Callable[[str], Place],
    *,
    as_json: bool,
) -> None:
    """Read the scenario, write the lab to its place, and say what to do next.

    `place` says where a scenario of that name goes.
    """
    around = settings.library().surroundings()
    read = read_kathara if tool == "kathara" else read_containerlab
    found = read(source, around.images)
    target = place(found.name)
    made = write_lab(found, target)
    screen = settings.screen
    if as_json:
        screen.json({"folder": str(made), "left_out": found.left_out, "lint": lint(made, around)})
        return
    screen.line(str(made))
    if found.left_out:
        screen.say("Not carried over:", "yellow")
        for line in found.left_out:
            screen.say(f"  {line}")
    for finding in lint(made, around):
        screen.say(str(finding), "red")
    screen.say(f"Write its tasks in `{made}/lab.yaml`, then:")
    screen.say(f"  labctl labs lint {made}")
    screen.say(f"  labctl labs --library {target.library} verify {target.lab_id} --seeds 1")
