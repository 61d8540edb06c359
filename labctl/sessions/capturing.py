"""The standard capture at a hand-in: taken before anything is graded, kept, and read back.

It is taken once for each time that the hosts were the candidate's to work on (since the start, or
since the hand-in was opened again), while they stand still. It stops no hand-in: what goes wrong is
recorded as `capture.failed` and the grading goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from checkers.engine import CheckResult
from labctl.capture.model import Capture, HostCapture, JudgedFile, from_json, to_json
from labctl.capture.taking import take
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import LabctlError, StoreError, UnknownName, UsageError
from labctl.served import served
from labctl.sessions.controller import Controller
from labctl.sessions.grading import Grading
from labctl.sessions.record import Session
from labctl.store import BLOBS, Event, Store

TAKEN = "capture.taken"
FAILED = "capture.failed"
OPENED = ("start.done", "reopen.done")
"""The events from which on the hosts are the candidate's to work on."""
HANDED_IN = "submit.done"
ROOM = 256 << 20
"""Bytes that have to be free for a capture to be written: the grading needs the disk more."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A capture read back: when it was taken, in how many seconds, what of, and what came before.

    `after` names what had been done to the hosts since the candidate left them; none, as a rule.
    """

    at: str
    seconds: float
    after: tuple[str, ...]
    hosts: tuple[HostCapture, ...]
    judged: tuple[JudgedFile, ...]


def capture(
    controller: Controller, session: Session, grading: Grading, done: Mapping[str, CheckResult]
) -> None:
    """Take and record the capture, unless there is one; `done` is what was graded before."""
    events = controller.store.events(session.code)
    if not _is_due(events):
        return
    try:
        found = grading.standing_still(
            lambda observer: take(session.plan, observer, go_on=controller.go_on)
        )
        phases = {str(result.phase) for result in done.values()}
        _record(controller, session, found, [*sorted(phases), *_handed_in_before(events)])
    except Exception as error:  # noqa: BLE001  # a hand-in goes on, whatever happens in a capture
        why = (
            error.message if isinstance(error, LabctlError) else f"{type(error).__name__}: {error}"
        )
        # Where the record takes nothing more, the grading is stopped by that, and is gone on with.
        with suppress(StoreError):
            controller.store.append(session.code, FAILED, {"why": why}, controller.actor)
        controller.tell(session.code, f"the hosts could not be captured: {why}")


def _is_due(events: Sequence[Event]) -> bool:
    """Whether there is no capture yet of what the candidate left, or one in which a host lacks."""
    for event in reversed(events):
        if event.kind in OPENED:
            return True
        if event.kind == TAKEN:
            return not all(host["seen"] for host in event.data["hosts"].values())
    return True


def _handed_in_before(events: Sequence[Event]) -> list[str]:
    """That there was an earlier hand-in of the same work, whose grading did things to the hosts."""
    kinds = [event.kind for event in events]
    opened = max((at for at, kind in enumerate(kinds) if kind in OPENED), default=0)
    return ["hand-in"] if HANDED_IN in kinds[opened:] else []


def _record(controller: Controller, session: Session, found: Capture, after: list[str]) -> None:
    store = controller.store
    if shutil.disk_usage(store.home).free < ROOM:
        raise StoreError(f"less than {ROOM >> 20} MiB of the disk is free")
    hosts = {
        each.host: {
            "capture": store.put_blob(to_json(each)),
            "seen": any(each.sections.values()),
            "files": each.listed,
            "gaps": [asdict(gap) for gap in each.gaps],
        }
        for each in found.hosts
    }
    judged = [
        {
            "task": each.task,
            "aspect": each.aspect,
            "host": each.host,
            "path": each.path,
            "size": each.size,
            "content": None if each.content is None else store.put_blob(each.content),
            "why": each.why,
        }
        for each in found.judged
    ]
    blobs = [host["capture"] for host in hosts.values()]
    blobs += [each["content"] for each in judged if each["content"] is not None]
    data = {"hosts": hosts, "judged": judged, "seconds": round(found.seconds, 2), "after": after}
    store.append(session.code, TAKEN, data | {BLOBS: blobs}, controller.actor)


# --------------------------------------------------------------------------- reading


def of_last_hand_in(events: Sequence[Event], kind: str) -> Event | None:
    """The last event of that kind about the work that was handed in last.

    One from before the hosts were opened again is about other work, once that is handed in anew.
    """
    anew = False
    for event in reversed(events):
        if event.kind == kind:
            return event
        if event.kind in OPENED and anew:
            return None
        anew = anew or event.kind in (FAILED, HANDED_IN)
    return None


def kept(store: Store, code: str) -> Kept | None:
    """The capture of the work that a session's last hand-in took, None if there is none.

    Raises `UnknownName`, or `StoreError` where what was kept is missing or damaged.
    """
    found = of_last_hand_in(store.events(code), TAKEN)
    if found is None:
        return None
    data = found.data
    try:
        hosts = tuple(from_json(store.get_blob(each["capture"])) for each in data["hosts"].values())
    except ValueError as error:
        raise StoreError(f"The capture of session `{code}` cannot be read: {error}") from error
    judged = tuple(_judged(store, each) for each in data["judged"])
    return Kept(found.at, data["seconds"], tuple(data["after"]), hosts, judged)


def demand_kept(store: Store, code: str) -> Kept:
    """What `kept` gives; raises `UsageError`, which says why there is none."""
    found = kept(store, code)
    if found is not None:
        return found
    whys = [each.data["why"] for each in store.events(code) if each.kind == FAILED]
    why = f"it failed ({whys[-1]})" if whys else "nothing was handed in"
    hint = f"`labctl submit {code}` takes the work in, and the capture with it."
    raise UsageError(f"There is no capture of session `{code}`: {why}.", hint)


@served
def captured(controller: Controller, code: str) -> Kept:
    """What `demand_kept` gives, for those who may see evidence."""
    permit(controller, Act.EVIDENCE)
    return demand_kept(controller.store, code)


def host_of(found: Kept, host: str) -> HostCapture:
    """One host's part of a capture; raises `UnknownName`."""
    for each in found.hosts:
        if each.host == host:
            return each
    raise UnknownName("host of this capture", host, [each.host for each in found.hosts])


def _judged(store: Store, told: Mapping[str, Any]) -> JudgedFile:
    content = None if told["content"] is None else store.get_blob(told["content"])
    names = ("task", "aspect", "host", "path", "size", "why")
    return JudgedFile(**{name: told[name] for name in names}, content=content)
