"""`labctl people`: the candidates behind the codes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings
from labctl.cli.words import plural

if TYPE_CHECKING:
    from labctl.centre.importing import Import
    from labctl.cli.screen import Screen
    from labctl.library.findings import Finding


@click.group()
def people() -> None:
    """Say who is behind the candidates' codes.

    Names, dates of birth and learner numbers stand in one table, which can be erased; the record
    of sessions and all hosts know the codes alone.
    """


@people.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Which column has a field."
)
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@library_option
@as_json
@pass_settings
def import_people(
    settings: Settings, file: Path, *, pairs: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Import a roster: CSV, in whatever spelling a spreadsheet writes it.

    Every mistake is named at once, as file:line:column, and then nothing is imported. Importing
    again brings what is known up to the roster: an empty cell empties a field, a missing column
    leaves it as it is, and who is not in the roster stays.

    \b
    code            the candidate's code, as sessions know it
    name            two columns may be joined: --map name="First name + Last name"
    cohort          whom `labctl start LAB --cohort NAME` takes
    learner_number  ten digits, the last of which checks the others
    birth, registered            dates: 2001-04-03 or 03/04/2001 (day first)
    enrolment, qualification, units
    extra_time      in percent
    rest_breaks     yes or no
    arrangements    other access arrangements, in words
    """  # noqa: D301  # click wants the backspace itself: it keeps the lines as they are
    from labctl.centre.columns import mapping
    from labctl.centre.importing import import_roster
    from labctl.centre.table import LARGEST
    from labctl.errors import UsageError

    try:
        with file.open("rb") as source:
            content = source.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {error.strerror}.") from error
    with settings.controller() as controller:
        found = import_roster(
            controller,
            content,
            str(file),
            columns=mapping(pairs),
            today=datetime.now(UTC).date(),
            dry_run=dry_run,
        )
    if as_json:
        settings.screen.json(found)
    elif dry_run:
        _preview(settings.screen, found)
    _summary(settings.screen, found, dry_run=dry_run)


def _preview(screen: Screen, found: Import) -> None:
    """What would change, a line each."""
    rows = [(each.code, "new", each.name) for each in found.added]
    rows += [
        (each.code, "changed", "; ".join(_moved(*told) for told in each.fields.items()))
        for each in found.changed
    ]
    if rows:
        screen.table(("CODE", "", "WHAT"), rows)


def _moved(field: str, values: tuple[Any, Any]) -> str:
    from labctl.centre.candidates import FIELDS

    before, after = (_shown(each) or "nothing" for each in values)
    return f"{FIELDS[field]}: {before} → {after}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value or "")


def _summary(screen: Screen, found: Import, *, dry_run: bool) -> None:
    for line in _grouped(found.warnings):
        screen.warn(line)
    if found.unused:
        screen.say(f"Nothing is taken from the columns {', '.join(found.unused)}.")
    if not found.encoding.startswith("UTF"):
        screen.say(f"Read as {found.encoding}: look whether names have the right letters.")
    told = f"{len(found.added)} added, {len(found.changed)} changed"
    rest = found.rows - len(found.added) - len(found.changed)
    absent = f"; {found.absent} more on record, not in this roster" if found.absent else ""
    verb = "would be " if dry_run else ""
    screen.say(f"{plural(found.rows, 'row')}: {verb}{told}, {rest} as they were{absent}.")


def _grouped(findings: tuple[Finding, ...]) -> list[str]:
    """Each warning once, at the first place that it holds for."""
    places: dict[str, list[Finding]] = {}
    for each in findings:
        places.setdefault(each.message, []).append(each)
    return [
        f"{found[0].file}:{found[0].line}:{found[0].column}: {message}"
        + (f" (so are {plural(len(found) - 1, 'more row')})" if len(found) > 1 else "")
        for message, found in places.items()
    ]


@people.command("list")
@click.option("--cohort", metavar="NAME", help="Only this cohort.")
@as_json
@pass_settings
def list_people(settings: Settings, cohort: str | None, *, as_json: bool) -> None:
    """Show who is on the roster."""
    from labctl.centre.candidates import candidates

    screen = settings.screen
    with settings.controller() as controller:
        found = candidates(controller, cohort)
    if as_json:
        screen.json(found)
    elif found:
        rows = [
            (each.code, each.name, each.cohort, each.qualification, each.access) for each in found
        ]
        screen.table(("CODE", "NAME", "COHORT", "QUALIFICATION", "ACCESS"), rows)
    else:
        screen.say("Nobody is on the roster: `labctl people import FILE` reads one.")


@people.command()
@click.argument("code")
@as_json
@pass_settings
def show(settings: Settings, code: str, *, as_json: bool) -> None:
    """Show what is known of a candidate, and their sessions."""
    from labctl.centre.candidates import FIELDS, candidate
    from labctl.cli.screen import plain_json
    from labctl.cli.words import clock, sign
    from labctl.store import SessionFilter

    screen = settings.screen
    with settings.controller() as controller:
        found = candidate(controller, code)
        sessions = controller.store.sessions(SessionFilter(candidate=code))
    if as_json:
        screen.json(plain_json(found) | {"sessions": [each.code for each in sessions]})
        return
    rows = [(told, _shown(getattr(found, field))) for field, told in FIELDS.items()]
    screen.table(("FIELD", "VALUE"), [(told, value) for told, value in rows if value])
    if sessions:
        screen.show("")
        screen.table(
            ("SESSION", "LAB", "ATTEMPT", "STATE", "FROM"),
            [
                (each.code, each.lab, str(each.attempt), sign(each.state), clock(each.created))
                for each in sessions
            ],
        )


@people.command()
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def erase(settings: Settings, codes: tuple[str, ...], *, yes: bool) -> None:
    """Forget who codes stand for, for good.

    Sessions and their log stay: they know the codes alone. `staff:ACCOUNT` erases the name of
    somebody who is or was on the staff.
    """
    from labctl.centre.candidates import erase as forget

    chosen = tuple(dict.fromkeys(codes))
    if not yes:
        click.confirm(
            f"What is known of {', '.join(chosen)} goes away for good. Erase it?",
            abort=True,
            err=True,
        )
    with settings.controller() as controller:
        forget(controller, chosen)
    settings.screen.say(f"Erased: {', '.join(chosen)}. Backups have it until they are renewed.")
