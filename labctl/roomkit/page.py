"""Pages of HTML that stand alone: their style is in them, and nothing is fetched from anywhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from labctl.roomkit.model import Room

TEMPLATES = Path(__file__).parents[1] / "templates" / "roomkit"


def page(template: str, room: Room, **values: Any) -> bytes:
    """A page from one of the templates; every value in it is text, never markup."""
    text = _environment().get_template(template).render(room=room, **values)
    return text.encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"day": _day, "clock": _clock, "spaced": _spaced, "span": _span}
    return environment


def _day(at: datetime) -> str:
    """`Saturday 14 March 2026`."""
    return f"{at:%A} {at.day} {at:%B %Y}"


def _clock(at: datetime) -> str:
    """`10:15`, and the seconds only where there are any."""
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _span(time: timedelta) -> str:
    """`45 min`, `56 min 15 s`."""
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def _spaced(pin: str) -> str:
    """A PIN in groups of three, as it is read out."""
    return " ".join(pin[start : start + 3] for start in range(0, len(pin), 3))
