"""Starting sessions: hosts up, accounts made, the lab's set-up run, and the clock begun."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from labctl.centre.approvals import demand_approved
from labctl.centre.candidates import CANDIDATE, extra_time_of, extra_times
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.library.folder import Folder
from labctl.library.planning import Lab, plan
from labctl.plan import Plan
from labctl.policy.file import spelled
from labctl.served import served
from labctl.sessions import clock, record
from labctl.sessions.attempts import one_at_a_time, permission
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.sessions.said import fit
from labctl.sessions.setting_up import set_up
from labctl.sessions.side_by_side import Outcome, side_by_side
from labctl.store import Mode, NewSession, SessionRecord

LARGEST_SEED = 2**31
MOST_EXTRA_TIME = 100
LOCK_SECONDS = 60.0

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What is to be started: one session for each candidate. `seed` None draws one for each.

    `beyond_limit` is the reason for going on where the policy allows no more attempts; empty, such
    a candidate is refused. `extra_time` is a percentage of the lab's own time (an access
    arrangement); None takes each candidate's from the roster. `sitting` is the code of the sitting
    that the sessions belong to.
    """

    lab: str
    candidates: tuple[str, ...]
    mode: Mode = "assessment"
    seed: int | None = None
    beyond_limit: str = ""
    extra_time: int | None = None
    sitting: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """How one candidate's start went: a session's code, or why there is none.

    `exit_code` is that of the error behind `problem`, 0 if there is none.
    """

    candidate: str
    session: str | None
    problem: str = ""
    hint: str = ""
    exit_code: int = 0


@served
def start(controller: Controller, request: StartRequest) -> tuple[Started, ...]:
    """Start a session for each candidate; one that fails is undone and costs no other.

    Raises `UsageError` for a request that makes no sense, `LabFileError` for a lab with mistakes.
    """
    permit(controller, Act.START)
    _demand_candidates(request.candidates)
    _demand_own_time(controller, request)
    if request.sitting is not None:
        raise UsageError(
            "A session of a sitting is begun in it.", f"`labctl sitting begin {request.sitting}`."
        )
    lab, archive = make_ready(controller, request)

    def one(candidate: str) -> str:
        return start_one(controller, lab, archive, candidate, request)

    return tuple(started(each) for each in side_by_side(controller, request.candidates, one))


def make_ready(controller: Controller, request: StartRequest) -> tuple[Lab, str]:
    """The lab that is asked for and the digest of its copy, once it is known that it can be had.

    Asked before anything is recorded, so that what stands in the way of all is told once.
    """
    if request.beyond_limit:
        fit(controller.store, request.beyond_limit, "reason")
    controller.policy  # noqa: B018  # read first: mistakes in it are told once, and not of each
    lab = controller.library.lab(request.lab)
    demand_approved(controller, lab, request.mode)
    archive = controller.store.put_blob(lab.folder.archive())
    # Asked first, so that a provider that cannot be used leaves no session behind.
    controller.provider(lab.header.provider).owned()
    return lab, archive


def _demand_candidates(candidates: tuple[str, ...]) -> None:
    if not candidates:
        raise UsageError("No candidate is named.", "Give `--candidate CODE` for each of them.")
    doubled = {name for name in candidates if candidates.count(name) > 1}
    if doubled:
        raise UsageError(f"Named twice: {', '.join(sorted(doubled))}.", "Name each candidate once.")
    for name in candidates:
        if not CANDIDATE.fullmatch(name):
            raise UsageError(
                f"`{name}` cannot be a candidate's code.",
                "Use letters, digits, `.`, `_` and `-`, 64 at most; names stay out of the record.",
            )


def _demand_own_time(controller: Controller, request: StartRequest) -> None:
    """Refuse extra time that makes no sense, or that only who may give more time can give."""
    percent = request.extra_time
    if percent is None:
        return
    if not 0 <= percent <= MOST_EXTRA_TIME:
        raise UsageError(
            f"Extra time is a percentage from 0 to {MOST_EXTRA_TIME}, not {percent}.",
            "`labctl extend` gives single sessions more.",
        )
    arranged = extra_times(controller)
    if any(arranged.get(name, 0) != percent for name in request.candidates):
        permit(controller, Act.EXTEND)


def started(outcome: Outcome[str]) -> Started:
    """How it went with one candidate, by the outcome of the start."""
    error = outcome.error
    if error is None:
        return Started(outcome.name, outcome.value)
    return Started(outcome.name, None, error.message, error.hint, error.exit_code)


def start_one(
    controller: Controller, lab: Lab, archive: str, candidate: str, request: StartRequest
) -> str:
    """Start one candidate's session; whatever stops it, nothing of it is left on the server."""
    made, planned = enrol_allowed(controller, lab, archive, candidate, request)
    bring_up_enrolled(controller, made, planned, lab.folder)
    return made.code


def enrol_allowed(
    controller: Controller, lab: Lab, archive: str, candidate: str, request: StartRequest
) -> tuple[SessionRecord, Plan]:
    """Record a new session, as `enrol` does, if the policy allows the candidate one more."""
    with one_at_a_time(controller, request.mode):
        allowed = permission(controller, lab.id, candidate, request.mode, request.beyond_limit)
        return enrol(controller, lab, archive, candidate, request, allowed=allowed)


def bring_up_enrolled(
    controller: Controller, made: SessionRecord, planned: Plan, folder: Folder
) -> None:
    """Bring up a session that was recorded just now; raises `UsageError` if it was given up."""
    with controller.store.lock(made.code, wait=LOCK_SECONDS):
        state = controller.store.session(made.code).state
        if state != State.CREATED:  # another command took it for one that was left behind
            raise UsageError(f"Session `{made.code}` is {state} by now.", "Start it once more.")
        bring_up(controller, made, planned, folder)


def enrol(
    controller: Controller,
    lab: Lab,
    archive: str,
    candidate: str,
    request: StartRequest,
    *,
    allowed: Mapping[str, Any] = NOTHING,
) -> tuple[SessionRecord, Plan]:
    """Record a new session, with everything that it will ever need of the lab, and its rules.

    `allowed` is what is recorded of a permission that it needed.
    """
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
        data={
            "archive": archive,
            "policy": controller.store.put_blob(spelled(controller.policy)),
            **allowed,
        },
        sitting=request.sitting,
    )
    made = controller.store.create_session(new, controller.actor)
    percent = request.extra_time
    if percent is None:
        percent = extra_time_of(controller, candidate)
    if percent:
        data = {"percent": percent, "why": "access arrangement"}
        controller.store.append(made.code, clock.ARRANGED, data, controller.actor)
    return made, planned


def bring_up(controller: Controller, made: SessionRecord, planned: Plan, folder: Folder) -> None:
    """Hosts up, accounts and set-up made, clock begun; undone whatever goes wrong on the way.

    The caller holds the session's lock.
    """
    store, code = controller.store, made.code
    provider = controller.provider(planned.provider)

    def report(line: str) -> None:
        controller.go_on()
        controller.tell(code, line)

    intent = store.intend(code, "start", {}, controller.actor, state=State.STARTING)
    try:
        placement = provider.up(code, planned, report)
        record.place(controller, placement)
        set_up(controller, placement, planned, folder, report=report)
    except BaseException as error:
        provider.down(code)
        store.undo(intent, {"why": _why(error)}, state=State.WITHDRAWN)
        raise
    timing = record.load(store, code).timing
    data = {clock.ALLOWANCE: planned.duration, clock.STAMP: controller.now().stamp()}
    deadline = timing.deadline_after("start.done", data, State.RUNNING)
    store.complete(intent, data, state=State.RUNNING, deadline=deadline)
    controller.tell(code, "running")


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
