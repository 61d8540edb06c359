"""Tables of cron, read as Debian's cron reads them."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.linux._crontab import Entry, entries, environment, parse, values
from checkers.model import (
    Directory,
    DirectoryEntry,
    DirectoryResult,
    FileResult,
    Observation,
    Vantage,
)

GOOD = b"7 3 * * * root /usr/local/sbin/save\n"


def told(running: Any, files: dict[bytes, FileResult]) -> Any:
    """What a question ends with on a host that has these files."""
    names = tuple(
        DirectoryEntry(path.rpartition(b"/")[2], "file")
        for path in files
        if path.startswith(b"/etc/cron.d/")
    )
    try:
        probes = next(running)
        while True:
            results = [
                DirectoryResult(names)
                if isinstance(one, Directory)
                else files.get(one.path, FileResult(None, "no such file"))
                for one in probes
            ]
            answers = zip(probes, results, strict=True)
            probes = running.send(
                tuple(Observation(one, Vantage.BESIDE, 1.0, result) for one, result in answers)
            )
    except StopIteration as stop:
        return stop.value


def table(content: bytes = GOOD, mode: int = 0o644, uid: int = 0) -> FileResult:
    return FileResult("file", mode=mode, uid=uid, size=len(content), content=content)


@pytest.mark.parametrize(
    "path, look, taken",
    [
        (b"/etc/cron.d/save", table(), 1),
        (b"/etc/cron.d/save.sh", table(), 0),
        (b"/etc/cron.d/save", table(mode=0o664), 0),
        (b"/etc/cron.d/save", table(uid=1000), 0),
        (b"/etc/cron.d/save", table(GOOD.rstrip()), 0),
        (b"/etc/crontab", table(), 1),
        (b"/var/spool/cron/crontabs/root", table(b"7 3 * * * /usr/local/sbin/save\n", 0o600), 1),
        (b"/var/spool/cron/crontabs/root", table(mode=0o644), 0),
    ],
)
def test_tables_that_cron_passes_over(path: bytes, look: FileResult, taken: int) -> None:
    found = told(entries("h1"), {path: look})
    assert len(found) == taken
    assert all(one.user == "root" and one.command == "/usr/local/sbin/save" for one in found)


def test_lines_of_a_table() -> None:
    text = """# comment
PATH="/opt/bin:/bin"
@daily root /sbin/other
7 3 * * *
7 3 * * * amy echo 100\\% >$(date +%F) %in
"""
    (found,) = parse("t", text)
    assert found.variables == (("PATH", "/opt/bin:/bin"),)
    assert (found.user, found.command, found.stdin) == ("amy", "echo 100% >$(date +", "F) \nin")


@pytest.mark.parametrize(
    "field, expected",
    [
        ("*", set(range(8))),
        ("*/3", {0, 3, 6}),
        ("1-3,7", {1, 2, 3, 7}),
        ("2-6/2", {2, 4, 6}),
        ("mon", set()),
        ("9", set()),
        ("", set()),
    ],
)
def test_values_of_a_field(field: str, expected: set[int]) -> None:
    assert values(field, 0, 7) == expected


@pytest.mark.parametrize(
    "fields, nightly",
    [
        ("7 3 * * *", True),
        ("7 3 */1 1-12 0-6", True),
        ("7 * * * *", False),
        ("7 3 * * 1-5", False),
        ("7 3 1 * *", False),
        ("7,8 3 * * *", False),
    ],
)
def test_every_night(fields: str, nightly: bool) -> None:
    assert Entry("t", tuple(fields.split()), "root", (), "true", "").nightly(3, 7) is nightly


def test_variables_of_a_job() -> None:
    entry = Entry("t", ("*",) * 5, "root", (("PATH", "/opt/bin"),), "true", "")
    files = {b"/etc/environment": table(b'PATH="/usr/games"\nexport TZ=UTC\n# no\n')}
    assert told(environment("h1", entry), files) == {
        "PATH": "/opt/bin",
        "TZ": "UTC",
        "SHELL": "/bin/sh",
        "HOME": "/root",
        "LOGNAME": "root",
    }
