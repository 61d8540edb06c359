"""What `labctl doctor` says about the server itself."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from labctl import doctor


class Stream(io.StringIO):
    """A stream of some encoding, which is a terminal or not."""

    def __init__(self, encoding: str | None, *, terminal: bool) -> None:
        super().__init__()
        self._encoding = encoding
        self._terminal = terminal

    @property
    def encoding(self) -> str | None:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    "content, level",
    [
        ("MemTotal: 9 kB\nMemAvailable: 4000000 kB\n", "ok"),
        ("MemAvailable: 1000 kB\n", "warning"),
        ("MemTotal: 9 kB\n", "warning"),
    ],
)
def test_memory(tmp_path: Path, content: str, level: str) -> None:
    path = tmp_path / "meminfo"
    path.write_text(content)
    assert doctor.memory(path).level == level


def test_memory_that_nobody_tells(tmp_path: Path) -> None:
    assert doctor.memory(tmp_path / "none").level == "warning"


def test_room_for_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FREE_BYTES", 1)
    assert doctor.home_disk(tmp_path).level == "ok"
    monkeypatch.setattr(doctor, "FREE_BYTES", 1 << 62)
    full = doctor.home_disk(tmp_path)
    assert full.level == "problem"
    assert full.cure
    assert doctor.home_disk(tmp_path / "none").level == "problem"


def test_the_clock() -> None:
    def refused() -> int:
        raise OSError(1, "Operation not permitted")

    assert doctor.clock(lambda: 0).level == "ok"
    assert doctor.clock(lambda: 5).cure
    assert "not permitted" in doctor.clock(refused).detail
    assert doctor.clock().level in ("ok", "warning")  # what this kernel says


@pytest.mark.parametrize(
    "stream, size, level",
    [
        (Stream("ISO-8859-1", terminal=True), "80x24", "warning"),
        (Stream(None, terminal=False), "80x24", "warning"),
        (Stream("UTF-8", terminal=False), "80x24", "ok"),
        (Stream("utf-8", terminal=True), "80x24", "ok"),
        (Stream("utf-8", terminal=True), "79x24", "warning"),
        (Stream("utf-8", terminal=True), "80x20", "warning"),
    ],
)
def test_the_terminal(
    stream: Stream, size: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, _, lines = size.partition("x")
    environ: Mapping[str, str] = {"TERM": "xterm"}
    size_now = os.terminal_size((int(columns), int(lines)))
    monkeypatch.setattr("shutil.get_terminal_size", lambda: size_now)
    found = doctor.terminal(stream, environ)
    assert found.level == level
    assert bool(found.cure) == (level != "ok")
