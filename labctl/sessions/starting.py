"""Starting sessions: hosts up, accounts made, the lab's set-up run, and the clock begun."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from labctl.errors import LabctlError, ProviderError, UsageError
from labctl.library.folder import Folder
from labctl.library.planning import Lab, plan
from labctl.plan import HostPlan, Plan
from labctl.sessions import record
from labctl.sessions.accounts import login_script
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.sessions.scripts import run_script
from labctl.store import Mode, NewSession, SessionRecord, time_text

if TYPE_CHECKING:
    from labctl.providers.base import Placement, Provider

AT_ONCE = 3
"""Sessions that are started at the same time; the engine's daemon is the limit, not we."""

LARGEST_SEED = 2**31


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What is to be started: one session for each candidate. `seed` None draws one for each."""

    lab: str
    candidates: tuple[str, ...]
    mode: Mode = "assessment"
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """How one candidate's start went: a session's code, or why there is none."""

    candidate: str
    session: str | None
    problem: str = ""
    hint: str = ""


def start(controller: Controller, request: StartRequest) -> tuple[Started, ...]:
    """Start a session for each candidate; one that fails is undone and costs no other.

    Raises `UsageError` for a request that makes no sense, `LabFileError` for a lab with mistakes.
    """
    doubled = {name for name in request.candidates if request.candidates.count(name) > 1}
    if doubled:
        raise UsageError(f"Named twice: {', '.join(sorted(doubled))}.", "Name each candidate once.")
    lab = controller.library.lab(request.lab)
    archive = controller.store.put_blob(lab.folder.archive())
    _ = controller.provider(lab.header.provider), controller.actor

    def one(candidate: str) -> Started:
        try:
            code = start_one(controller, lab, archive, candidate, request)
        except LabctlError as error:
            return Started(candidate, None, error.message, error.hint)
        return Started(candidate, code)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="start") as pool:
        return tuple(pool.map(one, request.candidates))


def start_one(
    controller: Controller, lab: Lab, archive: str, candidate: str, request: StartRequest
) -> str:
    """Start one candidate's session; whatever stops it, nothing of it is left on the server."""
    made, planned = enrol(controller, lab, archive, candidate, request)
    with controller.store.lock(made.code):
        bring_up(controller, made, planned, lab.folder)
    return made.code


def enrol(
    controller: Controller, lab: Lab, archive: str, candidate: str, request: StartRequest
) -> tuple[SessionRecord, Plan]:
    """Record a new session, with everything that it will ever need of the lab."""
    seed = secrets.randbelow(LARGEST_SEED) if request.seed is None else request.seed
    planned = plan(lab, seed)
    new = NewSession(
        candidate=candidate,
        lab=lab.id,
        lab_digest=lab.digest,
        seed=seed,
        mode=request.mode,
        plan=record.store_plan(controller.store, planned),
        state=State.CREATED,
        data={"archive": archive},
    )
    return controller.store.create_session(new, controller.actor), planned


def bring_up(controller: Controller, made: SessionRecord, planned: Plan, folder: Folder) -> None:
    """Hosts up, accounts and set-up made, clock begun; undone whatever goes wrong on the way.

    The caller holds the session's lock.
    """
    store, code = controller.store, made.code
    provider = controller.provider(planned.provider)
    intent = store.intend(code, "start", {}, controller.actor, state=State.STARTING)
    try:
        placement = provider.up(code, planned, lambda line: controller.tell(code, line))
        record.place(controller, placement)
        set_up(provider, placement, planned, folder)
        controller.tell(code, "set up")
    except BaseException as error:
        provider.down(code)
        store.undo(intent, {"why": _why(error)}, state=State.WITHDRAWN)
        raise
    deadline = datetime.now(UTC) + timedelta(seconds=planned.duration)
    store.complete(intent, {}, state=State.RUNNING, deadline=time_text(deadline))
    controller.tell(code, "running")


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__


def set_up(provider: Provider, placement: Placement, planned: Plan, folder: Folder) -> None:
    """Make the candidate's accounts and run the lab's set-up scripts, host beside host.

    Raises `ProviderError` for a script that fails, with its last words.
    """

    def one(host: HostPlan) -> None:
        if host.login is not None:
            script = login_script(host.login)
            run_script(provider, placement, host.name, script, {}, what="the candidate's account")
        if host.setup:
            script = folder.content(host.setup)
            run_script(provider, placement, host.name, script, planned.variables, what=host.setup)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(one, host) for host in planned.hosts]
    problems = [error for future in futures if (error := future.exception())]
    for error in problems:
        if not isinstance(error, LabctlError):
            raise error
    if problems:
        raise ProviderError("\n".join(str(error) for error in problems))
