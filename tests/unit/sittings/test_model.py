"""Seats, and the PINs that go with them."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from labctl.sittings import pins
from labctl.sittings.model import MOST_SEATS, Entry, Presence, Seat, Sitting, labels


def test_no_seat_is_read_as_another() -> None:
    every = labels(MOST_SEATS)
    assert every[:10] == ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "B1")
    assert len(set(every)) == MOST_SEATS
    assert not {"0", "I", "O"} & set("".join(every))
    assert labels(0) == ()


def test_a_sitting_knows_its_times_its_sessions_and_its_seats() -> None:
    seats = (
        Seat("A1", "C1", "notes", "abcdef"),
        Seat("A2", "C2", "moves", entry=Entry(Presence.ABSENT)),
    )
    found = Sitting("s-abcd", "2026-03-14", "09:30", "12:00", "R1", ("notes", "moves"), seats)
    assert found.start.isoformat() == "2026-03-14T09:30:00"
    assert found.end.isoformat() == "2026-03-14T12:00:00"
    assert found.sessions == ("abcdef",)
    assert found.seat_of("C2").label == "A2"
    with pytest.raises(KeyError):
        found.seat_of("C3")
    assert asdict(found)["seats"][1]["entry"]["presence"] == "absent"


def test_a_pin_is_known_by_its_hash_alone() -> None:
    pin = pins.new_pin()
    assert len(pin) == 6
    assert set(pin) <= set("abcdefghjkmnpqrstuvwxyz23456789")
    kept = pins.sealed(pin)
    assert pin not in repr(kept)
    assert kept.fits(pin)
    assert kept.fits(f" {pin[:3].upper()} {pin[3:]}\n")
    assert not kept.fits(pin[:-1])
    assert not kept.fits("")
    assert pins.sealed(pin) != kept
