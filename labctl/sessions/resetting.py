"""One host is made anew, as it was at the start of the session; what was on it is kept.

    intended ─▶ kept (the snapshot) ─▶ made anew, set up, broken down ─▶ done

A command that was killed is finished by the next one: the host is made anew once more.
"""

from __future__ import annotations

from labctl.errors import UnknownName
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State
from labctl.sessions.setting_up import set_up
from labctl.store import Intention

LOCK_SECONDS = 30.0


def reset(controller: Controller, code: str, host: str, why: str) -> str:
    """Make a host of a running session anew; the name of the snapshot of what was on it.

    Raises `UnknownName` for a host that the session does not have.
    """
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        session.demand(State.RUNNING)
        names = [each.name for each in session.plan.hosts]
        if host not in names:
            raise UnknownName("host of this session", host, names)
        about = {"host": host, "why": why}
        intent = controller.store.intend(code, "reset", about, controller.actor)
        kept = _keep(controller, session, host)
        _make_anew(controller, session, host)
        controller.store.complete(intent, {**about, "snapshot": kept})
        return kept


def finish(controller: Controller, session: Session, intention: Intention) -> str:
    """Go on with a reset that was cut off."""
    host = str(intention.data["host"])
    kept = _kept_since_asked(controller, session) or _keep(controller, session, host)
    _make_anew(controller, session, host)
    controller.store.complete(intention.id, {**intention.data, "snapshot": kept})
    return f"{host} is as it was at the start"


def _keep(controller: Controller, session: Session, host: str) -> str:
    """Keep what is on a host before it goes, and say so in the log."""
    kept = record.provider_of(controller, session).snapshot(session.placed(), host)
    about = {"host": host, "snapshot": kept}
    controller.store.append(session.code, "reset.kept", about, controller.actor)
    return kept


def _kept_since_asked(controller: Controller, session: Session) -> str:
    """The snapshot that the last reset had taken before it was cut off, if it had."""
    events = controller.store.events(session.code)
    begun = max(each.sequence for each in events if each.kind == "reset.intended")
    kept = [each for each in events if each.kind == "reset.kept" and each.sequence > begun]
    return str(kept[-1].data["snapshot"]) if kept else ""


def _make_anew(controller: Controller, session: Session, host: str) -> None:
    def report(line: str) -> None:
        controller.tell(session.code, line)

    provider = record.provider_of(controller, session)
    placement = provider.reset(session.placed(), session.plan, host, report)
    record.place(controller, placement)
    folder = record.lab_folder(controller.store, session.archive)
    set_up(controller, placement, session.plan, folder, report=report, only=host)
