"""Many cases, side by side, each on hosts of its own that are gone afterwards.

A case leaves no record in the installation's store. While it runs it holds the lock of its
session's code there, so that `labctl gc` leaves its hosts alone; if it is killed, the kernel lets
go of the lock and `gc` removes them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from labctl.errors import LabctlError, UnknownName
from labctl.library.planning import Lab, plan, verification_seeds
from labctl.marking import Marking, mark
from labctl.plan import CasePlan, Plan
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.grading import Grading
from labctl.sessions.starting import StartRequest, bring_up, enrol
from labctl.verification.cases import apply_case, cases_of
from labctl.verification.judging import Mismatch, judge


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case with one seed. `problem` is set where it could not be carried out at all."""

    lab: str
    case: str
    seed: int
    mismatches: tuple[Mismatch, ...]
    seconds: float
    problem: str = ""

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


@dataclass(frozen=True, slots=True)
class _Job:
    lab: Lab
    plan: Plan
    case: CasePlan


Progress = Callable[[CaseResult], None]


def verify(
    controller: Controller,
    labs: Sequence[str],
    seeds: int,
    *,
    cases: Sequence[str] = (),
    jobs: int = 3,
    progress: Progress = lambda _: None,
    begin: Callable[[int], None] = lambda _: None,
) -> Report:
    """Prove labs on real hosts, with several seeds; `cases` limits it to these names.

    `begin` is told how many cases there are. Raises `UnknownName`, or `LabFileError` for a lab
    with mistakes; whatever goes wrong with a case is that case's result.
    """
    started = time.monotonic()
    todo = [job for name in labs for job in _jobs(controller.library.lab(name), seeds, cases)]
    begin(len(todo))
    results: dict[int, CaseResult] = {}
    with tempfile.TemporaryDirectory(prefix="labctl-verify-") as home:
        scratch = controller.throw_away(Path(home))
        archives = {job.lab.id: scratch.store.put_blob(job.lab.folder.archive()) for job in todo}
        try:
            with ThreadPoolExecutor(max(1, jobs), thread_name_prefix="verify") as pool:
                futures = {
                    pool.submit(_run, controller, scratch, job, archives[job.lab.id]): number
                    for number, job in enumerate(todo)
                }
                try:
                    for future in as_completed(futures):
                        results[futures[future]] = future.result()
                        progress(future.result())
                except BaseException:
                    controller.interrupt()
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            scratch.store.close()
    return Report(tuple(results[number] for number in sorted(results)), time.monotonic() - started)


def _jobs(lab: Lab, seeds: int, wanted: Sequence[str]) -> list[_Job]:
    jobs = []
    known = set()
    for seed in verification_seeds(lab, seeds):
        planned = plan(lab, seed)
        for case in cases_of(planned):
            known.add(case.name)
            if not wanted or case.name in wanted:
                jobs.append(_Job(lab, planned, case))
    for name in wanted:
        if name not in known:
            raise UnknownName(f"case of `{lab.id}`", name, known)
    return jobs


def _run(controller: Controller, scratch: Controller, job: _Job, archive: str) -> CaseResult:
    """One case, from new hosts to none; never raises but for being told to stop."""
    started = time.monotonic()
    mismatches: tuple[Mismatch, ...] = ()
    problem = ""
    try:
        request = StartRequest(job.lab.id, ("verify",), "practice", job.plan.seed)
        made, planned = enrol(scratch, job.lab, archive, "verify", request)
        with controller.store.lock(made.code):
            try:
                bring_up(scratch, made, planned, job.lab.folder)
                apply_case(scratch, made.code, job.case)
                mismatches = judge(planned, job.case, _grade(scratch, made.code, job.case))
            finally:
                scratch.provider(planned.provider).down(made.code)
    except (LabctlError, TimeoutError) as error:
        problem = str(error)
    seconds = time.monotonic() - started
    return CaseResult(job.lab.id, job.case.name, job.plan.seed, mismatches, seconds, problem)


def _grade(scratch: Controller, code: str, case: CasePlan) -> Marking:
    session = record.load(scratch.store, code)
    results = Grading(scratch, session, lambda _: None).grade({}, lambda _phase, _found: None)
    verdicts = {name: result.verdict for name, result in results.items()}
    return mark(session.plan, verdicts, case.judged)
