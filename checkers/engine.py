"""Runs checks in lockstep rounds: what they all wait for now is asked for at once.

    run_phase(checks of one phase, observer) → a CheckResult each

A round collects the probes of every running check, merges equal ones, has them answered in one
request, and sends the answers back into the checks. So the number of round trips is the depth of
the deepest check, not the number of checks. The engine fails closed: an exception, a pass that
looked at nothing, a check that does not end are *errors*, whoever wrote the check.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from checkers.check import Check, CheckType, NotObserved, error, failed
from checkers.model import (
    AnyProbe,
    Blame,
    Failure,
    Observation,
    Phase,
    Status,
    Subject,
    Verdict,
)
from checkers.probe import Probe

MOST_ROUNDS = 64
"""Rounds that one try of a check may take; more is a check that does not end."""

RETRY_PAUSE = 0.5
"""Seconds between two tries of a check that has `retry`."""

PHASES = (Phase.STATE, Phase.BEHAVIOUR, Phase.AFTER_RESTART)


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """One check, ready to run. `retry` and `timeout` are seconds (None: no limit of its own).

    `needs` are ids of checks that must have passed. `changes` says that it changes the host: it
    runs alone, is tried once, and its probes are shared with no other check.
    """

    id: str
    check: CheckType
    subject: Subject
    phase: Phase
    needs: tuple[str, ...] = ()
    retry: float = 0.0
    timeout: float | None = None
    changes: bool = False


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a check ended, and every observation of its last try in the order that it asked."""

    id: str
    verdict: Verdict
    phase: Phase
    transcript: tuple[Observation, ...] = ()
    seconds: float = 0.0
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A probe that is to be answered now, and the checks that ask for it."""

    probe: AnyProbe
    askers: tuple[str, ...]


class Observer(Protocol):
    """Answers probes. `merges` is false where the asker matters (a replay)."""

    merges: bool

    def observe(self, wanted: Sequence[Wanted]) -> Sequence[Observation]:
        """An observation for each, in the same order; what cannot be answered is a failure."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the engine's time comes from; tests give their own."""

    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


@dataclass
class _Running:
    """A check under way."""

    planned: PlannedCheck
    started: float
    tries: int = 0
    rounds: int = 0
    again_at: float = 0.0
    generator: Check | None = None
    wanted: tuple[AnyProbe, ...] = ()
    transcript: list[Observation] = field(default_factory=list)


def effective_phases(checks: Sequence[PlannedCheck]) -> dict[str, Phase]:
    """The phase that each check is run in: its own, or a later one of a check that it needs."""
    found = {planned.id: planned.phase for planned in checks}
    for _ in checks:
        for planned in checks:
            later = [found[need] for need in planned.needs if need in found]
            found[planned.id] = max([found[planned.id], *later], key=PHASES.index)
    return found


def run_phase(
    checks: Sequence[PlannedCheck],
    observer: Observer,
    earlier: Mapping[str, CheckResult],
    *,
    clock: Clock | None = None,
    progress: Callable[[CheckResult], None] = lambda _: None,
) -> dict[str, CheckResult]:
    """Run the checks of one phase; `earlier` holds the results of the phases before it."""
    return _PhaseRun(checks, observer, earlier, clock or Clock(), progress).run()


class _PhaseRun:
    def __init__(
        self,
        checks: Sequence[PlannedCheck],
        observer: Observer,
        earlier: Mapping[str, CheckResult],
        clock: Clock,
        progress: Callable[[CheckResult], None],
    ) -> None:
        self._waiting = list(checks)
        self._observer = observer
        self._results = dict(earlier)
        self._clock = clock
        self._progress = progress
        self._running: list[_Running] = []
        self._done: dict[str, CheckResult] = {}

    def run(self) -> dict[str, CheckResult]:
        """Rounds until every check has a result."""
        while self._waiting or self._running:
            self._start_ready()
            asking = [run for run in self._running if run.generator is not None]
            if asking:
                self._round(asking)
            elif self._running:
                soonest = min(run.again_at for run in self._running)
                self._clock.pause(max(0.0, soonest - self._clock.now()))
            self._try_again()
        return self._done

    # ------------------------------------------------------------------ starting

    def _start_ready(self) -> None:
        """Start what waits for nothing more; settle what can never start.

        A check that changes the host has it to itself: it starts when no other runs, in the order
        of the plan, and none starts beside it.
        """
        while planned := self._next_ready():
            self._waiting.remove(planned)
            verdict = self._hindrance(planned)
            if verdict:
                self._settle(CheckResult(planned.id, verdict, planned.phase, tries=0))
                continue
            run = _Running(planned, self._clock.now())
            self._running.append(run)
            self._begin(run)
        if self._waiting and not self._running:
            for planned in self._waiting:
                verdict = error("it needs a check that was never run")
                self._settle(CheckResult(planned.id, verdict, planned.phase, tries=0))
            self._waiting = []

    def _next_ready(self) -> PlannedCheck | None:
        """A check that may start now: one that only looks before one that changes something."""
        if any(run.planned.changes for run in self._running):
            return None
        # Judged when all are known: else the order in which they ended, which a replay does not
        # repeat, would decide between blocked and error.
        ready = [
            planned
            for planned in self._waiting
            if all(need in self._results for need in planned.needs)
        ]
        looking = next((planned for planned in ready if not planned.changes), None)
        if looking or self._running:
            return looking
        return ready[0] if ready else None

    def _hindrance(self, planned: PlannedCheck) -> Verdict | None:
        """Why a check cannot be run, judged by the results of all that it needs."""
        known = [(need, self._results[need]) for need in planned.needs]
        for need, result in known:
            if result.verdict.status is Status.ERROR:
                blame = result.verdict.blame or Blame.MACHINERY
                return error(f"it needs `{need}`, which could not be observed", blame)
        for need, result in known:
            if result.verdict.status is not Status.PASSED:
                return Verdict(Status.BLOCKED, found=f"it needs `{need}`, which has not passed")
        return None

    def _begin(self, run: _Running) -> None:
        run.tries += 1
        run.rounds = 0
        run.transcript = []
        try:
            run.generator = _begun(run.planned.check.run(run.planned.subject))
        except (Exception, SystemExit) as problem:  # noqa: BLE001  # an error, never a fail
            self._end(run, _crash(problem))
            return
        self._advance(run, None)

    # ------------------------------------------------------------------ rounds

    def _round(self, asking: list[_Running]) -> None:
        """Have everything that is wanted now answered, and hand the answers out."""
        merged: dict[object, tuple[AnyProbe, list[str]]] = {}
        keys: list[list[object]] = []
        for run in asking:
            keys.append([self._key(run, *numbered) for numbered in enumerate(run.wanted)])
            for key, probe in zip(keys[-1], run.wanted, strict=True):
                merged.setdefault(key, (probe, []))[1].append(run.planned.id)
        wanted = [Wanted(probe, tuple(askers)) for probe, askers in merged.values()]
        answers = dict(zip(merged, self._observer.observe(wanted), strict=True))
        for run, own_keys in zip(asking, keys, strict=True):
            observations = tuple(answers[key] for key in own_keys)
            run.transcript.extend(observations)
            run.rounds += 1
            self._advance(run, observations)

    def _key(self, run: _Running, number: int, probe: AnyProbe) -> object:
        """Probes of equal keys are asked once; a replay is asked for each, in order."""
        if not self._observer.merges:
            return run.planned.id, number, probe
        return run.planned.id if run.planned.changes else "", probe

    def _advance(self, run: _Running, observations: tuple[Observation, ...] | None) -> None:
        """Let a check go on to its next question or its verdict."""
        generator = run.generator
        assert generator is not None
        limit = run.planned.timeout
        try:
            run.wanted = _proper(
                next(generator) if observations is None else generator.send(observations)
            )
            # Only what asks for more can be too late: a verdict is a matter of what was observed,
            # never of the time that it took, or a replay would come to another.
            if limit is not None and self._clock.now() - run.started > limit + run.planned.retry:
                generator.close()
                self._end(run, error(f"it took longer than {limit:g} s"))
            elif run.rounds >= MOST_ROUNDS:
                generator.close()
                self._end(run, error(f"it asked for more than {MOST_ROUNDS} rounds"))
        except StopIteration as stop:
            self._end(run, _sound(stop.value, run))
        except NotObserved as problem:
            self._end(run, _unobserved(problem.failure))
        except (Exception, SystemExit) as problem:  # noqa: BLE001  # as above
            self._end(run, _crash(problem))

    # ------------------------------------------------------------------ ending

    def _end(self, run: _Running, verdict: Verdict) -> None:
        """A try has ended: settle it, or plan the next try."""
        now = self._clock.now()
        run.generator = None
        retry = 0.0 if run.planned.changes else run.planned.retry
        if verdict.status is not Status.PASSED and now + RETRY_PAUSE <= run.started + retry:
            run.again_at = now + RETRY_PAUSE
            return
        self._running.remove(run)
        self._settle(
            CheckResult(
                run.planned.id,
                verdict,
                run.planned.phase,
                tuple(run.transcript),
                now - run.started,
                run.tries,
            )
        )

    def _try_again(self) -> None:
        for run in list(self._running):
            if run.generator is None and self._clock.now() >= run.again_at:
                self._begin(run)

    def _settle(self, result: CheckResult) -> None:
        self._results[result.id] = result
        self._done[result.id] = result
        self._progress(result)


def _sound(value: object, run: _Running) -> Verdict:
    """The verdict that a check returned, unless it is none or rests on nothing."""
    if not isinstance(value, Verdict):
        return error(f"the check returned {type(value).__name__} instead of a verdict")
    if value.status is Status.ERROR:
        return replace(value, blame=value.blame or Blame.MACHINERY)
    if value.status is Status.BLOCKED:
        return error("the check returned `blocked`, which is the engine's to say")
    if not any(observation.result is not None for observation in run.transcript):
        return error(f"the check {value.status} without having seen anything")
    if not (value.expected and value.found):
        return error(f"the check {value.status} without saying what it found")
    return value


def _begun(generator: object) -> Check:
    """What `run` returned, if it is a running check; raises `TypeError` for anything else."""
    if not isinstance(generator, Generator):
        raise TypeError(f"`run` returned {type(generator).__name__} instead of a generator")
    return generator


def _proper(wanted: object) -> tuple[AnyProbe, ...]:
    """What a check yielded, if it is a batch of probes; raises `TypeError` for anything else."""
    if not isinstance(wanted, tuple) or not all(isinstance(each, Probe) for each in wanted):
        raise TypeError(f"it yielded {type(wanted).__name__} instead of a tuple of probes")
    hash(wanted)  # a list within a probe would break off the round of every check
    return wanted


def _unobserved(failure: Failure) -> Verdict:
    """What a check comes to whose question has no answer."""
    if failure.conclusive:
        return failed(expected="a host that comes up", found=failure.reason)
    return error(failure.reason, failure.blame)


def _crash(problem: BaseException) -> Verdict:
    return error(f"the check broke off: {type(problem).__name__}: {problem}")
