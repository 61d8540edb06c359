"""`labctl remark`, `evidence`, `audit` and `gc`: what is done with the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.sessions.remarking import Remarked
    from labctl.store import Problem

FOUND_PROBLEMS = 1


@click.command()
@click.argument("session")
@click.option("--scheme", metavar="LAB", help="Mark by this lab as it is now, not by the copy.")
@click.option("--dry-run", is_flag=True, help="Show what would change; record nothing.")
@library_option
@as_json
@pass_settings
def remark(
    settings: Settings, session: str, scheme: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Mark a hand-in again from what was observed then.

    No host is needed, nor Docker.
    The new run is recorded beside the old one. What was never observed is an error, not a guess.
    """
    from labctl.cli.grading import marking_json
    from labctl.sessions.record import standing
    from labctl.sessions.remarking import remark as again

    with settings.controller() as controller:
        found = again(controller, session, scheme=scheme, dry_run=dry_run)
        stands = standing(controller.store.session(session))
    if stands:
        found = replace(found, before=stands, after=stands)
    if as_json:
        run = {"old_run": found.old_run, "new_run": found.new_run}
        outcomes = {"before": found.before, "after": found.after, "changes": found.changes}
        told = {"session": session, **run, **outcomes}
        settings.screen.json(told | {"marking": marking_json(session, found.marking, stands)})
        return
    _show_remark(settings.screen, found)


def _show_remark(screen: Screen, found: Remarked) -> None:
    from labctl.cli.words import marks, plural, sign

    if found.changes:
        rows = [
            (each.check, sign(each.before), sign(each.after), each.found) for each in found.changes
        ]
        screen.table(("CHECK", "BEFORE", "AFTER", "FOUND"), rows)
        screen.show("", f"{plural(len(found.changes), 'verdict')} changed.")
    else:
        screen.show(f"All {len(found.marking.checks)} verdicts are what they were.")
    told = f", {marks(found.marking.marks, found.marking.available)} marks"
    arrow = sign(found.before) + screen.text(" → ") + sign(found.after)
    outcome = sign(found.after) if found.before == found.after else arrow
    screen.show(screen.text("Recommended: ") + outcome + told)
    kept = f"recorded as run {found.new_run}" if found.new_run else "nothing recorded"
    screen.say(f"Run {found.old_run} marked again; {kept}.")


@click.command()
@click.argument("session")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write it to (default: evidence/CODE here); never overwritten.",
)
@as_json
@pass_settings
def evidence(settings: Settings, session: str, output: Path | None, *, as_json: bool) -> None:
    """Write the evidence of a session as plain files.

    They are the report, the verdicts, the observations, the log, and digests of all of them.
    """
    from labctl.evidence import write_evidence

    with settings.controller() as controller:
        written = write_evidence(controller, session, output or Path("evidence") / session)
    if as_json:
        settings.screen.json(written)
        return
    settings.screen.line(str(written.folder))
    settings.screen.say(f"{len(written.files)} files; begin with `{written.folder}/report.md`.")


@click.command()
@click.argument("sessions", nargs=-1, metavar="[SESSION]...")
@as_json
@pass_settings
def audit(settings: Settings, sessions: tuple[str, ...], *, as_json: bool) -> int:
    """Check that the record adds up: sessions, sittings, the centre.

    All sessions, all sittings and the centre's own log are checked, or the sessions and sittings
    that are named; exits with 1 if something does not add up.
    """
    from labctl.cli.words import plural
    from labctl.store.records import SITTING

    screen = settings.screen
    with settings.controller() as controller:
        store = controller.store
        named = sessions or tuple(each.code for each in store.sessions())
        codes = tuple(each for each in named if not SITTING.fullmatch(each))
        rooms = tuple(each for each in named if SITTING.fullmatch(each))
        rooms = rooms if sessions else tuple(each.code for each in store.sittings.list())
        found: list[Problem] = [problem for code in codes for problem in store.audit(code)]
        found += [problem for code in rooms for problem in store.sittings.audit(code)]
        found += () if sessions else store.audit_centre()
    whose = plural(len(codes), "session")
    whose += f", of {plural(len(rooms), 'sitting')}" if rooms else ""
    whose += "" if sessions else " and of the centre"
    if as_json:
        screen.json({"sessions": codes, "sittings": rooms, "problems": found})
    for problem in found:
        if not as_json:
            screen.line(str(problem))
    if found:
        screen.say(f"✗ {plural(len(found), 'problem')} in the record of {whose}", "red")
        return FOUND_PROBLEMS
    screen.say(f"✓ the record of {whose} adds up", "green")
    return 0


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be removed; remove nothing.")
@click.option("--unknown", is_flag=True, help="Remove hosts of unknown sessions, too.")
@as_json
@pass_settings
def gc(settings: Settings, *, dry_run: bool, unknown: bool, as_json: bool) -> None:
    """Settle what is half done; remove hosts of no session."""
    from labctl.cli.settling import tell_settled
    from labctl.cli.words import plural
    from labctl.sessions.cleaning import collect_garbage

    screen = settings.screen
    settings.when_interrupted = "`labctl gc` goes on where this one ended."
    with settings.controller() as controller:
        cleaned = collect_garbage(controller, dry_run=dry_run, unknown=unknown)
    tell_settled(settings, cleaned.recovered)
    if as_json:
        screen.json(cleaned)
        return
    rows = [(each.name, each.kind, each.session or "", each.state) for each in cleaned.removed]
    verb = "would be removed" if dry_run else "removed"
    if rows:
        screen.table(("NAME", "KIND", "SESSION", "STATE"), rows)
    screen.say(f"{plural(len(rows), 'object')} {verb}, {len(cleaned.kept)} in use.")
    if cleaned.unknown:
        screen.warn(
            f"kept, though the record knows no such session: {' '.join(cleaned.unknown)}. Its "
            "work may be of a record that was replaced; `labctl gc --unknown` removes it."
        )


@click.command(hidden=True)
@pass_settings
def warden(settings: Settings) -> None:
    """Look after running sessions until none is left; `start` and `console` see to it."""
    from labctl.warden.running import keep

    with settings.controller() as controller:
        keep(controller)
