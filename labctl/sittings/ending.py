"""The end of a sitting: once nobody works any more, what became of each candidate is sealed.

The last event holds, beside the summary, the number and the hash of the last event of each
session's log: `labctl audit` finds a session that was written anew afterwards.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.sittings.model import Presence, Sitting, Stage
from labctl.sittings.reading import demand_open, load
from labctl.sittings.recording import Recorder, held
from labctl.sittings.views import SeatView, SittingView, seat_views, sitting_view
from labctl.store.sittings import ENDED, SEALED

WORKING = (State.CREATED, State.STARTING, State.RUNNING, State.PAUSED, State.SUBMITTING)
"""States of a session with which a sitting cannot end."""


@served
def end(controller: Controller, code: str) -> SittingView:
    """Seal a sitting; how it stands then.

    Raises `UsageError`, which names all who still work and all whom the register does not account
    for.
    """
    permit(controller, Act.END)
    with held(controller, code):
        sitting = load(controller.store, code)
        demand_open(sitting)
        seats = seat_views(controller, sitting)
        _demand_over(sitting, seats)
        Recorder(controller, code, Act.END).note(ENDED, {SEALED: _summary(seats)}, Stage.ENDED)
    return sitting_view(controller, code)


def _demand_over(sitting: Sitting, seats: tuple[SeatView, ...]) -> None:
    wrong, cures = [], []
    working = [
        f"{each.seat.candidate} ({each.seat.session}, {each.state})"
        for each in seats
        if each.state in WORKING
    ]
    if working:
        wrong.append(f"Still at work: {', '.join(working)}.")
        cures.append("`labctl submit SESSION` takes work in.")
    missing = [
        each.seat.candidate for each in seats if each.seat.entry.presence is Presence.EXPECTED
    ]
    if missing:
        wrong.append(f"Neither present nor absent in the register: {', '.join(missing)}.")
        cures.append(f"`labctl sitting register {sitting.code} CANDIDATE... absent` says so.")
    unread = [each.seat.candidate for each in seats if each.problem]
    if unread:
        wrong.append(f"The record of their sessions is damaged: {', '.join(unread)}.")
        cures.append("`labctl audit` says where.")
    if wrong:
        told = "\n".join([f"Sitting `{sitting.code}` cannot end yet.", *wrong])
        raise UsageError(told, " ".join(cures))


def _summary(seats: tuple[SeatView, ...]) -> list[dict[str, Any]]:
    return [_row(each) for each in seats]


def _row(found: SeatView) -> dict[str, Any]:
    seat = found.seat
    about: dict[str, Any] = {
        "label": seat.label,
        "candidate": seat.candidate,
        "lab": seat.lab,
        "presence": seat.entry.presence.value,
        "identity_checked": bool(seat.entry.identity_by),
        "session": seat.session,
        "void": list(found.void),
    }
    if seat.session is None:
        return about
    return about | {
        "state": found.state,
        "attempt": found.attempt,
        "clock": asdict(found.clock) if found.clock else None,
        "paused": found.paused,
        "incidents": [each.kind for each in found.incidents],
        "assistance": found.reached_in,
        "held": found.held,
        "sequence": found.sequence,
        "head": found.head,
    }
