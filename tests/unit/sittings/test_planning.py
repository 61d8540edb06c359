"""A sitting is planned: who sits where, what is wrong, what should be known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labctl.centre import staff
from labctl.centre.account import Account
from labctl.centre.roles import Role
from labctl.errors import StoreError, UnknownName, UsageError
from labctl.sessions.controller import Controller
from labctl.sittings import planning
from labctl.sittings.beginning import begin
from labctl.sittings.cancelling import cancel
from labctl.sittings.model import Stage
from labctl.sittings.planning import Planned, SittingRequest, plan_sitting
from labctl.sittings.reading import Listed, listed, load
from labctl.store import Person
from tests.fakes.sittings import planned

REQUEST = SittingRequest("2026-03-14", "09:30", "12:00", "R 12", ("notes",), ("C1", "C2"))


def people(controller: Controller) -> None:
    """A roster: two in cohort A, one with extra time."""
    found = [
        Person("C1", "Grace Hopper", {"cohort": "A"}),
        Person("C2", "Alan Turing", {"cohort": "A", "extra_time": 25}),
        Person("C3", "Ada King", {"cohort": "B"}),
    ]
    controller.store.record("roster.imported", {}, "tester", people=found)


def plan(controller: Controller, **changed: object) -> Planned:
    return plan_sitting(controller, replace(REQUEST, **changed))  # type: ignore[arg-type]  # as named


def test_a_sitting_is_what_was_asked_for(controller: Controller) -> None:
    people(controller)
    found = plan(
        controller,
        begins="9:30",
        room=" R  12 ",
        labs=("notes", "moves"),
        cohort="A",
        candidates=("C9", "C2=notes"),
        staff=("root",),
    ).sitting
    assert (found.day, found.begins, found.until, found.room) == (
        "2026-03-14",
        "09:30",
        "12:00",
        "R 12",
    )
    seats = [(seat.label, seat.candidate, seat.lab) for seat in found.seats]
    assert seats == [("A1", "C1", "notes"), ("A2", "C2", "notes"), ("A3", "C9", "notes")]
    assert (found.mode, found.stage, found.cohort) == ("assessment", Stage.PLANNED, "A")
    assert (found.by, found.staff) == ("tester", ("root",))
    assert load(controller.store, found.code) == found
    assert "Hopper" not in repr(controller.store.sittings.events(found.code))
    assert controller.store.sittings.audit(found.code) == ()


def test_several_labs_are_dealt_out_in_turn(controller: Controller) -> None:
    names = tuple(f"C{number}" for number in range(1, 12))
    found = plan(controller, labs=("notes", "moves"), candidates=names).sitting
    assert [seat.lab for seat in found.seats][:4] == ["notes", "moves", "notes", "moves"]
    assert found.seats[9].label == "B1"


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"day": "14.3.2026"}, "`14.3.2026` is no day; write it as `2026-03-14`"),
        ({"day": "2026-02-28"}, "2026-02-28 is over"),
        ({"begins": "25:00"}, "`25:00` is no time of day for the start"),
        ({"until": "noon"}, "`noon` is no time of day for the end of the booking"),
        ({"until": "09:30"}, "booked until 09:30, before it begins at 09:30"),
        ({"room": "  "}, "no room's name"),
        ({"room": "R\x1b[31m"}, "no room's name"),
        ({"labs": ()}, "No lab is named"),
        ({"labs": ("note",)}, "No lab is called `note`. Did you mean `notes`"),
        ({"candidates": ()}, "Nobody is to sit there"),
        ({"candidates": ("Ada King",)}, "cannot be a candidate's code"),
        ({"candidates": ("C1", "C1")}, "C1 is named twice"),
        ({"candidates": ("C1=moves",)}, "C1 is to work at `moves`, which is not among"),
        ({"candidates": tuple(f"C{n}" for n in range(217))}, "217 candidates are too many"),
        ({"cohort": "Z"}, "No cohort is called `Z`"),
        ({"staff": ("no-such-account",)}, "no account `no-such-account`"),
    ],
)
def test_what_makes_no_sense_is_refused(
    controller: Controller, changed: dict[str, object], told: str
) -> None:
    people(controller)
    with pytest.raises(UsageError) as caught:
        plan(controller, **changed)
    assert told in caught.value.message
    assert controller.store.sittings.list() == ()


def test_every_mistake_is_told_at_once(controller: Controller) -> None:
    people(controller)
    with pytest.raises(UsageError) as caught:
        plan_sitting(
            controller, SittingRequest("x", "y", "z", "", ("note",), ("C 1", "C1", "C1"), "Z")
        )
    assert len(caught.value.message.splitlines()) == 9
    assert caught.value.hint == "Nothing was recorded."


def test_staff_are_on_the_staff_where_there_is_one(controller: Controller) -> None:
    controller.__dict__["account"] = Account("root", 0)
    staff.add(controller, "daemon", "Amy Jones", [Role.ASSESSOR])
    staff.add(controller, "root", "Bo Chen", [Role.ASSESSOR])
    with pytest.raises(UsageError, match="`bin` is not on the staff"):
        plan(controller, staff=("daemon", "bin"))
    found = plan(controller, staff=("daemon", "daemon")).sitting
    assert found.staff == ("daemon",)
    assert controller.store.sittings.events(found.code)[0].data["roles"] == ["assessor"]


def test_whoever_is_done_after_the_booking_is_named(controller: Controller) -> None:
    people(controller)
    assert plan(controller, until="10:08").warnings == ()  # 30 minutes, and 7.5 for C2
    (told,) = plan(controller, day="2026-03-15", until="10:07").warnings
    assert told.startswith("C2: the time ends at 10:07, extra time included; the room is booked")
    late = plan(controller, day="2026-03-16", begins="23:40", until="23:59").warnings
    assert "C1: the time ends at 00:10 on the day after" in late[0]
    assert len(late) == 2


def test_whom_a_rest_break_takes_past_the_booking_is_named(controller: Controller) -> None:
    person = Person("C1", "Grace Hopper", {"rest_breaks": True})
    controller.store.record("roster.imported", {}, "tester", people=[person])
    assert plan(controller, until="10:10").warnings == ()  # 30 minutes, and 10 to spare
    (told,) = plan(controller, day="2026-03-15", until="10:09").warnings
    assert told == "C1: a rest break takes the end past the booking of the room"


def test_nobody_is_in_two_rooms_at_once(controller: Controller) -> None:
    first = plan(controller).sitting.code
    (told,) = plan(controller, begins="11:00", candidates=("C2", "C5")).warnings
    assert told == f"C2: also in sitting {first} at that time"
    assert plan(controller, begins="12:00", until="13:00").warnings == ()
    assert plan(controller, day="2026-03-15").warnings == ()


def test_sittings_are_listed_by_their_day(controller: Controller) -> None:
    assert listed(controller) == Listed((), ())
    later = planned(controller, day="2026-03-20")
    sooner = planned(controller, day="2026-03-10")
    assert [each.code for each in listed(controller).sittings] == [sooner, later]
    with pytest.raises(UnknownName, match="No sitting is called"):
        load(controller.store, "s-zzzz")


def test_a_sitting_that_is_called_off_keeps_its_log(controller: Controller, code: str) -> None:
    found = cancel(controller, code, "the room is flooded")
    assert found.stage is Stage.CANCELLED
    assert controller.store.sittings.events(code)[-1].data["why"] == "the room is flooded"
    assert controller.store.sittings.audit(code) == ()
    with pytest.raises(UsageError, match="was cancelled"):
        cancel(controller, code, "again")
    other = plan(controller, day=found.day, candidates=("C1",))
    assert other.warnings == ()
    begin(controller, other.sitting.code, ["C1"])
    with pytest.raises(UsageError, match="has begun"):
        cancel(controller, other.sitting.code, "too late")


def test_a_damaged_sitting_hides_no_other_and_keeps_none_from_being_planned(
    controller: Controller, code: str
) -> None:
    damage(controller, code)
    found = plan(controller)
    (told,) = found.warnings
    assert told.startswith(f"sitting {code} cannot be read")
    assert listed(controller) == Listed((found.sitting,), (code,))


def test_what_fails_on_the_way_leaves_no_sitting_behind(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(planning, "warnings", fail)
    with pytest.raises(StoreError):
        plan(controller)
    assert controller.store.sittings.list() == ()


def damage(controller: Controller, code: str) -> None:
    controller.store.sittings.append(code, "register.marked", {"candidates": ["C1"]}, "tester")


def test_a_log_that_makes_no_sense_is_named(controller: Controller, code: str) -> None:
    damage(controller, code)
    with pytest.raises(StoreError, match=f"Event 2 of sitting '{code}' is damaged: it lacks"):
        load(controller.store, code)
