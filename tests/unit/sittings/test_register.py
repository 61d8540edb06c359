"""The register, and the PINs on the seats."""

from __future__ import annotations

import pytest

from labctl.errors import StoreError, UnknownName, UsageError
from labctl.sessions.controller import Controller
from labctl.sittings.beginning import begin
from labctl.sittings.issuing import issue_pins, pin_fits
from labctl.sittings.model import Entry, Presence
from labctl.sittings.reading import load
from labctl.sittings.register import register
from tests.fakes.sittings import kinds
from tests.fakes.time import HandMoved


def entry(controller: Controller, code: str, candidate: str) -> Entry:
    return load(controller.store, code).seat_of(candidate).entry


def test_the_register_says_who_is_there_and_who_saw_that(
    controller: Controller, code: str, now: HandMoved
) -> None:
    assert entry(controller, code, "C1") == Entry()
    register(controller, code, ["C2"], Presence.ABSENT)
    now.pass_by(60)
    rest = register(controller, code, [], Presence.PRESENT, identity=True)
    assert [seat.candidate for seat in rest] == ["C1", "C3"]
    found = entry(controller, code, "C1")
    assert (found.presence, found.by, found.identity_by) == (Presence.PRESENT, "tester", "tester")
    assert found.at == found.identity_at
    register(controller, code, ["C1"], Presence.LATE)
    after = entry(controller, code, "C1")
    assert (after.presence, after.identity_at) == (Presence.LATE, found.identity_at)
    assert entry(controller, code, "C2").presence is Presence.ABSENT
    assert controller.store.sittings.audit(code) == ()


def test_what_makes_no_sense_is_refused(controller: Controller, code: str) -> None:
    with pytest.raises(UsageError, match=f"No seat in sitting `{code}` is for C8, C9"):
        register(controller, code, ["C1", "C8", "C9"], Presence.PRESENT)
    with pytest.raises(UsageError, match="Nobody is registered as expected"):
        register(controller, code, ["C1"], Presence.EXPECTED)
    with pytest.raises(UsageError, match="identity of somebody who is absent"):
        register(controller, code, ["C1"], Presence.ABSENT, identity=True)
    with pytest.raises(UnknownName):
        register(controller, "s-zzzz", [], Presence.PRESENT)
    begin(controller, code, ["C1"])
    with pytest.raises(UsageError, match="their sessions have begun: C1"):
        register(controller, code, ["C1", "C2"], Presence.ABSENT)
    register(controller, code, [], Presence.ABSENT)
    with pytest.raises(UsageError, match="in the register already"):
        register(controller, code, [], Presence.PRESENT)


def test_a_pin_is_shown_once_and_replaced(controller: Controller, code: str) -> None:
    assert not pin_fits(controller.store, code, "A1", "")
    issued = issue_pins(controller, code)
    assert [(each.label, each.candidate) for each in issued] == [
        ("A1", "C1"),
        ("A2", "C2"),
        ("A3", "C3"),
    ]
    assert len({each.pin for each in issued}) == 3
    first, second, _ = issued
    assert pin_fits(controller.store, code, "A1", first.pin)
    assert not pin_fits(controller.store, code, "A2", first.pin)
    assert not pin_fits(controller.store, code, "B9", first.pin)
    assert load(controller.store, code).seats[0].pin_at
    (anew,) = issue_pins(controller, code, ["A1"])
    assert pin_fits(controller.store, code, "A1", anew.pin)
    assert not pin_fits(controller.store, code, "A1", first.pin)
    assert pin_fits(controller.store, code, "A2", second.pin)
    text = repr(controller.store.sittings.events(code))
    assert not [each for each in (*issued, anew) if each.pin in text]
    assert kinds(controller, code)[1:] == ["pins.issued", "pins.issued"]
    with pytest.raises(UnknownName, match="No seat is called `A9`"):
        issue_pins(controller, code, ["A9"])


def test_a_damaged_pin_lets_nobody_in(controller: Controller, code: str) -> None:
    controller.store.sittings.append(code, "pins.issued", {"pins": {"A1": {"x": 1}}}, "eve")
    with pytest.raises(StoreError, match="is damaged"):
        pin_fits(controller.store, code, "A1", "abcdef")
