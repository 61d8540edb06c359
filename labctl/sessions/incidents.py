"""What happens in a room beside the work: notes, a suspicion, help, and what everybody is told.

Each is an event with who, when and why, and none stops a session or its clock. A suspected
malpractice holds the result back: the recommendation is not shown until somebody lifts that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.assistance import HELP
from labctl.sessions.attempts import BEYOND
from labctl.sessions.clock import STAMP
from labctl.sessions.controller import Controller
from labctl.sessions.pausing import go_on_after_end
from labctl.sessions.record import AT_WORK, NOTICE, Session, State
from labctl.sessions.said import fit
from labctl.sessions.suspending import REINSTATED, SUSPENDED
from labctl.sessions.timeline import EventView, event_views
from labctl.store import Event

Kind = Literal["note", "assistance", "malpractice"]

NOTED = "note.written"
SUSPECTED = "malpractice.suspected"
LIFTED = "malpractice.lifted"

KINDS: dict[Kind, str] = {"note": NOTED, "assistance": HELP, "malpractice": SUSPECTED}

INCIDENTS = (
    NOTED,
    SUSPECTED,
    LIFTED,
    NOTICE,
    SUSPENDED,
    REINSTATED,
    "incident.disk",
    "capture.failed",
    "host.fell",
    "void.done",
)
"""The kinds of events that a verifier should see without reading the whole log."""

LOCK_SECONDS = 60.0

NOTHING: Mapping[str, Any] = MappingProxyType({})

OVER = (State.SUBMITTING, State.SUBMITTED, State.STOPPED, State.WITHDRAWN, State.VOID)
"""States in which nobody works any more who could be told something."""


@served
def note(controller: Controller, code: str, kind: Kind, text: str) -> Event:
    """Mark the moment with a note; malpractice holds the session's result back.

    Raises `UsageError` for a text that cannot be recorded.
    """
    permit(controller, Act.NOTE)
    said = fit(controller.store, text, "text")
    return controller.store.append(
        code,
        KINDS[kind],
        {"text": said},
        controller.actor,
        held=True if kind == "malpractice" else None,
    )


@served
def lift(controller: Controller, code: str, why: str) -> Event:
    """Release a result that is held; raises `UsageError` for one that is not."""
    permit(controller, Act.LIFT)
    reason = fit(controller.store, why, "reason")
    if not controller.store.session(code).held:
        raise UsageError(f"The result of session `{code}` is not held.", "Nothing has to be done.")
    return controller.store.append(code, LIFTED, {"why": reason}, controller.actor, held=False)


@served
def notice(
    controller: Controller,
    code: str,
    text: str,
    seconds: int = 0,
    about: Mapping[str, Any] = NOTHING,
) -> Event:
    """Tell the candidate of a session something; it stands at the top of their task sheet.

    `seconds` are given back for what it takes to read it, where the clock has begun. `about` is
    recorded beside the text. Raises `UsageError` for a session in which nobody works any more.
    """
    permit(controller, Act.NOTICE)
    if seconds < 0:
        raise UsageError("A credit adds time.", "Name the minutes that are to be given back.")
    data: dict[str, Any] = {"text": fit(controller.store, text, "notice"), **about}
    if not seconds:
        _demand_somebody(record.load(controller.store, code))
        return controller.store.append(code, NOTICE, data, controller.actor)
    data["seconds"] = seconds
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        _demand_somebody(session)
        session.demand(*AT_WORK)
        session = go_on_after_end(controller, session, seconds)
        data[STAMP] = controller.now().stamp()
        deadline = session.timing.deadline_after(NOTICE, data)
        return controller.store.append(code, NOTICE, data, controller.actor, deadline=deadline)


def _demand_somebody(session: Session) -> None:
    state = session.record.state
    if state in OVER:
        raise UsageError(
            f"Session `{session.code}` is {state}: nobody works in it who could be told."
        )


def incidents(events: Iterable[Event]) -> tuple[EventView, ...]:
    """The incidents of a session, in words."""
    return event_views(event for event in events if event.kind in INCIDENTS or BEYOND in event.data)
