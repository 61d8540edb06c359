"""The wording of the command line: transcripts of whole sessions at the terminal, pinned by files.

Codes, times and digests are replaced by their names. After a change that is meant, write the files
again with `LABCTL_GOLDEN=write .venv/bin/pytest tests/golden/test_cli.py`, and read the difference.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from labctl.cli.root import SECTIONS
from labctl.sessions.controller import Controller
from labctl.sessions.record import load
from labctl.verification import apply_case
from tests.fakes.command import LIBRARY, Command, command_in

FILES = Path(__file__).parent / "cli"
WRITE = os.environ.get("LABCTL_GOLDEN") == "write"

CHANGING = (
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b"), "2026-03-01 09:30:00"),
    (re.compile(r"\b\d\d:\d\d on \d{4}-\d\d-\d\d\b"), "10:00 on 2026-03-01"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "64-HEX-DIGITS"),
    (re.compile(r"\bdigest [0-9a-f]{12}\b"), "digest 12-HEX-DIGITS"),
    (re.compile(r"\b\d+(\.\d)? s\b"), "N s"),
    (re.compile(r"process \d+ on \S+"), "process 1 on server"),
)


class Transcript:
    """Commands with what they wrote, as a person would have seen it."""

    def __init__(self, labctl: Command, folder: Path) -> None:
        self.labctl = labctl
        self.codes: list[str] = []
        self._folder = folder
        self._text: list[str] = []

    def run(self, *arguments: str, code: int = 0) -> None:
        """Run a command and keep it; `CODE1` in it stands for the first session's code."""
        words = [self._named(each) for each in arguments]
        said = self.labctl(*words, code=code)
        shown = " ".join(f"'{each}'" if " " in each else each for each in arguments)
        lines = [f"$ labctl {shown}", said.out, *(f"2> {line}" for line in said.err.splitlines())]
        self._text.append("\n".join(line.rstrip("\n") for line in lines if line))
        if code:
            self._text[-1] += f"\n(exit code {code})"

    def start(self, *candidates: str) -> None:
        """Start sessions without keeping it, since threads narrate in any order."""
        found = self.labctl.start(*candidates)
        self.codes += found if isinstance(found, list) else [found]

    def work(self, number: int, case: str) -> None:
        """Do what a case of the lab does."""
        with Controller(self.labctl.home, [LIBRARY]) as controller:
            plan = load(controller.store, self.codes[number]).plan
            found = next(each for each in plan.cases if each.name == case)
            apply_case(controller, self.codes[number], found)

    def add(self, text: str) -> None:
        """Keep a text that is no command's output."""
        self._text.append(text)

    def _named(self, word: str) -> str:
        for number, code in enumerate(self.codes, 1):
            word = word.replace(f"CODE{number}", code)
        return word

    def plain(self) -> str:
        """All of it, with what changes from run to run replaced."""
        text = "\n\n".join(self._text)
        for number, code in enumerate(self.codes, 1):
            text = text.replace(code, f"code{number:0>2}")
        text = text.replace(str(self._folder), "/home/tester")
        for pattern, name in CHANGING:
            text = pattern.sub(name, text)
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


@pytest.fixture
def transcript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Transcript]:
    for labctl in command_in(tmp_path / "home", monkeypatch, capsys):
        yield Transcript(labctl, tmp_path)


def compare(name: str, text: str) -> None:
    path = FILES / name
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


INNER_COMMANDS = {
    "labs": [
        "list",
        "show",
        "lint",
        "schema",
        "new",
        "verify",
        "mutate",
        "approve",
        "checks",
        "coverage",
    ],
    "images": ["list", "build", "prune"],
    "people": ["import", "list", "show", "erase"],
    "staff": ["add", "list", "role", "remove"],
    "centre": ["log"],
}


def test_help(transcript: Transcript) -> None:
    transcript.run("--help")
    for section in SECTIONS.values():
        for name in section:
            transcript.run(name, "--help")
    for group, commands in INNER_COMMANDS.items():
        for inner in commands:
            transcript.run(group, inner, "--help")
    compare("help.txt", transcript.plain())


def test_what_cannot_be_done(transcript: Transcript) -> None:
    transcript.start("amy")
    transcript.run("strat", code=2)
    transcript.run("show", code=2)
    transcript.run("start", "nots", "--candidate", "bilal", code=2)
    transcript.run("start", "notes", "--candidate", "bilal", "bilal", code=2)
    transcript.run("start", "notes", "--candidate", "Bilal Khan", code=2)
    transcript.run("stop", code=2)
    transcript.run("remark", "CODE1", code=2)
    transcript.run("console", "CODE1", "dusk", code=2)
    transcript.run("console", "CODE1", "shelf", code=2)
    transcript.run("get", "CODE1", "desk", "/srv/none", code=2)
    transcript.run("put", "CODE1", "desk", "no-such-file", "/srv/", code=2)
    transcript.labctl.server.fault("any", "Docker is not running.")
    transcript.run("start", "notes", "--candidate", "bilal", code=4)
    transcript.run("gc", code=4)
    compare("refused.txt", transcript.plain())


def test_a_session(transcript: Transcript) -> None:
    transcript.run("sessions")
    transcript.start("amy")
    transcript.start("bilal")
    transcript.run("sessions")
    transcript.run("tasks", "CODE1")
    transcript.work(0, "not-kept")
    transcript.run("check", "CODE1")
    transcript.run("submit", "CODE1")
    transcript.work(1, "wrong-word")
    transcript.run("show", "CODE2")
    transcript.run("submit", "CODE2")
    transcript.run("show", "CODE2", "--log")
    transcript.run("remark", "CODE2")
    transcript.run("stop", "CODE1")
    transcript.run("sessions")
    transcript.run("sessions", "--all")
    transcript.run("evidence", "CODE1", "--output", "folder")
    transcript.run("gc", "--dry-run")
    transcript.run("audit")
    compare("session.txt", transcript.plain())


def test_a_centre(transcript: Transcript, tmp_path: Path) -> None:
    header = "Candidate code;Name;Group;ULN;Date of birth;Extra time;Qualification;Email\n"
    roster = tmp_path / "roster.csv"
    roster.write_text(
        f"{header}C1;Amy Jones;A;1000000044;03.04.2001;a quarter;4520-2;a@x\n"
        "C 2;;A;100;4/25/2001;;4520-03;b@x\n"
    )
    transcript.run("people", "import", "roster.csv", code=3)
    roster.write_text(
        f"{header}C1;Amy Jones;A;1000000043;03/04/2001;25 %;;a@x\n"
        "C2;Bilal Khan;A;;2002-01-31;;;b@x\n"
    )
    transcript.run("people", "import", "roster.csv", "--dry-run")
    transcript.run("people", "import", "roster.csv")
    transcript.run("people", "list")
    transcript.run("people", "show", "C1")
    transcript.run("people", "erase", "C2", "--yes")
    transcript.run("labs", "approve", "notes", "--yes")
    transcript.run("staff", "list")
    transcript.run("staff", "add", "daemon", "--name", "Carol Smith", "--role", "iqa")
    transcript.run("staff", "list")
    transcript.run("start", "notes", "--cohort", "A", code=2)
    transcript.run("centre", "log")
    transcript.run("audit")
    compare("centre.txt", transcript.plain())


def test_an_error_of_the_machinery(transcript: Transcript) -> None:
    transcript.start("amy")
    transcript.work(0, "solution")
    transcript.labctl.server.fault("dial", "The observer is gone.")
    transcript.run("submit", "CODE1")
    transcript.labctl.server.fault("dial", None)
    transcript.labctl.server.fault("running", "The engine hangs.")
    transcript.run("submit", "CODE1", code=4)
    transcript.run("sessions")
    transcript.labctl.server.fault("running", None)
    transcript.run("show", "CODE1")
    compare("errors.txt", transcript.plain())


def test_a_lab(transcript: Transcript) -> None:
    transcript.run("labs", "show", "notes", "--seed", "7")
    transcript.run("labs", "lint", "notes")
    transcript.run("labs", "verify", "notes", "--seeds", "1", "--case", "fake-draft")
    compare("lab.txt", transcript.plain())


def test_the_report(transcript: Transcript, tmp_path: Path) -> None:
    transcript.start("amy")
    transcript.work(0, "wrong-word")
    transcript.run("submit", "CODE1")
    transcript.run("evidence", "CODE1", "--output", "folder")
    transcript.add((tmp_path / "folder" / "report.md").read_text())
    compare("report.txt", transcript.plain())


def test_the_demonstration(
    transcript: Transcript, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "labs"
    shutil.copytree(LIBRARY / "linux" / "notes", library / "linux" / "static-routing")
    path = library / "linux" / "static-routing" / "lab.yaml"
    text = path.read_text().replace("id: notes", "id: static-routing")
    path.write_text(text.replace("choice: [apple, pear, plum]", "choice: [plum]"))
    monkeypatch.setenv("LABCTL_LIBRARY", str(library))
    # How long it takes is no matter here, but a second digit would move the columns.
    monkeypatch.setattr("labctl.demo.time", SimpleNamespace(monotonic=lambda: 0.0))
    said = transcript.labctl("demo", "--output", "evidence")
    found = re.findall(r"evidence/(\w{6})/", said.out)
    transcript.codes += found
    # Only what does not depend on which thread was first.
    narration = said.err[said.err.index("✓ All as the lab expects") :]
    transcript.add(f"$ labctl demo\n{said.out}\n{narration}")
    compare("demo.txt", transcript.plain())
