"""What is said to whoever sits at a console: read from the session's log while they work.

The host has no part in it: its owner may have replaced `wall`, and nothing of ours runs there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from labctl.errors import LabctlError
from labctl.sessions.clock import CREDITED, EXTENDED
from labctl.sessions.controller import Controller
from labctl.sessions.record import NOTICE, WARNED
from labctl.store import Event

LOOK_SECONDS = 2.0
"""How often the log is looked at."""

Show = Callable[[str], None]
"""Called with one line for the people at the console, from a thread of its own."""


def announcements(events: Iterable[Event]) -> Iterator[str]:
    """What those of the events say that are meant for people at work."""
    for event in events:
        if event.kind == WARNED:
            yield f"{event.data['seconds']} seconds are left. Save your work: it is taken in then."
        elif event.kind == NOTICE:
            yield f"Notice: {event.data.get('text')}"
        elif event.kind in (EXTENDED, CREDITED):
            yield f"You have {_span(event.data['seconds'])} more."


def _span(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    parts = [(minutes, "minute"), (rest, "second")]
    return " and ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n)


@contextmanager
def announced(controller: Controller, code: str, show: Show) -> Iterator[None]:
    """Show what is recorded for people at work, for the length of a `with`."""
    ended = threading.Event()
    seen = controller.store.session(code).sequence

    def watch() -> None:
        nonlocal seen
        while not ended.wait(LOOK_SECONDS):
            with suppress(LabctlError):  # said at the next look, if it can be read then
                if controller.store.session(code).sequence == seen:
                    continue
                events = controller.store.events(code)
                for line in announcements(events[seen:]):
                    show(line)
                seen = len(events)

    watcher = threading.Thread(target=watch, name=f"announce-{code}", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
