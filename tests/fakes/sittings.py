"""Sittings of paper: planned, and begun."""

from __future__ import annotations

from labctl.sessions import record
from labctl.sessions.clock import Clock
from labctl.sessions.controller import Controller
from labctl.sittings.beginning import begin
from labctl.sittings.model import Presence
from labctl.sittings.planning import SittingRequest, plan_sitting
from labctl.sittings.reading import load
from labctl.sittings.register import register

ALL = ("C1", "C2", "C3")


def planned(
    controller: Controller,
    *candidates: str,
    labs: tuple[str, ...] = ("moves",),
    day: str = "",
    until: str = "23:59",
) -> str:
    """A sitting on the day of the tests' own time; its code."""
    request = SittingRequest(
        day or f"{controller.now().at.astimezone():%Y-%m-%d}",
        "09:30",
        until,
        "R 12",
        labs,
        candidates or ALL,
    )
    return plan_sitting(controller, request).sitting.code


def begun(controller: Controller, *candidates: str, code: str = "") -> tuple[str, dict[str, str]]:
    """A sitting in which those who are named (or C1, C2 and C3) work; its code, their sessions."""
    found = code or planned(controller, *candidates)
    register(controller, found, candidates, Presence.PRESENT, identity=True)
    outcome = begin(controller, found)
    assert not [each.problem for each in outcome.started if each.problem], outcome
    return found, sessions(controller, found)


def sessions(controller: Controller, code: str) -> dict[str, str]:
    """Candidate → session, of those who have one."""
    return {
        seat.candidate: seat.session
        for seat in load(controller.store, code).seats
        if seat.session is not None
    }


def states(controller: Controller, code: str) -> dict[str, str]:
    """Candidate → the state of the session that counts."""
    found = sessions(controller, code)
    return {who: controller.store.session(each).state for who, each in found.items()}


def clock_of(controller: Controller, session: str) -> Clock:
    return record.load(controller.store, session).timing.read(controller.now())


def kinds(controller: Controller, code: str) -> list[str]:
    return [event.kind for event in controller.store.sittings.events(code)]
