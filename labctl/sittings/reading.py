"""A sitting read back from the store: what the events of its log add up to.

Which session is whose is not in that log: a session names its sitting in its own first event, so
that none is ever lost between the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from labctl.errors import StoreError, UsageError
from labctl.served import served
from labctl.sessions.attempts import NO_ATTEMPT
from labctl.sessions.controller import Controller
from labctl.sittings.model import OVER, Entry, Presence, Seat, Sitting, Stage
from labctl.store import Event, SessionFilter, SessionRecord, Store
from labctl.store.chain import damaged
from labctl.store.intentions import DONE, INTENDED, INTENT
from labctl.store.sittings import STAGE

PLANNED = "sitting.planned"
REGISTERED = "register.marked"
PINS = "pins.issued"
TRIED = "seat.tried"
PAUSE = "pause"
RESUME = "resume"
NOTICE = "notice"
ROOM = "room"
"""The key of a resumption that says whether the room goes on, or only those who are named."""


def load(store: Store, code: str) -> Sitting:
    """The sitting called `code`; raises `UnknownName`, or `StoreError` if its log is damaged."""
    return with_sessions(sitting_of(store.sittings.events(code)), sessions_of(store, code))


@dataclass(frozen=True, slots=True)
class Listed:
    """All sittings by their day and time; `damaged` has the codes of those that cannot be read."""

    sittings: tuple[Sitting, ...]
    damaged: tuple[str, ...]


@served
def listed(controller: Controller) -> Listed:
    """Every sitting: one whose record is damaged hides no other."""
    store = controller.store
    found, damaged = [], []
    for each in store.sittings.list():
        try:
            found.append(load(store, each.code))
        except StoreError:
            damaged.append(each.code)
    found.sort(key=lambda each: (each.day, each.begins, each.at))
    return Listed(tuple(found), tuple(damaged))


@served
def demand_known(controller: Controller, code: str) -> None:
    """Raise `UnknownName`, with the nearest codes, for a sitting that there is not."""
    controller.store.sittings.get(code)


def sessions_of(store: Store, code: str) -> tuple[SessionRecord, ...]:
    """All sessions that ever belonged to the sitting, oldest first."""
    return store.sessions(SessionFilter(sitting=code))


@dataclass(frozen=True, slots=True)
class Seated:
    """A candidate whose session has begun: the seat, the session's row, and its code."""

    seat: Seat
    row: SessionRecord

    @property
    def code(self) -> str:
        """The session's code."""
        return self.row.code


def seated(store: Store, sitting: Sitting) -> tuple[Seated, ...]:
    """Everybody whose session has begun, in the order of the seats."""
    rows = {each.code: each for each in sessions_of(store, sitting.code)}
    return tuple(
        Seated(seat, rows[seat.session]) for seat in sitting.seats if seat.session is not None
    )


def with_sessions(sitting: Sitting, found: Iterable[SessionRecord]) -> Sitting:
    """The sitting with the session that counts at each seat: the last that anybody was let into."""
    last = {each.candidate: each.code for each in found if each.state not in NO_ATTEMPT}
    seats = tuple(replace(seat, session=last.get(seat.candidate)) for seat in sitting.seats)
    return replace(sitting, seats=seats)


def sitting_of(events: Sequence[Event]) -> Sitting:
    """What the log of a sitting (one event at least) adds up to, its sessions aside."""
    found: Sitting | None = None
    for event in events:
        try:
            found = _planned(event) if found is None else _after(found, event)
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(event) from error
    assert found is not None
    return found


def _planned(event: Event) -> Sitting:
    data = event.data
    seats = tuple(Seat(each["label"], each["candidate"], each["lab"]) for each in data["seats"])
    return Sitting(
        code=event.session,
        day=data["day"],
        begins=data["begins"],
        until=data["until"],
        room=data["room"],
        labs=tuple(data["labs"]),
        seats=seats,
        cohort=data["cohort"],
        staff=tuple(data["staff"]),
        mode=data["mode"],
        stage=Stage(data[STAGE]),
        by=event.actor,
        at=event.at,
    )


def _after(sitting: Sitting, event: Event) -> Sitting:
    data = event.data
    if STAGE in data:
        sitting = replace(sitting, stage=Stage(data[STAGE]))
    if event.kind == REGISTERED:
        seats = tuple(
            replace(seat, entry=_entry(seat.entry, event))
            if seat.candidate in data["candidates"]
            else seat
            for seat in sitting.seats
        )
        return replace(sitting, seats=seats)
    if event.kind == PINS:
        seats = tuple(
            replace(seat, pin_at=event.at) if seat.label in data["pins"] else seat
            for seat in sitting.seats
        )
        return replace(sitting, seats=seats)
    return sitting


def _entry(before: Entry, event: Event) -> Entry:
    marked = replace(before, presence=Presence(event.data["presence"]), by=event.actor, at=event.at)
    if not event.data["identity"]:
        return marked
    return replace(marked, identity_by=event.actor, identity_at=event.at)


# --------------------------------------------------------------------------- what was cut off


def cut_off(events: Iterable[Event]) -> tuple[Event, ...]:
    """The acts that were begun and of whose end nothing is on record, nor of the same act since.

    A notice is settled by its own end alone: the next one says something else.
    """
    begun: dict[int, Event] = {}
    for event in events:
        if event.kind.endswith(INTENDED):
            begun[event.sequence] = event
        elif event.kind.endswith(DONE):
            ended = event.data.get(INTENT, 0)
            verb = event.kind.removesuffix(DONE)
            begun = {
                number: one
                for number, one in begun.items()
                if number != ended
                and (verb == NOTICE or one.kind != verb + INTENDED or number > ended)
            }
    return tuple(begun.values())


def room_stands(events: Iterable[Event]) -> str:
    """Why the room stands: from its pause until it goes on; empty where it does not stand."""
    why = ""
    for event in events:
        if event.kind == PAUSE + INTENDED:
            why = str(event.data.get("why"))
        elif event.kind == RESUME + INTENDED and event.data.get(ROOM, True):
            why = ""
    return why


# --------------------------------------------------------------------------- what makes no sense


def demand_open(sitting: Sitting) -> None:
    """Raise `UsageError` for a sitting that has ended, or was cancelled."""
    if sitting.stage in OVER:
        did = "has ended" if sitting.stage is Stage.ENDED else "was cancelled"
        raise UsageError(
            f"Sitting `{sitting.code}` {did}, and nothing is added to it any more.",
            f"`labctl sitting show {sitting.code}` shows what it came to.",
        )


def demand_candidates(sitting: Sitting, candidates: Iterable[str]) -> None:
    """Raise `UsageError`, which names all of them, for candidates who have no seat here."""
    known = {seat.candidate for seat in sitting.seats}
    strangers = [each for each in candidates if each not in known]
    if strangers:
        raise UsageError(
            f"No seat in sitting `{sitting.code}` is for {', '.join(strangers)}.",
            f"`labctl sitting show {sitting.code}` lists the seats. A sitting of their own: "
            "`labctl sitting new`; a session without one: `labctl start`.",
        )
