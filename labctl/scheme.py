"""The marking scheme of a plan: its checks, ready for the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import checkers
from checkers import registry
from checkers.check import CheckType
from checkers.codec import canonical
from checkers.engine import PlannedCheck
from checkers.model import LabHost, Phase, Port, Subject
from labctl.plan import CheckPlan, Plan, plan_to_json

ReadFile = Callable[[str], bytes]
"""Reads a file of the lab's folder, as it was stored at the start of the session."""


def lab_hosts(plan: Plan) -> tuple[LabHost, ...]:
    """What checks may know of the hosts."""
    return tuple(
        LabHost(
            host.name,
            host.access.value,
            tuple(Port(port.network, port.interface, port.mac) for port in host.ports),
            host.login.user if host.login else "root",
        )
        for host in plan.hosts
    )


def planned_checks(plan: Plan, read_file: ReadFile) -> tuple[PlannedCheck, ...]:
    """Every check of the plan; raises `pydantic.ValidationError` where it does not fit its type."""
    hosts = lab_hosts(plan)
    return tuple(_planned(check, hosts, read_file) for check in plan.checks)


def _planned(check: CheckPlan, hosts: tuple[LabHost, ...], read_file: ReadFile) -> PlannedCheck:
    kind = check_type(check, read_file)
    return PlannedCheck(
        id=check.id,
        check=kind,
        subject=Subject(check.host, check.origin, hosts),
        phase=Phase(check.when) if check.when else kind.phase,
        needs=check.needs,
        retry=check.retry,
        timeout=check.timeout,
        changes=check.changes,
    )


def check_type(check: CheckPlan, read_file: ReadFile) -> CheckType:
    """The check type that a check names, with the check's parameters."""
    made = registry.load(check.kind).model_validate(check.parameters)
    return made.with_files(read_file)


def digest(plan: Plan) -> str:
    """The name of a scheme: what it says, not where it was."""
    return hashlib.sha256(canonical(plan_to_json(plan)["tasks"])).hexdigest()


@cache
def checkers_digest() -> str:
    """The name of the checkers that are at work: SHA-256 over their source files."""
    top = Path(checkers.__file__).parent
    total = hashlib.sha256()
    for path in sorted(top.rglob("*.py")):
        total.update(f"{path.relative_to(top)}\n".encode() + path.read_bytes())
    return total.hexdigest()
