"""`labctl labs`: which labs there are, whether they are right, and what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labctl.cli.approving import approve
from labctl.cli.authoring import checks, coverage, import_lab, mutate, new, verify
from labctl.cli.settings import Settings, as_json, library_option, pass_settings
from labctl.cli.words import plural

if TYPE_CHECKING:
    from labctl.library.findings import Finding
    from labctl.library.library import Library

FOUND_PROBLEMS = 1


@click.group()
@library_option
def labs() -> None:
    """List, read, check, write and prove labs."""


@labs.command("list")
@library_option
@as_json
@pass_settings
def list_labs(settings: Settings, *, as_json: bool) -> None:
    """Show which labs there are."""
    from labctl.cli.approving import standing, standings
    from labctl.cli.screen import plain_json

    screen = settings.screen
    found = settings.library().list()
    approved = standings(settings, found)
    if as_json:
        screen.json([plain_json(each) | {"approval": approved.get(each.id)} for each in found])
        return
    rows = [
        (
            each.id,
            each.area,
            str(each.level or "?"),
            f"{each.duration_minutes} min",
            screen.text("✗ has mistakes", "red")
            if any(one.level == "error" for one in each.findings)
            else each.title,
            *([standing(approved.get(each.id))] if approved else []),
        )
        for each in found
    ]
    more = ("APPROVED",) if approved else ()
    screen.table(("LAB", "AREA", "LEVEL", ">TIME", "TITLE", *more), rows)
    if any(one.level == "error" for each in found for one in each.findings):
        screen.say("`labctl labs lint` says what is wrong, and where.")


@labs.command()
@click.argument("lab")
@click.option(
    "--seed", type=click.IntRange(min=0), help="Show what a candidate with this seed gets."
)
@library_option
@as_json
@pass_settings
def show(settings: Settings, lab: str, seed: int | None, *, as_json: bool) -> None:
    """Show what is in a lab: its hosts, its tasks and how they are checked."""
    from labctl.cli.lab_sheet import sheet, sheet_json
    from labctl.library.planning import plan

    planned = plan(settings.library().lab(lab), seed or 0)
    if as_json:
        settings.screen.json(sheet_json(planned))
        return
    sheet(settings.screen, planned, example=seed is None)


@labs.command()
@click.argument("what", nargs=-1, metavar="[PATH|LAB]...")
@library_option
@as_json
@pass_settings
def lint(settings: Settings, what: tuple[str, ...], *, as_json: bool) -> int:
    """Check lab files (all, or those named): every mistake at once, with its place.

    Exits with 1 if there is an error.
    """
    from labctl.errors import UsageError
    from labctl.library.lint import lint as check

    screen, library = settings.screen, settings.library()
    folders = [_folder(library, each) for each in what] or list(library.folders())
    if not folders:
        raise UsageError("There is no lab to check.", "`labctl labs list` shows the labs.")
    around = None if what else library.surroundings()
    found = [finding for folder in folders for finding in check(folder, around)]
    if as_json:
        screen.json(found)
    else:
        for finding in found:
            screen.line(str(finding))
    return _summary(settings, len(folders), found)


def _summary(settings: Settings, labs: int, found: list[Finding]) -> int:
    errors = sum(one.level == "error" for one in found)
    warnings = len(found) - errors
    what = plural(labs, "lab")
    if not found:
        settings.screen.say(f"✓ {what} checked, nothing wrong", "green")
    else:
        told = f"{plural(errors, 'error')}, {plural(warnings, 'warning')}"
        settings.screen.say(f"{what} checked: {told}")
    return FOUND_PROBLEMS if errors else 0


def _folder(library: Library, what: str) -> Path:
    """The folder that a path or an id names: a path wins where both could be meant."""
    path = Path(what)
    if path.name == "lab.yaml":
        path = path.parent
    if "/" in what or path.is_dir():
        return path
    return library.folder(what)


@labs.command()
@pass_settings
def schema(settings: Settings) -> None:
    """Print the JSON Schema of lab files, for editors."""
    from labctl.library.schema import json_schema

    settings.screen.json(json_schema())


for _command in (new, import_lab, verify, mutate, approve, checks, coverage):
    labs.add_command(_command)
