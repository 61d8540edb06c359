"""What `labctl doctor` says about the server itself."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labctl import doctor, readiness
from labctl.readiness import Run
from labctl.store import Event, time_text
from tests.fakes.command import Command


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


# ------------------------------------------------------------------ what will get in the way


def systemd(active: str) -> Run:
    def tell(command: Sequence[str]) -> str:
        assert command[:2] == ("systemctl", "is-active")
        return "".join(f"{'active' if name in active else 'inactive'}\n" for name in command[2:])

    return tell


@pytest.mark.parametrize(
    "active, level", [("apt-daily.timer apt-daily-upgrade.timer", "warning"), ("", "ok")]
)
def test_upgrades_that_systemd_may_begin(tmp_path: Path, active: str, level: str) -> None:
    (tmp_path / "run" / "systemd" / "system").mkdir(parents=True)
    found = readiness.upgrades(tmp_path, systemd(active))
    assert found.level == level
    assert active in found.cure


@pytest.mark.parametrize(
    "printed, level",
    [
        ('APT::Periodic::Unattended-Upgrade "1";\n', "warning"),
        ('APT::Periodic::Unattended-Upgrade "0";\n', "ok"),
        ('APT::Periodic::Unattended-Upgrade "";\n', "ok"),
        ("", "ok"),
    ],
)
def test_upgrades_that_cron_may_begin(tmp_path: Path, printed: str, level: str) -> None:
    assert readiness.upgrades(tmp_path, lambda _: printed).level == "ok"
    (tmp_path / "etc" / "cron.daily").mkdir(parents=True)
    (tmp_path / "etc" / "cron.daily" / "apt-compat").touch()
    found = readiness.upgrades(tmp_path, lambda _: printed)
    assert found.level == level
    assert ("chmod -x" in found.cure) == (level == "warning")


def test_a_program_that_is_not_there_says_nothing() -> None:
    assert readiness.run(("no-such-program", "x")) == ""
    assert readiness.run(("printf", "a")) == "a"
    assert readiness.upgrades().level in ("ok", "warning")  # whatever this server does
    assert readiness.restart().level in ("ok", "warning")


def test_a_restart_that_is_due(tmp_path: Path) -> None:
    assert readiness.restart(tmp_path, "6.1.0-1").level == "ok"
    (tmp_path / "lib" / "modules" / "6.1.0-2").mkdir(parents=True)
    gone = readiness.restart(tmp_path, "6.1.0-1")
    assert (gone.level, "6.1.0-1" in gone.detail) == ("warning", True)
    assert readiness.restart(tmp_path, "6.1.0-2").level == "ok"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "reboot-required").touch()
    assert readiness.restart(tmp_path, "6.1.0-2").detail == "the system waits for one"
    (tmp_path / "run" / "reboot-required.pkgs").write_text("libc6\nb\nlinux-image\nlibc6\nz\n")
    found = readiness.restart(tmp_path, "6.1.0-2")
    assert "(b, libc6, linux-image and 1 more upgraded)" in found.detail
    assert "`reboot` before the sitting" in found.cure


NOW = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "days, level, told",
    [
        (0.5, "ok", "today"),
        (1.5, "ok", "a day ago"),
        (7.9, "ok", "7 days ago"),
        (8.1, "warning", "8 days ago"),
        (-3, "ok", "later than now"),
    ],
)
def test_the_last_backup(days: float, level: str, told: str) -> None:
    at = time_text(NOW - timedelta(days=days))
    made = Event("centre", 1, at, "backup.made", {"file": "b.tar.gz"}, "amy", "", "")
    found = readiness.backup(made, NOW, worth_one=True)
    assert (found.level, bool(found.cure)) == (level, level == "warning")
    assert told in found.detail
    assert "b.tar.gz" in found.detail


def test_without_a_backup_there_is_a_warning_once_there_is_something_to_lose() -> None:
    assert readiness.backup(None, NOW, worth_one=False).level == "ok"
    found = readiness.backup(None, NOW, worth_one=True)
    assert (found.level, found.detail) == ("warning", "none was ever made")
    assert "labctl backup" in found.cure


def test_the_doctor_looks_at_all_of_it(labctl: Command, tmp_path: Path) -> None:
    def found() -> dict[str, dict[str, str]]:
        told = labctl("doctor", "--json", code=None).json
        return {each["title"]: each for each in told}

    first = found()
    assert first["Backup"]["level"] == "ok"
    assert {"Clock", "Automatic upgrades", "Restart", "Policy", "Memory"} <= first.keys()
    code = labctl.start("amy")
    assert found()["Backup"]["level"] == "warning"
    labctl("backup", str(tmp_path / "b.tar.gz"))
    assert "b.tar.gz, today" in found()["Backup"]["detail"]
    (labctl.home / "policy.yaml").write_text("format: 9\n")
    broken = found()["Policy"]
    assert broken["level"] == "problem"
    assert "policy.yaml:1" in broken["detail"]
    (labctl.home / "policy.yaml").unlink()
    labctl("stop", code, "--yes")
