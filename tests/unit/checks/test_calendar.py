"""When timers of systemd elapse: equal times are equal however they are written.

What is right and what is not was tried with `systemd-analyze calendar` of systemd 252.
"""

from __future__ import annotations

from datetime import date, datetime

import pytest

from checkers.linux._calendar import BadCalendar, all_days, elapses, parse, together
from checkers.linux._time_span import seconds

SAME = [
    ("daily", "*-*-* 00:00:00"),
    ("2:30", "*-*-* 02:30"),
    ("Mon-Fri 2:30", "mon,tue..Thursday,Fri *-*-* 02:30:00"),
    ("weekly", "Mon"),
    ("Sat,Sun", "sat,sun, 00:00"),
    ("*:0/15", "*-*-* *:00,15,30,45"),
    ("hourly", "0/1:00"),
    ("quarterly", "1/3-1 0:0"),
    ("*-*~1", "*-*~01 00:00:00"),
    ("1..5/2:0", "01,03,05:00:00"),
    ("1..6/2:0", "01,03,05:00:00"),
    ("23..24/2:00", "23..23:00"),
    ("Mon *-05~07/1", "Mon *-5~1..7"),
    ("2026-1-1", "26-01-01 0:00:00"),
    ("*-*-1..31", "daily"),
    ("semi-annually", "*-1,7-1"),
    ("02:30:17", "02:30"),
    ("@0", "1970-01-01 00:00:00"),
]


@pytest.mark.parametrize("one, other", SAME)
def test_two_ways_to_write_the_same_times(one: str, other: str) -> None:
    assert all_days((parse(one),)) == all_days((parse(other),))


@pytest.mark.parametrize(
    "one, other",
    [
        ("02:30", "03:30"),
        ("*-02~1", "*-02-28"),
        ("Mon 2:30", "2:30"),
        ("2026-*-* 2:30", "2:30"),
        ("monthly", "weekly"),
    ],
)
def test_other_times_are_other_times(one: str, other: str) -> None:
    assert all_days((parse(one),)) != all_days((parse(other),))


@pytest.mark.parametrize(
    "text",
    [
        "", "*:*/15", "*-*-* */2:00", "Mon,,Tue 3:00", "24:00", "23..1:00", "Fri..Mon 1:00",
        "*-*-* 2", "30 2 * * *", "2:60", "*-13-1", "*-*-32", "*-*-0", "*-*~29", "*-*~26,14",
        "Mon..", "Mon..Tue..Wed", "Mon.Tue", "5..4:00", "0/0:00", "1:00/60", "1969-1-1", "funday",
        "2:30:", ":30", "50/10:00", "25..26/2:00",
    ],
)  # fmt: skip
def test_what_is_no_calendar_event(text: str) -> None:
    with pytest.raises(BadCalendar):
        parse(text)


def test_a_time_zone_is_kept_apart() -> None:
    assert parse("mon 1:00 Europe/London").zone == "Europe/London"
    assert parse("daily UTC").zone == "UTC"
    assert parse("1:00").zone == ""
    assert parse("Mon").zone == ""


def test_events_share_times_out() -> None:
    events = (parse("Mon..Fri 1:25"), parse("Sat,Sun 1:25"))
    assert all_days(events) == all_days((parse("1:25"),))
    assert together(events, date(2026, 11, 29)) == 1 << 85
    assert elapses(events, datetime(2026, 11, 29, 1, 25))  # noqa: DTZ001  # the host's own time
    assert not elapses(events, datetime(2026, 11, 29, 1, 26))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text, day, fires",
    [
        ("*-02~03", date(2028, 2, 27), True),
        ("*-02~03", date(2027, 2, 27), False),
        ("*-02~03", date(2027, 2, 26), True),
        ("*-*~03/1", date(2026, 11, 28), True),
        ("*-*~03/1", date(2026, 11, 27), False),
        ("*-*~2..5", date(2026, 11, 26), True),
        ("*-*~2..5", date(2026, 11, 30), False),
    ],
)
def test_days_from_the_end_of_a_month(text: str, day: date, fires: bool) -> None:
    assert bool(parse(text).on(day)) is fires


@pytest.mark.parametrize(
    "text, span",
    [
        ("90", 90.0),
        ("1min", 60.0),
        ("1h 30min", 5400.0),
        ("2h30m", 9000.0),
        ("1.5s", 1.5),
        ("100ms", 0.1),
        ("1d", 86400.0),
        ("infinity", float("inf")),
        ("", None),
        ("soon", None),
        ("5 parsecs", None),
    ],
)
def test_spans_of_time(text: str, span: float | None) -> None:
    assert seconds(text) == (span if span is None else pytest.approx(span))
