"""Clocks as they are shown: whole seconds, as JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from labctl.sessions.clock import KINDS, SECOND, Clock, Moment, Phase, timing_of
from labctl.sessions.record import State
from labctl.store import SessionFilter, Store, time_text


@dataclass(frozen=True, slots=True)
class ClockView:
    """A session's clock: `phase` is `waiting`, `running`, `paused` or `ended`; times in seconds.

    `allowance` is the lab's own time, `extra` what `extra_percent` of it comes to. `deadline` is
    when the time is up (UTC), None while the clock does not run.
    """

    phase: str
    allowance: int
    extra_percent: int
    extra: int
    extended: int
    credited: int
    total: int
    worked: int
    remaining: int
    deadline: str | None


def clock_view(clock: Clock) -> ClockView:
    """A clock to be shown."""
    return ClockView(
        phase=str(clock.phase),
        allowance=_whole(clock.allowance),
        extra_percent=clock.percent,
        extra=_whole(clock.extra),
        extended=_whole(clock.extended),
        credited=_whole(clock.credited),
        total=_whole(clock.total),
        worked=_whole(clock.worked),
        remaining=_whole(clock.remaining),
        deadline=None if clock.deadline is None else time_text(clock.deadline),
    )


def stopped_clocks(store: Store, wanted: SessionFilter, now: Moment) -> dict[str, Clock]:
    """The clocks of the sessions that match and are paused, by code, in one query.

    Of those that run the row holds the deadline already.
    """
    if wanted.states and State.PAUSED not in wanted.states:
        return {}
    turns = store.turns(KINDS, replace(wanted, states=(State.PAUSED,)))
    return {code: timing_of(events).read(now) for code, events in turns.items()}


def shown_deadline(recorded: str | None, clock: Clock | None) -> str | None:
    """A deadline by the clock where that was read, else as it was recorded."""
    if recorded is None or clock is None or clock.deadline is None:
        return recorded
    return time_text(clock.deadline)


def still(clock: Clock | None) -> int | None:
    """The seconds that remain on a clock that stands in a pause; None for any other."""
    if clock is None or clock.phase is not Phase.PAUSED:
        return None
    return _whole(clock.remaining)


def _whole(time: timedelta) -> int:
    return time // SECOND
