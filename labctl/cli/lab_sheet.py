"""What `labctl labs show` prints: a whole lab, for those who use or review it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labctl.cli.words import markdown, minutes, number

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.plan import CheckPlan, HostPlan, Plan, TaskPlan


def sheet_json(plan: Plan) -> dict[str, Any]:
    """A plan as JSON, with what lists of labs say of it under the same names."""
    from labctl.plan import plan_to_json

    found = plan_to_json(plan)
    head = {"id": plan.lab, "duration_minutes": -(-plan.duration // 60)}
    return head | {key: value for key, value in found.items() if key not in ("lab", "duration")}


def sheet(screen: Screen, plan: Plan, *, example: bool) -> None:
    """Show the lab; `example` says that the values are those of a seed nobody asked for."""
    screen.show(screen.text(f"{plan.lab}: {plan.title}", "bold"), plan.summary, "")
    every = isinstance(plan.pass_mark, str)
    mark = "every criterion" if every else f"{plan.pass_mark:g} % of the marks"
    screen.show(
        f"{plan.area}, level {plan.level}, {minutes(plan.duration)}, on {plan.provider}; "
        f"to achieve: {mark}",
        "",
    )
    screen.table(("HOST", "IMAGE", "LOGIN", "NETWORKS"), [_host_row(host) for host in plan.hosts])
    if plan.values:
        told = f"VALUES (seed {plan.seed}{', an example' if example else ''})"
        screen.show("", screen.text(told, "bold"))
        screen.table(
            ("NAME", "VALUE"), [(name, value_text(each)) for name, each in plan.values.items()]
        )
    for task in plan.tasks:
        _task(screen, task)
    names = ", ".join(case.name for case in plan.cases)
    screen.show("", f"Proved by the cases: {names}")


def _host_row(host: HostPlan) -> tuple[str, str, str, str]:
    login = "nobody" if host.login is None else host.login.user
    ports = ", ".join(f"{port.interface} {port.network}" for port in host.ports)
    return host.name, host.image, login, ports or "none"


def value_text(value: Any) -> str:
    """A value of the lab's on one line."""
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _task(screen: Screen, task: TaskPlan) -> None:
    criteria = f" (criteria {', '.join(task.criteria)})" if task.criteria else ""
    screen.show("", screen.text(f"{task.title}{criteria}", "bold"), markdown(task.brief), "")
    rows = [_check_row(check) for check in task.checks]
    rows += [(each.id, "judged", "", number(each.marks)) for each in task.judged]
    screen.table(("CHECK", "TYPE", "HOST", ">MARKS"), rows)


def _check_row(check: CheckPlan) -> tuple[str, str, str, str]:
    host = check.host if check.origin is None else f"{check.host} from {check.origin}"
    return check.id, check.kind, host, number(check.marks)
