"""Removing a session's hosts. The record stays for ever."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.graded_hosts import twin_code
from labctl.sessions.record import LIVE, State

NOTHING: Mapping[str, Any] = MappingProxyType({})


def stop(controller: Controller, code: str) -> None:
    """Remove everything that the session has on the server; may be given again.

    Raises `UnknownName`, `Busy`, or `ProviderError` if the provider could not remove it all.
    """
    permit(controller, Act.STOP)
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
        intent = controller.store.intend(code, "stop", {}, controller.actor)
        finish_stop(controller, code, session.plan.provider, intent)


def finish_stop(
    controller: Controller,
    code: str,
    provider: str,
    intent: str,
    *,
    state: State = State.STOPPED,
    data: Mapping[str, Any] = NOTHING,
) -> None:
    """Carry out an intention that ends the session: in `state`, without hosts."""
    for each in (code, twin_code(code)):
        controller.provider(provider).down(each)
    for other in controller.store.open_intentions(code):
        # A hand-in that was cut off cannot go on: the work is gone with the hosts.
        if other.id != intent:
            why = {"why": f"the session is {state}"}
            controller.store.undo(other.id, why, actor=controller.actor)
    controller.store.complete(intent, data, state=state)
    controller.tell(code, state)
