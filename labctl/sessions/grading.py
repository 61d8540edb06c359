"""The order of grading (design.md): what counts as state is read while nothing can move.

    freeze ─▶ state checks ─▶ thaw, nobody inside ─▶ behaviour checks ─▶ freeze ─▶ state again
           ─▶ restart ─▶ after-restart checks ─▶ freeze

Marks come from the first look at the state; the second only shows whether it moved meanwhile.
Every phase's results are recorded as soon as they are there, so that a hand-in that was cut off
goes on after the last phase that was finished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from checkers.engine import PHASES, CheckResult, PlannedCheck, effective_phases, run_phase
from checkers.model import Inside, Phase, ProgramResult, Status
from checkers.remote import RemoteObserver, Whereabouts
from labctl.policy.rules import Which
from labctl.scheme import lab_hosts, planned_checks
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.fallen import excused
from labctl.sessions.graded_hosts import GradedHosts
from labctl.sessions.record import Session
from labctl.sessions.suspending import suspensions
from labctl.suspension import independent

if TYPE_CHECKING:
    from labctl.providers.base import Provider

T = TypeVar("T")
Progress = Callable[[CheckResult], None]
PhaseDone = Callable[[Phase, Mapping[str, CheckResult]], None]

MOVED = "the state had changed when it was looked at again, with nobody inside"


def scheme_of(controller: Controller, session: Session) -> tuple[PlannedCheck, ...]:
    """The session's checks, from its own copy of the lab."""
    folder = record.lab_folder(controller.store, session.archive)
    checks = planned_checks(session.plan, folder.content)
    phases = effective_phases(checks)
    return tuple(replace(check, phase=phases[check.id]) for check in checks)


def at_work(checks: Sequence[PlannedCheck], which: Which = "harmless") -> set[str]:
    """The checks that may run while people work, with everything that they need.

    What changes a host or comes after a restart never may; what else does, is the centre's policy.
    """
    allowed = {
        check.id
        for check in checks
        if (check.check.harmless or which == "all")
        and not check.changes
        and check.phase is not Phase.AFTER_RESTART
    }
    for _ in checks:
        allowed -= {check.id for check in checks if set(check.needs) - allowed}
    return allowed


class Grading:
    """One grading of a session."""

    def __init__(self, controller: Controller, session: Session, progress: Progress) -> None:
        self._controller = controller
        self._session = session
        self._provider: Provider = record.provider_of(controller, session)
        self._show = progress
        suspended = suspensions(controller.store.events(session.code))
        self._checks = independent(scheme_of(controller, session), suspended)
        self._hosts = GradedHosts(controller, session)
        self._handed_in = False

    def _progress(self, result: CheckResult) -> None:
        self._controller.go_on()
        self._show(excused(result, self._hosts.fallen) if self._handed_in else result)

    def look(self) -> dict[str, CheckResult]:
        """Run what may run while people work, by the session's policy: no freezing, no restart.

        Nothing is waited for beyond the end of the session's time.
        """
        results: dict[str, CheckResult] = {}
        allowed = at_work(self._checks, self._session.policy.checks)
        left = self._session.timing.read(self._controller.now()).remaining.total_seconds()
        for phase in (Phase.STATE, Phase.BEHAVIOUR):
            checks = [
                replace(check, retry=min(check.retry, left))
                for check in self._of(phase)
                if check.id in allowed
            ]
            results |= self._run(checks, results, frozen=False)
        return results

    def standing_still(self, look: Callable[[RemoteObserver], T]) -> T:
        """Let `look` see the hosts as they were handed in: frozen, with nobody inside.

        Machines are looked at by an observer within them, and so go on meanwhile, nobody inside.
        """
        self._hosts.clear()
        self._hosts.freeze()
        awake = bool(self._provider.guest_dials(self._hosts.placement))
        if awake:
            self._hosts.thaw()
        observer = self._observer(frozen=not awake)
        try:
            return look(observer)
        finally:
            observer.close()
            if awake:
                self._hosts.freeze()

    def grade(
        self, done: Mapping[str, CheckResult], phase_done: PhaseDone
    ) -> dict[str, CheckResult]:
        """Grade everything; `done` are results of phases that were finished before."""
        self._handed_in = True
        results = dict(done)
        self._hosts.clear()
        for phase in PHASES:
            checks = [check for check in self._of(phase) if check.id not in done]
            if not checks:
                continue
            self._controller.go_on()
            found = self._phase(phase, checks, results)
            results |= found
            phase_done(phase, found)
        self._hosts.freeze()
        return results

    def _of(self, phase: Phase) -> list[PlannedCheck]:
        return [check for check in self._checks if check.phase is phase]

    def _phase(
        self, phase: Phase, checks: list[PlannedCheck], earlier: Mapping[str, CheckResult]
    ) -> dict[str, CheckResult]:
        if phase is Phase.STATE:
            self._hosts.freeze()
            return self._state(checks, earlier, self._progress)
        if phase is Phase.BEHAVIOUR:
            # Frozen first, so that nobody is inside any more, also in a lab without state checks.
            self._hosts.freeze()
            self._hosts.thaw()
            found = self._run(checks, earlier, frozen=False)
            self._hosts.freeze()
            self._look_again(earlier)
            return found
        self._hosts.restart()
        return self._run(checks, earlier, frozen=False)

    def _state(
        self,
        checks: list[PlannedCheck],
        earlier: Mapping[str, CheckResult],
        progress: Progress,
    ) -> dict[str, CheckResult]:
        """Look at frozen hosts; at those that are looked into from inside, with nobody there."""
        if not self._provider.guest_dials(self._hosts.placement):
            return self._run(checks, earlier, frozen=True, progress=progress)
        self._hosts.thaw()
        found = self._run(checks, earlier, frozen=False, progress=progress)
        self._hosts.freeze()
        return found

    # ------------------------------------------------------------------ checks

    def _run(
        self,
        checks: list[PlannedCheck],
        earlier: Mapping[str, CheckResult],
        *,
        frozen: bool,
        progress: Progress | None = None,
    ) -> dict[str, CheckResult]:
        observer = self._observer(frozen=frozen)
        if frozen:  # nothing can change by waiting
            checks = [replace(check, retry=0.0) for check in checks]
        try:
            found = run_phase(checks, observer, earlier, progress=progress or self._progress)
        finally:
            observer.close()
        if self._handed_in:
            self._hosts.look_for_fallen()
            found = {name: excused(each, self._hosts.fallen) for name, each in found.items()}
        return found

    def _observer(self, *, frozen: bool) -> RemoteObserver:
        placement = self._hosts.placement
        return RemoteObserver(
            lab_hosts(self._session.plan),
            Whereabouts(placement.pins, placement.fabric, self._hosts.broken),
            self._provider.dial,
            self._run_inside,
            look_at=partial(self._provider.hardware, placement),
            guests=self._provider.guest_dials(placement),
            frozen=frozen,
        )

    def _run_inside(self, probe: Inside) -> ProgramResult:
        return self._provider.run(
            self._hosts.placement,
            probe.host,
            probe.argv,
            user=probe.user,
            stdin=probe.stdin,
            cwd=probe.cwd,
            timeout=probe.timeout,
            limit=probe.limit,
        )

    def _look_again(self, earlier: Mapping[str, CheckResult]) -> None:
        """Look at the state once more and record it where a verdict has moved."""
        checks = self._of(Phase.STATE)
        if not checks:
            return
        again = self._state(checks, {}, lambda _: None)
        moved = [
            name
            for name, result in again.items()
            if result.verdict.status is not Status.ERROR
            and name in earlier
            and earlier[name].verdict.status is not result.verdict.status
        ]
        if moved:
            data = {"checks": moved, "what": MOVED}
            self._controller.store.append(
                self._session.code, "state.moved", data, self._controller.actor
            )
