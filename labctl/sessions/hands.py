"""Hands: physical acts in a hardware lab, asked for by the candidate, done and recorded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.crediting import queued
from labctl.sessions.fallen import note_fallen
from labctl.sessions.record import AT_WORK, Session, State
from labctl.store import Intention

LOCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class OfferedAct:
    """An act that may be asked for by its `id`, and the host that it is done to."""

    id: str
    host: str
    title: str


@served
def offered(controller: Controller, code: str) -> tuple[OfferedAct, ...]:
    """The acts that a session's lab offers, in the order of the lab file."""
    plan = record.load(controller.store, code).plan
    return tuple(
        OfferedAct(act.id, host.name, act.title)
        for host in plan.hosts
        if host.hardware
        for act in host.hardware.acts
    )


@served
def hands(controller: Controller, code: str, act: str) -> str:
    """Do one act on a running session's hardware; what was done, in words.

    Raises `UnknownName` for an act that the lab does not offer, `UsageError` for one that cannot be
    done as things are. A long wait for another command is given back to the session's clock.
    """
    permit(controller, Act.HANDS)
    with queued(controller, code, LOCK_SECONDS):
        session = record.load(controller.store, code)
        session.demand(State.RUNNING)
        record.demand_whole(controller.store, code)
        return lend_hands(controller, session, act)


def lend_hands(controller: Controller, session: Session, act: str) -> str:
    """Do one act, of a session whose lock the caller holds."""
    provider = record.provider_of(controller, session)
    before = session.placed()
    intent = controller.store.intend(session.code, "hands", {"act": act}, controller.actor)
    try:
        after, told = provider.hands(
            before, session.plan, act, intent, partial(controller.tell, session.code)
        )
    except UsageError as error:  # any other leaves it open: the next command finishes what is begun
        controller.store.undo(intent, {"act": act, "why": error.message})
        raise
    if after != before:
        record.place(controller, after)
    controller.store.complete(intent, {"act": act, "told": told})
    return told


def finish(controller: Controller, session: Session, begun: Intention) -> str:
    """Deal with an act that was cut off: finish it, or undo what had not been begun.

    Nothing is done to the hosts of a session that was handed in: nobody knows what was done.
    """
    act, intent = str(begun.data.get("act", "")), begun.id
    if session.record.state not in AT_WORK:
        for host in session.plan.hosts:
            if host.hardware and act in {each.id for each in host.hardware.acts}:
                note_fallen(controller, session.code, host.name, "an act was cut off")
        why = {"act": act, "why": "the session runs no more"}
        controller.store.undo(intent, why, actor=controller.actor)
        return "the session runs no more"
    provider = record.provider_of(controller, session)
    before = session.placed()
    after, told = provider.refit(
        before, session.plan, intent, partial(controller.tell, session.code)
    )
    if after != before:
        record.place(controller, after)
    if told:
        controller.store.complete(intent, {"act": act, "told": told}, actor=controller.actor)
        return f"done: {told}"
    why = {"act": act, "why": "it was cut off before anything was done"}
    controller.store.undo(intent, why, actor=controller.actor)
    return "nothing had been done yet"
