"""`labctl pause`, `resume`, `extend` and what shows a session's clock, over a server of paper."""

from __future__ import annotations

import pytest

from labctl.cli.words import rest_of, span
from labctl.sessions import heartbeat
from labctl.sessions.clock import present
from labctl.sessions.controller import Controller
from tests.fakes.command import Command


def test_sessions_are_paused_and_resumed_side_by_side(labctl: Command) -> None:
    amy, bilal = labctl.start("amy", "bilal")
    said = labctl("pause", amy, bilal, "--reason", "fire alarm")
    assert f"{amy}: paused, 29 min left; the clock stands" in said.err
    assert f"{bilal}: paused" in said.err
    assert said.out == ""
    listed = labctl("sessions").out
    assert listed.count("‖ paused 29 min") == 2
    assert labctl("sessions", "--state", "paused", "--json").json[0]["remaining"] > 1700
    shown = labctl("show", amy, "--log")
    assert "‖ paused  29 min left" in shown.out
    assert "30 min 0 s of the lab" in shown.out
    assert "paused, the clock stands: fire alarm" in " ".join(shown.out.split())
    assert "29 minutes are left" in labctl("tasks", amy).out
    assert f"{amy}: running, 29 min left" in labctl("resume", amy, bilal).err
    assert labctl("sessions").out.count("▶ running 29 min") == 2
    assert "time:" not in labctl("show", amy).out
    labctl("audit")


def test_what_is_paused_is_refused_with_what_to_type(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl("pause", code, "--reason", "rest break")
    for command in (
        ("check", code),
        ("console", code, "desk"),
        ("reset", code, "desk", "--reason", "x", "--yes"),
        ("thaw", code),
        ("pause", code, "--reason", "again"),
    ):
        said = labctl(*command, code=2)
        assert f"Session `{code}` is paused, not running." in said.err
        assert f"`labctl resume {code}`" in said.err
    assert "Recommended:" in labctl("submit", code).out


def test_one_that_cannot_be_paused_costs_no_other(labctl: Command) -> None:
    amy, bilal = labctl.start("amy", "bilal")
    labctl("stop", amy, "--yes")
    said = labctl("pause", amy, bilal, "--reason", "fire alarm", "--json", code=2)
    assert f"{amy}: Session `{amy}` is stopped, not running." in said.err
    (found,) = said.json
    assert (found["code"], found["phase"], found["deadline"]) == (bilal, "paused", None)
    assert labctl("resume", bilal, "--json").json[0]["phase"] == "running"
    assert "No session is called `zzzzzz`" in labctl("resume", "zzzzzz", code=2).err


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("pause", "CODE"), "Missing option '--reason'"),
        (("pause", "CODE", "--reason", " "), "The reason is empty."),
        (("extend", "CODE", "--minutes", "5"), "Missing option '--reason'"),
        (("extend", "CODE", "--minutes", "0", "--reason", "x"), "--minutes"),
        (("extend", "CODE", "--minutes", "2000", "--reason", "x"), "--minutes"),
        (("resume", "CODE"), "is running, not paused"),
        (("start", "notes", "--candidate", "bilal", "--extra-time", "101"), "--extra-time"),
    ],
)
def test_what_makes_no_sense_is_refused(
    labctl: Command, arguments: tuple[str, ...], told: str
) -> None:
    code = labctl.start("amy")
    words = [code if each == "CODE" else each for each in arguments]
    assert told in labctl(*words, code=2).err


def test_all_time_that_was_given_is_shown(labctl: Command) -> None:
    arguments = ("start", "notes", "--candidate", "amy", "--extra-time", "25", "--json")
    code = labctl(*arguments).json[0]["code"]
    assert "assessment, 38 minutes." in labctl("tasks", code).out
    said = labctl("extend", code, "--minutes", "10", "--reason", "came late")
    assert f"{code}: 10 min more, 47 min left" in said.err
    labctl("reset", code, "desk", "--reason", "its disk broke", "--fault", "--yes")
    shown = " ".join(labctl("show", code).out.split())
    assert "30 min 0 s of the lab, 7 min 30 s extra time (25 %), 10 min 0 s extension" in shown
    assert " given back" in shown
    clock = labctl("show", code, "--json").json["clock"]
    assert (clock["extra_percent"], clock["extra"], clock["extended"]) == (25, 450, 600)
    assert clock["total"] == 1800 + 450 + 600 + clock["credited"]
    log = " ".join(labctl("show", code, "--log").out.split())
    for words in (
        "25 % extra time: access arrangement",
        "10 min more to work: came late",
        "given back: desk was made anew for a fault",
    ):
        assert words in log
    labctl("submit", code)
    labctl("evidence", code, "--output", "folder")
    report = (labctl.home.parent / "folder" / "report.md").read_text()
    assert ": came late" in report
    assert "- extra time arranged: " in report


def test_a_server_that_went_down_is_told_by_whatever_is_typed_next(labctl: Command) -> None:
    code = labctl.start("amy")
    heartbeat.beat(labctl.home, present())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("labctl.sessions.clock.boot_id", lambda: "a later boot")
        said = labctl("extend", code, "--minutes", "5", "--reason", "the power was cut")
        assert f"Session `{code}`: its work had been cut off; its clock stands as of" in said.err
        assert "34 min left" in said.err
        assert labctl("sessions", "--json").json[0]["state"] == "paused"
        labctl("resume", code)
    log = " ".join(labctl("show", code, "--log").out.split())
    assert "UTC: the server went down" in log


def test_a_time_left_in_words(labctl: Command) -> None:
    assert (span(59), span(7200), span(7265)) == ("59 s", "2 h 0 min", "2 h 1 min")
    code = labctl.start("amy")
    with Controller(labctl.home) as controller:
        from labctl.sessions.views import view

        assert rest_of(view(controller.store.session(code), None)) == "29 min left"
