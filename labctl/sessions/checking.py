"""A look at a running session's work: recorded, but no hand-in, and nothing is disturbed by it."""

from __future__ import annotations

from checkers.engine import CheckResult
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.marking import Marking, mark
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.grading import Grading, Progress
from labctl.sessions.record import Session, State
from labctl.sessions.results import record_run


@served
def check(controller: Controller, code: str, progress: Progress = lambda _: None) -> Marking:
    """Run the checks that may run while people work; the rest counts as not observed yet.

    One in whose middle the time is over is broken off, so that the hand-in is not kept waiting.
    Raises `UsageError` for a session that does not run, or whose policy allows no look.
    """
    permit(controller, Act.CHECK)
    with controller.store.lock(code, wait=5.0):
        session = record.load(controller.store, code)
        session.demand(State.RUNNING)
        _demand_allowed(session)

        def in_time(result: CheckResult) -> None:
            _demand_time(controller, session)
            progress(result)

        results = Grading(controller, session, in_time).look()
        _demand_time(controller, session)
        if not results:
            raise UsageError(
                f"No check of `{session.plan.lab}` can run while people work.",
                f"`labctl submit {code}` takes the work in and runs them all.",
            )
        marking = mark(session.plan, {name: found.verdict for name, found in results.items()})
        record_run(controller, session, "check", results, marking)
        return marking


def _demand_time(controller: Controller, session: Session) -> None:
    # Nobody can have added to the time meanwhile: that takes the lock.
    if session.timing.is_over(controller.now()):
        raise UsageError(
            f"The time of session `{session.code}` was over before the look had ended.",
            f"The work is taken in as it is; `labctl show {session.code}` tells what came of it.",
        )


def _demand_allowed(session: Session) -> None:
    if session.record.mode not in session.policy.check:
        raise UsageError(
            f"The policy that session `{session.code}` began under allows no look at work in "
            f"{session.record.mode} before the hand-in.",
            f"`labctl submit {session.code}` takes the work in and grades it.",
        )
