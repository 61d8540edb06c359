"""What several files of unit tests use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.fakes.command import Command, command_in

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture
def labctl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """The command `labctl` over a fake server."""
    yield from command_in(tmp_path / "home", monkeypatch, capsys)


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
