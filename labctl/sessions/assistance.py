"""Where somebody reached into a candidate's work, read from the session's log.

    a console opened by another account than the candidate's · a file put on a host ·
    a host made anew · help in words, which somebody has to note

Where candidates sit at an assessor's account, as on one machine for all, their own consoles are in
the list too: the account cannot tell who sat there, and nothing is left out on a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labctl.sessions.timeline import EventView, event_views
from labctl.store import Event

HELP = "assistance.given"
CONSOLE = "console.opened"
ALWAYS = ("file.put", HELP)
RESET, RESET_DONE = "reset.intended", "reset.done"


def assistance(candidate: str, events: Sequence[Event]) -> tuple[EventView, ...]:
    """Every reach into the work of `candidate`, in order and in words."""
    done = {event.data.get("intent") for event in events if event.kind == RESET_DONE}
    found = [
        event
        for event in events
        if event.kind in ALWAYS
        or (event.kind == CONSOLE and event.actor != candidate)
        or (event.kind == RESET and event.data.get("intent") in done)
    ]
    return tuple(
        _reset(view, event) if event.kind == RESET else view
        for view, event in zip(event_views(found), found, strict=True)
    )


def _reset(view: EventView, event: Event) -> EventView:
    """A reset that was carried out: what was done, and the reason for it."""
    return replace(view, what=f"{event.data.get('host')} was made anew: {event.data.get('why')}")
