"""The room kit of a sitting: what is printed for it, gathered from the record and written whole.

PINs are known only while they are made: a seat whose slip was printed gets no other, unless it is
asked for, and then the old one does not hold any more.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from labctl.centre.candidates import candidates, extra_times
from labctl.centre.roles import Act
from labctl.centre.staff import may, permit
from labctl.errors import UsageError
from labctl.library.planning import Lab
from labctl.library.undrawn import Undrawn, undrawn
from labctl.roomkit.invigilator import invigilator
from labctl.roomkit.model import Place, Room, Sheet
from labctl.roomkit.register import register
from labctl.roomkit.sheets import sheets
from labctl.roomkit.slips import slips
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session
from labctl.sittings.issuing import issue_pins
from labctl.sittings.model import Seat, Sitting
from labctl.sittings.notices import told_before
from labctl.sittings.reading import demand_candidates, load
from labctl.whole_folder import write_folder

SLIPS = "seat-slips.html"
REGISTER = "register.html"
INVIGILATOR = "invigilator.html"
SHEETS = "task-sheets.html"
LARGE = "task-sheets-large-print.html"
LONGEST_ADDRESS = 80


@dataclass(frozen=True, slots=True)
class KitRequest:
    """What is wanted in the kit.

    `address` is where candidates type their codes. `candidates` (none named: all) are those whose
    slips and task sheets are printed; `new_pins` gives them PINs in place of those that they have.
    """

    address: str = ""
    candidates: tuple[str, ...] = ()
    new_pins: bool = False


@dataclass(frozen=True, slots=True)
class Pages:
    """The `files` of a kit, by name.

    `pins` are the seats that have a new PIN, `held` those whose PIN is on paper already, `own`
    those whose task sheet has the candidate's own values. Without `names` there is no register,
    since whoever asked may not see who candidates are.
    """

    files: dict[str, bytes]
    pins: tuple[str, ...]
    held: tuple[str, ...]
    own: tuple[str, ...]
    names: bool


@dataclass(frozen=True, slots=True)
class Kit:
    """A kit that was written: its `folder`, the names of its `files`, the rest as in its pages."""

    folder: Path
    files: tuple[str, ...]
    pins: tuple[str, ...]
    held: tuple[str, ...]
    own: tuple[str, ...]
    names: bool


def make_kit(controller: Controller, code: str, target: Path, request: KitRequest) -> Kit:
    """Write the kit of a sitting into a folder that nobody else can read.

    Raises `UnknownName`, `UsageError` for candidates who do not sit there or a place that cannot be
    written: then no PIN was changed.
    """
    permit(controller, Act.PREPARE)
    _demand_room_for(target)
    found = kit_pages(controller, code, request)
    return Kit(
        folder=_written(target, found.files, code, found.pins),
        files=tuple(found.files),
        pins=found.pins,
        held=found.held,
        own=found.own,
        names=found.names,
    )


@served
def kit_pages(controller: Controller, code: str, request: KitRequest) -> Pages:
    """The pages of a sitting's kit, as `make_kit` writes them, with PINs that hold from now on.

    Raises `UnknownName`, `UsageError` for candidates who do not sit there; then no PIN was changed.
    """
    permit(controller, Act.PREPARE)
    sitting = load(controller.store, code)
    demand_candidates(sitting, request.candidates)
    address = _address(request.address)
    chosen = [
        seat
        for seat in sitting.seats
        if not request.candidates or seat.candidate in request.candidates
    ]
    found = _Gathered(controller, sitting)
    drawn = tuple(found.sheet(seat) for seat in chosen)
    wanted = [seat.label for seat in chosen if request.new_pins or not seat.pin_at]
    issued = issue_pins(controller, code, wanted) if wanted else ()
    pins = {each.label: each.pin for each in issued}
    places = tuple(found.place(seat, pins.get(seat.label, "")) for seat in sitting.seats)
    room = found.room(address)
    files = {SLIPS: slips(room, tuple(each for each in places if each.pin))} if pins else {}
    files |= {REGISTER: register(room, places)} if found.sees_names else {}
    files |= {
        INVIGILATOR: invigilator(room, places),
        SHEETS: sheets(room, drawn),
        LARGE: sheets(room, drawn, large=True),
    }
    return Pages(
        files=files,
        pins=tuple(pins),
        held=tuple(seat.label for seat in chosen if seat.label not in pins),
        own=tuple(each.place.label for each in drawn if each.own),
        names=found.sees_names,
    )


def _address(text: str) -> str:
    told = " ".join(text.split())
    if len(told) > LONGEST_ADDRESS or not told.isprintable():
        raise UsageError(f"An address has at most {LONGEST_ADDRESS} letters that can be printed.")
    return told


def _demand_room_for(target: Path) -> None:
    """Raise `UsageError` where nothing can be written: asked before PINs are changed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise _unwritten(target, error) from error


def _written(target: Path, files: dict[str, bytes], code: str, pins: Sequence[str]) -> Path:
    try:
        return write_folder(target, files)
    except OSError as error:
        fault = _unwritten(target, error)
        if pins:
            fault.hint += (
                f" The PINs of {', '.join(pins)} were made and are on no paper: "
                f"`labctl sitting kit {code} DIR --new-pins` makes others."
            )
        raise fault from error


def _unwritten(target: Path, error: OSError) -> UsageError:
    where = error.filename or target
    return UsageError(
        f"The room kit cannot be written to `{where}`: {error.strerror}.", "Name another folder."
    )


# --------------------------------------------------------------------------- from the record


class _Gathered:
    """What the pages need of one sitting, each thing looked up once."""

    def __init__(self, controller: Controller, sitting: Sitting) -> None:
        self._controller = controller
        self._sitting = sitting
        self.sees_names = may(controller, Act.SEE_PEOPLE)
        people = candidates(controller) if self.sees_names else ()
        self._people = {each.code: each for each in people}
        self._extra = extra_times(controller)
        self._events = controller.store.sittings.events(sitting.code)
        self._lab = cache(controller.library.lab)
        self._undrawn = cache(lambda lab: undrawn(self._lab(lab)))
        self._sessions = {code: record.load(controller.store, code) for code in sitting.sessions}

    def room(self, address: str) -> Room:
        """The head of every page."""
        sitting = self._sitting
        about = (sitting.code, sitting.start, sitting.end, sitting.room, sitting.mode)
        return Room(*about, sitting.staff, address)

    def place(self, seat: Seat, pin: str = "") -> Place:
        """A seat as it is printed; once the session has begun, with the time that it has."""
        session = self._session(seat)
        person = self._people.get(seat.candidate)
        if session is None:
            lab: Lab = self._lab(seat.lab)
            title, seconds = lab.title, lab.header.duration
            extra = self._extra.get(seat.candidate, 0)
        else:
            timing = session.timing
            title, extra = session.plan.title, timing.percent
            seconds = timing.allowance // SECOND or session.plan.duration
        return Place(
            label=seat.label,
            candidate=seat.candidate,
            title=title,
            seconds=seconds,
            extra=extra,
            access=person.access if person else f"{extra} % extra time" if extra else "",
            name=person.name if person else "",
            session=seat.session or "",
            pin=pin,
        )

    def sheet(self, seat: Seat) -> Sheet:
        """What the candidate is to do: with their own values once these are drawn."""
        session = self._session(seat)
        place = self.place(seat)
        mode = self._sitting.mode
        if session is None:
            found: Undrawn = self._undrawn(seat.lab)
            hints = mode in self._controller.policy.hints
            told = told_before(self._events, seat.lab)
            notices = tuple(str(each.get("text", "")) for each in told)
            drawn_later = (found.letters, found.unmarked, notices)
            return Sheet(place, found.plan, False, hints, *drawn_later)  # noqa: FBT003  # not own
        notices = tuple(str(event.data.get("text", "")) for event in session.notices)
        hints = mode in session.policy.hints
        return Sheet(place, session.plan, own=True, hints=hints, notices=notices)

    def _session(self, seat: Seat) -> Session | None:
        return None if seat.session is None else self._sessions[seat.session]
