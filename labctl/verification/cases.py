"""Carrying out a case: its scripts run over the candidate's login, in the order of its steps."""

from __future__ import annotations

from labctl.library.folder import Folder
from labctl.plan import CasePlan, Plan, StepPlan
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.hands import lend_hands
from labctl.sessions.scripts import run_script

UNTOUCHED = CasePlan(name="untouched", outcome="not-yet-achieved")
"""Always a case: nothing is applied, and no check passes unless the lab says so."""

BOOT_SECONDS = 300.0
"""How long a step waits for a host that is still booting, as somebody at its console would."""


def cases_of(plan: Plan) -> tuple[CasePlan, ...]:
    """The cases that apply to these values, with `untouched` among them."""
    if any(case.name == UNTOUCHED.name for case in plan.cases):
        return plan.cases
    return (*plan.cases, UNTOUCHED)


def judged_marks(plan: Plan, case: CasePlan) -> dict[str, float]:
    """What judges are taken to give in a case; for nothing done, the lowest mark of each scale."""
    if case.name != UNTOUCHED.name:
        return dict(case.judged)
    aspects = (aspect for task in plan.tasks for aspect in task.judged)
    return {aspect.id: min(map(float, aspect.scale)) for aspect in aspects} | case.judged


def apply_case(controller: Controller, code: str, case: CasePlan) -> None:
    """Do on a running session's hosts what the case does; `ProviderError` if a step fails."""
    session = record.load(controller.store, code)
    folder = record.lab_folder(controller.store, session.archive)
    for step in case.steps:
        _step(controller, code, folder, step)


def _step(controller: Controller, code: str, folder: Folder, step: StepPlan) -> None:
    session = record.load(controller.store, code)
    provider = record.provider_of(controller, session)
    placement = session.placed()
    if step.restart:
        record.place(controller, provider.restart(placement, session.plan, [step.restart]))
    elif step.script and step.host:
        provider.not_booted(placement, BOOT_SECONDS)
        login = session.plan.host(step.host).login
        run_script(
            provider,
            placement,
            step.host,
            folder.content(step.script),
            session.plan.variables,
            what=step.script,
            user=login.user if login else "root",
        )
    elif step.hands:
        lend_hands(controller, session, step.hands)
