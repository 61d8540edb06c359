"""`labctl labs verify`: how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labctl.cli.words import plural, seconds

if TYPE_CHECKING:
    from labctl.cli.screen import Bar, Screen
    from labctl.cli.settings import Settings
    from labctl.verification import CaseResult, Report

FOUND_PROBLEMS = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases to try: of these labs (all where none is named), with how many seeds."""

    labs: Sequence[str]
    seeds: int
    cases: Sequence[str]
    jobs: int
    resume: bool = False


def prove(settings: Settings, wanted: Wanted, file: Path | None, *, as_json: bool) -> int:
    """Verify the labs with live progress; 1 if any verdict was not as expected.

    The report is also written to `file`, where one is given.
    """
    from labctl.errors import UsageError
    from labctl.verification import verify
    from labctl.verification.report import json_text, text_of

    screen = settings.screen
    settings.when_interrupted = "The same command with `--resume` goes on where this stopped."
    chosen = wanted.labs or [each.id for each in settings.library().list()]
    if not chosen:
        raise UsageError("There is no lab to prove.", "`labctl labs list` shows the labs.")
    # The hosts' own narration is left out: with several cases at a time nobody could follow it.
    with settings.controller(lambda _session, _line: None) as controller, screen.bar() as bar:
        counted = _Counted(screen, bar)
        report = verify(
            controller,
            chosen,
            wanted.seeds,
            cases=wanted.cases,
            jobs=wanted.jobs,
            resume=wanted.resume,
            progress=counted.one,
            begin=counted.begin,
        )
    if file is not None:
        file.write_text(text_of(report) if file.suffix != ".json" else json_text(report), "utf-8")
        screen.say(f"The report is in `{file}`.")
    if as_json:
        screen.json({"ok": report.ok, "seconds": report.seconds, "results": report.results})
    else:
        _show(screen, report)
    return 0 if report.ok else FOUND_PROBLEMS


class _Counted:
    """Says of each case how it went, and how many are left."""

    def __init__(self, screen: Screen, bar: Bar) -> None:
        self._screen = screen
        self._bar = bar
        self._total = 0
        self._done = 0

    def begin(self, total: int) -> None:
        """How many cases there are."""
        self._total = total
        self._bar.begin(total)

    def one(self, result: CaseResult) -> None:
        """One more case has ended."""
        self._done += 1
        when = "found right earlier" if result.resumed else seconds(result.seconds)
        told = f"{'✓' if result.ok else '✗'} {_name(result)} ({when})"
        if self._screen.live:
            self._screen.say(told, "green" if result.ok else "red")
            self._bar.step(f"{self._done} of {plural(self._total, 'case')}", self._done)
        else:
            self._bar.step(f"[{self._done}/{self._total}] {told}", self._done)
        for line in _reasons(result):
            self._screen.say(f"  {line}")


def _name(result: CaseResult) -> str:
    return f"{result.lab}: {result.case}, seed {result.seed}"


def _reasons(result: CaseResult) -> list[str]:
    """What was not as expected, a line each."""
    found = [f"could not be carried out: {result.problem}"] if result.problem else []
    return found + [
        f"{each.subject}: expected {each.expected}, found {each.found}"
        for each in result.mismatches
    ]


def _show(screen: Screen, report: Report) -> None:
    wrong = [result for result in report.results if not result.ok]
    for result in wrong:
        screen.show(screen.text(f"✗ {_name(result)}", "bold red"))
        for line in _reasons(result):
            screen.show(f"  {line}")
    total = plural(len(report.results), "case")
    if wrong:
        screen.show(f"{len(wrong)} of {total} were not as expected, in {seconds(report.seconds)}")
    else:
        screen.show(f"✓ {total}, every verdict as expected, in {seconds(report.seconds)}")
