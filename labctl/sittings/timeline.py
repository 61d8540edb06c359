"""A sitting's log in words, one line an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from labctl.sessions.timeline import EventView
from labctl.sittings.recording import ROLES
from labctl.store import Event

Data = Mapping[str, Any]


def _listed(found: Any) -> str:
    return ", ".join(str(each) for each in found or ())


def _minutes(data: Data) -> str:
    minutes, seconds = divmod(int(data.get("seconds", 0)), 60)
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def _planned(data: Data) -> str:
    return (
        f"planned for {data.get('day')}, {data.get('begins')} to {data.get('until')}, in "
        f"{data.get('room')}: {len(data.get('seats', ()))} seats, {_listed(data.get('labs'))}"
    )


def _marked(data: Data) -> str:
    seen = ", identity checked" if data.get("identity") else ""
    return f"{data.get('presence')}: {_listed(data.get('candidates'))}{seen}"


def _tried(data: Data) -> str:
    problem = data.get("problem")
    told = f"tried {data.get('lab')} at {data.get('seat')}"
    return f"{told}: {problem}" if problem else f"{told}: fine"


def _sessions(data: Data) -> str:
    pairs = [f"{who} ({code})" for who, code in data.get("sessions", {}).items()]
    return _listed(pairs) or "nobody"


def _failed(data: Data) -> str:
    failed = [f"{who}: {why}" for who, why in data.get("failed", {}).items()]
    return f"; not {'; not '.join(failed)}" if failed else ""


def _in_sessions(what: str) -> Callable[[Data], str]:
    return lambda data: f"{what} {_sessions(data)}{_failed(data)}"


def _notice(data: Data) -> str:
    lab = f" who works at {data.get('lab')}" if data.get("lab") else ""
    credit = f" ({_minutes(data)} given back)" if data.get("seconds") else ""
    return f"everybody{lab} is to be told: {data.get('text')}{credit}"


WORDS: dict[str, Callable[[Data], str]] = {
    "sitting.planned": _planned,
    "register.marked": _marked,
    "pins.issued": lambda data: f"new PINs for {_listed(sorted(data.get('pins', ())))}",
    "seat.tried": _tried,
    "begin.intended": lambda data: f"to begin: {_listed(data.get('candidates'))}",
    "begin.done": _in_sessions("begun:"),
    "pause.intended": lambda data: f"everybody is to stop: {data.get('why')}",
    "pause.done": _in_sessions("paused:"),
    "resume.intended": _in_sessions("to go on:"),
    "resume.done": _in_sessions("going on:"),
    "notice.intended": _notice,
    "notice.done": _in_sessions("told:"),
    "sitting.cancelled": lambda data: f"it is not to be: {data.get('why')}",
    "sitting.ended": lambda data: f"ended and sealed: {len(data.get('seats', ()))} seats",
}
"""What each kind of event says; one that is not here is shown by its kind."""


def sitting_events(events: Iterable[Event]) -> tuple[EventView, ...]:
    """The events of a sitting in words, each with who did it, and in which role."""
    return tuple(
        EventView(event.sequence, event.at, _who(event), event.kind, _what(event))
        for event in events
    )


def _who(event: Event) -> str:
    roles = event.data.get(ROLES)
    return f"{event.actor} ({', '.join(roles)})" if roles else event.actor


def _what(event: Event) -> str:
    words = WORDS.get(event.kind)
    return words(event.data) if words else event.kind
