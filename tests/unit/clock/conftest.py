"""What tests of the clock stand on: a server of paper, and a time that is moved by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labctl.providers import PROVIDERS
from labctl.sessions.controller import Controller
from labctl.warden import running
from tests.fakes.command import LIBRARY
from tests.fakes.provider import FakeServer
from tests.fakes.time import HandMoved
from tests.fakes.timed import (
    Killed,
    Slow,
)


@pytest.fixture
def now() -> HandMoved:
    return HandMoved()


@pytest.fixture
def controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: HandMoved
) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY], now=now) as opened:
        yield opened


@pytest.fixture
def server(controller: Controller) -> FakeServer:
    return FakeServer(controller.home)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, now: HandMoved) -> Slow:
    return Slow(monkeypatch, now)


@pytest.fixture(autouse=True)
def killed_wardens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A warden that is killed in its pause ends, as the process would."""
    keep = running.keep

    def ended(*arguments: Any) -> None:
        with contextlib.suppress(Killed):
            keep(*arguments)

    monkeypatch.setattr(running, "keep", ended)
