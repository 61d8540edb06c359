"""What reaches a terminal: harmless texts, bars or lines, values in words."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from labctl.cli import words
from labctl.cli.board import Board, counted
from labctl.cli.root import SECTIONS
from labctl.cli.screen import Screen, plain_json
from labctl.cli.verdicts import Line, because
from labctl.harmless import harmless
from tests.fakes.command import Command

HEAVY = ("docker", "paramiko", "textual", "sqlalchemy", "alembic", "pydantic", "rich")
COMMANDS = [name for section in SECTIONS.values() for name in section]
GROUPS = {"labs": ["list", "show", "lint", "schema", "new", "verify"]}
GROUPS["images"] = ["list", "build", "prune"]


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_control_characters_are_spelt_out() -> None:
    assert harmless("a\x1b[2J\x07\u202eb\n\tc") == "a\\x1b[2J\\x07\\u202eb\n\tc"


def test_json_holds_no_raw_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"found": "\x1b\u202e\x9b\U000e0041 é\n"}
    Screen().json(value)
    text = capsys.readouterr().out
    assert not set(text) & set("\x1b\u202e\x9b\U000e0041")
    assert "é" in text
    assert json.loads(text) == value


def test_values_of_ours_become_json() -> None:
    line = Line("passed", "t", 1.0, 2.0, "", "", flags=("a",))
    assert plain_json({1: (line, Path("/x"))}) == {
        "1": [{**plain_json(line), "flags": ["a"]}, "/x"]
    }
    assert plain_json(Line) is Line


def test_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.show("[bold]x[/bold] :smile:")
    screen.say("[red]y")
    screen.error("[b]z", "[link=http://x]w")
    captured = capsys.readouterr()
    assert captured.out == "[bold]x[/bold] :smile:\n"
    assert captured.err == "[red]y\nerror: [b]z\nhint: [link=http://x]w\n"


@pytest.mark.parametrize("no_color", [True, False])
def test_a_terminal_gets_bars_and_colours_unless_told_not_to(
    no_color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = _Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    assert screen.live
    with screen.bar() as bar, Board(screen) as board:
        bar.begin(3)
        bar.step("one\ntwo", 1)
        board.say("amy", "✓ done")
        board.say("amy", "✓ done")
        board.forget("amy")
    screen.warn("mind")
    text = stream.getvalue()
    assert ("\x1b[1;33m" in text) is not no_color
    assert "mind" in text


def test_elsewhere_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    assert not screen.live
    with screen.bar(2) as bar, Board(screen) as board:
        bar.begin(2)
        bar.step("first", 1)
        board.say("amy", "works")
        board.say("amy", "works")
        board.say("", "all")
    assert capsys.readouterr().err == "first\namy: works\nall\n"


def test_a_dumb_terminal_is_not_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not Screen().live


def test_counts_and_times_in_words() -> None:
    assert counted(3, 10) == "▰▰▰▱▱▱▱▱▱▱ 3 of 10 checks"
    assert counted(0, 0).endswith("0 of 0 checks")
    assert words.seconds(0.84) == "0.8 s"
    assert words.seconds(42.2) == "42 s"
    assert words.seconds(185) == "3 min 5 s"
    assert words.marks(None, 4) == "?/4"
    assert words.plural(1, "host") == "1 host"
    now = "2026-03-01T09:30:00.000000Z"
    moment = words.left.__globals__["datetime"].fromisoformat
    assert words.left(None) == ""
    assert words.left(now, moment("2026-03-01T09:20:30+00:00")) == "9 min left"
    assert words.left(now, moment("2026-03-01T06:20:00+00:00")) == "3 h 10 min left"
    assert words.left(now, moment("2026-03-01T09:34:00+00:00")) == "4 min over"
    assert words.sign("odd\x1b").plain == "· odd\\x1b"


def test_why_a_check_did_not_pass() -> None:
    assert because("a", "b") == "expected a, found b"
    assert because("a", "") == "expected a"
    assert because("", "b") == "b"
    line = Line("failed", "t", 0, 1, "a", "b", "Look.", ("inside only",), "beside")
    assert line.why() == ["expected a, found b (seen from beside)", "Look.", "remark: inside only"]
    assert Line("passed", "t", 1, 1, "a", "b").why() == []
    assert Line("not-run", "t", None, 1, "", "").why() == []


def test_commands_on_a_terminal(labctl: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars and redrawn lines in place of narration; nothing of it on stdout."""
    code = labctl.start("amy")
    stream = _Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    labctl("check", code)
    labctl("submit", code)
    labctl("labs", "verify", "notes", "--case", "solution", "--seeds", "1")
    assert "\x1b[" in stream.getvalue()
    assert "✓ notes: solution" in stream.getvalue()


def test_stop_asks_on_a_terminal_before_work_is_lost(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = labctl.start("amy")
    answers = _Terminal("n\n")
    monkeypatch.setattr(sys, "stdin", answers)
    said = labctl("stop", code, code=130)
    assert f"Nothing was handed in yet by amy ({code})." in said.err
    assert labctl.server.sessions() == [code]
    monkeypatch.setattr(sys, "stdin", _Terminal("y\n"))
    labctl("stop", code)
    assert labctl.server.sessions() == []
    labctl("stop", labctl.start("amy"), "--yes")


def test_bytes_of_a_host_are_not_written_to_a_terminal(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = labctl.start("amy")
    out = _Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    assert "not written to a terminal" in labctl("get", code, "desk", "/srv/x", "-", code=2).err
    assert out.getvalue() == ""
    labctl("tasks", code)
    assert "Leave a note" in out.getvalue()


def test_what_is_said_at_a_console_is_harmless_and_begins_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Screen().announce("Notice: \x1b[2Jread `/srv`")
    assert capsys.readouterr().err == "\r\n\a*** labctl: Notice: \\x1b[2Jread `/srv` ***\r\n"
