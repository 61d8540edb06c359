"""Values in words, the same wherever they are shown: marks, times, statuses, outcomes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.markdown import Markdown
    from rich.text import Text

    from labctl.sessions.views import SessionView

SIGNS: dict[str, tuple[str, str, str]] = {
    "passed": ("✓", "passed", "green"),
    "failed": ("✗", "failed", "red"),
    "blocked": ("⊘", "blocked", "yellow"),
    "error": ("!", "error", "magenta"),
    "achieved": ("✓", "achieved", "green"),
    "not-yet-achieved": ("✗", "not yet achieved", "red"),
    "undetermined": ("?", "undetermined", "magenta"),
    "created": ("·", "created", "dim"),
    "starting": ("…", "starting", "cyan"),
    "running": ("▶", "running", "cyan"),
    "paused": ("‖", "paused", "yellow"),
    "submitting": ("…", "submitting", "cyan"),
    "submitted": ("■", "submitted", "blue"),
    "stopped": ("□", "stopped", "dim"),
    "withdrawn": ("□", "withdrawn", "dim"),
    "void": ("∅", "void", "yellow"),
    "held": ("‖", "held", "yellow"),
    "planned": ("·", "planned", "dim"),
    "begun": ("▶", "begun", "cyan"),
    "ended": ("■", "ended", "blue"),
    "cancelled": ("□", "cancelled", "dim"),
    "expected": ("·", "expected", "dim"),
    "present": ("✓", "present", "green"),
    "late": ("✓", "late", "yellow"),
    "absent": ("□", "absent", "dim"),
    "frozen": ("■", "frozen", "blue"),
    "off": ("□", "switched off", "dim"),
    "missing": ("!", "missing", "magenta"),
    "approved": ("✓", "approved", "green"),
    "changed": ("!", "changed since", "yellow"),
    "made": ("✓", "made", "green"),
    "there": ("·", "there already", "dim"),
    "differs": ("!", "there, and differs", "yellow"),
    "ok": ("✓", "ok", "green"),
    "warning": ("!", "warning", "yellow"),
    "problem": ("✗", "problem", "red"),
}
"""What a status looks like: a sign, a word and a colour, so that no colour is needed to read it."""


def sign(status: str) -> Text:
    """A status for the screen."""
    from rich.text import Text

    from labctl.harmless import harmless

    glyph, word, style = SIGNS.get(status, ("·", harmless(status), ""))
    return Text(f"{glyph} {word}", style=style)


def number(value: float | None) -> str:
    """Marks: `3`, `2.5`, and `?` while they are open."""
    return "?" if value is None else f"{value:g}"


def marks(earned: float | None, available: float) -> str:
    """Marks out of those available: `3/4`."""
    return f"{number(earned)}/{number(available)}"


def seconds(value: float) -> str:
    """A short time: `0.8 s`, `42 s`, `3 min 5 s`."""
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60} s"


def minutes(value: float) -> str:
    """A working time given in seconds: `45 min`."""
    return f"{-(-int(value) // 60)} min"


def left(deadline: str | None, now: datetime | None = None) -> str:
    """The time until a deadline as the store writes it: `12 min left`, `3 min over`."""
    if deadline is None:
        return ""
    from labctl.store.records import moment

    rest = (moment(deadline) - (now or datetime.now(UTC))).total_seconds()
    return f"{span(abs(rest))} {'left' if rest >= 0 else 'over'}"


def span(value: float) -> str:
    """A time in seconds as whole minutes: `12 min`, `2 h 5 min`; the last one as `42 s`."""
    if 0 < int(value) < 60:
        return f"{int(value)} s"
    whole = int(value) // 60
    return f"{whole // 60} h {whole % 60} min" if whole >= 120 else f"{whole} min"


def rest_of(about: SessionView) -> str:
    """The time that a session has left, whether its clock runs or stands; nothing without one."""
    if about.remaining is not None:
        return f"{span(about.remaining)} left"
    return left(about.deadline)


def is_over(about: SessionView) -> bool:
    """Whether a session runs though its time is over, and nobody is at it."""
    if about.deadline is None or about.state != "running" or about.half_done:
        return False
    from labctl.store.records import moment

    return moment(about.deadline) <= datetime.now(UTC)


def clock(time: str) -> str:
    """A time of the store's (UTC) as the wall clock here has it, to the second."""
    from labctl.store.records import moment

    return f"{moment(time).astimezone():%Y-%m-%d %H:%M:%S}"


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 session`, `3 sessions`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def markdown(text: str) -> Markdown:
    """Markdown for the screen; control characters are spelt out, links stay plain text."""
    from rich.markdown import Markdown

    from labctl.harmless import harmless

    return Markdown(harmless(text), hyperlinks=False)
