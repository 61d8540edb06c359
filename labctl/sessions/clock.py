"""The clock of a session: a function of its events and of the moment that it is read at.

    events ─timing_of▶ Timing ─read(moment)▶ Clock

It runs while the session is `running`, as its events say, and stands at all other times. What a
candidate may work in all is the lab's own time, the percentage of it that an access arrangement
gives, every extension, and every credit: for time in which the machinery held them up, or for a
correction that they had to read.

The order of the events is that of their chain: one whose time is before that of an earlier event
counts as of the same time. Where a server's clock was set while a session ran, the time since the
boot says how long it really was (docs/decisions/0008).
"""

from __future__ import annotations

import hmac
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from labctl.store.processes import boot_id
from labctl.store.records import Event, moment, time_text

ARRANGED = "time.arranged"
"""Extra time for all of the session, in `percent` of the lab's own time; the last one counts."""
EXTENDED = "time.extended"
"""So many `seconds` more, given by a person."""
CREDITED = "time.credited"
"""So many `seconds` given back, which the machinery had taken."""
NOTICED = "notice.given"
"""What a candidate was told; so many `seconds` given back for it, where it says any."""
KINDS = (ARRANGED, EXTENDED, CREDITED, NOTICED)
"""The kinds of events that move the clock without changing the session's state."""

REOPENED = "reopen.done"
"""A hand-in was opened again; so many `seconds` more may be given with it."""

MACHINE_ID = Path("/etc/machine-id")
STAMP = "stamp"
SINCE = "since"
ALLOWANCE = "allowance"

JUMP = timedelta(seconds=1)
"""A wall clock that differs by more from the time since the boot was set; less is its drift."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)
ZERO = timedelta()
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Phase(StrEnum):
    """What a clock does."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


_PHASES = {
    "created": Phase.WAITING,
    "starting": Phase.WAITING,
    "running": Phase.RUNNING,
    "paused": Phase.PAUSED,
}
"""By the session's state; in any other it has ended, until the session runs again."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: `at` by the wall clock (UTC), and `uptime` microseconds into a boot.

    `uptime` does not count while the server sleeps, and nobody can set it. Without a `boot` only
    the wall clock is known. `server` is the machine that was booted (`server_id`).
    """

    at: datetime
    boot: str = ""
    uptime: int = 0
    server: str = ""

    def stamp(self) -> dict[str, Any]:
        """What an event keeps of the moment beside its own time."""
        return {"boot": self.boot, "uptime": self.uptime, "server": self.server}

    def whole(self) -> dict[str, Any]:
        """All of the moment, as JSON; `moment_from` reads it."""
        return {"at": time_text(self.at), **self.stamp()}


def present() -> Moment:
    """The moment that is now."""
    uptime = time.monotonic_ns() // 1000
    return Moment(datetime.now(UTC), boot_id(), uptime, server_id())


@cache
def server_id() -> str:
    """What tells this server from another that shares its record, also when its name changes.

    It is made from the machine id, which is not to be shown itself (machine-id(5)); where there is
    none it is the name.
    """
    with suppress(OSError):
        if known := MACHINE_ID.read_bytes().strip():
            return hmac.new(known, b"labctl", "sha256").hexdigest()[:16]
    return socket.gethostname()


def moment_from(value: Mapping[str, Any]) -> Moment:
    """The moment that `Moment.whole` wrote; raises `ValueError`, `KeyError` or `TypeError`."""
    return _moment(moment(value["at"]), {STAMP: value})


def elapsed(earlier: Moment, later: Moment) -> timedelta:
    """The time from one moment to another, never negative."""
    wall = max(later.at - earlier.at, ZERO)
    if not earlier.boot or earlier.boot != later.boot:
        return wall
    steady = max(timedelta(microseconds=later.uptime - earlier.uptime), ZERO)
    return wall if abs(wall - steady) < JUMP else steady


def precedes(one: Moment, other: Moment) -> bool:
    """Whether one moment came before another: within a boot, however the clock was set between."""
    if one.boot and one.boot == other.boot:
        return one.uptime < other.uptime
    return one.at < other.at


def allowed_extra(allowance: timedelta, percent: int) -> timedelta:
    """What a percentage of extra time comes to, rounded up to whole seconds."""
    return -(-(allowance * percent) // (100 * SECOND)) * SECOND


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock as it is read at one moment.

    `extra` is what `percent` of the allowance comes to, in whole seconds. `left` is what may still
    be worked, negative once the time is over. `deadline` is when it is up, None while the clock
    does not run.
    """

    phase: Phase
    allowance: timedelta
    percent: int
    extra: timedelta
    extended: timedelta
    credited: timedelta
    worked: timedelta
    deadline: datetime | None

    @property
    def total(self) -> timedelta:
        """What may be worked in all."""
        return self.allowance + self.extra + self.extended + self.credited

    @property
    def left(self) -> timedelta:
        """What may still be worked; negative by as much as the time was exceeded."""
        return self.total - self.worked

    @property
    def remaining(self) -> timedelta:
        """What may still be worked, never negative."""
        return max(self.left, ZERO)


@dataclass(frozen=True, slots=True)
class Timing:
    """What a session's events add up to, for its clock.

    `worked` is the time worked until the last turn (an event at which the clock began or stopped),
    `since` the moment of that turn while the clock runs, `stood` since when it stands if it is
    paused. `latest` is the latest time of any event, `settled` what was worked when the last
    credit was given: no time is given back twice.
    """

    phase: Phase = Phase.WAITING
    allowance: timedelta = ZERO
    percent: int = 0
    extended: timedelta = ZERO
    credited: timedelta = ZERO
    worked: timedelta = ZERO
    settled: timedelta = ZERO
    since: Moment | None = None
    stood: datetime | None = None
    latest: datetime = LONG_AGO

    @property
    def total(self) -> timedelta:
        """What may be worked in all."""
        return self.allowance + self.extra + self.extended + self.credited

    @property
    def extra(self) -> timedelta:
        """What the percentage comes to, rounded up to whole seconds."""
        return allowed_extra(self.allowance, self.percent)

    @property
    def ends(self) -> Moment | None:
        """The moment at which the time is over, None while the clock does not run."""
        if self.since is None:
            return None
        left = max(self.total - self.worked, ZERO)
        uptime = self.since.uptime + left // timedelta(microseconds=1)
        return replace(self.since, at=self.since.at + left, uptime=uptime)

    def is_over(self, now: Moment) -> bool:
        """Whether the clock runs and nothing is left on it."""
        return self.since is not None and self.read(now).left <= ZERO

    def read(self, now: Moment) -> Clock:
        """The clock at a moment; one before the last event counts as of that event's time."""
        held = replace(now, at=max(now.at, self.latest))
        worked = self.worked
        deadline = None
        if self.since is not None:
            worked += elapsed(self.since, held)
            # By a clock that was set back meanwhile, the deadline is what that clock will show.
            shown = now.at if now.boot and now.boot == self.since.boot else held.at
            deadline = shown + self.total - worked
        return Clock(
            self.phase,
            self.allowance,
            self.percent,
            self.extra,
            self.extended,
            self.credited,
            worked,
            deadline,
        )

    def after(self, kind: str, at: datetime, data: Mapping[str, Any]) -> Timing:
        """The timing once an event has been appended."""
        now = _moment(max(at, self.latest), data)
        found = replace(self, latest=now.at)
        if kind == ARRANGED:
            found = replace(found, percent=int(data["percent"]))
        elif kind in (EXTENDED, REOPENED):
            found = replace(found, extended=self.extended + data.get("seconds", 0) * SECOND)
        elif kind == CREDITED:
            credited = self.credited + data["seconds"] * SECOND
            found = replace(found, credited=credited, settled=self.read(now).worked)
        elif kind == NOTICED:
            found = replace(found, credited=self.credited + data.get("seconds", 0) * SECOND)
        changes = data.get("session")
        state = changes.get("state") if isinstance(changes, dict) else None
        if state is None:
            return found
        phase = _PHASES.get(state, Phase.ENDED)
        # A turn may have been long before it is noted.
        when = moment_from(data[SINCE]) if SINCE in data else now
        return replace(
            found,
            phase=phase,
            allowance=self._allowance(phase, at, data),
            worked=self.worked + (elapsed(self.since, when) if self.since else ZERO),
            since=now if phase is Phase.RUNNING else None,
            stood=when.at if phase is Phase.PAUSED else None,
        )

    def _allowance(self, phase: Phase, at: datetime, data: Mapping[str, Any]) -> timedelta:
        """The lab's own time, as it is fixed when the clock first runs."""
        if ALLOWANCE in data:
            return int(data[ALLOWANCE]) * SECOND
        deadline = data["session"].get("deadline")
        if phase is Phase.RUNNING and not self.allowance and deadline:
            return moment(deadline) - at  # by a labctl that recorded no allowance
        return self.allowance

    def deadline_after(
        self, kind: str, data: Mapping[str, Any], state: str | None = None
    ) -> Callable[[str], str | None]:
        """What the deadline is once an event is recorded, by the time that it is recorded at."""
        full = dict(data) if state is None else {**data, "session": {"state": state}}

        def deadline(at: str) -> str | None:
            after = self.after(kind, moment(at), full)
            found = after.read(_moment(moment(at), full)).deadline
            return None if found is None else time_text(found)

        return deadline


NOT_BEGUN = Timing()
"""The timing of a session without events."""


def timing_of(events: Iterable[Event]) -> Timing:
    """What events add up to, in the order of their chain.

    Those that change no state and are not of `KINDS` may be left out.
    """
    found = NOT_BEGUN
    for event in events:
        found = found.after(event.kind, moment(event.at), event.data)
    return found


def moment_of(event: Event) -> Moment:
    """When an event was recorded, as exactly as it says."""
    return _moment(moment(event.at), event.data)


def _moment(at: datetime, data: Mapping[str, Any]) -> Moment:
    stamp = data.get(STAMP)
    if not stamp:
        return Moment(at)
    return Moment(at, str(stamp["boot"]), int(stamp["uptime"]), str(stamp["server"]))
