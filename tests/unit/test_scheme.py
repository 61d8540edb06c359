"""From a plan to checks that the engine can run: types, hosts, phases, and names by content."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from checkers import registry
from checkers.model import Phase
from checkers.registry import UnknownKind
from labctl import scheme
from labctl.plan import (
    Access,
    CheckPlan,
    HostPlan,
    LoginPlan,
    NetworkPlan,
    Plan,
    PortPlan,
    TaskPlan,
)

HOSTS = (
    HostPlan("r1", "router", Access.ROOT, (PortPlan("lan", "eth0", "02:00:00:00:00:01"),)),
    HostPlan("pc1", "host", Access.NONE),
    HostPlan("srv", "host", Access.USER, login=LoginPlan("amy", sudo=True)),
)
INTERFACE = CheckPlan("a", "A", "interface", {"name": "eth0", "up": True}, "r1", marks=2)
PING = CheckPlan("b", "B", "ping", {"to": "10.0.0.1"}, "r1", origin="pc1", needs=("a",), retry=5)


def plan(*checks: CheckPlan) -> Plan:
    task = TaskPlan("t", "T", "Do it.", checks=checks)
    nothing: dict[str, Any] = {}
    return Plan(
        *("lab", "Lab", "s", "networking", 2, 1, "docker", 100, "all", "digest"),
        nothing,
        nothing,
        (NetworkPlan("lan"),),
        HOSTS,
        (task,),
    )


def no_file(name: str) -> bytes:
    raise FileNotFoundError(name)


def test_checks_know_the_hosts_with_ports_access_and_login() -> None:
    r1, pc1, srv = scheme.lab_hosts(plan())
    assert (r1.name, r1.access, r1.login) == ("r1", "root", "root")
    assert [(port.network, port.interface, port.mac) for port in r1.ports] == [
        ("lan", "eth0", "02:00:00:00:00:01")
    ]
    assert (pc1.access, pc1.ports) == ("none", ())
    assert (srv.access, srv.login) == ("user", "amy")


def test_checks_are_planned_in_order_with_all_that_the_plan_says() -> None:
    first, second = scheme.planned_checks(plan(INTERFACE, PING), no_file)
    assert (first.id, first.phase, first.needs, first.retry) == ("a", Phase.STATE, (), 0)
    assert (second.id, second.phase, second.needs, second.retry) == (
        "b",
        Phase.BEHAVIOUR,
        ("a",),
        5,
    )
    assert (second.subject.host, second.subject.source) == ("r1", "pc1")
    assert first.subject.source == "r1"
    assert type(first.check) is registry.load("interface")


@pytest.mark.parametrize("when", ["state", "behaviour", "after-restart"])
def test_the_plan_may_choose_another_phase(when: Any) -> None:
    (check,) = scheme.planned_checks(plan(replace(INTERFACE, when=when)), no_file)
    assert check.phase is Phase(when)


def test_a_timeout_and_a_change_are_passed_on() -> None:
    (check,) = scheme.planned_checks(plan(replace(PING, timeout=9, changes=True)), no_file)
    assert (check.timeout, check.changes) == (9, True)


def test_parameters_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValidationError):
        scheme.planned_checks(plan(replace(INTERFACE, parameters={"nam": "eth0"})), no_file)


def test_an_unknown_check_type_names_the_nearest() -> None:
    with pytest.raises(UnknownKind, match="interface"):
        scheme.planned_checks(plan(replace(INTERFACE, kind="interfce")), no_file)


def test_a_scheme_is_named_by_what_it_says() -> None:
    names = {
        scheme.digest(plan(*checks))
        for checks in (
            (INTERFACE,),
            (INTERFACE, PING),
            (replace(INTERFACE, marks=1),),
            (replace(INTERFACE, parameters={"name": "eth1", "up": True}),),
        )
    }
    assert len(names) == 4
    elsewhere = replace(plan(INTERFACE), hosts=HOSTS[:1], seed=9)
    assert scheme.digest(elsewhere) == scheme.digest(plan(INTERFACE))


def test_the_checkers_at_work_have_a_name() -> None:
    assert len(scheme.checkers_digest()) == 64
    assert scheme.checkers_digest() == scheme.checkers_digest()
