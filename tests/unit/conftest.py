"""What several files of unit tests use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.command import Command, command_in


@pytest.fixture
def labctl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """The command `labctl` over a fake server."""
    yield from command_in(tmp_path / "home", monkeypatch, capsys)
