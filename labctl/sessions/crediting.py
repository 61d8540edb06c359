"""Time that the machinery took from a candidate, measured and given back.

What is measured is how far the session's own clock ran meanwhile, so that a pause in between is not
given back, nor the same minute twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from labctl.sessions import record
from labctl.sessions.clock import (
    CREDITED,
    SECOND,
    STAMP,
    ZERO,
    Moment,
    moment_of,
    precedes,
    timing_of,
)
from labctl.sessions.controller import Controller
from labctl.sessions.record import State

LONG_WAIT = timedelta(seconds=20)
"""A wait that is longer is given back as a whole; a shorter one belongs to working."""


def worked(controller: Controller, code: str) -> timedelta:
    """How much of a session's time is worked by now."""
    return record.load(controller.store, code).timing.read(controller.now()).worked


def worked_by(controller: Controller, code: str, at: Moment) -> timedelta:
    """How much of a session's time was worked by an earlier moment."""
    events = [each for each in controller.store.events(code) if not precedes(at, moment_of(each))]
    return timing_of(events).read(at).worked


def worked_at(controller: Controller, code: str, sequence: int) -> timedelta:
    """How much of a session's time was worked when its event of that number was recorded."""
    events = controller.store.events(code)[:sequence]
    return timing_of(events).read(moment_of(events[-1])).worked


def credit(
    controller: Controller, code: str, before: timedelta, why: str, least: timedelta = ZERO
) -> int:
    """Give back what a running session's clock has run since `before` was worked; the seconds.

    Nothing if that is less than `least`, or nothing at all. The caller holds the session's lock.
    """
    session = record.load(controller.store, code)
    if session.record.state != State.RUNNING:
        return 0
    now = controller.now()
    taken = session.timing.read(now).worked - max(before, session.timing.settled)
    seconds = -(-taken // SECOND)
    if taken <= ZERO or taken < least:
        return 0
    data = {"seconds": seconds, "why": why, STAMP: now.stamp()}
    deadline = session.timing.deadline_after(CREDITED, data)
    controller.store.append(code, CREDITED, data, controller.actor, deadline=deadline)
    controller.tell(code, f"{seconds} s given back: {why}")
    return seconds


@contextmanager
def queued(controller: Controller, code: str, wait: float) -> Iterator[None]:
    """Hold a session's lock for somebody who waits for it; a long wait is given back."""
    before = worked(controller, code)
    with controller.store.lock(code, wait=wait):
        credit(controller, code, before, "another command was at the session", LONG_WAIT)
        yield
