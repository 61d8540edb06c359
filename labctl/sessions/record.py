"""A session read back from the store: its plan, where its hosts are, and the lab's files.

States of a session, as its events make them:

    created ─▶ starting ─▶ running ─▶ submitting ─▶ submitted ─▶ stopped
                   │        ▲ │           ▲    │
                   │        │ ▼           │    └▶ running (opened again, see `reopening`)
                   │       paused ────────┘          running, paused ─▶ stopped (nothing handed in)
                   └▶ withdrawn (nobody was let in)

    any of them but created, starting and withdrawn ─▶ void (it does not count)
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from labctl.errors import StoreError, UsageError
from labctl.library.folder import Folder, read_archive
from labctl.plan import Plan, plan_from_json, plan_to_json
from labctl.policy.rules import Policy
from labctl.policy.shape import from_data
from labctl.providers.base import Placement
from labctl.sessions.clock import NOT_BEGUN, NOTICED, Timing, timing_of
from labctl.store import Event, SessionRecord, Store

if TYPE_CHECKING:
    from labctl.providers.base import Provider
    from labctl.sessions.controller import Controller

PLACED = "hosts.placed"
"""The event that says where a session's hosts are; the last one counts."""
NOTICE = NOTICED
"""The event that tells everybody at work something, as a correction of a task."""
WARNED = "deadline.warned"
"""The event that says that the last minute has begun."""

HELD = "held"
"""What a result is called that is held back while a suspicion is looked into."""


class State(StrEnum):
    """Where a session stands."""

    CREATED = "created"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    VOID = "void"


WITHOUT_OUTCOME = {
    State.VOID: "the session is void, and nothing is recommended",
    HELD: "held back while a suspicion is looked into",
}
"""Why a result has no outcome whatever its marks are, by `standing`."""

LIVE = (State.STARTING, State.RUNNING, State.PAUSED, State.SUBMITTING, State.SUBMITTED)
"""States in which a session may have hosts."""

UNFINISHED = (State.STARTING, State.RUNNING, State.PAUSED, State.SUBMITTING)
"""States of a session whose work is in its hosts alone."""

AT_WORK = (State.RUNNING, State.PAUSED)
"""States of a session that was begun and not handed in."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session with its plan; `placement` is None while it has no hosts yet.

    `policy` are the rules that it began under, `notices` what its candidate has been told since.
    `timing` is what its events add up to for its clock.
    """

    record: SessionRecord
    plan: Plan
    placement: Placement | None
    archive: str
    policy: Policy = field(default_factory=Policy)
    notices: tuple[Event, ...] = ()
    timing: Timing = NOT_BEGUN

    @property
    def code(self) -> str:
        """The session's code."""
        return self.record.code

    def placed(self) -> Placement:
        """Where the hosts are; raises `UsageError` if there are none."""
        if self.placement is None or self.record.state not in LIVE:
            raise UsageError(
                f"Session `{self.code}` has no hosts: it is {self.record.state}.",
                "`labctl sessions` lists those that run.",
            )
        return self.placement

    def demand(self, *states: State) -> None:
        """Raise `UsageError` unless the session is in one of these states."""
        if self.record.state not in states:
            wanted = " or ".join(states)
            hint = ""
            if self.record.state == State.PAUSED:
                hint = f"The clock stands and the hosts are frozen; `labctl resume {self.code}`."
            raise UsageError(f"Session `{self.code}` is {self.record.state}, not {wanted}.", hint)


def load(store: Store, code: str) -> Session:
    """The session called `code`; raises `UnknownName`, or `StoreError` if its record is damaged."""
    record = store.session(code)
    try:
        plan = plan_from_json(json.loads(store.get_blob(record.plan)))
    except ValueError as error:
        raise StoreError(f"The plan of session `{code}` cannot be read: {error}") from error
    events = store.events(code)
    begun = events[0].data
    return Session(
        record=record,
        plan=plan,
        placement=_placement(events),
        archive=str(begun.get("archive", "")),
        policy=_policy(store, str(begun.get("policy", ""))),
        notices=tuple(event for event in events if event.kind == NOTICE),
        timing=timing_of(events),
    )


@cache
def _policy(store: Store, digest: str) -> Policy:
    """The policy with that digest; sessions from before there were any ran as by default."""
    if not digest:
        return Policy()
    try:
        return from_data(json.loads(store.get_blob(digest)))
    except ValueError as error:
        raise StoreError(f"The policy `{digest}` cannot be read: {error}") from error


def _placement(events: tuple[Event, ...]) -> Placement | None:
    for event in reversed(events):
        if event.kind == PLACED:
            return Placement(**event.data["placement"])
    return None


def standing(found: SessionRecord) -> str:
    """What keeps the program from recommending anything: `void`, `held`, or nothing."""
    if found.state == State.VOID:
        return State.VOID
    return HELD if found.held else ""


def place(controller: Controller, placement: Placement) -> None:
    """Record where a session's hosts are now."""
    data = {"placement": asdict(placement)}
    controller.store.append(placement.session, PLACED, data, controller.actor)


def half_made(store: Store, code: str) -> tuple[str, ...]:
    """The hosts of the session that are half made anew."""
    begun = store.open_intentions(code)
    return tuple(str(each.data["host"]) for each in begun if each.verb == "reset")


def demand_whole(store: Store, code: str) -> None:
    """Raise `UsageError` while a host of the session is half made anew."""
    for host in half_made(store, code):
        raise UsageError(
            f"{host} of session `{code}` is half made anew.",
            f"`labctl reset {code} {host} --reason WHY` goes on with it.",
        )


def provider_of(controller: Controller, session: Session) -> Provider:
    """The provider that has the session's hosts."""
    return controller.provider(session.plan.provider)


def store_plan(store: Store, plan: Plan) -> str:
    """Keep a plan; returns its digest."""
    return store.put_blob(json.dumps(plan_to_json(plan), sort_keys=True).encode())


def lab_folder(store: Store, archive: str) -> Folder:
    """The lab's files as they were at the start of a session."""
    return _folder(store, archive)


@cache
def _folder(store: Store, archive: str) -> Folder:
    return read_archive(store.get_blob(archive))
