"""Quantities as lab files write them: durations, sizes, percentages, rates."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?\Z")
_SIZE = re.compile(r"(\d+)([KMGT]?)B?\Z")
_PERCENTAGE = re.compile(r"(\d+(?:\.\d+)?)%\Z")
_RATE = re.compile(r"(\d+(?:\.\d+)?)([kmg]?)bit\Z")

_SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_RATES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}  # as tc(8) reads them


def duration(value: Any) -> float:
    """Seconds in `45m`, `1h30m`, `90s`, `2.5s`, `200ms`; raises `ValueError` for anything else."""
    match = _DURATION.match(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError("expected a duration such as `45m`, `1h30m`, `90s` or `200ms`")
    hours, minutes, seconds, thousandths = match.groups()
    return (
        int(hours or 0) * 3600
        + int(minutes or 0) * 60
        + float(seconds or 0)
        + float(thousandths or 0) / 1000
    )


def milliseconds(value: Any) -> float:
    """A duration, in milliseconds."""
    return duration(value) * 1000


def whole_seconds(value: Any) -> int:
    """A duration of at least one second, as a whole number of seconds."""
    seconds = duration(value)
    if seconds < 1 or seconds != int(seconds):
        raise ValueError("expected a duration of whole seconds, one or more, such as `45m`")
    return int(seconds)


def size(value: Any) -> int:
    """Bytes in `64M`, `1G`, `512K` or a number of bytes; units are powers of 1024."""
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match is not None:
        number = int(match[1]) * _SIZES[match[2]]
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        raise ValueError("expected a size such as `128M` or `1G`")
    if number <= 0:
        raise ValueError("expected a size above zero")
    return number


def percentage(value: Any) -> float:
    """The number before the sign in `60%`, from 0 to 100."""
    match = _PERCENTAGE.match(value) if isinstance(value, str) else None
    if match is None or float(match[1]) > 100:
        raise ValueError("expected a percentage such as `60%`")
    return float(match[1])


def rate(value: Any) -> int:
    """Bits a second in `2mbit`, `512kbit`, `1gbit`; units are powers of 1000."""
    match = _RATE.match(value) if isinstance(value, str) else None
    number = int(float(match[1]) * _RATES[match[2]]) if match is not None else 0
    if number <= 0:
        raise ValueError("expected a rate such as `2mbit` or `512kbit`")
    return number


def _text(pattern: str, description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "description": description})


_DURATION_SCHEMA = _text(
    r"^(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?$",
    "A duration: `45m`, `1h30m`, `90s`, `200ms`",
)
_SIZE_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "pattern": r"^\d+[KMGT]?B?$"},
            {"type": "integer", "minimum": 1},
        ],
        "description": "A size: `128M`, `1G`, or bytes",
    }
)

Seconds = Annotated[float, BeforeValidator(duration), _DURATION_SCHEMA]
WholeSeconds = Annotated[int, BeforeValidator(whole_seconds), _DURATION_SCHEMA]
Milliseconds = Annotated[float, BeforeValidator(milliseconds), _DURATION_SCHEMA]
Bytes = Annotated[int, BeforeValidator(size), _SIZE_SCHEMA]
Percent = Annotated[
    float, BeforeValidator(percentage), _text(r"^\d+(\.\d+)?%$", "A percentage: `60%`")
]
BitsPerSecond = Annotated[
    int, BeforeValidator(rate), _text(r"^\d+(\.\d+)?[kmg]?bit$", "A rate: `2mbit`")
]
