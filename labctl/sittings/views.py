"""What is shown of a sitting: the register and the clock of everybody, live from the logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from labctl.errors import StoreError
from labctl.served import served
from labctl.sessions.assistance import assistance
from labctl.sessions.clock import (
    NOT_BEGUN,
    SECOND,
    SINCE,
    ZERO,
    Moment,
    Phase,
    elapsed,
    moment_from,
    moment_of,
    timing_of,
)
from labctl.sessions.clock_view import ClockView, clock_view
from labctl.sessions.controller import Controller
from labctl.sessions.incidents import incidents
from labctl.sessions.record import State
from labctl.sessions.timeline import EventView
from labctl.sittings.model import Seat, Sitting
from labctl.sittings.reading import cut_off, load, sessions_of
from labctl.sittings.timeline import sitting_events
from labctl.store import Event, SessionRecord, moment


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat with the candidate's `name` (where whoever looks may see it) and how it stands.

    Without a session `state` is empty. `paused` are the seconds that the clock stood in pauses,
    `reached_in` is how often somebody reached into the work. `beyond` says that the time ends
    after the booking of the room. `void` are the candidate's sessions that do not count. `problem`
    says why the session's log cannot be read.
    """

    seat: Seat
    name: str = ""
    state: str = ""
    attempt: int = 0
    clock: ClockView | None = None
    paused: int = 0
    incidents: tuple[EventView, ...] = ()
    reached_in: int = 0
    held: bool = False
    beyond: bool = False
    sequence: int = 0
    head: str = ""
    void: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SittingView:
    """A sitting with all its seats; `cut_off` are acts of whose end nothing is on record."""

    sitting: Sitting
    seats: tuple[SeatView, ...]
    cut_off: tuple[EventView, ...]
    timeline: tuple[EventView, ...]
    head: str


@served
def sitting_view(
    controller: Controller, code: str, names: Mapping[str, str] = MappingProxyType({})
) -> SittingView:
    """Everything about a sitting as it stands; `names` are those that whoever looks may see.

    A damaged log of one session hides no other.
    """
    store = controller.store
    events = store.sittings.events(code)
    sitting = load(store, code)
    return SittingView(
        sitting,
        tuple(
            replace(each, name=names.get(each.seat.candidate, ""))
            for each in seat_views(controller, sitting)
        ),
        sitting_events(cut_off(events)),
        sitting_events(events),
        events[-1].hash,
    )


def seat_views(controller: Controller, sitting: Sitting) -> tuple[SeatView, ...]:
    """Every seat of a sitting as it stands now."""
    every = sessions_of(controller.store, sitting.code)
    rows = {each.code: each for each in every}
    void: dict[str, tuple[str, ...]] = {}
    for each in every:
        if each.state == State.VOID:
            void[each.candidate] = (*void.get(each.candidate, ()), each.code)
    return tuple(
        replace(
            _seat(controller, sitting, seat, rows[seat.session])
            if seat.session
            else SeatView(seat),
            void=void.get(seat.candidate, ()),
        )
        for seat in sitting.seats
    )


def _seat(controller: Controller, sitting: Sitting, seat: Seat, row: SessionRecord) -> SeatView:
    try:
        events = controller.store.events(row.code)
    except StoreError as error:
        return SeatView(seat, state=row.state, problem=error.message)
    now = controller.now()
    clock = timing_of(events).read(now)
    ends = clock.deadline.astimezone().replace(tzinfo=None) if clock.deadline else None
    return SeatView(
        seat,
        state=row.state,
        attempt=row.attempt,
        clock=clock_view(clock),
        paused=stood(events, now) // SECOND,
        incidents=incidents(events),
        reached_in=len(assistance(row.candidate, events)),
        held=row.held,
        beyond=ends is not None and ends > sitting.end,
        sequence=row.sequence,
        head=row.head,
    )


def stood(events: Iterable[Event], now: Moment) -> timedelta:
    """How long a session's clock stood in pauses, until now."""
    total, since = ZERO, None
    timing = NOT_BEGUN
    for event in events:
        before = timing.phase
        timing = timing.after(event.kind, moment(event.at), event.data)
        if timing.phase is Phase.PAUSED and before is not Phase.PAUSED:
            since = moment_from(event.data[SINCE]) if SINCE in event.data else moment_of(event)
        elif since is not None and timing.phase is not Phase.PAUSED:
            total += elapsed(since, moment_of(event))
            since = None
    return total if since is None else total + elapsed(since, now)
