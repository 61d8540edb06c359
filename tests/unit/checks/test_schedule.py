"""When jobs of cron fire: equal times are equal however they are written."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.linux._schedule import BadSchedule, fires, parse, together

SAME = [
    ("*/15 * * * *", "0,15,30,45 * * * *"),
    ("0 0 * * *", "@daily"),
    ("@midnight", "00 00 */1 * *"),
    ("0 8-18/2 * * 1-5", "0 8,10,12,14,16,18 * jan-dec mon-fri"),
    ("30 2 * * 7", "30 2 * * sun"),
    ("0 0 1 * *", "@monthly"),
    ("5 4 * * 0-7", "5 4 * * *"),
    ("@hourly", "0 */1 * * *"),
]


@pytest.mark.parametrize("one, other", SAME)
def test_two_ways_to_write_the_same_times(one: str, other: str) -> None:
    assert parse(one) == parse(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("30 2 * * *", "2 30 * * *".replace("30", "3")),
        ("0 0 1 * *", "0 0 1 * 1"),
        ("0 0 */2 * 1", "0 0 1-31/2 * 1"),  # a star at its beginning asks for both
        ("*/7 * * * *", "*/8 * * * *"),
        ("0 0 29 2 *", "0 0 28 2 *"),
    ],
)
def test_other_times_are_other_times(one: str, other: str) -> None:
    assert parse(one) != parse(other)


@pytest.mark.parametrize(
    "text, says",
    [
        ("60 * * * *", "bad minute"),
        ("*/0 * * * *", "bad minute"),
        ("0/1 * * * *", "bad minute"),
        ("1, * * * *", "bad minute"),
        ("-* * * * *", "bad minute"),
        ("* 24 * * *", "bad hour"),
        ("* * 0 * *", "bad day-of-month"),
        ("* * * 13 *", "bad month"),
        ("* * * * 8", "bad day-of-week"),
        ("* * * * Monday", "bad day-of-week"),
        ("* * * *", "not five fields"),
        ("@foo", "bad time specifier"),
    ],
)
def test_what_cron_refuses_is_refused(text: str, says: str) -> None:
    """As the log of Debian's cron says of the same lines."""
    with pytest.raises(BadSchedule, match=says):
        parse(text)


def test_a_range_that_runs_backwards_never_fires() -> None:
    assert parse("5-1 * * * *") == {}


def test_either_day_is_enough_where_both_are_restricted() -> None:
    table = parse("0 12 13 * fri")
    assert fires(table, datetime(2026, 11, 13, 12))  # both  # noqa: DTZ001
    assert fires(table, datetime(2026, 11, 20, 12))  # a Friday  # noqa: DTZ001
    assert fires(table, datetime(2026, 12, 13, 12))  # a thirteenth  # noqa: DTZ001
    assert not fires(table, datetime(2026, 12, 14, 12))  # noqa: DTZ001
    assert not fires(table, datetime(2026, 11, 13, 12, 1))  # noqa: DTZ001


@given(st.sets(st.integers(0, 59), min_size=1, max_size=8), st.integers(0, 23))
def test_lines_that_share_the_times_out_are_one(minutes: set[int], hour: int) -> None:
    shared = together(parse(f"{minute} {hour} * * *") for minute in minutes)
    assert shared == parse(f"{','.join(map(str, minutes))} {hour} * * *")
