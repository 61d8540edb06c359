"""Hand-in: the ways in are closed, the work is graded and recorded, the hosts stay frozen.

One that is begun when the session's time is over is by the deadline, whoever begins it. Its clock
ends there; `late` says how many seconds after that the hosts were made to stand still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkers.engine import CheckResult
from checkers.model import Phase
from labctl import transcript
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.marking import Marking
from labctl.served import served
from labctl.sessions import clock, record
from labctl.sessions.capturing import OPENED, capture
from labctl.sessions.controller import Controller
from labctl.sessions.declaring import note_declaration
from labctl.sessions.grading import Grading, Progress
from labctl.sessions.pausing import shut
from labctl.sessions.record import AT_WORK, Session, State
from labctl.sessions.reopening import give_up
from labctl.sessions.results import marking_of, record_run, recorded
from labctl.sessions.standing import stood_since
from labctl.sessions.unfinished import finish_acts, give_up_acts
from labctl.store import Event, RunRecord

PHASE_GRADED = "submit.phase"
BEGUN = "submit.intended"
DEADLINE = "deadline"
"""What `by` says in the beginning of a hand-in when the time was over."""
LOCK_SECONDS = 60.0
"""How long a hand-in waits for whoever is at the session (the warden may be reviving a host)."""


@served
def submit(
    controller: Controller,
    code: str,
    progress: Progress = lambda _: None,
    *,
    declared: str = "",
) -> Marking:
    """Take a session's work in. May be given again while an error is open: the hosts are kept.

    `declared` is the text by which the candidate has confirmed that the work is their own. From a
    pause too: who does not come back hands in what is there. Where somebody was quicker, as the
    deadline in the same second, theirs is the hand-in. Raises `UsageError` for a session that was
    not begun, `Busy` if another command is at it.
    """
    permit(controller, Act.SUBMIT)
    before = controller.store.session(code).state
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        session.demand(*AT_WORK, State.SUBMITTED)
        if not session.timing.is_over(controller.now()):
            record.demand_whole(controller.store, code)
        if declared:
            note_declaration(controller, code, declared)
        if session.record.state == State.SUBMITTED != before:
            return recorded(controller, code)
        return take_in(controller, finish_acts(controller, session), progress)


def take_in(
    controller: Controller, session: Session, progress: Progress = lambda _: None
) -> Marking:
    """Begin a hand-in and carry it out; the caller holds the session's lock."""
    give_up(controller, session.code)
    data = {clock.STAMP: controller.now().stamp(), **by_deadline(controller, session)}
    intent = controller.store.intend(
        session.code, "submit", data, controller.actor, state=State.SUBMITTING
    )
    return carry_out(controller, session, intent, {}, progress)


def by_deadline(controller: Controller, session: Session) -> dict[str, Any]:
    """What is recorded of a hand-in that begins when the time is over; nothing before."""
    timing, now = session.timing, controller.now()
    if timing.ends is None or not timing.is_over(now):
        return {}
    stood = stood_since(controller, session) or now
    late = max(-timing.read(stood).left, clock.ZERO) // clock.SECOND
    return {"by": DEADLINE, "late": late, clock.SINCE: timing.ends.whole()}


def is_by_deadline(events: Sequence[Event]) -> bool:
    """Whether the work, as the candidate left it last, was taken in by the deadline."""
    begun: list[Event] = []
    for event in events:
        if event.kind in OPENED:
            begun.clear()
        elif event.kind == BEGUN:
            begun.append(event)
    return bool(begun) and begun[0].data.get("by") == DEADLINE


def carry_out(
    controller: Controller,
    session: Session,
    intent: str,
    done: Mapping[str, CheckResult],
    progress: Progress = lambda _: None,
) -> Marking:
    """Grade and record; `done` are the results of phases that an earlier try had finished.

    A try that fails on the way leaves its intention open: the work is in the hosts, and the next
    command goes on with it.
    """
    shut(controller, session)
    give_up_acts(controller, session)
    grading = Grading(controller, session, progress)

    def phase_done(phase: Phase, found: Mapping[str, CheckResult]) -> None:
        blob = controller.store.put_blob(transcript.pack(found.values()))
        data = {"phase": phase.value, "results": blob, "of": intent}
        controller.store.append(session.code, PHASE_GRADED, data, controller.actor)

    with controller.turn():
        capture(controller, session, grading, done)
        results = grading.grade(done, phase_done)
    marking = marking_of(controller, session, results)
    run = _recorded(controller, session, intent)
    if run is None:
        extra = {"intent": intent, **moved(controller, session, intent)}
        run = record_run(controller, session, "submit", results, marking, extra=extra)
    told, actor = {"run": run.number}, controller.actor
    controller.store.complete(intent, told, actor=actor, state=State.SUBMITTED)
    stands = record.standing(controller.store.session(session.code)) or marking.outcome
    controller.tell(session.code, f"graded: {stands}")
    return marking


def _recorded(controller: Controller, session: Session, intent: str) -> RunRecord | None:
    """The run of this very hand-in, where an earlier try was cut off between it and its end."""
    for run in controller.store.runs(session.code):
        if run.summary.get("intent") == intent:
            return run
    return None


def finished_phases(
    controller: Controller, session: Session, intent: str
) -> dict[str, CheckResult]:
    """The results of the phases that a hand-in had finished before it was cut off."""
    found: dict[str, CheckResult] = {}
    for event in controller.store.events(session.code):
        if event.kind == PHASE_GRADED and event.data.get("of") == intent:
            found |= transcript.unpack(controller.store.get_blob(event.data["results"]))
    return found


def moved(controller: Controller, session: Session, intent: str) -> dict[str, Any]:
    """What is noted when the state was not the same at the second look."""
    begun = int(intent.rpartition("/")[2])
    checks = [
        event.data["checks"]
        for event in controller.store.events(session.code)
        if event.kind == "state.moved" and event.sequence > begun
    ]
    return {"state_moved": checks[-1]} if checks else {}
