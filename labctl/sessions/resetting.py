"""One host is made anew, as it was at the start of the session; what was on it is kept.

    intended ─▶ kept (the snapshot) ─▶ made anew, set up, broken down ─▶ done

From the first to the last nobody is let in, and nothing is handed in before the time is over. A
command that was killed, or that failed once the snapshot was there, is gone on with by the next
one; a hand-in by the deadline finishes it first.
"""

from __future__ import annotations

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import LabctlError, ProviderError, UnknownName
from labctl.providers.base import LEAST_FREE
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.clock import STAMP
from labctl.sessions.controller import Controller
from labctl.sessions.crediting import credit, worked_at
from labctl.sessions.fallen import note_fallen
from labctl.sessions.record import Session, State
from labctl.sessions.said import fit
from labctl.sessions.setting_up import set_up
from labctl.store import Intention

LOCK_SECONDS = 30.0
KEPT = "reset.kept"


@served
def reset(controller: Controller, code: str, host: str, why: str, *, fault: bool = False) -> str:
    """Make a host of a running session anew; the name of the snapshot, empty if none could be made.

    Where a `fault` of the machinery makes it necessary, the time that it takes is given back. Goes
    on with an earlier reset of that host that is half done. Raises `UnknownName` for a host that
    the session does not have, `ProviderError` where there is no room for a snapshot.
    """
    permit(controller, Act.RESET)
    with controller.store.lock(code, wait=LOCK_SECONDS):
        session = record.load(controller.store, code)
        session.demand(State.RUNNING)
        names = [each.name for each in session.plan.hosts]
        if host not in names:
            raise UnknownName("host of this session", host, names)
        for begun in controller.store.open_intentions(code):
            if begun.verb == "reset" and begun.data["host"] == host:
                return _carry_out(controller, session, begun)
        record.demand_whole(controller.store, code)
        if record.provider_of(controller, session).disk_free() < LEAST_FREE:
            raise ProviderError(
                f"The server's disk is nearly full: there is no room to keep what is on {host}.",
                "`labctl gc` and `labctl images prune` make room.",
            )
        reason = fit(controller.store, why, "reason")
        data = {"host": host, "why": reason, "fault": fault, STAMP: controller.now().stamp()}
        intent = controller.store.intend(code, "reset", data, controller.actor)
        open_now = controller.store.open_intentions(code)
        begun = next(each for each in open_now if each.id == intent)
        return _carry_out(controller, session, begun)


def finish(controller: Controller, session: Session, intention: Intention) -> str:
    """Go on with a reset that was cut off."""
    host = str(intention.data["host"])
    if session.record.state != State.RUNNING:
        note_fallen(controller, session.code, host, "it was half made anew")
        why = {"host": host, "why": "the session runs no more"}
        controller.store.undo(intention.id, why, actor=controller.actor)
        return f"{host} is left as it is"
    _carry_out(controller, session, intention)
    return f"{host} is as it was at the start"


def _carry_out(controller: Controller, session: Session, begun: Intention) -> str:
    host = str(begun.data["host"])
    kept = _kept_for(controller, session, begun.id)
    if kept is None:
        kept = _keep(controller, session, begun.id, host)
    _make_anew(controller, session, host)
    if begun.data.get("fault"):
        before = worked_at(controller, session.code, begun.sequence)
        credit(controller, session.code, before, f"{host} was made anew for a fault")
    done = {"host": host, "snapshot": kept}
    controller.store.complete(begun.id, done, actor=controller.actor)
    return kept


def _kept_for(controller: Controller, session: Session, intent: str) -> str | None:
    """The snapshot that a reset had taken before it was cut off; None if it had not."""
    for event in controller.store.events(session.code):
        if event.kind == KEPT and event.data["of"] == intent:
            return str(event.data["snapshot"])
    return None


def _keep(controller: Controller, session: Session, intent: str, host: str) -> str:
    """Keep what is on a host before it goes, and say so in the log; nothing, if it is gone."""
    provider = record.provider_of(controller, session)
    placement = session.placed()
    try:
        provider.expel(placement, [host])
        gone = provider.states(placement)[host].state == "missing"
        kept = "" if gone else provider.snapshot(placement, host)
    except LabctlError as error:
        controller.store.undo(intent, {"host": host, "why": error.message})
        raise
    about = {"of": intent, "host": host, "snapshot": kept}
    controller.store.append(session.code, KEPT, about, controller.actor)
    return kept


def _make_anew(controller: Controller, session: Session, host: str) -> None:
    def report(line: str) -> None:
        controller.tell(session.code, line)

    provider = record.provider_of(controller, session)
    placement = provider.reset(session.placed(), session.plan, host, report)
    record.place(controller, placement)
    folder = record.lab_folder(controller.store, session.archive)
    set_up(controller, placement, session.plan, folder, report=report, only=host)
