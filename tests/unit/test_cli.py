"""The command itself: help, exit codes, errors of its own, Ctrl-C, and what reaches a terminal."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from labctl.cli.crash import report
from labctl.cli.main import main
from labctl.cli.root import HIDDEN, SECTIONS
from labctl.cli.root import labctl as root
from labctl.cli.screen import Screen
from labctl.store import Store
from tests.fakes.command import Command

HEAVY = ("docker", "paramiko", "textual", "sqlalchemy", "alembic", "pydantic", "rich")
COMMANDS = [name for section in SECTIONS.values() for name in section]
GROUPS = {"labs": ["list", "show", "lint", "schema", "new", "verify"]}
GROUPS["images"] = ["list", "build", "prune"]
GROUPS["policy"] = ["show", "check", "schema"]


def test_every_command_has_help_of_its_own(labctl: Command) -> None:
    for name in COMMANDS:
        said = labctl(name, "--help")
        assert said.out.startswith(f"Usage: labctl {name}")
        for inner in GROUPS.get(name, []):
            assert labctl(name, inner, "--help").out.startswith(f"Usage: labctl {name} {inner}")


def test_the_list_of_commands_cuts_no_line(labctl: Command) -> None:
    lines = labctl("--help").out.splitlines()
    assert not [line for line in lines if line.endswith("...") and "ARGS" not in line]
    assert max(map(len, lines)) <= 80
    assert not any(name in line.split() for name in HIDDEN for line in lines)


def test_help_of_all_commands_loads_nothing_heavy() -> None:
    """One process for all of them: what one command's help loads would be seen here too."""
    words = [[name, "--help"] for name in COMMANDS]
    words += [[group, inner, "--help"] for group, inners in GROUPS.items() for inner in inners]
    program = f"""
import sys
import threading
from labctl.cli.main import main
for words in {words!r}:
    assert main(words) == 0, words
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_python_m_labctl_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "labctl", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("labctl")


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["strat"], "There is no command `strat`. Did you mean `start`"),
        (["qqq"], "There is no command `qqq`."),
        (["--nothing"], "No such option"),
        (["sessions", "--state", "asleep"], "'asleep' is not one of"),
        (["labs", "verify"], "Name the labs to prove, or give `--all`."),
        (["--library", "/no/such/folder", "labs", "list"], "There is no library at"),
    ],
)
def test_what_cannot_be_done_as_asked_ends_with_2(
    labctl: Command, arguments: list[str], told: str
) -> None:
    said = labctl(*arguments, code=2)
    assert told in " ".join(said.err.split())
    assert "hint: " in said.err


def test_no_command_shows_the_help(labctl: Command) -> None:
    said = labctl(code=2)
    assert "Sessions:" in said.err


def test_a_fault_of_its_own_is_said_honestly_and_kept_in_a_file(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a screw is loose")

    monkeypatch.setattr(Store, "sessions", broken)
    said = labctl("sessions", "--candidate", "a\nb", code=70)
    assert "A fault of labctl's own ended this command (RuntimeError: a screw is loose)" in (
        " ".join(said.err.split())
    )
    (path,) = labctl.home.glob("crash-*.txt")
    assert path.name in "".join(said.err.split())
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text()
    assert "a screw is loose" in text
    assert r"'a\nb'" in text
    assert "Traceback" not in said.err
    assert "Traceback" in labctl("--debug", "sessions", code=70).err


def test_a_fault_that_cannot_be_kept_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LABCTL_HOME", str(tmp_path / "file" / "home"))
    report(Screen(), ValueError(), ["x"], debug=False)
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert "error: A fault of labctl's own" in told
    report(Screen(), ValueError(), ["x"], debug=True)


def test_a_home_that_cannot_be_made_is_an_error_of_the_record(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LABCTL_HOME", str(tmp_path / "file" / "home"))
    assert "error: " in labctl("sessions", code=5).err


def test_ctrl_c_undoes_a_start(labctl: Command) -> None:
    labctl.server.fault("interrupt", "Ctrl-C")
    said = labctl("start", "notes", "--candidate", "amy", "bilal", "chen", "dilys", code=130)
    assert "error: Interrupted." in said.err
    assert "What was half up is undone." in said.err
    assert labctl.server.sessions() == []
    states = {each["state"] for each in labctl("sessions", "--all", "--json").json}
    assert states == {"withdrawn"}


def test_kill_ends_a_command_as_ctrl_c_does(labctl: Command) -> None:
    labctl.server.fault("terminate", "SIGTERM")
    assert "Interrupted." in labctl("start", "notes", "--candidate", "amy", code=130).err
    assert labctl.server.sessions() == []


def test_a_reader_that_went_away_ends_it_quietly() -> None:
    """The schema is longer than what a pipe holds, so that writing it must fail."""
    with subprocess.Popen(
        [sys.executable, "-m", "labctl", "labs", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_the_group_answers_click_for_what_it_does_not_know() -> None:
    import click

    context = click.Context(root)
    assert root.get_command(context, "nothing") is None
    with pytest.raises(click.UsageError):
        root.resolve_command(context, [""])


def test_main_can_be_called_with_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["labctl", "--version"])
    assert main() == 0
    assert "labctl" in capsys.readouterr().out


def test_main_works_away_from_the_main_thread_and_on_odd_streams(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Odd:
        """A stream that takes text and knows nothing else."""

        def __init__(self) -> None:
            self.text = ""

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

        def flush(self) -> None:
            """Nothing waits here."""

    odd = Odd()
    monkeypatch.setattr(sys, "stdout", odd)
    ended: list[int] = []
    thread = threading.Thread(target=lambda: ended.append(main(["--version"])))
    thread.start()
    thread.join(20)
    assert ended == [0]
    assert "labctl" in odd.text


def test_a_signal_that_somebody_else_handles_is_left_to_them(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        labctl("sessions")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_files_through_stdin_and_stdout(labctl: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    code = labctl.start("amy")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\x1b\n")))
    labctl("put", code, "desk", "-", "/srv/in")
    written = io.BytesIO()
    out = io.TextIOWrapper(written)
    monkeypatch.setattr(sys, "stdout", out)
    labctl("get", code, "desk", "/srv/in", "-")
    out.flush()
    assert written.getvalue() == b"\xff\x1b\n"


def test_a_file_that_is_too_large_is_not_put(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = labctl.start("amy")
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate((64 << 20) + 1)
    assert "is larger than" in labctl("put", code, "desk", str(large), "/x", code=2).err


def test_every_command_and_exit_code_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for name in COMMANDS:
        names = [f"{name} {inner}" for inner in GROUPS.get(name, [])] or [name]
        missing = [each for each in names if f"labctl {each}" not in page]
        assert not missing
    assert root.epilog is not None
    words = [line.split() for line in root.epilog.splitlines() if line.split()]
    codes = [each[0] for each in words if each[0].isdigit()]
    assert len(codes) >= 8
    assert [code for code in codes if f"| {code} |" not in page] == []
