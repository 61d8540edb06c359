"""What tests of sittings stand on: a server of paper, and a time that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.centre.account import Account
from labctl.providers import PROVIDERS
from labctl.sessions.controller import Controller
from tests.fakes.command import LIBRARY
from tests.fakes.provider import FakeServer
from tests.fakes.sittings import planned
from tests.fakes.time import HandMoved


@pytest.fixture
def now() -> HandMoved:
    return HandMoved()


@pytest.fixture
def controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: HandMoved
) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY], now=now) as opened:
        opened.__dict__["account"] = Account("tester", 4711)
        yield opened


@pytest.fixture
def server(controller: Controller) -> FakeServer:
    return FakeServer(controller.home)


@pytest.fixture
def code(controller: Controller) -> str:
    """A sitting of the lab `moves` (10 minutes) for C1, C2 and C3."""
    return planned(controller)
