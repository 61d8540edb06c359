"""When lines of logs were written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checkers.linux._timestamps import moment, written_at

NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
AT = datetime(2026, 1, 2, 11, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "line, at",
    [
        ("2026-01-02T11:59:30.123456+00:00 box app: x", AT),
        ("2026-01-02T12:59:30+0100 box app: x", AT),
        ("2026-01-02 11:59:30,123 INFO x", AT),
        ("[2026-01-02T11:59:30Z] x", AT),
        ("Jan  2 11:59:30 box app: x", AT),
        ("Dec 31 11:59:30 box app: x", datetime(2025, 12, 31, 11, 59, 30, tzinfo=UTC)),
        ('10.0.0.1 - - [02/Jan/2026:12:59:30 +0100] "GET / HTTP/1.1" 200 5', AT),
        ("2026/01/02 11:59:30 [error] 7#7: x", AT),
        ("2026-13-02T11:59:30 x", None),
        ("Feb 31 11:59:30 box app: x", None),
        ("no time at all", None),
        (" " * 300 + "[02/Jan/2026:12:59:30 +0100]", None),
    ],
)
def test_the_time_of_a_line(line: str, at: datetime | None) -> None:
    found = written_at(line, NOW)
    assert (found.replace(microsecond=0) if found else None) == at


def test_a_time_in_seconds() -> None:
    assert moment(0.0) == datetime(1970, 1, 1, tzinfo=UTC)
