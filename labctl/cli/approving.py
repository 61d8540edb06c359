"""`labctl labs approve`, and what lists of labs say of approvals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings
from labctl.cli.words import markdown, plural, sign

if TYPE_CHECKING:
    from rich.text import Text

    from labctl.cli.screen import Screen
    from labctl.library.library import LabEntry
    from labctl.library.planning import Lab
    from labctl.plan import Plan

VARIANTS = 3

SIDE_BY_SIDE = 110
"""Columns of a terminal from which sheets stand side by side: tables in them are cut below."""


@click.command()
@click.argument("lab")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The report that `labctl labs verify LAB --report FILE.json` wrote.",
)
@click.option("--yes", is_flag=True, help="Confirm all of the checklist without being asked.")
@library_option
@as_json
@pass_settings
def approve(settings: Settings, lab: str, *, report: Path | None, yes: bool, as_json: bool) -> None:
    """Approve a lab, as it is now, for assessment.

    It shows three variants (side by side in a wide terminal), what lint says, and how the
    verification went; then it asks for each point of a checklist. What is recorded is the digest of
    the lab's files, with who approved it and when: one that changes afterwards wants another look.
    """
    from labctl.centre import approvals
    from labctl.centre.roles import Act
    from labctl.centre.staff import permit

    screen = settings.screen
    settings.when_interrupted = "Nothing was recorded."
    with settings.controller() as controller:
        permit(controller, Act.APPROVE)
        chosen = controller.library.lab(lab)
        # With --json, stdout is for the approval alone.
        _show_lint(settings, lab)
        if not as_json:
            _show_variants(screen, chosen)
        content = None if report is None else _read(report)
        _show_report(screen, chosen, content, report)
        confirmed = _confirmed(screen, approvals.CHECKLIST, yes=yes)
        found = approvals.approve(controller, chosen, confirmed, content)
    if as_json:
        screen.json(found)
    screen.say(f"✓ {lab} is approved by {found.by}, digest {found.digest[:12]}", "green")


def _show_lint(settings: Settings, lab: str) -> None:
    """What lint says; `UsageError` if a mistake is left."""
    from labctl.errors import UsageError
    from labctl.library.findings import errors_of
    from labctl.library.lint import lint

    library = settings.library()
    found = lint(library.folder(lab), library.surroundings())
    for each in found:
        settings.screen.say(str(each))
    if errors_of(found):
        raise UsageError(
            f"`{lab}` has mistakes, so it cannot be approved.", "Mend what is named above."
        )
    told = f"lint: {plural(len(found), 'warning')}" if found else "✓ lint: nothing wrong"
    settings.screen.say(told)


def _show_variants(screen: Screen, lab: Lab) -> None:
    from labctl.cli.lab_sheet import value_text
    from labctl.library.planning import plan, verification_seeds
    from labctl.sessions.task_sheet import variant_sheet

    plans = [plan(lab, seed) for seed in verification_seeds(lab, VARIANTS)[:VARIANTS]]
    heads = [f"SEED {each.seed}" for each in plans]
    screen.show("", screen.text(f"{lab.id}: {lab.title}", "bold"), plans[0].summary, "")
    names = plans[0].values
    if names:
        rows = [(name, *(value_text(each.values[name]) for each in plans)) for name in names]
        screen.table(("VALUE", *heads), rows)
    else:
        screen.show("Nothing is drawn in this lab: every candidate gets the same.")
    sheets = [markdown(variant_sheet(each)) for each in plans]
    if screen.out.width >= SIDE_BY_SIDE:
        table = screen.table_of(heads, [])
        table.add_row(*sheets)
        screen.show("", table, "")
    else:
        for head, each in zip(heads, sheets, strict=True):
            screen.show("", screen.text(head, "bold"), "", each)
        screen.show("")
    _show_marks(screen, plans[0])


def _show_marks(screen: Screen, plan: Plan) -> None:
    """What each task gives, and towards which criteria."""
    from labctl.cli.words import minutes, number

    rows = []
    for task in plan.tasks:
        marks = sum(each.marks for each in task.checks) + sum(each.marks for each in task.judged)
        rows.append((task.title, number(marks), ", ".join(task.criteria)))
    screen.table(("TASK", ">MARKS", "CRITERIA"), rows)
    screen.show("", f"Time allowed: {minutes(plan.duration)}", "")


def _read(path: Path) -> bytes:
    from labctl.errors import UsageError

    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}.") from error


def _show_report(screen: Screen, lab: Lab, content: bytes | None, path: Path | None) -> None:
    """How the verification went; `UsageError` for one that does not speak for the lab as it is."""
    from labctl.errors import UsageError
    from labctl.library.planning import plan
    from labctl.verification.cases import cases_of
    from labctl.verification.report import report_from_json

    again = f"`labctl labs verify {lab.id} --report FILE.json` writes one."
    if content is None:
        screen.warn(f"No report of a verification is given: {again}")
        return
    try:
        results = report_from_json(content.decode()).results
    except ValueError as error:
        raise UsageError(f"`{path}` is no report of a verification in JSON.", again) from error
    own = [each for each in results if each.lab == lab.id]
    if not own:
        raise UsageError(f"`{path}` says nothing of `{lab.id}`.", again)
    if any(each.digest != lab.digest for each in own):
        raise UsageError(f"`{path}` is about another version of `{lab.id}`.", again)
    wrong = [each for each in own if not each.ok]
    if wrong:
        cases = ", ".join(sorted({each.case for each in wrong}))
        raise UsageError(
            f"The verification of `{lab.id}` was not as expected in the cases {cases}.",
            f"Mend the lab, then verify it again: {again}",
        )
    tried = {each.case for each in own}
    left = [each.name for each in cases_of(plan(lab, own[0].seed)) if each.name not in tried]
    seeds = len({each.seed for each in own})
    told = f"✓ verification: {plural(len(own), 'case')} as expected, {plural(seeds, 'seed')}"
    screen.say(told, "green")
    if left:
        screen.warn(f"The report leaves out the cases {', '.join(left)}.")


def _confirmed(screen: Screen, points: Sequence[str], *, yes: bool) -> tuple[str, ...]:
    """The points that somebody says yes to; no more are asked after the first no."""
    if yes:
        return tuple(points)
    confirmed: list[str] = []
    screen.say("Confirm, or end with `n` and approve nothing:")
    for point in points:
        if not click.confirm(point, err=True):
            break
        confirmed.append(point)
    return tuple(confirmed)


# --------------------------------------------------------------------------- in lists


def standings(settings: Settings, labs: Sequence[LabEntry]) -> dict[str, dict[str, Any]]:
    """Of each lab that was ever approved: when, by whom, and whether it is the same still.

    A machine without a record is not given one for this.
    """
    from labctl.store import Home, database_url, home_path

    if database_url() is None and not Home(home_path()).database.exists():
        return {}
    from labctl.centre.approvals import approved, last_approvals
    from labctl.library.folder import FolderFault, read_folder

    found: dict[str, dict[str, Any]] = {}
    with settings.controller() as controller:
        last = last_approvals(controller.store)
        for each in labs:
            if each.id not in last or each.id in found:
                continue
            try:
                same = approved(controller.store, read_folder(Path(each.folder)).digest)
            except FolderFault:
                same = None
            told = same or last[each.id]
            state = "changed" if same is None else "approved"
            found[each.id] = {
                "standing": state,
                "by": told.by,
                "at": told.at,
                "digest": told.digest,
            }
    return found


def standing(told: dict[str, Any] | None) -> Text | str:
    """A lab's approval in a list."""
    from labctl.cli.words import clock

    if told is None:
        return "no"
    text = sign(told["standing"])
    if told["standing"] == "approved":
        text.append(f" {clock(told['at'])[:10]} by {told['by']}")
    return text
