"""What several files of unit tests use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.centre.account import Account
from labctl.providers import PROVIDERS
from labctl.sessions.controller import Controller
from tests import postgres
from tests.fakes.command import LIBRARY, Command, command_in
from tests.fakes.provider import FakeServer
from tests.fakes.time import HandMoved

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture
def labctl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """The command `labctl` over a fake server."""
    yield from command_in(tmp_path / "home", monkeypatch, capsys)


@pytest.fixture
def now() -> HandMoved:
    """A time that is moved by hand."""
    return HandMoved()


@pytest.fixture
def controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: HandMoved
) -> Iterator[Controller]:
    """A controller over a server of paper, in the account `tester`."""
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY], now=now) as opened:
        opened.__dict__["account"] = Account("tester", 4711)
        yield opened


@pytest.fixture
def server(controller: Controller) -> FakeServer:
    """The server of paper that `controller` stands on."""
    return FakeServer(controller.home)


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server of the tests' own."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.cluster() as running:
        yield running


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The database of a store, of either kind: as `LABCTL_DATABASE_URL` has it, None for SQLite."""
    if request.param == "sqlite":
        yield None
        return
    server: postgres.Cluster = request.getfixturevalue("cluster")
    with server.database() as found:
        yield found
