"""What a server that went down does to the sessions that ran on it (docs/decisions/0008).

While sessions run, the warden writes a heartbeat into the state directory: the moment of its last
look. After a boot, every session whose clock was running before it is paused as of the heartbeat,
or of the last event in its log where that is later. An assessor resumes each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from labctl.errors import LabctlError
from labctl.sessions import clock, record
from labctl.sessions.clock import Moment, Timing, timing_of
from labctl.sessions.controller import Controller
from labctl.sessions.pausing import stand
from labctl.sessions.record import Session, State
from labctl.store import SessionFilter, moment

FILE = "heartbeat.json"
WHY = "the server went down"


@dataclass(frozen=True, slots=True)
class Stood:
    """A session whose clock was stopped as of an earlier moment; or the `problem` in the way."""

    session: str
    what: str
    problem: str = ""


def beat(home: Path, now: Moment) -> None:
    """Write down that the sessions of this home were looked after until now."""
    draft = home / f"{FILE}.new"
    with draft.open("w", encoding="ascii") as file:
        json.dump(now.whole(), file)
        file.flush()
        os.fsync(file.fileno())  # it is read after a power cut, or never
    draft.replace(home / FILE)


def last_beat(home: Path) -> Moment | None:
    """The last heartbeat; None where there is none that can be read."""
    try:
        return clock.moment_from(json.loads((home / FILE).read_text(encoding="ascii")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stand_still(controller: Controller, only: str | None = None) -> tuple[Stood, ...]:
    """Pause the sessions (or one) that ran before this boot and have not been seen to since."""
    now, heart = controller.now(), last_beat(controller.home)
    if heart is not None and heart.boot == now.boot:
        return ()  # the warden begins with what is done here
    wanted = SessionFilter(states=(State.RUNNING,), codes=(only,) if only else ())
    turns = controller.store.turns(clock.KINDS, wanted)
    cut_off = [code for code, events in turns.items() if _ran_before(timing_of(events), now)]
    return tuple(found for code in cut_off for found in _stand(controller, code, heart))


def _ran_before(timing: Timing, now: Moment) -> bool:
    """Whether a clock began to run on this server, in another boot."""
    since = timing.since
    return since is not None and since.server == now.server and since.boot not in ("", now.boot)


def _last_before(controller: Controller, session: Session) -> Moment:
    """The last event before this boot: what was noted since says nothing of when work ended."""
    now = controller.now()
    booted = now.at - timedelta(microseconds=now.uptime)
    times = (moment(each.at) for each in controller.store.events(session.code))
    began = session.timing.since
    least = booted if began is None else began.at
    return Moment(max((each for each in times if each <= booted), default=least))


def _stand(controller: Controller, code: str, heart: Moment | None) -> Iterator[Stood]:
    try:
        with controller.store.lock(code):
            session = record.load(controller.store, code)
            if not _ran_before(session.timing, controller.now()):
                return
            ran = session.timing.since
            since = _last_before(controller, session)
            if heart and ran and heart.boot == ran.boot and heart.at > since.at:
                since = heart
            stand(controller, session, WHY, since)
            until = f"{since.at.astimezone():%H:%M:%S}"
            yield Stood(
                code, f"its clock stands as of {until}; `labctl resume {code}` lets it go on"
            )
    except LabctlError as error:
        yield Stood(code, "left as it is", error.message)
