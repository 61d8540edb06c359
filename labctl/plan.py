"""The plan: a lab with every parameter drawn, for one session. Frozen, stored with the session.

    Lab (what the file says) ── seed ──▶ Plan (what this candidate gets)

Nothing in a plan is a template any more. A plan holds all that later stages need (provisioning,
checks, marking, the task sheet), so that a session never depends on the lab folder again, except
for the bytes of its scripts, which the store keeps under `lab_digest`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from pydantic import TypeAdapter

from labctl.hardware import HardwarePlan

PLAN_VERSION = 1


class Access(StrEnum):
    """What the candidate may log in to a host as."""

    ROOT = "root"
    USER = "user"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """An isolated layer-2 segment, with its imperfections (None: as the kernel gives them).

    `delay_ms` milliseconds each way, `loss` in percent, `rate_bits` bits a second, `mtu` bytes.
    """

    name: str
    hub: bool = False
    delay_ms: float | None = None
    loss: float | None = None
    rate_bits: int | None = None
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class PortPlan:
    """One interface of a host: its network, its name at start (`eth0` …) and its address."""

    network: str
    interface: str
    mac: str


@dataclass(frozen=True, slots=True)
class LoginPlan:
    """The candidate's account on a host; `sudo` gives it every command without a password."""

    user: str
    sudo: bool = False


@dataclass(frozen=True, slots=True)
class HostPlan:
    """One machine of the lab. `memory` in bytes, `cpus` in cores; None takes the image's own.

    `setup` is a script's path inside the lab folder. `tmpfs` maps a path to a size in bytes.
    `hardware` is None for machines that have none of their own.
    """

    name: str
    image: str
    access: Access
    ports: tuple[PortPlan, ...] = ()
    memory: int | None = None
    cpus: float | None = None
    sysctls: dict[str, str] = field(default_factory=dict)
    tmpfs: dict[str, int] = field(default_factory=dict)
    login: LoginPlan | None = None
    setup: str | None = None
    hardware: HardwarePlan | None = None


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """One measured check: `kind` names the check type and `parameters` are its fields.

    `retry` and `timeout` are seconds; `when` is None where the check type decides. `criteria`
    are the task's unless the check names its own: numbers, and `UNIT:NUMBER` where the lab claims
    one number of several units.
    """

    id: str
    title: str
    kind: str
    parameters: Any
    host: str
    origin: str | None = None
    marks: float = 1
    feedback: str = ""
    needs: tuple[str, ...] = ()
    retry: float = 0
    timeout: float | None = None
    criteria: tuple[str, ...] = ()
    when: Literal["state", "behaviour", "after-restart"] | None = None
    visible: Literal["all", "assessor"] = "all"
    changes: bool = False
    ever: bool = False


@dataclass(frozen=True, slots=True)
class JudgedPlan:
    """An aspect that a person marks on `scale` (mark → meaning); met from `meets` upwards."""

    id: str
    title: str
    marks: float
    meets: float
    scale: dict[str, str]
    evidence: dict[str, str] = field(default_factory=dict)
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task of the sheet; `brief` is Markdown for the candidate, values filled in."""

    id: str
    title: str
    brief: str
    criteria: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    checks: tuple[CheckPlan, ...] = ()
    judged: tuple[JudgedPlan, ...] = ()
    questions: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step of a case: run `script` on `host`, restart `restart`, or ask for `hands`."""

    host: str | None = None
    script: str | None = None
    restart: str | None = None
    hands: str | None = None


@dataclass(frozen=True, slots=True)
class CasePlan:
    """A way of doing the lab, and exactly what the checks must make of it.

    `outcome` is `achieved`, `not-yet-achieved` or None (not asked); `marks` a number or `all`.
    `fails` must fail and `passes` (where given, for a case that achieves nothing) must pass;
    `blocked` follows from `needs`; everything else must pass, or in the case `untouched` not.
    """

    name: str
    steps: tuple[StepPlan, ...] = ()
    outcome: Literal["achieved", "not-yet-achieved"] | None = None
    marks: float | Literal["all"] | None = None
    fails: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    judged: dict[str, float] = field(default_factory=dict)
    when: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about one candidate's version of a lab.

    `values` are the drawn and derived parameters as JSON values, `variables` the same as the
    shell variables that scripts get (`LAB_PC1`). `duration` is working time in seconds.
    `pass_mark` is `all` or a percentage of the marks. `cases` are those that apply to these
    values; they are for verification and never shown.
    """

    lab: str
    title: str
    summary: str
    area: str
    level: int
    seed: int
    provider: str
    duration: int
    pass_mark: float | Literal["all"]
    lab_digest: str
    values: dict[str, Any]
    variables: dict[str, str]
    networks: tuple[NetworkPlan, ...]
    hosts: tuple[HostPlan, ...]
    tasks: tuple[TaskPlan, ...]
    cases: tuple[CasePlan, ...] = ()
    requires: tuple[str, ...] = ()
    evidences: tuple[dict[str, Any], ...] = ()
    version: int = PLAN_VERSION

    def host(self, name: str) -> HostPlan:
        """The host called `name`; raises `KeyError` if there is none."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)

    @property
    def checks(self) -> tuple[CheckPlan, ...]:
        """All measured checks, in the order of the tasks."""
        return tuple(check for task in self.tasks for check in task.checks)


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """A plan as a JSON object."""
    return dict(TypeAdapter(Plan).dump_python(plan, mode="json"))


def plan_from_json(value: Any) -> Plan:
    """The plan that `plan_to_json` wrote; raises `pydantic.ValidationError` for anything else."""
    return TypeAdapter(Plan).validate_python(value)
