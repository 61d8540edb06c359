"""What tests of the clock stand on: operations that take their time, and wardens that end."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from labctl.warden import running
from tests.fakes.time import HandMoved
from tests.fakes.timed import (
    Killed,
    Slow,
)


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
