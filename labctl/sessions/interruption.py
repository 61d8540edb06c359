"""What a server that went down does to the sessions that ran on it (docs/decisions/0008).

After a boot, every session whose clock was running before it is paused as of the last heartbeat, or
of the last event in its log where that is later. An assessor resumes each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from labctl.errors import LabctlError, StoreError
from labctl.sessions import record
from labctl.sessions.clock import Moment, Timing
from labctl.sessions.controller import Controller
from labctl.sessions.heartbeat import last_beat
from labctl.sessions.pausing import stand
from labctl.sessions.record import Session, State
from labctl.sessions.timings import timings
from labctl.store import Busy, SessionFilter, moment

WHY = "the server went down"
LEFT = "left as it is"


@dataclass(frozen=True, slots=True)
class Stood:
    """A session whose clock was stopped as of an earlier moment; or the `problem` in the way.

    `damaged` is one whose record cannot be read, which another try does not change.
    """

    session: str
    what: str
    problem: str = ""
    damaged: bool = False


def stand_still(controller: Controller, only: str | None = None) -> tuple[Stood, ...]:
    """Pause the sessions (or one) that ran before this boot and have not been seen to since."""
    now, heart = controller.now(), last_beat(controller.home)
    if heart is not None and heart.boot == now.boot:
        return ()  # the warden begins with what is done here
    wanted = SessionFilter(states=(State.RUNNING,), codes=(only,) if only else ())
    found: list[Stood] = []

    def damaged(code: str, why: str) -> None:
        found.append(Stood(code, LEFT, why, damaged=True))

    for code, timing in timings(controller.store, wanted, damaged).items():
        if ran_before(timing, now):
            found.extend(stand_one(controller, code))
    return tuple(found)


def ran_before(timing: Timing, now: Moment) -> bool:
    """Whether a clock began to run on this server, in another boot."""
    since = timing.since
    return since is not None and since.server == now.server and since.boot not in ("", now.boot)


def stand_one(controller: Controller, code: str) -> Iterator[Stood]:
    """Pause one session if it ran before this boot."""
    heart = last_beat(controller.home)
    try:
        with controller.store.lock(code):
            session = record.load(controller.store, code)
            if not ran_before(session.timing, controller.now()):
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
    except Busy as error:
        yield Stood(code, LEFT, error.message)
    except StoreError as error:
        yield Stood(code, LEFT, error.message, damaged=True)
    except LabctlError as error:
        yield Stood(code, LEFT, error.message)


def _last_before(controller: Controller, session: Session) -> Moment:
    """The last event before this boot: what was noted since says nothing of when work ended."""
    now = controller.now()
    booted = now.at - timedelta(microseconds=now.uptime)
    times = (moment(each.at) for each in controller.store.events(session.code))
    began = session.timing.since
    least = booted if began is None else began.at
    return Moment(max((each for each in times if each <= booted), default=least))
