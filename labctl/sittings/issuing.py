"""PINs given out: shown once, to whoever prints the slips for the seats; their hashes are kept."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UnknownName
from labctl.served import served
from labctl.sessions.controller import Controller
from labctl.sittings.pins import SealedPin, new_pin, sealed
from labctl.sittings.reading import PINS, demand_open, load
from labctl.sittings.recording import Recorder, held
from labctl.store import Event, Store
from labctl.store.chain import damaged


@dataclass(frozen=True, slots=True)
class Issued:
    """A seat's new PIN, in the only moment in which it is known."""

    label: str
    candidate: str
    pin: str


@served
def issue_pins(controller: Controller, code: str, labels: Sequence[str] = ()) -> tuple[Issued, ...]:
    """New PINs for seats (none named: for all), in place of those that they had.

    Raises `UnknownName` for a seat that the sitting does not have.
    """
    permit(controller, Act.PREPARE)
    with held(controller, code):
        sitting = load(controller.store, code)
        demand_open(sitting)
        seats = {seat.label: seat for seat in sitting.seats}
        for label in labels:
            if label not in seats:
                raise UnknownName("seat", label, seats, f"labctl sitting show {code}")
        chosen = [seats[label] for label in dict.fromkeys(labels)] or list(sitting.seats)
        issued = [Issued(seat.label, seat.candidate, new_pin()) for seat in chosen]
        with ThreadPoolExecutor() as pool:  # a hash takes its time, and lets go of Python meanwhile
            kept = list(pool.map(lambda each: sealed(each.pin), issued))
        pins = {each.label: asdict(pin) for each, pin in zip(issued, kept, strict=True)}
        Recorder(controller, code, Act.PREPARE).note(PINS, {"pins": pins})
    return tuple(issued)


def pin_fits(store: Store, code: str, label: str, pin: str) -> bool:
    """Whether this is the PIN that holds at a seat; never, where none was given out."""
    for event in reversed(store.sittings.events(code)):
        if event.kind == PINS and label in event.data["pins"]:
            return _sealed(event, label).fits(pin)
    return False


def _sealed(event: Event, label: str) -> SealedPin:
    try:
        return SealedPin(**event.data["pins"][label])
    except TypeError as error:
        raise damaged(event) from error
