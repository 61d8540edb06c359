"""The report on a session as Markdown: one function and one template.

Whatever came from a host is escaped, so that no candidate can add a heading, a link or a verdict to
the report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from checkers.words import clean
from labctl.sessions.record import Session
from labctl.sessions.submission import DEADLINE
from labctl.sessions.views import RunView, SessionDetail
from labctl.store import Event, moment

TEMPLATES = Path(__file__).parent / "templates"

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")

STATUSES = {
    "passed": "✓ passed",
    "failed": "✗ failed",
    "blocked": "⊘ blocked",
    "error": "! error",
    "not-run": "· not run",
    "achieved": "achieved",
    "not-yet-achieved": "not yet achieved",
    "undetermined": "undetermined",
    "held": "held",
    "void": "void",
}

WHO = {
    "session.created": "created",
    "start.done": "started",
    "time.arranged": "extra time arranged",
    "time.extended": "time extended",
    "time.credited": "time given back",
    "pause.intended": "paused",
    "resume.done": "resumed",
    "submit.intended": "handed in",
    "declaration.confirmed": "declared to be the candidate's own work",
    "capture.taken": "hosts captured",
    "submit.done": "graded",
    "reopen.done": "opened again",
    "stop.done": "hosts removed",
}
"""The events that the report names with their time and the account that caused them."""


def render(
    session: Session,
    detail: SessionDetail,
    events: Sequence[Event],
    made: str,
    judged: Mapping[tuple[str, str], str],
) -> str:
    """The report; `made` is the time it is made at, as the store writes it.

    `judged` says by task and aspect where the evidence is that a person is to judge.
    """
    # Not HTML: `md` escapes what Markdown would obey, and the template uses it for every value.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"md": escaped, "time": _time, "status": _status, "marks": _marks}
    template = environment.get_template("report.md.j2")
    return template.render(
        about=session.record,
        plan=session.plan,
        detail=detail,
        judged=judged,
        run=_counts(detail),
        steps=[(_step(event), event) for event in events if event.kind in WHO],
        placement=session.placement,
        made=made,
        events=events,
    )


def _step(event: Event) -> str:
    late = f", {event.data['late']} s late" if event.data.get("late") else ""
    by = f" by the deadline{late}" if event.data.get("by") == DEADLINE else ""
    return f"{WHO[event.kind]}{by}"


def escaped(value: object) -> str:
    """A value as one line of Markdown text in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", clean(str(value)))


def _counts(detail: SessionDetail) -> RunView | None:
    graded = [run for run in detail.runs if run.counts] or list(detail.runs)
    return graded[-1] if graded else None


def _time(text: str) -> str:
    return f"{moment(text):%Y-%m-%d %H:%M:%S} UTC"


def _status(name: str) -> str:
    return STATUSES.get(name, name)


def _marks(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"
