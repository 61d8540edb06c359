"""Removing a session's hosts. The record stays for ever, and disks as long as the policy says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import LabctlError
from labctl.served import served
from labctl.sessions import record, retention
from labctl.sessions.controller import Controller
from labctl.sessions.graded_hosts import twin_code
from labctl.sessions.record import LIVE, Session, State
from labctl.sessions.said import fit

NOTHING: Mapping[str, Any] = MappingProxyType({})


@served
def stop(controller: Controller, code: str, discard: str = "") -> None:
    """Remove everything that the session has on the server; may be given again.

    What the policy wants kept of a hand-in is kept first, unless `discard` says why it need not be.
    Raises `UnknownName`, `Busy`, or `ProviderError` if the provider could not remove it all, or has
    no room for what is to be kept.
    """
    permit(controller, Act.STOP)
    reason = fit(controller.store, discard, "reason") if discard else ""
    with controller.store.lock(code, wait=60.0):
        session = record.load(controller.store, code)
        if session.record.state not in (*LIVE, State.CREATED):
            return
        for begun in controller.store.open_intentions(code):
            if begun.verb == "void":  # what was not to count does not count after all
                why = {"why": str(begun.data.get("why", ""))}
                provider = session.plan.provider
                finish_stop(controller, code, provider, begun.id, state=State.VOID, data=why)
                return
        if not reason and _last_day(controller, session) is not None:
            retention.demand_room(controller, session)
        data = {retention.DISCARD: reason} if reason else {}
        intent = controller.store.intend(code, "stop", data, controller.actor)
        carry_out(controller, session, intent, reason)


def carry_out(controller: Controller, session: Session, intent: str, discard: str = "") -> None:
    """Keep what is to be kept, then remove the hosts; the caller holds the session's lock."""
    until = None if discard else _last_day(controller, session)
    if until is not None:
        try:
            retention.keep(controller, session, intent, until)
        except LabctlError as error:
            why = {"why": error.message}
            controller.store.undo(intent, why, actor=controller.actor)
            raise
    data = {retention.DISCARD: discard} if discard else {}
    provider = session.plan.provider
    but_kept = until is not None
    finish_stop(controller, session.code, provider, intent, data=data, but_kept=but_kept)


def _last_day(controller: Controller, session: Session) -> date | None:
    """The last day that the disks are to be kept; None where that is over, or they need not be."""
    until = retention.last_day(session, controller.store.events(session.code))
    return until if until is not None and until >= retention.today(controller) else None


def finish_stop(
    controller: Controller,
    code: str,
    provider: str,
    intent: str,
    *,
    state: State = State.STOPPED,
    data: Mapping[str, Any] = NOTHING,
    but_kept: bool = False,
) -> None:
    """Carry out an intention that ends the session: in `state`, without hosts.

    With `but_kept` the snapshots of its hosts stay on the server.
    """
    controller.provider(provider).down(code, but_kept=but_kept)
    controller.provider(provider).down(twin_code(code))
    for other in controller.store.open_intentions(code):
        # A hand-in that was cut off cannot go on: the work is gone with the hosts.
        if other.id != intent:
            why = {"why": f"the session is {state}"}
            controller.store.undo(other.id, why, actor=controller.actor)
    controller.store.complete(intent, data, actor=controller.actor, state=state)
    controller.tell(code, state)
