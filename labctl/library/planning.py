"""From a lab and a seed to the plan of one session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from labctl.errors import UsageError
from labctl.library.case_rules import SOLUTION, UNTOUCHED, same
from labctl.library.examine import Examined, examine
from labctl.library.filling import mac_address
from labctl.library.findings import errors_of, lab_file_error
from labctl.library.folder import Folder
from labctl.library.format import Header
from labctl.library.hardware_planning import plan_hardware
from labctl.library.lint import covering_seeds
from labctl.library.parts import Part, TaskParts
from labctl.library.source import Source
from labctl.library.surroundings import Surroundings
from labctl.library.task_rules import members
from labctl.library.tasks import Case, Check, Judged
from labctl.library.templates import Templates
from labctl.library.topology import Host, Network
from labctl.library.values import as_json, variables
from labctl.plan import (
    Access,
    CasePlan,
    CheckPlan,
    HostPlan,
    JudgedPlan,
    LoginPlan,
    NetworkPlan,
    Plan,
    PortPlan,
    StepPlan,
    TaskPlan,
)

CANDIDATE = "candidate"
"""The account that a candidate gets with `access: user` where the lab names none."""

MAX_SEED = 2**63 - 1
"""The largest seed: what a database's integer holds."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab as its folder says, before anything is drawn: right as far as its file alone goes."""

    header: Header
    source: Source
    around: Surroundings
    digest: str
    templates: Templates = field(default_factory=Templates, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The lab's id, unique in its library."""
        return self.header.id

    @property
    def title(self) -> str:
        """The lab's title."""
        return self.header.title

    @property
    def folder(self) -> Folder:
        """The lab's files, as they were when it was read."""
        return self.source.folder


def lab_of(source: Source, around: Surroundings) -> Lab:
    """The lab that `source` describes; raises `LabFileError` if its file has mistakes."""
    if source.header is None or errors_of(source.findings):
        raise lab_file_error(source.findings, "`labctl labs lint` checks the rest as well.")
    return Lab(source.header, source, around, source.folder.digest)


def plan(lab: Lab, seed: int) -> Plan:
    """What a candidate with this seed gets. The same lab and seed give the same plan.

    Raises `LabFileError`, with every mistake that shows with this seed, and `UsageError` for a
    seed that is not in 0 … `MAX_SEED`.
    """
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"{seed} is no seed.", f"A seed is a whole number from 0 to {MAX_SEED}.")
    examined = examine(lab.source, seed, lab.around, lab.templates)
    if errors_of(examined.findings):
        raise lab_file_error(examined.findings, f"`labctl labs lint` tells more about `{lab.id}`.")
    header = lab.header
    return Plan(
        lab=header.id,
        title=header.title,
        summary=header.summary,
        area=header.area,
        level=header.level,
        seed=seed,
        provider=header.provider,
        duration=header.duration,
        pass_mark=header.pass_mark,
        lab_digest=lab.digest,
        values={name: as_json(value) for name, value in examined.values.items()},
        variables=variables(examined.values),
        networks=tuple(_network(name, one.value) for name, one in examined.parts.networks.items()),
        hosts=tuple(
            _host(lab.id, seed, name, one.value) for name, one in examined.parts.hosts.items()
        ),
        tasks=tuple(_task(task, examined) for task in examined.parts.tasks),
        cases=_cases(examined),
        requires=_requires(header, examined),
        evidences=tuple(one.model_dump(exclude_unset=True) for one in header.evidences),
    )


def verification_seeds(lab: Lab, count: int) -> tuple[int, ...]:
    """The seeds to verify a lab with.

    These are the first `count`, and those that it takes to see every value of a `choice` that a
    case names under `when`.
    """
    cases = lab.source.body.get("cases")
    conditions = [
        case.get("when")
        for case in (cases if isinstance(cases, list) else ())
        if isinstance(case, dict)
    ]
    names = {name for condition in conditions if isinstance(condition, dict) for name in condition}
    return tuple(covering_seeds(lab.source, names, count))


def _network(name: str, network: Network) -> NetworkPlan:
    return NetworkPlan(
        name=name,
        hub=network.hub,
        delay_ms=network.delay,
        loss=network.loss,
        rate_bits=network.rate,
        mtu=network.mtu,
    )


def _host(lab: str, seed: int, name: str, host: Host) -> HostPlan:
    return HostPlan(
        name=name,
        image=host.image,
        access=Access(host.access),
        ports=tuple(
            PortPlan(network, f"eth{index}", mac_address(lab, seed, name, index))
            for index, network in enumerate(host.networks)
        ),
        memory=host.memory,
        cpus=host.cpus,
        sysctls={key: str(value) for key, value in host.sysctls.items()},
        tmpfs=dict(host.tmpfs),
        login=_login(host),
        setup=host.setup,
        hardware=plan_hardware(host),
    )


def _login(host: Host) -> LoginPlan | None:
    if host.access == "none":
        return None
    if host.login is not None:
        return LoginPlan(host.login.user, host.login.sudo)
    return LoginPlan("root" if host.access == "root" else CANDIDATE)


def _task(task: TaskParts, examined: Examined) -> TaskPlan:
    shape = task.task
    assert shape is not None
    default = examined.claims.same(shape.criteria)
    return TaskPlan(
        id=shape.id,
        title=shape.title,
        brief=shape.brief,
        criteria=default,
        hints=tuple(shape.hints),
        checks=tuple(_check(check, default, examined) for check in task.checks),
        judged=tuple(_judged(aspect.value, default, examined) for aspect in task.judged),
        questions=tuple(
            question.value.model_dump(exclude_unset=True) for question in task.questions
        ),
    )


def _check(part: Part[Check], default: tuple[str, ...], examined: Examined) -> CheckPlan:
    check, kind = part.value, examined.kinds[part.path]
    return CheckPlan(
        id=check.id,
        title=check.title or check.id.replace("-", " ").replace("_", " ").capitalize(),
        kind=kind.name,
        parameters=kind.parameters,
        host=check.host,
        origin=check.source,
        marks=check.marks,
        feedback=check.feedback or "",
        needs=_expanded(check.needs, examined),
        retry=check.retry or 0,
        timeout=check.timeout,
        criteria=default if check.criteria is None else examined.claims.same(check.criteria),
        when=check.when,
        visible=check.visible,
        changes=check.changes,
        ever=check.ever,
    )


def _judged(aspect: Judged, default: tuple[str, ...], examined: Examined) -> JudgedPlan:
    return JudgedPlan(
        id=aspect.id,
        title=aspect.title,
        marks=aspect.marks,
        meets=aspect.meets,
        scale=dict(aspect.scale),
        evidence=aspect.evidence.model_dump(exclude_unset=True) if aspect.evidence else {},
        criteria=default if aspect.criteria is None else examined.claims.same(aspect.criteria),
    )


def _expanded(names: Iterable[str], examined: Examined) -> tuple[str, ...]:
    """The names of checks, a repeated check's name standing for all its repetitions."""
    return tuple(dict.fromkeys(one for name in names for one in members(name, examined.families)))


def _cases(examined: Examined) -> tuple[CasePlan, ...]:
    """The cases that apply to these values; `untouched` is always one, and the first."""
    values = {name: as_json(value) for name, value in examined.values.items()}
    cases = [
        _case(part.value, examined)
        for part in examined.parts.cases
        if all(same(values.get(name), value) for name, value in part.value.when.items())
    ]
    if not any(case.name == UNTOUCHED for case in cases):
        cases.insert(0, CasePlan(UNTOUCHED, outcome="not-yet-achieved"))
    return tuple(cases)


def _case(case: Case, examined: Examined) -> CasePlan:
    expect = case.expect
    steps = [StepPlan(host=host, script=script) for host, script in case.apply.items()]
    steps += [StepPlan(**step.model_dump()) for step in case.steps]
    outcome: Literal["achieved", "not-yet-achieved"] | None = expect.outcome if expect else None
    if outcome is None and case.name in {UNTOUCHED, SOLUTION}:
        outcome = "achieved" if case.name == SOLUTION else "not-yet-achieved"
    return CasePlan(
        name=case.name,
        steps=tuple(steps),
        outcome=outcome,
        marks=expect.marks if expect else None,
        fails=_expanded(expect.fails if expect else (), examined),
        passes=_expanded(expect.passes if expect else (), examined),
        judged=dict(case.judged),
        when=dict(case.when),
    )


def _requires(header: Header, examined: Examined) -> tuple[str, ...]:
    """What the server or guest must offer: as the lab says, and what its networks imply."""
    needed: dict[str, Any] = dict.fromkeys(header.requires)
    for network in examined.parts.networks.values():
        if network.value.delay is not None or network.value.loss is not None:
            needed["netem"] = None
        if network.value.rate is not None:
            needed["tbf"] = None
    return tuple(needed)
