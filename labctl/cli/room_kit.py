"""`labctl sitting kit`: what is printed for the room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.sittings.kit import Kit


@click.command()
@click.argument("sitting")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--candidate", "candidates", multiple=True, metavar="ID", help="Only for this one.")
@click.option("--address", default="", metavar="TEXT", help="Where candidates type their codes.")
@click.option("--new-pins", is_flag=True, help="Other PINs for seats that have one on paper.")
@library_option
@as_json
@pass_settings
def kit(
    settings: Settings,
    sitting: str,
    folder: Path,
    *,
    candidates: tuple[str, ...],
    address: str,
    new_pins: bool,
    as_json: bool,
) -> None:
    """Write the pages to be printed for the room.

    The pages are HTML for A4 and need no network; print them from any browser. Names stand on the
    register alone. Until a session has begun nobody's values are drawn, and its task sheet has
    letters in their place; written again after `begin`, it has the candidate's own.

    \b
    seat-slips.html               to be cut out: seat, code, PIN
    register.html                 by name: present, late, absent, identity, signature
    task-sheets.html              one for each candidate, by seat
    task-sheets-large-print.html  the same, nothing smaller than 18 points
    invigilator.html              finishes, and what to type when something happens

    A PIN is printed once. A seat that has one keeps it, unless --new-pins asks for another.
    """  # noqa: D301  # click wants the backspace itself: it keeps the lines as they are
    from labctl.sittings.kit import KitRequest, make_kit

    request = KitRequest(address, tuple(dict.fromkeys(candidates)), new_pins)
    settings.when_interrupted = (
        f"PINs may be made that are on no paper: "
        f"`labctl sitting kit {sitting} DIR --new-pins` makes others."
    )
    with settings.controller() as controller:
        found = make_kit(controller, sitting, folder, request)
    if as_json:
        settings.screen.json(found)
        return
    _tell(settings.screen, sitting, found)


def _tell(screen: Screen, sitting: str, found: Kit) -> None:
    from labctl.cli.words import plural

    for name in found.files:
        screen.line(str(found.folder / name))
    if found.pins:
        screen.say(
            f"{plural(len(found.pins), 'new PIN')}. The slips are the only place where they stand: "
            "print them, then delete the folder."
        )
    if found.held:
        screen.say(
            f"No slip for {', '.join(found.held)}: a PIN is on paper already. "
            f"`labctl sitting kit {sitting} DIR --new-pins` makes another; the old one ends then."
        )
    if not found.own:
        screen.say("Values are not drawn yet: write the kit again after `begin` for people's own.")
    if not found.names:
        screen.warn("No register: it has names, which your role may not see.")
