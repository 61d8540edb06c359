"""`labctl sitting`: what is said, and with which exit code."""

from __future__ import annotations

from typing import Any

import pytest

from labctl.cli import sitting_sheet
from labctl.sessions.clock_view import ClockView
from labctl.sessions.timeline import EventView
from labctl.sittings import preparing
from labctl.sittings.capacity import Need
from labctl.sittings.model import Seat
from labctl.sittings.views import SeatView
from tests.fakes.command import Command
from tests.fakes.provider import FakeProvider

SMALL = Need(1 << 30, 100 << 30, 0.2)


@pytest.fixture
def labctl(labctl: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, on a server whose room is known."""
    monkeypatch.setattr(preparing, "measured", lambda *_: Need(64 << 30, 100 << 30, 16.0))
    return labctl


def new(labctl: Command, *more: str) -> str:
    said = labctl(
        *("sitting", "new", "--day", "2126-03-14", "--start", "09:30", "--until", "12:00"),
        *("--room", "R 12", "--lab", "moves", *more),
    )
    return said.out.strip()


def three(labctl: Command) -> str:
    return new(labctl, *(word for name in ("C1", "C2", "C3") for word in ("--candidate", name)))


def test_a_sitting_from_its_plan_to_its_end(labctl: Command) -> None:
    code = three(labctl)
    assert "R 12" in labctl("sitting", "list").out
    said = labctl("sitting", "prepare", code, "--pre-flight")
    assert "All 3 fit at once." in said.out
    assert "A1: fine" in said.err
    assert "Every seat that was tried works: 3 of 3." in said.err

    refused = labctl("sitting", "begin", code, code=2)
    assert "registered as present" in refused.err
    said = labctl("sitting", "register", code, "C2", "absent")
    assert said.err == "absent: C2\n"
    said = labctl("sitting", "register", code, "present", "--identity-checked", "--json")
    assert [each["candidate"] for each in said.json] == ["C1", "C3"]
    said = labctl("sitting", "begin", code)
    assert said.out.count("▶ running") == 2
    assert "identity" not in said.err
    assert "nobody has approved" in " ".join(said.err.split()).lower()
    late = labctl("sitting", "begin", code, "C2")
    assert "Nobody has checked the identity of C2" in late.err
    assert "Begun before: C1." in labctl("sitting", "begin", code, "C1").err

    said = labctl("sitting", "pause", code, "--reason", "fire alarm")
    assert said.err.count("paused, the clock stands, 9 min left") == 3 or "10 min" in said.err
    assert labctl("sitting", "show", code).out.count("‖ paused") == 3
    assert labctl("sitting", "resume", code).err.count("running") == 3
    said = labctl("sitting", "notice", code, "Read task 2 again.", "--credit", "3")
    assert said.err.count("has it on the task sheet") == 3
    shown = labctl("sitting", "show", code, "--log")
    assert "+3 min" in " ".join(shown.out.split())
    assert "everybody is to stop: fire alarm" in " ".join(shown.out.split())
    view = labctl("sitting", "show", code, "--json").json
    assert view["seats"][1]["seat"]["entry"]["presence"] == "late"
    assert view["seats"][1]["clock"]["credited"] == 180

    refused = labctl("sitting", "end", code, code=2)
    assert "Still at work: C1" in refused.err
    codes = [each["seat"]["session"] for each in view["seats"]]
    for each in codes:
        labctl("submit", each)
    assert "has ended" in labctl("sitting", "end", code).err
    assert "No sitting is planned." in labctl("sitting", "list").err
    (row,) = labctl("sitting", "list", "--all", "--json").json
    assert row["stage"] == "ended"
    assert "1 sitting and of the centre adds up" in labctl("audit").err
    assert "of 1 sitting adds up" in " ".join(labctl("audit", code).err.split())
    assert labctl("audit", code, "--json").json["sittings"] == [code]


def test_seats_that_must_wait_are_counted(labctl: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    code = three(labctl)
    assert labctl("sitting", "prepare", code, "--json").json["forecast"]["fit"] == 3
    monkeypatch.setattr(preparing, "measured", lambda *_: SMALL)
    said = labctl("sitting", "prepare", code, code=1)
    assert "1 fit at once, 2 must wait for processors." in " ".join(said.out.split())
    assert "No seat has been tried yet" in said.err
    labctl.server.fault("up", "The disk is full.")
    said = labctl("sitting", "prepare", code, "--pre-flight", code=1)
    assert "A1 (C1, moves): The disk is full." in said.err
    assert "hint: Mend it." in said.err


def test_one_that_fails_is_named_and_gives_the_exit_code(labctl: Command) -> None:
    code = three(labctl)
    labctl("sitting", "begin", code, "C1", "C2")
    labctl.server.fault("thaw", None)
    labctl.server.fault("running", "The server is busy.")
    labctl("sitting", "pause", code, "--reason", "fire alarm")
    said = labctl("sitting", "resume", code, code=4)
    assert said.err.count("The server is busy.") == 2
    labctl.server.fault("running", None)
    assert labctl("sitting", "resume", code, "--json").json["outcomes"][0]["problem"] == ""


def test_who_stays_paused_is_said(labctl: Command) -> None:
    code = three(labctl)
    labctl("sitting", "begin", code, "C1", "C2")
    session = labctl("sitting", "show", code, "--json").json["sitting"]["seats"][0]["session"]
    labctl("pause", session, "--reason", "rest break")
    labctl("sitting", "pause", code, "--reason", "fire alarm")
    said = labctl("sitting", "resume", code)
    assert "C1 is left as it is: rest break." in said.err
    nobody = " ".join(labctl("sitting", "resume", code, code=2).err.split())
    assert f"Nobody goes on. hint: `labctl sitting resume {code} CANDIDATE...` lets" in nobody
    assert "C1" in labctl("sitting", "resume", code, "--all").err


def test_who_comes_up_while_the_room_stands_is_said(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labctl.sessions.controller import Controller

    code, up = three(labctl), FakeProvider.up

    def alarm() -> None:
        with Controller(labctl.home) as controller:
            controller.store.sittings.append(code, "pause.intended", {"why": "fire"}, "ada")

    def alarmed(*arguments: Any) -> Any:
        alarm()
        return up(*arguments)

    monkeypatch.setattr(FakeProvider, "up", alarmed)
    said = labctl("sitting", "begin", code, "C1")
    assert "The room stands, and so does the clock of C1" in " ".join(said.err.split())
    assert labctl("sitting", "resume", code).err.count("running") == 1
    alarm()
    assert "Nobody was paused." in labctl("sitting", "resume", code).err


def test_several_labs_and_names_are_shown(labctl: Command) -> None:
    code = new(
        labctl, "--lab", "notes", "--candidate", "C1", "--candidate", "C2=moves", "--practice"
    )
    shown = labctl("sitting", "show", code).out
    assert "LAB" in shown
    assert "practice; moves, notes; 2 seats" in shown
    said = labctl("sitting", "notice", code, "Read task 2 again.", "--lab", "moves")
    assert "Nobody works yet" in said.err
    assert labctl("sitting", "notice", code, "Again.", "--json").json["outcomes"] == []


def test_warnings_go_to_stderr_and_json_has_them(labctl: Command) -> None:
    given = ["sitting", "new", "--day", "2126-03-14", "--start", "09:30", "--until", "09:35"]
    given += ["--room", "R 12", "--lab", "moves", "--candidate", "C1"]
    said = labctl(*given)
    assert "C1: the time ends at 09:40" in said.err
    again = labctl(*given, "--json").json
    assert len(again["warnings"]) == 2
    assert again["sitting"]["seats"][0]["label"] == "A1"


def test_a_sitting_that_is_called_off_is_not_listed(labctl: Command) -> None:
    code = three(labctl)
    assert "is cancelled" in labctl("sitting", "cancel", code, "--reason", "flooded").err
    assert "No sitting is planned." in labctl("sitting", "list").err
    assert "□ cancelled" in labctl("sitting", "show", code).out
    other = three(labctl)
    said = labctl("sitting", "cancel", other, "--reason", "flooded", "--json")
    assert said.json["stage"] == "cancelled"


def test_a_damaged_sitting_is_named_beside_the_others(labctl: Command) -> None:
    from labctl.sessions.controller import Controller

    damaged, whole = three(labctl), three(labctl)
    with Controller(labctl.home) as controller:
        controller.store.sittings.append(damaged, "register.marked", {}, "ada")
    said = labctl("sitting", "list")
    assert whole in said.out
    assert f"Sitting {damaged} cannot be read" in said.err


def test_what_cannot_be_is_refused(labctl: Command) -> None:
    assert "No sitting is called `s-zzzz`" in labctl("sitting", "show", "s-zzzz", code=2).err
    for act in (("begin",), ("pause", "--reason", "x"), ("resume",), ("end",), ("prepare",)):
        assert "No sitting" in labctl("sitting", act[0], "s-zzzz", *act[1:], code=2).err
    code = three(labctl)
    said = labctl("sitting", "begin", code, "--beyond-limit", code=2)
    assert "go together" in said.err
    assert "`--all`" in labctl("sitting", "resume", code, "C1", "--all", code=2).err
    assert "is not one of" in labctl("sitting", "register", code, "C1", "here", code=2).err
    assert (
        "cannot be planned"
        in labctl(
            *("sitting", "new", "--day", "x", "--start", "y", "--until", "z", "--room", "R"), code=2
        ).err
    )


def test_a_cut_off_act_is_shown(labctl: Command) -> None:
    from labctl.sessions.controller import Controller

    code = three(labctl)
    with Controller(labctl.home) as controller:
        data = {"why": "fire alarm", "sessions": []}
        controller.store.sittings.append(code, "pause.intended", data, "ada")
    shown = " ".join(labctl("sitting", "show", code).out.split())
    assert "! cut off, or in the middle of it: everybody is to stop: fire alarm" in shown


def test_what_is_to_be_known_of_a_seat_is_noted() -> None:
    clock = ClockView("running", 600, 25, 150, 90, 42, 882, 60, 822, None)
    incidents = tuple(
        EventView(number, "", "ada", kind, "")
        for number, kind in enumerate(("notice.given", "note.written", "malpractice.suspected"), 1)
    )
    view = SeatView(
        Seat("A1", "C1", "moves", "abcdef"),
        state="running",
        clock=clock,
        paused=61,
        incidents=incidents,
        reached_in=2,
        held=True,
        beyond=True,
        void=("bcdefg",),
        problem="Event 2 is damaged.",
    )
    assert sitting_sheet._notes(view) == [
        "+25 %",
        "+42 s",
        "extended 1 min",
        "stood 1 min",
        "void: bcdefg",
        "held",
        "2 incidents",
        "assistance: 2",
        "ends after the booking",
        "the record is damaged: Event 2 is damaged.",
    ]


def test_a_notice_with_credit_to_sessions(labctl: Command) -> None:
    session = labctl.start("C1", lab="moves")
    labctl("notice", session, "--text", "Read task 2 again.", "--credit", "4")
    assert "4 min 0 s given back" in labctl("show", session).out.replace("240 s", "4 min 0 s")
