"""A correction for the whole room: pinned on every task sheet, with the time that reading it took.

    intended (text, credit) ─▶ one event in each session, which gives the time back too ─▶ done

The event in a session names the notice. So one that was cut off, or failed in a session, is gone on
with by typing it again, and gives nobody the time twice; and who begins later finds it on the
sheet, without the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UnknownName, UsageError
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.incidents import OVER
from labctl.sessions.incidents import notice as tell_session
from labctl.sessions.record import AT_WORK
from labctl.sessions.said import fit
from labctl.sittings.acting import FAILED, Acted, in_each, told
from labctl.sittings.model import Sitting
from labctl.sittings.reading import NOTICE, Seated, demand_open, load, seated
from labctl.sittings.recording import LOCK_SECONDS, Recorder, held
from labctl.store import Event
from labctl.store.intentions import DONE, INTENDED, INTENT
from labctl.store.locks import exclusive

TEXT, CREDIT, LAB = "text", "seconds", "lab"
SITTING, NUMBER = "sitting", "notice"


@served
def notice(
    controller: Controller, code: str, text: str, seconds: int = 0, lab: str | None = None
) -> Acted:
    """Tell everybody who works (at one `lab`, if named) something, and give them `seconds` back.

    Who begins later is told too. Goes on with the same notice where it was cut off, or failed in a
    session. Raises `UsageError` for a text that cannot be recorded, `UnknownName` for a lab that
    nobody sits.
    """
    permit(controller, Act.NOTICE)
    recorder = Recorder(controller, code, Act.NOTICE)
    if seconds < 0:
        raise UsageError("A credit adds time.", "Name the minutes that are to be given back.")
    said = {TEXT: fit(controller.store, text, "notice"), CREDIT: seconds, LAB: lab or ""}
    with _one_at_a_time(controller, code):
        with held(controller, code):
            sitting = load(controller.store, code)
            demand_open(sitting)
            if lab is not None and lab not in sitting.labs:
                raise UnknownName("lab of this sitting", lab, sitting.labs)
            events = controller.store.sittings.events(code)
            number = _unfinished(events, said) or recorder.intend(NOTICE, said)
            chosen, left = _reached(controller, sitting, lab)
        about = {SITTING: code, NUMBER: number}

        def one(session: str) -> tuple[int, str]:
            return _tell(controller, session, said, about)

        outcomes = in_each(controller, chosen, one)
        with held(controller, code):
            recorder.done(NOTICE, number, told(outcomes))
    return Acted(code, outcomes, left)


def _one_at_a_time(controller: Controller, code: str) -> AbstractContextManager[None]:
    """Keep two who type the same notice from telling it twice.

    Not by holding the sitting: an alarm must not wait until everybody has been told.
    """
    path = controller.home / "locks" / f"{code}.notice.lock"
    return exclusive(path, f"The notice to sitting `{code}`", wait=LOCK_SECONDS)


def _unfinished(events: Iterable[Event], said: dict[str, Any]) -> int:
    """The number of the last notice that says the same, unless everybody was told; else 0."""
    number = 0
    for event in events:
        if event.kind == NOTICE + INTENDED and said.items() <= event.data.items():
            number = event.sequence
        elif event.kind == NOTICE + DONE and event.data.get(INTENT) == number:
            number = number if event.data.get(FAILED) else 0
    return number


def _reached(
    controller: Controller, sitting: Sitting, lab: str | None
) -> tuple[list[Seated], dict[str, str]]:
    """Who is to be told, and whom it does not reach any more."""
    here = [
        each for each in seated(controller.store, sitting) if lab is None or each.seat.lab == lab
    ]
    left = {
        each.seat.candidate: f"the session is {each.row.state}"
        for each in here
        if each.row.state in OVER
    }
    return [each for each in here if each.seat.candidate not in left], left


def _tell(
    controller: Controller, session: str, said: dict[str, Any], about: dict[str, Any]
) -> tuple[int, str]:
    found = record.load(controller.store, session)
    before = any(about.items() <= event.data.items() for event in found.notices)
    if not before:
        # A clock that has not begun has nothing to be given back.
        seconds = said[CREDIT] if found.record.state in AT_WORK else 0
        tell_session(controller, session, said[TEXT], seconds, about)
    clock = record.load(controller.store, session).timing.read(controller.now())
    return clock.remaining // SECOND, "told before" if before else ""


def told_before(events: Iterable[Event], lab: str) -> Iterator[dict[str, Any]]:
    """What those at a lab have been told in the sitting, as it is recorded in a session."""
    for event in events:
        if event.kind == NOTICE + INTENDED and event.data[LAB] in ("", lab):
            yield {
                TEXT: event.data[TEXT],
                SITTING: event.session,
                NUMBER: event.sequence,
            }
