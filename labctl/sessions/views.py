"""What is shown of sessions: frozen values that are JSON, made from the record.

    SessionView     one line of a list, from one query for all sessions
    SessionDetail   everything about one session: tasks, verdicts, runs, hosts, timeline

Nothing here changes anything, and no provider is needed but for the state of the hosts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from labctl.errors import LabctlError
from labctl.plan import HostPlan
from labctl.providers.base import HostState, Usage
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.assistance import assistance
from labctl.sessions.capturing import of_last_hand_in
from labctl.sessions.clock import Clock, Moment, present
from labctl.sessions.clock_view import ClockView, clock_view, shown_deadline, still, stopped_clocks
from labctl.sessions.controller import Controller
from labctl.sessions.declaring import DECLARED
from labctl.sessions.incidents import incidents
from labctl.sessions.record import LIVE, WITHOUT_OUTCOME, Session, State, standing
from labctl.sessions.retention import KeptDisks, kept_disks
from labctl.sessions.submission import is_by_deadline
from labctl.sessions.suspending import to_mark_again
from labctl.sessions.task_views import TaskView, tasks
from labctl.sessions.timeline import EventView, event_views
from labctl.store import Event, Intention, RunRecord, SessionFilter, SessionRecord, Store

GRADED = ("submit", "remark")
"""Reasons of runs that count; a look at running work (`check`) does not."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A recorded run: its number, when (UTC) and why it was made, and what came of it.

    `outcome` is `held` or `void` where the session's result is, and `marks` what the checks gave.
    `scheme` and `checkers` are the digests of what was marked by and with.
    """

    number: int
    at: str
    reason: str
    marks: float
    available: float
    outcome: str
    why: str
    scheme: str
    checkers: str

    @property
    def counts(self) -> bool:
        """Whether it graded a hand-in, and was not only a look at running work."""
        return self.reason in GRADED


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as lists show it; times are UTC, as the store writes them.

    `half_done` counts what a command left unfinished or is still at. `run` is the last run. `held`
    says that the result is held back. `name` is the candidate's, where it is on record and whoever
    looks may see it. `remaining` are the seconds left to a session that is paused, and so has no
    deadline. `sitting` is the code of the sitting that it belongs to.
    """

    code: str
    candidate: str
    lab: str
    mode: str
    attempt: int
    state: str
    seed: int
    created: str
    updated: str
    deadline: str | None
    half_done: int
    run: RunView | None
    held: bool = False
    name: str = ""
    remaining: int | None = None
    sitting: str | None = None


@dataclass(frozen=True, slots=True)
class HostView:
    """A host: `state` is the provider's word, or `unknown` where it could not be asked.

    `memory` and `memory_limit` are bytes. `addresses` are of hardware: interface → MAC.
    """

    name: str
    image: str
    login: str | None
    networks: tuple[str, ...]
    addresses: dict[str, str]
    state: str
    detail: str = ""
    memory: int | None = None
    memory_limit: int | None = None
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class HalfDone:
    """What a command set out to do and has not ended; `process` is who was at it."""

    verb: str
    at: str
    actor: str
    process: str


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """Everything about one session. `head` is the hash of its last event.

    `policy` is the digest of the rules that it began under (none: as by default). `assistance` is
    every reach into the candidate's work. `criteria` is empty while the result is held or void.
    `disks` are those that are kept though the hosts are gone.
    """

    session: SessionView
    title: str
    level: int
    lab_digest: str
    values: dict[str, Any]
    hosts: tuple[HostView, ...]
    tasks: tuple[TaskView, ...]
    criteria: dict[str, str]
    runs: tuple[RunView, ...]
    half_done: tuple[HalfDone, ...]
    timeline: tuple[EventView, ...]
    head: str
    notes: tuple[str, ...] = ()
    policy: str = ""
    assistance: tuple[EventView, ...] = ()
    incidents: tuple[EventView, ...] = ()
    clock: ClockView | None = None
    disks: KeptDisks | None = None


def session_views(
    store: Store,
    wanted: SessionFilter = SessionFilter(),  # noqa: B008  # frozen
    names: Mapping[str, str] = MappingProxyType({}),
    now: Moment | None = None,
) -> tuple[SessionView, ...]:
    """The sessions that match, oldest first, with their last runs: three queries in all.

    `names` are those of candidates by their codes, for whoever may see them. Clocks are read as of
    `now`, or of the present.
    """
    runs, stopped = store.latest_runs(wanted), stopped_clocks(store, wanted, now or present())
    return tuple(
        view(found, runs.get(found.code), stopped.get(found.code), names.get(found.candidate, ""))
        for found in store.sessions(wanted)
    )


def view(
    found: SessionRecord, run: RunRecord | None, clock: Clock | None = None, name: str = ""
) -> SessionView:
    """A session's line; without its clock the deadline is the one that was recorded last."""
    deadline = found.deadline if found.state in (State.RUNNING, State.STARTING) else None
    return SessionView(
        code=found.code,
        candidate=found.candidate,
        lab=found.lab,
        mode=found.mode,
        attempt=found.attempt,
        state=found.state,
        seed=found.seed,
        created=found.created,
        updated=found.updated,
        deadline=shown_deadline(deadline, clock),
        half_done=found.intentions,
        run=run_view(run, standing(found)) if run else None,
        held=found.held,
        name=name,
        remaining=still(clock),
        sitting=found.sitting,
    )


def run_view(run: RunRecord, stands: str = "") -> RunView:
    """A run's line, without its outcome where the session is void or its result held."""
    told = run.summary
    return RunView(
        number=run.number,
        at=run.at,
        reason=run.reason,
        marks=float(told["marks"]),
        available=float(told["available"]),
        outcome=stands or str(told["outcome"]),
        why=WITHOUT_OUTCOME.get(stands) or str(told["reason"]),
        scheme=run.scheme,
        checkers=run.checkers,
    )


@served
def session_detail(controller: Controller, code: str, *, hosts: bool = True) -> SessionDetail:
    """Everything about a session; `hosts` asks the provider how they are, if it may have any.

    Raises `UnknownName`, or `StoreError` if the record is damaged. A provider that does not answer
    is a note, not an error.
    """
    store = controller.store
    session = record.load(store, code)
    runs = store.runs(code)
    last = runs[-1] if runs else None
    stands = standing(session.record)
    clock = session.timing.read(controller.now())
    notes: list[str] = []
    events = store.events(code)
    return SessionDetail(
        session=view(session.record, last, clock),
        title=session.plan.title,
        level=session.plan.level,
        lab_digest=session.record.lab_digest,
        values=session.plan.values,
        hosts=_hosts(controller, session, notes, ask=hosts),
        tasks=tasks(store, session.plan, last),
        criteria={} if last is None or stands else dict(last.summary.get("criteria", {})),
        runs=tuple(run_view(run, stands) for run in runs),
        half_done=half_done(store, code),
        timeline=event_views(events, outcomes=not stands),
        head=session.record.head,
        notes=tuple(notes)
        + _moved(last)
        + _by_deadline(events)
        + _opened_again(events)
        + to_mark_again(code, runs, events),
        policy=str(events[0].data.get("policy", "")),
        assistance=assistance(session.record.candidate, events),
        incidents=incidents(events),
        clock=clock_view(clock),
        disks=kept_disks(events),
    )


def half_done(store: Store, code: str | None = None) -> tuple[HalfDone, ...]:
    """What commands left unfinished or are still at, in one session or in all."""
    return tuple(_half_done(each) for each in store.open_intentions(code))


def _half_done(found: Intention) -> HalfDone:
    return HalfDone(found.verb, found.at, found.actor, str(found.process))


def _moved(run: RunRecord | None) -> tuple[str, ...]:
    moved = run.summary.get("state_moved") if run else None
    if not moved:
        return ()
    return (f"the state had moved when it was looked at again: {', '.join(moved)}",)


def _by_deadline(events: Sequence[Event]) -> tuple[str, ...]:
    """That time took the work in, and whether the candidate has declared it to be their own."""
    if not is_by_deadline(events):
        return ()
    declared = of_last_hand_in(events, DECLARED) is not None
    told = "with" if declared else "without"
    return (f"taken in by the deadline, {told} the candidate's declaration",)


def _opened_again(events: Sequence[Event]) -> tuple[str, ...]:
    """That what was graded is not what counts in the end."""
    kinds = [event.kind for event in events if event.kind in ("reopen.done", "submit.done")]
    if kinds[-1:] != ["reopen.done"]:
        return ()
    return ("the hand-in was opened again: the next one takes the place of what was graded",)


# --------------------------------------------------------------------------- hosts


def _hosts(
    controller: Controller, session: Session, notes: list[str], *, ask: bool
) -> tuple[HostView, ...]:
    states: Mapping[str, HostState] = {}
    usage: dict[str, Usage] = {}
    may_have = session.placement is not None and session.record.state in LIVE
    if ask and may_have:
        try:
            provider = record.provider_of(controller, session)
            states = provider.states(session.placed())
            usage = {each.host: each for each in provider.usage(session.placed())}
        except LabctlError as error:
            notes.append(f"the hosts could not be looked at: {error.message}")
    without = "unknown" if may_have else "none"
    return tuple(
        _host(planned, states.get(planned.name), usage.get(planned.name), without)
        for planned in session.plan.hosts
    )


def _host(planned: HostPlan, state: HostState | None, use: Usage | None, without: str) -> HostView:
    return HostView(
        name=planned.name,
        image=planned.image,
        login=planned.login.user if planned.login else None,
        networks=tuple(port.network for port in planned.ports),
        addresses={port.interface: port.mac for port in planned.ports},
        state=state.state if state else without,
        detail=state.detail if state else "",
        memory=use.memory if use else None,
        memory_limit=use.memory_limit if use else None,
        processes=use.processes if use else None,
    )
