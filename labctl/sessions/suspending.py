"""A faulty check is suspended: it costs nobody a mark until the work is marked by a mended one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UnknownName, UsageError
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.record import State
from labctl.sessions.said import fit
from labctl.store import Event, RunRecord, SessionFilter

if TYPE_CHECKING:
    from labctl.plan import Plan
    from labctl.sessions.controller import Controller

SUSPENDED = "check.suspended"
REINSTATED = "check.reinstated"
LOCK_SECONDS = 60.0

UNTOUCHED = (State.WITHDRAWN, State.VOID)
"""States in which nothing is marked any more."""


def suspensions(events: Iterable[Event]) -> dict[str, str]:
    """The checks that are suspended by now, and why."""
    found: dict[str, str] = {}
    for event in events:
        if event.kind == SUSPENDED:
            found[str(event.data["check"])] = str(event.data["why"])
        elif event.kind == REINSTATED:
            found.pop(str(event.data["check"]), None)
    return found


@served
def sessions_of(
    controller: Controller, lab: str, check: str, *, lift: bool = False
) -> tuple[str, ...]:
    """The sessions of a lab in which a check is to be suspended, or (`lift`) to count again.

    Raises `UnknownName` if none of them has such a check, `UsageError` if there is nothing to do.
    """
    found = controller.store.sessions(SessionFilter(lab=lab))
    codes = [each.code for each in found if each.state not in UNTOUCHED]
    if not codes:
        raise UsageError(
            f"There is no session of the lab `{lab}` in which anything counts.",
            "`labctl sessions --all` lists the sessions, `labctl labs list` the labs.",
        )
    names = {code: _names(record.load(controller.store, code).plan) for code in codes}
    having = [code for code in codes if check in names[code]]
    if not having:
        known = {name for each in names.values() for name in each}
        raise UnknownName("check of this lab", check, known)
    changed = tuple(
        code
        for code in having
        if (names[code][check][1] in suspensions(controller.store.events(code))) is lift
    )
    if not changed:
        now = "suspended in none" if lift else "suspended already in all"
        raise UsageError(f"`{check}` is {now} of the lab's sessions.", "Nothing has to be done.")
    return changed


@served
def suspend(controller: Controller, code: str, check: str, why: str, *, lift: bool = False) -> None:
    """Suspend a check of a session, or (`lift`) let it count again.

    `check` is `TASK/CHECK`. Nothing changes for work that was handed in until that is marked again.
    Raises `UnknownName` for a check that the session does not have, `UsageError` where there is
    nothing to do.
    """
    permit(controller, Act.SUSPEND)
    reason = fit(controller.store, why, "reason")
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        task, name = _named(session.plan, check)
        if session.record.state in UNTOUCHED:
            raise UsageError(f"Session `{code}` is {session.record.state}: nothing counts in it.")
        known = name in suspensions(controller.store.events(code))
        if known is not lift:
            now = "suspended already" if known else "not suspended"
            raise UsageError(f"`{task}/{name}` is {now} in session `{code}`.")
        kind = REINSTATED if lift else SUSPENDED
        data = {"task": task, "check": name, "why": reason}
        controller.store.append(code, kind, data, controller.actor)


def to_mark_again(code: str, runs: Iterable[RunRecord], events: Iterable[Event]) -> tuple[str, ...]:
    """Says so where the run that counts does not know of a check's suspension, or of its end.

    What was settled by another scheme is not to be undone by the session's own.
    """
    graded = [run for run in runs if run.reason != "check"]
    changed = [event for event in events if event.kind in (SUSPENDED, REINSTATED)]
    if not graded or not changed or graded[-1].sequence > changed[-1].sequence:
        return ()
    own = [run.scheme for run in graded if run.reason == "submit"]
    elsewhere = own[-1:] != [graded[-1].scheme]
    if elsewhere:
        last = {e.data["check"]: e for e in changed if e.sequence > graded[-1].sequence}
        changed = [event for event in last.values() if _unsettled(graded[-1], event)]
        if not changed:
            return ()
    name = f"{changed[-1].data.get('task')}/{changed[-1].data.get('check')}"
    verb = "suspended" if changed[-1].kind == SUSPENDED else "made to count again"
    command = f"labctl remark {code}{' --scheme LAB' if elsewhere else ''}"
    return (f"marked before {name} was {verb}: `{command}` marks again",)


def _unsettled(run: RunRecord, event: Event) -> bool:
    """Whether a change may alter what `run` found; the end of a suspension only what is open."""
    tasks = run.summary.get("tasks", ())
    return event.kind == SUSPENDED or any(
        told["open"] for told in tasks if told["task"] == event.data["task"]
    )


def _names(plan: Plan) -> dict[str, tuple[str, str]]:
    """The checks of a plan by what they are called here: `TASK/CHECK` → task, check."""
    return {
        f"{task.id}/{each.id}": (task.id, each.id) for task in plan.tasks for each in task.checks
    }


def _named(plan: Plan, check: str) -> tuple[str, str]:
    names = _names(plan)
    if check not in names:
        raise UnknownName("check of this lab", check, names)
    return names[check]
