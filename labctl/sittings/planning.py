"""Planning a sitting: a day, a time, a room, labs, candidates; every mistake is told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from labctl.centre.account import find_account
from labctl.centre.candidates import CANDIDATE, codes_of_cohort, extra_times, with_rest_breaks
from labctl.centre.roles import Act
from labctl.centre.staff import members, permit
from labctl.errors import LabctlError, StoreError, UsageError
from labctl.library.planning import Lab
from labctl.served import served
from labctl.sessions.clock import allowed_extra
from labctl.sessions.controller import Controller
from labctl.sittings.model import MOST_SEATS, OVER, Seat, Sitting, Stage, labels
from labctl.sittings.reading import PLANNED, load
from labctl.sittings.recording import acting
from labctl.store import Mode

LONGEST_ROOM = 60
REST_BREAK = timedelta(minutes=10)
"""What is left of the booking for somebody's rest breaks, at the least."""
TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class SittingRequest:
    """What is to be planned, as somebody typed it.

    `day` is `2026-03-14`, `begins` and `until` are `09:30`. Several labs are dealt out in turn, so
    that neighbours work at different ones; a candidate named as `CODE=LAB` works at that one.
    `cohort` is everybody on the roster who is in it. `staff` are accounts.
    """

    day: str
    begins: str
    until: str
    room: str
    labs: tuple[str, ...]
    candidates: tuple[str, ...] = ()
    cohort: str = ""
    staff: tuple[str, ...] = ()
    mode: Mode = "assessment"


@dataclass(frozen=True, slots=True)
class Planned:
    """A sitting that was planned, and what should be known of it, a sentence each."""

    sitting: Sitting
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A request once it is known to make sense."""

    day: date
    begins: time
    until: time
    labs: dict[str, Lab]
    seats: tuple[Seat, ...]


@served
def plan_sitting(controller: Controller, request: SittingRequest) -> Planned:
    """Record a sitting; raises `UsageError` that names everything that is wrong with it."""
    permit(controller, Act.PLAN)
    found = _read(controller, request)
    wanted = Sitting(
        code="",
        day=found.day.isoformat(),
        begins=f"{found.begins:%H:%M}",
        until=f"{found.until:%H:%M}",
        room=" ".join(request.room.split()),
        labs=tuple(found.labs),
        seats=found.seats,
        cohort=request.cohort,
        staff=tuple(dict.fromkeys(request.staff)),
        mode=request.mode,
    )
    # First, so that whatever fails there leaves no sitting behind whose code nobody was told.
    told = tuple(warnings(controller, wanted, found.labs))
    data = _planned(wanted) | {"roles": acting(controller, Act.PLAN)}
    code = controller.store.sittings.create(PLANNED, data, controller.actor, Stage.PLANNED)
    return Planned(load(controller.store, code), told)


def _planned(sitting: Sitting) -> dict[str, Any]:
    """A sitting as its first event has it."""
    return {
        "day": sitting.day,
        "begins": sitting.begins,
        "until": sitting.until,
        "room": sitting.room,
        "labs": list(sitting.labs),
        "seats": [
            {"label": seat.label, "candidate": seat.candidate, "lab": seat.lab}
            for seat in sitting.seats
        ],
        "cohort": sitting.cohort,
        "staff": list(sitting.staff),
        "mode": sitting.mode,
    }


# --------------------------------------------------------------------------- what was asked for


class _Mistakes:
    """All that is wrong, collected: whoever typed it wants to mend it in one go."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def add(self, message: str) -> None:
        self.told.append(message)

    def of(self, error: LabctlError) -> None:
        self.add(" ".join(each for each in (error.message, error.hint) if each))

    def end(self) -> None:
        """Raise `UsageError` if there were any."""
        if self.told:
            head = "The sitting cannot be planned:" if len(self.told) > 1 else self.told[0]
            rest = [f"- {each}" for each in self.told] if len(self.told) > 1 else []
            raise UsageError("\n".join([head, *rest]), "Nothing was recorded.")


def _read(controller: Controller, request: SittingRequest) -> _Read:
    wrong = _Mistakes()
    day = _day(request.day, wrong)
    begins = _time(request.begins, "start", wrong)
    until = _time(request.until, "end of the booking", wrong)
    if begins and until and until <= begins:
        wrong.add(f"The room is booked until {until:%H:%M}, before it begins at {begins:%H:%M}.")
    if day and day < _now(controller).date():
        wrong.add(f"{day} is over.")
    _room(request.room, wrong)
    labs = _labs(controller, request.labs, wrong)
    seats = _seats(controller, request, wrong)
    _staff(controller, request.staff, wrong)
    wrong.end()
    assert day is not None
    assert begins is not None
    assert until is not None
    return _Read(day, begins, until, labs, seats)


def _now(controller: Controller) -> datetime:
    return controller.now().at.astimezone()


def _day(text: str, wrong: _Mistakes) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        wrong.add(f"`{text}` is no day; write it as `2026-03-14`.")
        return None


def _time(text: str, what: str, wrong: _Mistakes) -> time | None:
    found = TIME.fullmatch(text.strip())
    if found is None:
        wrong.add(f"`{text}` is no time of day for the {what}; write it as `09:30`.")
        return None
    return time(int(found[1]), int(found[2]))


def _room(text: str, wrong: _Mistakes) -> None:
    told = " ".join(text.split())
    if not told or len(told) > LONGEST_ROOM or not told.isprintable():
        wrong.add(f"`{told}` is no room's name; it has 1 to {LONGEST_ROOM} letters.")


def _labs(controller: Controller, names: Sequence[str], wrong: _Mistakes) -> dict[str, Lab]:
    if not names:
        wrong.add("No lab is named.")
    found = {}
    for name in dict.fromkeys(names):
        try:
            found[name] = controller.library.lab(name)
        except LabctlError as error:
            wrong.of(error)
    return found


def _seats(controller: Controller, request: SittingRequest, wrong: _Mistakes) -> tuple[Seat, ...]:
    """A seat for each candidate, those of the cohort first; the labs dealt out in turn."""
    wanted: dict[str, str] = {}
    for code, lab in (*_cohort(controller, request.cohort, wrong), *_named(request, wrong)):
        # Who is in the cohort may be named again, to be given a lab.
        wanted[code] = lab or wanted.get(code, "")
    if not wanted and not wrong.told:
        wrong.add("Nobody is to sit there: name a cohort, or candidates.")
    if len(wanted) > MOST_SEATS:
        wrong.add(f"{len(wanted)} candidates are too many; a sitting has {MOST_SEATS} seats.")
    labs = tuple(dict.fromkeys(request.labs)) or ("",)
    return tuple(
        Seat(label, code, lab or labs[number % len(labs)])
        for number, (label, (code, lab)) in enumerate(
            zip(labels(len(wanted)), wanted.items(), strict=False)
        )
    )


def _cohort(controller: Controller, cohort: str, wrong: _Mistakes) -> list[tuple[str, str]]:
    if not cohort:
        return []
    try:
        return [(code, "") for code in codes_of_cohort(controller, cohort)]
    except LabctlError as error:
        wrong.of(error)
        return []


def _named(request: SittingRequest, wrong: _Mistakes) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for text in request.candidates:
        code, equals, lab = text.partition("=")
        if not CANDIDATE.fullmatch(code):
            wrong.add(f"`{code}` cannot be a candidate's code; names stay out of the record.")
        elif code in seen:
            wrong.add(f"{code} is named twice.")
        elif equals and lab not in request.labs:
            wrong.add(f"{code} is to work at `{lab}`, which is not among the sitting's labs.")
        seen.add(code)
        yield code, lab


def _staff(controller: Controller, accounts: Sequence[str], wrong: _Mistakes) -> None:
    known = members(controller.store)
    for account in dict.fromkeys(accounts):
        if known and account not in known:
            wrong.add(f"`{account}` is not on the staff; `labctl staff list` shows who is.")
        elif not known:
            try:
                find_account(account)
            except LabctlError as error:
                wrong.of(error)


# --------------------------------------------------------------------------- what should be known


def warnings(controller: Controller, sitting: Sitting, labs: Mapping[str, Lab]) -> Iterator[str]:
    """What somebody who planned the sitting should know before the day."""
    durations = {name: timedelta(seconds=lab.header.duration) for name, lab in labs.items()}
    yield from late_finishes(controller, sitting, durations)
    yield from _twice_at_once(controller, sitting)


def finish(sitting: Sitting, duration: timedelta, percent: int) -> datetime:
    """When somebody with so much extra time is done who begins on time and takes no break."""
    return sitting.start + duration + allowed_extra(duration, percent)


def late_finishes(
    controller: Controller, sitting: Sitting, durations: dict[str, timedelta]
) -> Iterator[str]:
    """Whose time ends after the booking of the room, extra time included; one line a time.

    Then whose does with a rest break.
    """
    extra, resting = extra_times(controller), with_rest_breaks(controller)
    late: dict[datetime, list[str]] = {}
    close: list[str] = []
    for seat in sitting.seats:
        ends = finish(sitting, durations[seat.lab], extra.get(seat.candidate, 0))
        if ends > sitting.end:
            late.setdefault(ends, []).append(seat.candidate)
        elif seat.candidate in resting and sitting.end - ends < REST_BREAK:
            close.append(seat.candidate)
    for ends, codes in sorted(late.items()):
        day = "" if ends.date() == sitting.end.date() else " on the day after"
        yield (
            f"{', '.join(codes)}: the time ends at {ends:%H:%M}{day}, extra time included; "
            f"the room is booked until {sitting.until}"
        )
    if close:
        yield f"{', '.join(close)}: a rest break takes the end past the booking of the room"


def _twice_at_once(controller: Controller, sitting: Sitting) -> Iterator[str]:
    """Who is to sit in another room at the same time."""
    mine = {seat.candidate for seat in sitting.seats}
    for record in controller.store.sittings.list():
        if record.code == sitting.code or record.stage in OVER:
            continue
        try:
            other = load(controller.store, record.code)
        except StoreError:
            yield f"sitting {record.code} cannot be read: who is in it at that time is not known"
            continue
        both = sorted(mine & {seat.candidate for seat in other.seats})
        if both and other.start < sitting.end and sitting.start < other.end:
            yield f"{', '.join(both)}: also in sitting {record.code} at that time"
