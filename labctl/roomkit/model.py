"""What a room kit is made from, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from labctl.plan import Plan
from labctl.sessions.clock import allowed_extra


@dataclass(frozen=True, slots=True)
class Room:
    """The head of every page: `starts` and `until` (when the room has to be free) as in the room.

    `address` is where candidates type their codes, empty where machines are opened for them.
    """

    sitting: str
    starts: datetime
    until: datetime
    name: str
    mode: str
    staff: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A seat with whoever sits there; `name` is for the register alone.

    `seconds` is the lab's own time and `extra` the percentage more of it that this candidate gets;
    `access` are all access arrangements in words. `session` is empty before it has begun. `pin` is
    empty where it is on paper already.
    """

    label: str
    candidate: str
    title: str
    seconds: int
    extra: int = 0
    access: str = ""
    name: str = ""
    session: str = ""
    pin: str = ""

    @property
    def allowed(self) -> timedelta:
        """The time for this candidate: to the second, as the session's clock has it."""
        own = timedelta(seconds=self.seconds)
        return own + allowed_extra(own, self.extra)

    def finish(self, starts: datetime) -> datetime:
        """When the time is over if it is begun at `starts` and nothing comes between."""
        return starts + self.allowed


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a candidate is to do. Where it is not their `own`, values are letters in brackets.

    `letters` are those that stand for values, `unmarked` the ids of tasks whose marks are not known
    yet. `notices` is what everybody was told since the start.
    """

    place: Place
    plan: Plan
    own: bool
    hints: bool = False
    letters: tuple[str, ...] = ()
    unmarked: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()


def in_order(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """By seat, as one walks through the room: `A2` before `A10`."""
    return tuple(sorted(places, key=_walk))


def by_name(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """By name as the roster has it, then by code; those without a name come last."""
    return tuple(
        sorted(places, key=lambda each: (not each.name, each.name.casefold(), each.candidate))
    )


def _walk(place: Place) -> tuple[str, int, str]:
    row = place.label.rstrip("0123456789")
    number = place.label[len(row) :]
    return row, int(number or 0), place.candidate
