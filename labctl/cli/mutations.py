"""`labctl labs mutate`: how it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from labctl.cli.words import plural

if TYPE_CHECKING:
    from labctl.cli.screen import Bar, Screen
    from labctl.cli.settings import Settings
    from labctl.verification import MutantResult

FOUND_PROBLEMS = 1


def show_mutants(settings: Settings, names: Sequence[str], jobs: int, *, as_json: bool) -> int:
    """Leave lines out, lab after lab, with live progress; 1 if a loss goes unnoticed."""
    from labctl.verification import mutate, unexplained

    screen = settings.screen
    settings.when_interrupted = "`labctl gc` removes hosts that are left."
    found: list[MutantResult] = []
    with settings.controller(lambda _session, _line: None) as controller:
        for name in names:
            with screen.bar() as bar:
                counted = _Counted(bar, name)
                found += mutate(
                    controller, name, jobs=jobs, progress=counted.one, begin=counted.begin
                )
    wrong = unexplained(found)
    if as_json:
        screen.json({"ok": not wrong, "results": tuple(found)})
    else:
        _show(screen, found, wrong)
    return FOUND_PROBLEMS if wrong else 0


class _Counted:
    """How many lines of a lab have been tried."""

    def __init__(self, bar: Bar, lab: str) -> None:
        self._bar = bar
        self._lab = lab
        self._total = 0
        self._done = 0

    def begin(self, total: int) -> None:
        """How many lines there are."""
        self._total = total
        self._bar.begin(total)

    def one(self, result: MutantResult) -> None:
        """One more has been tried."""
        self._done += 1
        told = f"{self._lab}: {self._done} of {plural(self._total, 'line')}"
        self._bar.step(f"{told}, {result.script}:{result.line.first} {result.fate}", self._done)


def _show(screen: Screen, found: Sequence[MutantResult], wrong: Sequence[MutantResult]) -> None:
    for (lab, script), rows in groupby(wrong, key=lambda one: (one.lab, one.script)):
        screen.show(screen.text(f"{lab}: {script}", "bold"))
        for one in rows:
            text = " ".join(one.line.text.split())
            screen.show(f"  {one.line.first}: {text}")
            if one.fate == "problem":
                screen.show(screen.text(f"     could not be tried: {one.detail}", "magenta"))
            else:
                screen.show(screen.text("     no check notices when this line is missing", "red"))
    fates = Counter(one.fate for one in found)
    told = ", ".join(f"{number} {fate}" for fate, number in sorted(fates.items()))
    screen.show(f"{plural(len(found), 'line')} left out, one at a time: {told}")
    if any(one.fate == "unnoticed" for one in found):
        screen.say("Add a check, or explain the line: a comment `# unchecked: why` on it or above.")
