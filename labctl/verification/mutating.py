"""What the checks of a lab would miss: its solution with one line left out, for every line.

A line whose loss no check notices is either something that the lab asks for and does not look at,
or needs the explanation that `lines` describes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from checkers.model import Blame, Status
from labctl.errors import LabctlError, UsageError
from labctl.library.folder import Folder
from labctl.library.planning import Lab, plan, verification_seeds
from labctl.marking import Marking
from labctl.sessions.controller import Controller
from labctl.sessions.scripts import ScriptFailed
from labctl.verification.ledger import MUTATED, Ledger, key_of
from labctl.verification.lines import ScriptLine, droppable, without
from labctl.verification.trial import Noticed, Trial, carry_out, each, throw_away

SOLUTION = "solution"

Fate = Literal["noticed", "unnoticed", "explained", "problem"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A script without one of its lines, and the trials in which it is run."""

    script: str
    line: ScriptLine
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class MutantResult:
    """What came of leaving a line out.

    `fate` is `noticed` (by the checks in `by`, or because the script broke off), `unnoticed`,
    `explained` (not tried: `detail` is the script's explanation) or `problem` (could not be tried).
    `resumed` says that an earlier run found it, of the same lab on the same program.
    """

    lab: str
    script: str
    line: ScriptLine
    fate: Fate
    by: tuple[str, ...] = ()
    detail: str = ""
    seconds: float = 0.0
    resumed: bool = False


def mutate(
    controller: Controller,
    labs: Sequence[str],
    *,
    jobs: int = 3,
    resume: bool = False,
    progress: Callable[[MutantResult], None] = lambda _: None,
    begin: Callable[[int], None] = lambda _: None,
) -> tuple[MutantResult, ...]:
    """Leave out every line of the solutions' scripts in turn, on real hosts.

    With `resume`, what an earlier run found out is not tried again, unless the lab or the program
    has changed since; what could not be tried is. `begin` is told how many lines there are. Raises
    `UnknownName`, `LabFileError` for a lab with mistakes, or `UsageError` for one whose cases have
    no solution, before anything is tried.
    """
    mutants = [mutant for name in labs for mutant in _mutants(controller.library.lab(name))]
    begin(len(mutants))
    ledger = Ledger.open(controller.home, MUTATED, keep=resume)
    with throw_away(controller) as scratch:

        def one(mutant: Mutant) -> MutantResult:
            key = _key(mutant)
            if not mutant.line.why and (known := ledger.entry(key)):
                return _known(mutant, known)
            result = _try(controller, scratch, mutant)
            if result.fate in ("noticed", "unnoticed"):
                ledger.note(key, **_facts(result))
            return result

        return each(
            controller,
            one,
            mutants,
            jobs,
            progress,
            in_machines=lambda mutant: mutant.trials[0].plan.provider == "libvirt",
        )


def _key(mutant: Mutant) -> str:
    """A mutant's name in the ledger: the trials in which it is run, and what is left out."""
    cases = [f"{one.case.name} {one.plan.seed}" for one in mutant.trials]
    lines = f"{mutant.line.first}-{mutant.line.last}"
    return key_of(mutant.trials[0], *cases, mutant.script, lines)


def _facts(result: MutantResult) -> dict[str, Any]:
    return {
        "lab": result.lab,
        "script": result.script,
        "line": result.line.first,
        "fate": result.fate,
        "by": result.by,
        "detail": result.detail,
        "seconds": round(result.seconds, 3),
    }


def _known(mutant: Mutant, facts: Mapping[str, Any]) -> MutantResult:
    """What an earlier run noted."""
    return MutantResult(
        facts["lab"],
        mutant.script,
        mutant.line,
        facts["fate"],
        tuple(facts["by"]),
        facts["detail"],
        facts["seconds"],
        resumed=True,
    )


def _mutants(lab: Lab) -> tuple[Mutant, ...]:
    """All mutants of a lab: of each script, in the cases called `solution…` that run it."""
    trials: dict[str, list[Trial]] = {}
    for seed in verification_seeds(lab, 1):
        planned = plan(lab, seed)
        for case in planned.cases:
            if not case.name.startswith(SOLUTION) or case.outcome != "achieved":
                continue
            trial = Trial(lab, planned, case, lab.folder)
            for script in dict.fromkeys(step.script for step in case.steps if step.script):
                trials.setdefault(script, []).append(trial)
    if not trials:
        raise UsageError(
            f"The lab `{lab.id}` has no solution to leave lines out of.",
            "A case called `solution` that expects `outcome: achieved` is needed.",
        )
    return tuple(
        Mutant(script, line, tuple(found))
        for script, found in trials.items()
        for line in droppable(lab.folder.content(script).decode("utf-8"))
    )


def _try(controller: Controller, scratch: Controller, mutant: Mutant) -> MutantResult:
    """Run one mutant in its trials until one notices."""
    started = time.monotonic()
    lab = mutant.trials[0].lab.id
    result = MutantResult(lab, mutant.script, mutant.line, "unnoticed")
    if mutant.line.why:
        return replace(result, fate="explained", detail=mutant.line.why)
    for trial in mutant.trials:
        mutated = replace(trial, folder=_changed(trial.folder, mutant))
        found = _judged(controller, scratch, mutated, result)
        if found.fate == "problem":  # once more: the machinery may have been short of breath
            found = _judged(controller, scratch, mutated, result)
        if found.fate != "unnoticed":
            return replace(found, seconds=time.monotonic() - started)
    return replace(result, seconds=time.monotonic() - started)


def _judged(
    controller: Controller, scratch: Controller, trial: Trial, result: MutantResult
) -> MutantResult:
    try:
        marking = carry_out(controller, scratch, trial, until_a_fail=True)
    except Noticed as fails:
        return replace(result, fate="noticed", by=fails.checks)
    except ScriptFailed as error:
        return replace(result, fate="noticed", detail=str(error))
    except (LabctlError, TimeoutError) as error:
        return replace(result, fate="problem", detail=str(error))
    broken = _machinery(marking)
    if broken:
        return replace(result, fate="problem", detail=broken)
    by = tuple(check.check for check in marking.checks if check.status is not Status.PASSED)
    return replace(result, fate="noticed", by=by) if by else result


def _machinery(marking: Marking) -> str:
    """What could not be observed through a fault of the machinery."""
    for check in marking.checks:
        if check.status is Status.ERROR and check.blame == Blame.MACHINERY:
            return f"{check.check}: {check.found}"
    return ""


def _changed(folder: Folder, mutant: Mutant) -> Folder:
    entry = folder.files[mutant.script]
    text = without(entry.content.decode("utf-8"), mutant.line)
    return Folder({**folder.files, mutant.script: replace(entry, content=text.encode())})


def unexplained(results: Sequence[MutantResult]) -> tuple[MutantResult, ...]:
    """Those that want somebody's attention."""
    return tuple(one for one in results if one.fate in ("unnoticed", "problem"))
