"""Taking the output of a program in a host, whose end is known before its output is there."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from labctl.providers.docker import inside
from labctl.providers.docker.streams import ExecStream


class LateStream:
    """Has ended from the start; what it printed comes after so many reads that found nothing."""

    def __init__(self, parts: list[bytes | None]) -> None:
        self._parts = parts

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv(self, _: int) -> bytes:
        part = self._parts.pop(0) if self._parts else None
        if part is None:
            raise TimeoutError
        return part

    def exit_status(self) -> int:
        return 0


def drained(stream: Any, seconds: float, limit: int = 100) -> bytes | None:
    return inside._drain(cast("ExecStream", stream), time.monotonic() + seconds, limit)


def test_output_that_is_late_is_waited_for() -> None:
    assert drained(LateStream([None, None, b"one ", None, b"two", b""]), 20) == b"one two"


def test_output_that_is_held_open_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "LATE", 0.05)
    began = time.monotonic()
    assert drained(LateStream([b"one"]), 20) == b"one"
    assert time.monotonic() - began < 5


def test_a_deadline_that_comes_first_ends_the_waiting() -> None:
    assert drained(LateStream([b"one"]), 0.05) == b"one"


def test_more_than_is_kept_shows() -> None:
    assert drained(LateStream([b"x" * 9, b"y" * 9, b""]), 20, limit=10) == b"x" * 9 + b"yy"
