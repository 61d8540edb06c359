"""A sitting as frozen values, all of them JSON: who sits where, at which lab, what became of it.

Days and times of day are those of the room (`2026-03-14`, `09:30`), as they stand on paper; when
something was recorded is UTC, as the store writes it.

    planned ─▶ begun (the first session has started) ─▶ ended (sealed: nothing is added any more)
       └─────▶ cancelled
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from labctl.store.records import Mode

ROWS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""The letters of seats: no I and no O, which are read as digits."""
IN_A_ROW = 9
"""Seats in a row, numbered from 1: no seat has a 0, nor two digits."""
MOST_SEATS = len(ROWS) * IN_A_ROW


class Stage(StrEnum):
    """How far a sitting has come."""

    PLANNED = "planned"
    BEGUN = "begun"
    ENDED = "ended"
    CANCELLED = "cancelled"


OVER = (Stage.ENDED, Stage.CANCELLED)
"""Stages in which nothing is added to a sitting any more."""


class Presence(StrEnum):
    """What the register says of a candidate."""

    EXPECTED = "expected"
    PRESENT = "present"
    LATE = "late"
    ABSENT = "absent"


HERE = (Presence.PRESENT, Presence.LATE)
"""Of those who may begin."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate in the register: `by` whom and when (`at`) it was written, empty before.

    `identity_by` has seen a proof of who the candidate is, at `identity_at`.
    """

    presence: Presence = Presence.EXPECTED
    by: str = ""
    at: str = ""
    identity_by: str = ""
    identity_at: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat (`A1`), the candidate's code, and the lab that is sat there.

    `session` is the code of the session that counts, None before it begins (or once it is void).
    `pin_at` says since when the PIN holds that is on paper; empty while none was printed.
    """

    label: str
    candidate: str
    lab: str
    session: str | None = None
    entry: Entry = field(default_factory=Entry)
    pin_at: str = ""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sitting as its log says.

    `begins` and `until` (the end of the booking of the room) are times of `day`. `cohort` is empty
    where candidates were named. `staff` are accounts. `by` is who planned it, `at` when.
    """

    code: str
    day: str
    begins: str
    until: str
    room: str
    labs: tuple[str, ...]
    seats: tuple[Seat, ...]
    cohort: str = ""
    staff: tuple[str, ...] = ()
    mode: Mode = "assessment"
    stage: Stage = Stage.PLANNED
    by: str = ""
    at: str = ""

    @property
    def start(self) -> datetime:
        """When it begins, by the clock in the room."""
        return datetime.fromisoformat(f"{self.day}T{self.begins}")

    @property
    def end(self) -> datetime:
        """When the room has to be free, by the clock in the room."""
        return datetime.fromisoformat(f"{self.day}T{self.until}")

    @property
    def sessions(self) -> tuple[str, ...]:
        """The codes of the sessions that count, in the order of the seats."""
        return tuple(seat.session for seat in self.seats if seat.session is not None)

    def seat_of(self, candidate: str) -> Seat:
        """The candidate's seat; raises `KeyError` if there is none."""
        for seat in self.seats:
            if seat.candidate == candidate:
                return seat
        raise KeyError(candidate)


def labels(count: int) -> tuple[str, ...]:
    """The names of so many seats, row by row: `A1` … `A9`, `B1` …; at most `MOST_SEATS`."""
    places = [f"{row}{number}" for row in ROWS for number in range(1, IN_A_ROW + 1)]
    return tuple(places[:count])
