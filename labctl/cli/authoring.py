"""`labctl labs new`, `import`, `verify` and the like, for those who write labs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings

MOST_JOBS = 32
JOBS = min(MOST_JOBS, 4 * (os.cpu_count() or 1))
"""Trials at a time, where nothing else is asked for: most of them wait most of the time."""
JOBS_TOLD = "4 for each processor"
"""What `--help` says of it, the same on every machine."""


@click.command()
@click.argument("lab_id", metavar="ID")
@click.option(
    "--area",
    type=click.Choice(["networking", "linux", "hardware", "web"]),
    required=True,
    help="The area that the lab belongs to.",
)
@click.option("--level", type=click.IntRange(2, 4), required=True, help="The level: 2, 3 or 4.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The library to write to (default: that of --library, or the folder you are in).",
)
@library_option
@pass_settings
def new(settings: Settings, lab_id: str, area: str, level: int, folder: Path | None) -> None:
    """Write a new lab to begin with, one that lints and verifies as it is."""
    from labctl.library.scaffold import scaffold

    library = folder or (settings.libraries[0] if settings.libraries else Path())
    made = scaffold(library, lab_id, area, level)
    screen = settings.screen
    screen.line(str(made))
    option = f"--library {library}"
    screen.say(f"Edit `{made}/lab.yaml`, then:")
    screen.say(f"  labctl labs lint {made}")
    screen.say(f"  labctl labs {option} verify {lab_id} --seeds 1")


@click.command()
@click.argument("names", nargs=-1, metavar="[LAB]...")
@click.option("--all", "every", is_flag=True, help="Prove every lab that there is.")
@click.option(
    "--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="How many seeds."
)
@click.option("--case", "cases", multiple=True, metavar="NAME", help="This case alone; repeatable.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    default=JOBS,
    show_default=JOBS_TOLD,
    help="Cases at a time.",
)
@click.option("--resume", is_flag=True, help="Go on where an earlier run was stopped.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write a report: Markdown, or JSON where FILE ends in `.json`.",
)
@library_option
@as_json
@pass_settings
def verify(
    settings: Settings,
    names: tuple[str, ...],
    seeds: int,
    cases: tuple[str, ...],
    jobs: int,
    *,
    every: bool,
    resume: bool,
    report: Path | None,
    as_json: bool,
) -> int:
    """Prove labs on real hosts: solution, untouched and wrong answers, with exact verdicts.

    With `--resume`, cases that an earlier run found right are not tried again, unless the lab or
    the program has changed since. Exits with 1 if any verdict was not the expected one.
    """
    if bool(names) == every:
        raise click.UsageError("Name the labs to prove, or give `--all`.")
    from labctl.cli.proving import Wanted, prove

    wanted = Wanted(names, seeds, cases, jobs, resume=resume)
    return prove(settings, wanted, report, as_json=as_json)


@click.command()
@click.argument("names", nargs=-1, metavar="[LAB]...")
@click.option("--all", "every", is_flag=True, help="Look at every lab that there is.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    default=JOBS,
    show_default=JOBS_TOLD,
    help="Trials at a time.",
)
@click.option("--resume", is_flag=True, help="Go on where an earlier run was stopped.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write a report: Markdown, or JSON where FILE ends in `.json`.",
)
@library_option
@as_json
@pass_settings
def mutate(
    settings: Settings,
    names: tuple[str, ...],
    jobs: int,
    *,
    every: bool,
    resume: bool,
    report: Path | None,
    as_json: bool,
) -> int:
    """Leave out lines of the solution and see which no check misses.

    A line that needs no check says so in a comment, `# unchecked: why`, on it or right above it.
    With `--resume`, what an earlier run found out is not tried again, unless the lab or the program
    has changed since. Exits with 1 if a line's loss goes unnoticed without an explanation.
    """
    if bool(names) == every:
        raise click.UsageError("Name the labs to look at, or give `--all`.")
    from labctl.cli.mutations import Wanted, show_mutants

    wanted = Wanted(names, jobs, resume=resume)
    return show_mutants(settings, wanted, report, as_json=as_json)


@click.command("import")
@click.argument("tool", type=click.Choice(["kathara", "containerlab"]))
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--id", "lab_id", help="The lab's id (default: the scenario's name).")
@click.option("--level", type=click.IntRange(2, 4), default=3, show_default=True)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The library to write to (default: that of --library, or the folder you are in).",
)
@library_option
@as_json
@pass_settings
def import_lab(
    settings: Settings,
    tool: str,
    source: Path,
    *,
    lab_id: str | None,
    level: int,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Make a lab of a scenario of another tool: its topology and set-up, ready for tasks.

    SOURCE is the folder of a Kathará scenario, or a containerlab topology file. What has no place
    in a lab is listed, and stands in the lab file as a comment.
    """
    from labctl.cli.importing import bring_in
    from labctl.library.importing import Place

    library = folder or (settings.libraries[0] if settings.libraries else Path())
    bring_in(
        settings,
        tool,
        source,
        lambda name: Place(library, "networking", lab_id or name, level),
        as_json=as_json,
    )


@click.command()
@click.argument("kind", required=False, metavar="[TYPE]")
@as_json
@pass_settings
def checks(settings: Settings, kind: str | None, *, as_json: bool) -> None:
    """List the check types, or show how one is written."""
    from labctl.cli.check_sheet import show_types

    show_types(settings.screen, kind, as_json=as_json)


@click.command()
@click.option("--gaps", is_flag=True, help="Only what no lab gives evidence towards.")
@library_option
@as_json
@pass_settings
def coverage(settings: Settings, *, gaps: bool, as_json: bool) -> None:
    """Show which criteria have labs, and which have none."""
    from labctl.cli.coverage_sheet import sheet
    from labctl.library.coverage import coverage as covered

    library = settings.library()
    labs = [library.lab(each.id) for each in library.list()]
    rows = covered(library.surroundings().catalogue, labs)
    shown = tuple(row for row in rows if not (gaps and row.labs))
    if as_json:
        settings.screen.json(shown)
        return
    sheet(settings.screen, shown, rows)
