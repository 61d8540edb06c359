"""One case tried on hosts of its own, which are gone afterwards; and many of them side by side.

A trial leaves no record in the installation's store. While it runs it holds the lock of its
session's code there, so that `labctl gc` leaves its hosts alone; if it is killed, the kernel lets
go of the lock and `gc` removes them.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from checkers.engine import CheckResult
from checkers.model import Phase, Status
from labctl.library.folder import Folder
from labctl.library.planning import Lab
from labctl.marking import Marking, mark
from labctl.plan import CasePlan, Plan
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.grading import Grading
from labctl.sessions.starting import StartRequest, bring_up, enrol
from labctl.verification.cases import apply_case, judged_marks

WorkT = TypeVar("WorkT")
ResultT = TypeVar("ResultT")


MACHINES = 2 * (os.cpu_count() or 1)
"""Cases in virtual machines at a time at most: each keeps a processor busy for half of its time."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A case of a lab with the values of one seed; `folder` holds the scripts that are run."""

    lab: Lab
    plan: Plan
    case: CasePlan
    folder: Folder


@contextlib.contextmanager
def throw_away(controller: Controller) -> Iterator[Controller]:
    """A controller whose record is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="labctl-verify-") as home:
        scratch = controller.throw_away(Path(home))
        try:
            yield scratch
        finally:
            scratch.store.close()


class Noticed(Exception):
    """Checks have failed, and that is all that was to be found out; `checks` are their names."""

    def __init__(self, checks: tuple[str, ...]) -> None:
        super().__init__(", ".join(checks))
        self.checks = checks


def carry_out(
    controller: Controller, scratch: Controller, trial: Trial, *, until_a_fail: bool = False
) -> Marking:
    """Bring the hosts up, do what the case does, grade, and remove the hosts.

    Raises `ScriptFailed` where a step of the case ends badly, another `LabctlError` or
    `TimeoutError` where the machinery does; and with `until_a_fail`, after the first phase of
    grading in which a check failed, `Noticed`.
    """

    def phase_done(_phase: Phase, found: Mapping[str, CheckResult]) -> None:
        statuses = {name: result.verdict.status for name, result in found.items()}
        failed = tuple(name for name, status in statuses.items() if status is Status.FAILED)
        if until_a_fail and failed and Status.ERROR not in statuses.values():
            raise Noticed(failed)

    archive = scratch.store.put_blob(trial.folder.archive())
    request = StartRequest(trial.lab.id, ("verify",), "practice", trial.plan.seed)
    made, planned = enrol(scratch, trial.lab, archive, "verify", request)
    with controller.store.lock(made.code):
        try:
            bring_up(scratch, made, planned, trial.folder)
            apply_case(scratch, made.code, trial.case)
            session = record.load(scratch.store, made.code)
            grading = Grading(scratch, session, lambda _: None)
            results = grading.grade({}, phase_done)
            verdicts = {name: result.verdict for name, result in results.items()}
            return mark(session.plan, verdicts, judged_marks(session.plan, trial.case))
        finally:
            scratch.provider(planned.provider).down(made.code)


def each(
    controller: Controller,
    work: Callable[[WorkT], ResultT],
    todo: Sequence[WorkT],
    jobs: int,
    progress: Callable[[ResultT], None],
    *,
    in_machines: Callable[[WorkT], bool],
) -> tuple[ResultT, ...]:
    """`work` done for all of `todo`, `jobs` at a time; the results in the order of `todo`.

    What is done in virtual machines has a queue of its own beside that of containers, so that
    neither waits for the other's turn. When it is interrupted what runs is told to stop, nothing
    more is begun, and whatever was finished by then is told of.
    """
    results: dict[int, ResultT] = {}
    with (
        ThreadPoolExecutor(max(1, jobs), thread_name_prefix="verify") as pool,
        ThreadPoolExecutor(min(MACHINES, max(1, jobs)), thread_name_prefix="machines") as machines,
    ):
        futures = {
            (machines if in_machines(one) else pool).submit(work, one): number
            for number, one in enumerate(todo)
        }
        try:
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                progress(future.result())
        except BaseException:
            controller.interrupt()
            for each_pool in (pool, machines):
                each_pool.shutdown(wait=False, cancel_futures=True)
            for future, number in futures.items():
                if number not in results and _succeeded(future):
                    progress(future.result())
            raise
    return tuple(results[number] for number in sorted(results))


def _succeeded(future: Future[ResultT]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
