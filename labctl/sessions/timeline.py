"""A log in words, one line an event: a session's, or the centre's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labctl.store import Event

Data = Mapping[str, Any]

RUN = "run.recorded"


@dataclass(frozen=True, slots=True)
class EventView:
    """One event: its number, when (UTC), who, its kind, and what it says in words."""

    sequence: int
    at: str
    actor: str
    kind: str
    what: str


def _listed(value: Any) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _why(data: Data) -> str:
    return str(data.get("why", "no reason recorded"))


def _roles(data: Data) -> str:
    return " and ".join(str(each) for each in data.get("roles", ()))


def _count(data: Data, name: str) -> int:
    return len(data.get(name, ()))


def _placed(data: Data) -> str:
    return f"hosts are up: {_listed(sorted(data.get('placement', {}).get('pins', {})))}"


def _run(data: Data) -> str:
    told = data.get("summary", {})
    return f"{_marks(data)}, {told.get('outcome')}"


def _marks(data: Data) -> str:
    told = data.get("summary", {})
    return (
        f"run {data.get('run')} ({data.get('reason')}): "
        f"{told.get('marks', 0):g} of {told.get('available', 0):g} marks"
    )


def _created(data: Data) -> str:
    told = f"created, seed {_change(data, 'seed')}"
    beyond = data.get("beyond_limit")
    if not isinstance(beyond, dict):
        return told
    return f"{told}; beyond the policy ({beyond.get('rule')}): {_why(beyond)}"


def _check(data: Data) -> str:
    return f"the check {data.get('task')}/{data.get('check')}"


def _captured(data: Data) -> str:
    hosts = data.get("hosts", {})
    gaps = sum(len(each.get("gaps", ())) for each in hosts.values())
    lacking = f", {gaps} gaps" if gaps else ""
    return f"captured: {_listed(sorted(hosts))}{lacking}"


def _minutes(data: Data) -> str:
    minutes, seconds = divmod(int(data.get("seconds", 0)), 60)
    return " ".join(
        f"{count} {unit}" for count, unit in ((minutes, "min"), (seconds, "s")) if count
    )


def _handing_in(data: Data) -> str:
    if data.get("by") != "deadline":
        return "the hand-in began"
    late = int(data.get("late", 0))
    told = f", {late} s late" if late else ""
    return f"the time was over: the work is taken in as it is{told}"


def _again(data: Data) -> str:
    more = f" with {_minutes(data)} more" if data.get("seconds") else ""
    return f"running again{more}; the next hand-in replaces what was graded"


def _told(data: Data) -> str:
    given = f" ({_minutes(data)} given back)" if data.get("seconds") else ""
    return f"the candidate was told: {data.get('text')}{given}"


def _restored(data: Data) -> str:
    wrong = data.get("problems", ())
    told = f"restored from a backup as of {data.get('made')}"
    if wrong:
        told += f", in which {_count(data, 'problems')} things did not add up"
    return f"{told}: {_why(data)}" if "reason" in data else told


def _since(data: Data) -> str:
    since = data.get("since")
    return f", as of {since['at'][11:19]} UTC" if isinstance(since, dict) else ""


WORDS: dict[str, Callable[[Data], str]] = {
    "session.created": _created,
    "start.intended": lambda _: "the start began",
    "start.done": lambda _: "running; the clock began",
    "start.undone": lambda data: f"the start was undone: {_why(data)}",
    "start.abandoned": lambda _: "the start was never begun",
    "hosts.placed": _placed,
    "hosts.stopped": lambda data: f"hosts had stopped: {_listed(data.get('hosts'))}",
    "host.fell": lambda data: (
        f"{data.get('host')} was ended by a fault of the server"
        + (f": {_why(data)}" if data.get("why") else "")
    ),
    "host.broken": lambda data: (
        f"{data.get('host')} does not boot any more, though a fresh machine like it does"
    ),
    "incident.disk": lambda data: f"{data.get('host')} was frozen: it filled the server's disk",
    "console.opened": lambda data: f"a console on {data.get('host')} was opened",
    "console.closed": lambda data: f"a console on {data.get('host')} was closed",
    "file.put": lambda data: (
        f"`{data.get('path')}` was put on {data.get('host')} ({data.get('bytes')} bytes)"
    ),
    "hands.intended": lambda data: f"hands were asked for: {data.get('act')}",
    "hands.done": lambda data: f"hands did {data.get('act')} on {data.get('told')}",
    "hands.undone": lambda data: f"hands could not do {data.get('act')}: {_why(data)}",
    "reset.intended": lambda data: f"{data.get('host')} is to be made anew: {_why(data)}",
    "reset.kept": lambda data: (
        f"what was on {data.get('host')} is kept as {data.get('snapshot')}"
        if data.get("snapshot")
        else f"nothing of {data.get('host')} could be kept: it was gone"
    ),
    "reset.undone": lambda data: f"{data.get('host')} was not made anew: {_why(data)}",
    "reset.done": lambda data: f"{data.get('host')} is as it was at the start",
    "hosts.late": lambda data: f"hosts had not booted: {_listed(sorted(data.get('hosts', ())))}",
    "pause.intended": lambda data: f"paused, the clock stands{_since(data)}: {_why(data)}",
    "pause.done": lambda _: "the hosts are frozen, and everybody is out",
    "pause.undone": lambda data: f"that pause was ended: {_why(data)}",
    "resume.intended": lambda _: "the hosts are to go on",
    "resume.done": lambda _: "running again, and so does the clock",
    "resume.undone": lambda data: f"paused as before: {_why(data)}",
    "time.arranged": lambda data: f"{data.get('percent')} % extra time: {_why(data)}",
    "time.extended": lambda data: f"{_minutes(data)} more to work: {_why(data)}",
    "time.credited": lambda data: f"{_minutes(data)} given back: {_why(data)}",
    "clock.set": lambda _: "the server's clock was set; the time is up when it was, by the new one",
    "deadline.warned": lambda data: (
        f"{data.get('seconds')} s were left; said at every console that was open"
    ),
    "submit.intended": _handing_in,
    "declaration.confirmed": lambda _: "the work was declared to be the candidate's own",
    "capture.taken": _captured,
    "capture.failed": lambda data: f"the hosts could not be captured: {_why(data)}",
    "submit.phase": lambda data: f"graded: {data.get('phase')}",
    "submit.done": lambda _: "handed in; the hosts are frozen",
    "submit.undone": lambda data: f"the hand-in was ended: {_why(data)}",
    "reopen.intended": lambda data: f"the hand-in is to be opened again: {_why(data)}",
    "reopen.undone": lambda data: f"the hand-in was not opened again: {_why(data)}",
    "reopen.done": _again,
    "state.moved": lambda data: f"the state moved meanwhile: {_listed(data.get('checks'))}",
    RUN: _run,
    "stop.intended": lambda data: (
        f"the hosts are to be removed, and their disks let go: {data.get('discard')}"
        if data.get("discard")
        else "the hosts are to be removed"
    ),
    "disks.kept": lambda data: (
        f"disks are kept until {data.get('until')}: {_listed(sorted(data.get('hosts', ())))}"
    ),
    "disks.removed": lambda _: "the disks are not kept any more",
    "stop.undone": lambda data: f"that removal was ended: {_why(data)}",
    "hosts.frozen": lambda data: f"hosts stand still: {_listed(data.get('hosts')) or 'none'}",
    "hosts.thawed": lambda _: "frozen hosts were let go on",
    "stop.done": lambda _: "the hosts are removed",
    "void.intended": lambda data: f"is to be void: {_why(data)}",
    "void.undone": lambda data: f"that was ended: {_why(data)}",
    "void.done": lambda data: f"void, and no attempt is used: {_why(data)}",
    "note.written": lambda data: f"note: {data.get('text')}",
    "assistance.given": lambda data: f"help was given: {data.get('text')}",
    "malpractice.suspected": lambda data: f"suspected malpractice, result held: {data.get('text')}",
    "malpractice.lifted": lambda data: f"the result is not held any more: {_why(data)}",
    "notice.given": _told,
    "check.suspended": lambda data: f"{_check(data)} was suspended: {_why(data)}",
    "check.reinstated": lambda data: f"{_check(data)} counts again: {_why(data)}",
    # The centre's own log.
    "staff.added": lambda data: f"{data.get('account')} joined the staff: {_roles(data)}",
    "staff.changed": lambda data: f"{data.get('account')} is now {_roles(data)}",
    "staff.removed": lambda data: f"{data.get('account')} left the staff",
    "roster.imported": lambda data: (
        f"a roster of {data.get('rows')} was imported: {_count(data, 'added')} added, "
        f"{_count(data, 'changed')} changed"
    ),
    "person.erased": lambda data: f"erased: {_listed(data.get('codes'))}",
    "key.made": lambda data: f"the centre's key was made: {data.get('key')}",
    "backup.made": lambda data: f"backed up to {data.get('file')}",
    "backup.restored": _restored,
    "store.upgraded": lambda data: f"upgraded: tables {data.get('from')} to {data.get('to')}",
    "lab.approved": lambda data: (
        f"{data.get('lab')} was approved, digest {str(data.get('digest'))[:12]}"
    ),
}
"""What each kind of event says; one that is not here is shown by its kind."""


def event_views(events: Iterable[Event], *, outcomes: bool = True) -> tuple[EventView, ...]:
    """The events in words; without `outcomes`, those of runs are not said."""
    return tuple(
        EventView(event.sequence, event.at, event.actor, event.kind, _what(event, outcomes))
        for event in events
    )


def _what(event: Event, outcomes: bool) -> str:  # of this file alone
    if event.kind == RUN and not outcomes:
        return _marks(event.data)
    words = WORDS.get(event.kind)
    return words(event.data) if words else event.kind


def _change(data: Data, name: str) -> Any:
    changes = data.get("session")
    return changes.get(name) if isinstance(changes, dict) else None
