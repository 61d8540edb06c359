"""`labctl labs mutate`: how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from labctl.cli.words import plural

if TYPE_CHECKING:
    from labctl.cli.screen import Bar, Screen
    from labctl.cli.settings import Settings
    from labctl.verification import MutantResult

FOUND_PROBLEMS = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """The solutions of which labs to look at (all where none is named)."""

    labs: Sequence[str]
    jobs: int
    resume: bool = False


def show_mutants(settings: Settings, wanted: Wanted, file: Path | None, *, as_json: bool) -> int:
    """Leave lines out, with live progress; 1 if a loss goes unnoticed.

    What has been found is shown, and written to `file` where one is given, also after Ctrl-C.
    """
    from labctl.errors import UsageError
    from labctl.verification import mutate

    settings.when_interrupted = "The same command with `--resume` goes on where this stopped."
    chosen = wanted.labs or [each.id for each in settings.library().list()]
    if not chosen:
        raise UsageError("There is no lab to look at.", "`labctl labs list` shows the labs.")
    found = _Found(settings.screen)
    try:
        with (
            settings.controller(lambda _session, _line: None) as controller,
            settings.screen.bar() as found.bar,
        ):
            found.results = list(
                mutate(
                    controller,
                    chosen,
                    jobs=wanted.jobs,
                    resume=wanted.resume,
                    progress=found.one,
                    begin=found.begin,
                )
            )
    except KeyboardInterrupt:
        found.in_order(chosen)
        found.tell(file, as_json=as_json)
        raise
    return found.tell(file, as_json=as_json)


@dataclass
class _Found:
    """What has come of the lines so far."""

    screen: Screen
    bar: Bar | None = None
    total: int = 0
    results: list[MutantResult] = field(default_factory=list)

    def begin(self, total: int) -> None:
        """How many lines there are."""
        self.total = total
        if self.bar:
            self.bar.begin(total)

    def one(self, result: MutantResult) -> None:
        """One more has been tried."""
        self.results.append(result)
        if self.bar:
            done = len(self.results)
            what = f"{result.script}:{result.line.first} {result.fate}"
            told = f"[{done}/{self.total}] {result.lab}: {what}"
            self.bar.step(told + (" (found earlier)" if result.resumed else ""), done)

    def in_order(self, labs: Sequence[str]) -> None:
        """Put what came in any order into that of labs, scripts and lines."""
        self.results.sort(key=lambda one: (labs.index(one.lab), one.script, one.line.first))

    def tell(self, file: Path | None, *, as_json: bool) -> int:
        """Show and write down all of it; 1 if anything wants attention."""
        from labctl.verification import unexplained
        from labctl.verification.mutation_report import json_text, text_of

        wrong = unexplained(self.results)
        if file is not None:
            report = json_text if file.suffix == ".json" else text_of
            file.write_text(report(self.results, self.total), "utf-8")
            self.screen.say(f"The report is in `{file}`.")
        if as_json:
            complete = len(self.results) == self.total
            told = {"ok": complete and not wrong, "complete": complete, "results": self.results}
            self.screen.json(told)
        else:
            _show(self.screen, self.results, wrong, self.total)
        return FOUND_PROBLEMS if wrong else 0


def _show(
    screen: Screen, found: Sequence[MutantResult], wrong: Sequence[MutantResult], total: int
) -> None:
    from labctl.verification.mutation_report import counted

    for (lab, script), rows in groupby(wrong, key=lambda one: (one.lab, one.script)):
        screen.show(screen.text(f"{lab}: {script}", "bold"))
        for one in rows:
            text = " ".join(one.line.text.split())
            screen.show(f"  {one.line.first}: {text}")
            if one.fate == "problem":
                screen.show(screen.text(f"     could not be tried: {one.detail}", "magenta"))
            else:
                screen.show(screen.text("     no check notices when this line is missing", "red"))
    number = plural(total, "line")
    if len(found) < total:
        number = f"{len(found)} of {number}"
    screen.show(f"{number} left out, one at a time: {counted(found)}")
    if any(one.fate == "unnoticed" for one in found):
        screen.say("Add a check, or explain the line: a comment `# unchecked: why` on it or above.")
