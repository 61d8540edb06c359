"""Every case of some labs, with several seeds, and whether each came to what it expects."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labctl.errors import LabctlError, UnknownName
from labctl.library.planning import Lab, plan, verification_seeds
from labctl.plan import CasePlan
from labctl.sessions.controller import Controller
from labctl.verification.cases import UNTOUCHED, cases_of
from labctl.verification.judging import Mismatch, judge
from labctl.verification.ledger import VERIFIED, Ledger, key_of
from labctl.verification.trial import Trial, carry_out, each, throw_away


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case with one seed. `problem` is set where it could not be carried out at all.

    `resumed` says that it was found right by an earlier run, of the same lab on the same program.
    `digest` is that of the lab's folder.
    """

    lab: str
    case: str
    seed: int
    mismatches: tuple[Mismatch, ...]
    seconds: float
    problem: str = ""
    resumed: bool = False
    digest: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything was as expected."""
        return not self.mismatches and not self.problem


@dataclass(frozen=True, slots=True)
class Report:
    """All cases, in the order of labs, seeds and cases."""

    results: tuple[CaseResult, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether there was at least one case, and every one was as expected."""
        return bool(self.results) and all(result.ok for result in self.results)


Progress = Callable[[CaseResult], None]


def verify(
    controller: Controller,
    labs: Sequence[str],
    seeds: int,
    *,
    cases: Sequence[str] = (),
    jobs: int = 3,
    resume: bool = False,
    progress: Progress = lambda _: None,
    begin: Callable[[int], None] = lambda _: None,
) -> Report:
    """Prove labs on real hosts, with several seeds; `cases` limits it to these names.

    With `resume`, what an earlier run found right is not tried again, unless the lab or the program
    has changed since. `begin` is told how many cases there are. Raises `UnknownName`, or
    `LabFileError` for a lab with mistakes; whatever goes wrong with a case is that case's result.
    """
    started = time.monotonic()
    todo = [trial for name in labs for trial in _trials(controller.library.lab(name), seeds, cases)]
    begin(len(todo))
    ledger = Ledger.open(controller.home, VERIFIED, keep=resume)
    with throw_away(controller) as scratch:

        def one(trial: Trial) -> CaseResult:
            key = key_of(trial)
            if known := ledger.entry(key):
                return _result(trial, known["seconds"], resumed=True)
            result = _run(controller, scratch, trial)
            if result.ok:
                about = {"lab": result.lab, "case": result.case, "seed": result.seed}
                ledger.note(key, **about, seconds=round(result.seconds, 3))
            return result

        order = mixed([trial.lab.id for trial in todo])
        trials = [todo[number] for number in order]
        results = each(
            controller,
            one,
            trials,
            jobs,
            progress,
            in_machines=lambda trial: trial.plan.provider == "libvirt",
        )
    by_number = dict(zip(order, results, strict=True))
    in_order = tuple(by_number[number] for number in range(len(todo)))
    return Report(in_order, time.monotonic() - started)


def mixed(labs: Sequence[str]) -> list[int]:
    """The numbers of trials of these labs, one of each lab in turn.

    The trials of one lab wait at the same points (for a lease, for a router's hellos); those of
    different labs have something to do while others wait.
    """
    seen: Counter[str] = Counter()
    turns = []
    for number, lab in enumerate(labs):
        turns.append((seen[lab], number))
        seen[lab] += 1
    return [number for _, number in sorted(turns)]


def _trials(lab: Lab, seeds: int, wanted: Sequence[str]) -> list[Trial]:
    """Every case with each of the seeds asked for; with those beyond, what they are there for.

    That is the cases that name a value and have not had their turn, and for each new value the
    untouched lab and the model solution. Wrong answers that ask for no value have had theirs.
    """
    trials: list[Trial] = []
    known: set[str] = set()
    for number, seed in enumerate(verification_seeds(lab, seeds)):
        planned = plan(lab, seed)
        for case in cases_of(planned):
            new = case.name not in known
            known.add(case.name)
            due = new or number < seeds or _always(case)
            if due and (not wanted or case.name in wanted):
                trials.append(Trial(lab, planned, case, lab.folder))
    for name in wanted:
        if name not in known:
            raise UnknownName(f"case of `{lab.id}`", name, known)
    return trials


def _always(case: CasePlan) -> bool:
    return case.name == UNTOUCHED.name or case.outcome == "achieved"


def _run(controller: Controller, scratch: Controller, trial: Trial) -> CaseResult:
    """One case, from new hosts to none; what goes wrong is in the result."""
    started = time.monotonic()
    mismatches: tuple[Mismatch, ...] = ()
    problem = ""
    try:
        marking = carry_out(controller, scratch, trial)
        mismatches = judge(trial.plan, trial.case, marking)
    except (LabctlError, TimeoutError) as error:
        problem = str(error)
    return _result(trial, time.monotonic() - started, mismatches, problem)


def _result(
    trial: Trial,
    seconds: float,
    mismatches: tuple[Mismatch, ...] = (),
    problem: str = "",
    *,
    resumed: bool = False,
) -> CaseResult:
    lab, name, seed = trial.lab, trial.case.name, trial.plan.seed
    return CaseResult(lab.id, name, seed, mismatches, seconds, problem, resumed, lab.digest)
