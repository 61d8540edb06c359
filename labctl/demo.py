"""A real assessment from start to finish: three candidates, graded side by side, and cleared away.

The first is given the model solution, the second a typical wrong answer, the third does nothing.
What the program makes of them is compared with what the lab's own cases expect.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from labctl.errors import ProviderError, UsageError
from labctl.evidence import write_evidence
from labctl.marking import Marking
from labctl.plan import CasePlan, Plan
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.side_by_side import AT_ONCE, Outcome, side_by_side
from labctl.sessions.starting import Started, StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.verification import apply_case, judge
from labctl.verification.cases import UNTOUCHED

LAB = "static-routing"
CANDIDATES = ("amy", "bilal", "chen")
SOLUTION = "solution"
PREFERRED = ("no-return", "wrong-mask")
"""The wrong answer that is shown: the first of these that the lab has, else its first."""

Tell = Callable[[str, str], None]
"""Called with a session's code and a short line, from any thread."""

Count = Callable[[str, int, int], None]
"""Called with a session's code, how many checks are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Graded:
    """One candidate's assessment. `surprises` says in what it was not as the lab expects."""

    candidate: str
    session: str
    case: str
    marking: Marking
    seconds: float
    evidence: Path
    surprises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demonstration came to."""

    lab: str
    title: str
    graded: tuple[Graded, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether everything was as the lab expects."""
        return bool(self.graded) and not any(each.surprises for each in self.graded)


def run_demo(
    controller: Controller, folder: Path, count: Count = lambda _code, _done, _total: None
) -> Demo:
    """Run the demonstration; evidence goes into `folder`, one folder a session.

    Whatever happens, its hosts are removed before it returns. Raises `LabctlError` for whatever
    kept a session from being started or graded.
    """
    began = time.monotonic()
    codes: list[str] = []
    try:
        # Practice: nobody is assessed, so it uses no attempt and takes no approved lab.
        request = StartRequest(LAB, CANDIDATES, "practice", beyond_limit="a demonstration")
        started = start(controller, request)
        codes = [each.session for each in started if each.session]
        _demand_all(started)
        title = record.load(controller.store, codes[0]).plan.title
        cases = _cases(controller, codes)

        def one(code: str) -> Graded:
            return _assess(controller, code, cases[code], folder, count=count, began=began)

        outcomes = side_by_side(controller, codes, one)
    finally:
        _clear(controller, codes)
    return Demo(LAB, title, _all_graded(outcomes), time.monotonic() - began)


def _demand_all(started: tuple[Started, ...]) -> None:
    for each in started:
        if each.session is None:
            raise ProviderError(f"{each.candidate}: {each.problem}", each.hint)


def _cases(controller: Controller, codes: list[str]) -> dict[str, CasePlan]:
    """What each session's candidate does."""
    plans = [record.load(controller.store, code).plan for code in codes]
    return {
        codes[0]: _named(plans[0], SOLUTION),
        codes[1]: wrong_answer(plans[1]),
        codes[2]: _named(plans[2], UNTOUCHED.name),
    }


def _named(plan: Plan, name: str) -> CasePlan:
    for case in (*plan.cases, UNTOUCHED):
        if case.name == name:
            return case
    raise UsageError(f"The lab `{plan.lab}` has no case `{name}` to show.")


def wrong_answer(plan: Plan) -> CasePlan:
    """A typical wrong answer of the lab; raises `UsageError` if it has none."""
    wrong = [case for case in plan.cases if case.name not in (SOLUTION, UNTOUCHED.name)]
    wrong = [case for case in wrong if case.outcome != "achieved" and case.fails]
    if not wrong:
        raise UsageError(f"The lab `{plan.lab}` has no wrong answer to show.")
    liked = [case for name in PREFERRED for case in wrong if case.name.startswith(name)]
    return (liked or wrong)[0]


def _assess(
    controller: Controller, code: str, case: CasePlan, folder: Path, *, count: Count, began: float
) -> Graded:
    """What one candidate does, the hand-in, and the evidence of it."""
    session = record.load(controller.store, code)
    controller.tell(code, f"works: {case.name}")
    apply_case(controller, code, case)
    controller.go_on()
    total, done = len(session.plan.checks), 0

    def progress(_result: object) -> None:
        nonlocal done
        done += 1
        count(code, done, total)

    controller.tell(code, "hands in")
    marking = submit(controller, code, progress)
    seconds = time.monotonic() - began
    written = write_evidence(controller, code, folder / code)
    surprises = tuple(
        f"{each.subject}: expected {each.expected}, found {each.found}"
        for each in judge(session.plan, case, marking)
    )
    candidate = session.record.candidate
    return Graded(candidate, code, case.name, marking, seconds, written.folder, surprises)


def _all_graded(outcomes: tuple[Outcome[Graded], ...]) -> tuple[Graded, ...]:
    for each in outcomes:
        if each.error is not None:
            raise each.error
    return tuple(each.value for each in outcomes if each.value is not None)


def _clear(controller: Controller, codes: list[str]) -> None:
    """Remove the hosts of all sessions; raises the first error, after all have been tried."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(stop, controller, code) for code in codes]
    for future in futures:
        future.result()
