"""The days of shadow(5)."""

from __future__ import annotations

from dataclasses import dataclass

NEVER = 2_900_000
"""A number of days past the last day that a date can have here."""


@dataclass(frozen=True, slots=True)
class Ageing:
    """Fields of a line of shadow, in days (`changed` and `expires` since 1970); None if empty."""

    changed: int | None
    min_days: int | None
    max_days: int | None
    warn_days: int | None
    inactive: int | None
    expires: int | None


def ageing_of(content: bytes, user: str) -> Ageing | None:
    """The first line of a user, as the C library takes it; None where there is none."""
    name = user.encode("utf-8", "surrogateescape")
    for line in content.split(b"\n"):
        fields = line.split(b":")
        if fields[0] == name and len(fields) == 9:
            return Ageing(*(_number(field) for field in fields[2:8]))
    return None


def _number(field: bytes) -> int | None:
    """A number; an empty field and a negative number mean that there is none."""
    return int(field) if field.isdigit() and len(field) < 12 else None
