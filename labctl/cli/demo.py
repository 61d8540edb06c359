"""`labctl demo`: how the demonstration is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from rich.text import Text

    from labctl.cli.screen import Screen
    from labctl.demo import Demo, Graded

NOT_AS_EXPECTED = 1


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("evidence"),
    show_default=True,
    help="The folder for the evidence.",
)
@as_json
@pass_settings
def demo(settings: Settings, output: Path, *, as_json: bool) -> int:
    """Run a real assessment from start to finish.

    Three candidates take a lab side by side and are graded; then everything is cleared away.
    """
    screen = settings.screen
    settings.when_interrupted = "The hosts are removed; `labctl gc` shows whether any is left."
    found = _run(settings, output)
    if as_json:
        screen.json(found)
    else:
        _show(screen, found)
    return 0 if found.ok else NOT_AS_EXPECTED


def _run(settings: Settings, output: Path) -> Demo:
    from labctl.cli.board import Board, counted
    from labctl.cli.settling import settle
    from labctl.cli.starting import named_on
    from labctl.demo import CANDIDATES, LAB, run_demo

    screen = settings.screen
    with settings.controller() as controller:
        settle(settings, controller)
        screen.say(f"Three candidates take `{LAB}` side by side: {', '.join(CANDIDATES)}.")
        screen.say("The first works like the model solution, the second makes a usual mistake,")
        screen.say("the third does nothing.")
        with Board(screen) as board:
            controller.tell = tell = named_on(controller, board)

            def count(code: str, done: int, total: int) -> None:
                if screen.live:
                    tell(code, counted(done, total))

            return run_demo(controller, output, count)


def _show(screen: Screen, found: Demo) -> None:
    from labctl.cli.words import seconds

    screen.show("", screen.text(found.title, "bold"), "")
    _table(screen, found)
    _why(screen, found.graded[1])
    screen.show("")
    for each in found.graded:
        screen.show(f"Evidence for {each.candidate}: {each.evidence}/")
    for each in found.graded:
        for surprise in each.surprises:
            screen.show(screen.text(f"✗ {each.candidate} ({each.case}): {surprise}", "red"))
    if not found.ok:
        screen.error("The assessment did not come out as the lab expects.")
    else:
        screen.say(f"✓ All as the lab expects, in {seconds(found.seconds)}; the hosts are gone.")
    _next(screen, found)


def _table(screen: Screen, found: Demo) -> None:
    """Candidates by tasks: marks, recommended outcome, time taken."""
    from labctl.cli.words import marks, seconds, sign

    tasks = found.graded[0].marking.tasks
    rows: list[tuple[str | Text, ...]] = [
        (
            each.candidate,
            *(_cell(screen, task.marks, task.available, task.open) for task in each.marking.tasks),
            marks(each.marking.marks, each.marking.available),
            sign(each.marking.outcome),
            seconds(each.seconds),
        )
        for each in found.graded
    ]
    numbers = [f">{number}" for number in range(1, len(tasks) + 1)]
    screen.table(("CANDIDATE", *numbers, ">MARKS", "RECOMMENDED", ">TIME"), rows)
    screen.show("")
    for number, task in enumerate(tasks, 1):
        screen.show(screen.text(f"{number}  {task.title}", "dim"))


def _cell(screen: Screen, earned: float, available: float, waiting: int) -> Text:
    from labctl.cli.words import marks

    if waiting:
        return screen.text(f"? {marks(earned, available)}", "magenta")
    full = earned >= available
    return screen.text(
        f"{'✓' if full else '✗'} {marks(earned, available)}", "green" if full else "red"
    )


def _why(screen: Screen, graded: Graded) -> None:
    """Why the second candidate did not achieve: a line for each check that failed."""
    from labctl.cli.verdicts import because
    from labctl.cli.words import plural

    screen.show("", screen.text(f"Why {graded.candidate} has not achieved yet:", "bold"))
    for check in graded.marking.checks:
        if check.status == "failed":
            told = because(check.expected, check.found)
            sign = screen.text("").append("✗ ", "red")
            screen.show(sign + screen.text(f"{check.title}: {told}"))
    blocked = sum(check.status == "blocked" for check in graded.marking.checks)
    if blocked:
        screen.show(screen.text(f"⊘ {plural(blocked, 'more check')} needed that, and earn nothing"))


def _next(screen: Screen, found: Demo) -> None:
    code = found.graded[1].session
    screen.say("")
    screen.say("What to type next:", "bold")
    for command, what in (
        (f"labctl show {code}", "one of them, with every verdict"),
        (f"labctl remark {code}", "mark it again from what was observed"),
        ("labctl sessions --all", "the sessions that there were"),
        ("labctl labs list", "which labs there are"),
    ):
        screen.say(f"  {command.ljust(23)} {what}")
    screen.say("  labctl start static-routing --candidate me --practice")
