"""The command `labctl` within the test's own process, over the fake server and labs of paper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labctl.centre import account
from labctl.centre.account import Account
from labctl.cli.main import main
from labctl.providers import PROVIDERS
from labctl.store.locks import exclusive
from labctl.warden.running import WHAT, lock_of
from tests.fakes.provider import FakeServer

LIBRARY = Path(__file__).parent / "labs"


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote to stdout, as JSON."""
        return json.loads(self.out)


class Command:
    """Runs the command again and again in one home."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.server = FakeServer(home)
        self.account = Account("tester", 4711)
        """Who runs the commands; a test may put another in its place."""
        self._capture = capture

    def __call__(self, *arguments: str, code: int | None = 0) -> Said:
        """Run `labctl ARGUMENTS`; it must end with `code` (None: any)."""
        self._capture.readouterr()
        ended = main([str(each) for each in arguments])
        captured = self._capture.readouterr()
        said = Said(ended, captured.out, captured.err)
        assert code is None or ended == code, said
        return said

    def start(
        self, *candidates: str, lab: str = "notes", seed: int = 7, practice: bool = False
    ) -> Any:
        """Start sessions; their codes, or the one code."""
        named = [word for name in candidates for word in ("--candidate", name)]
        mode = ["--practice"] if practice else []
        found = self("start", lab, *named, "--seed", str(seed), *mode, "--json").json
        codes = [each["code"] for each in found]
        return codes if len(codes) > 1 else codes[0]


def command_in(
    home: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """The command in a home of its own; the body of a fixture.

    The warden's lock is held, as by a warden that is at work, so that no process is left behind.
    """
    monkeypatch.setenv("LABCTL_HOME", str(home))
    monkeypatch.setenv("LABCTL_LIBRARY", str(LIBRARY))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TZ", "UTC")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    monkeypatch.chdir(home.parent)
    (home / "locks").mkdir(parents=True)
    with ExitStack() as stack:
        stack.enter_context(exclusive(lock_of(home), WHAT))
        command = Command(home, capture)
        monkeypatch.setattr(account, "current_account", lambda: command.account)
        yield command
