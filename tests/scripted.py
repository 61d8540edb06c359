"""Checks and an observer that do what a test tells them, for tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import ConfigDict

from checkers.check import Check, CheckType, ask, failed, passed
from checkers.engine import Clock, PlannedCheck, Wanted
from checkers.model import (
    AnyProbe,
    Failure,
    File,
    FileResult,
    Observation,
    Phase,
    Subject,
    Vantage,
    Verdict,
)

Script = Callable[[Subject], Any]
Answer = Callable[[AnyProbe, int], FileResult | Failure]

PASS = passed(expected="this", found="this")
FAIL = failed(expected="this", found="that")


class Scripted(CheckType):
    """A check that runs a function of the test's."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)
    kind: ClassVar[str] = "scripted"
    script: Script

    def run(self, subject: Subject) -> Check:
        return self.script(subject)  # type: ignore[no-any-return]  # some return what is no check


def file(name: str, host: str = "pc") -> File:
    return File(host, name.encode())


def looks_at(*names: str) -> Script:
    """Asks for one file after the other; passes if the last is there, fails if it is not."""

    def script(subject: Subject) -> Check:
        result = FileResult(None)
        for name in names:
            result = yield from ask(file(name, subject.host))
        return PASS if result.type else FAIL

    return script


def returns(verdict: Any, *names: str) -> Script:
    """Asks for files and returns whatever the test says."""

    def script(subject: Subject) -> Check:
        for name in names:
            yield from ask(file(name, subject.host))
        return verdict  # type: ignore[no-any-return]  # on purpose

    return script


def planned(name: str, script: Script, **options: Any) -> PlannedCheck:
    options.setdefault("phase", Phase.STATE)
    return PlannedCheck(name, Scripted(script=script), Subject("pc"), **options)


def there(probe: AnyProbe, time: int) -> FileResult | Failure:
    """Everything is there."""
    return FileResult("file", size=time)


@dataclass
class FakeObserver:
    """Answers by a function of the probe and of how often it was asked; keeps all rounds."""

    answer: Answer = there
    merges: bool = True
    rounds: list[tuple[Wanted, ...]] = field(default_factory=list)
    asked: dict[AnyProbe, int] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None

    def observe(self, wanted: Sequence[Wanted]) -> Sequence[Observation]:
        self.before()
        self.rounds.append(tuple(wanted))
        return [self._one(want.probe) for want in wanted]

    def _one(self, probe: AnyProbe) -> Observation:
        number = self.asked[probe] = self.asked.get(probe, 0) + 1
        answer = self.answer(probe, number)
        if isinstance(answer, Failure):
            return Observation(probe, Vantage.BESIDE, 0.0, failure=answer)
        return Observation(probe, Vantage.BESIDE, 0.0, result=answer)


@dataclass
class FakeClock:
    """A clock that moves only when somebody waits."""

    time: float = 100.0
    waits: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.wait)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


def texts(verdict: Verdict) -> str:
    return f"{verdict.status}: {verdict.found}"
