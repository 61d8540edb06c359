"""What `labctl show` prints of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labctl.cli.verdicts import Line, show_tasks
from labctl.cli.words import clock, marks, rest_of, seconds, sign

if TYPE_CHECKING:
    from rich.text import Text

    from labctl.cli.screen import Screen
    from labctl.sessions.clock_view import ClockView
    from labctl.sessions.task_views import CheckView
    from labctl.sessions.timeline import EventView
    from labctl.sessions.views import HostView, RunView, SessionDetail


def sheet(screen: Screen, detail: SessionDetail, *, log: bool) -> None:
    """Show everything about a session, the log only if it is asked for."""
    _head(screen, detail)
    _hosts(screen, detail)
    lines = {task.id: [_line(check) for check in task.checks] for task in detail.tasks}
    for task in detail.tasks:
        lines[task.id] += [
            Line("judged", each.title, None, each.available, "", "") for each in task.judged
        ]
    titles = {task.id: (task.title, task.marks, task.available) for task in detail.tasks}
    show_tasks(screen, titles, lines)
    _result(screen, detail)
    _events(screen, "Assistance", detail.assistance)
    _events(screen, "Incidents", detail.incidents)
    if log:
        screen.show("")
        _table(screen, detail.timeline)


def _events(screen: Screen, title: str, events: tuple[EventView, ...]) -> None:
    """What there is of a kind of events, under its title."""
    if events:
        screen.show("", screen.text(title, "bold"))
        _table(screen, events)


def _table(screen: Screen, events: tuple[EventView, ...]) -> None:
    rows = [(clock(each.at), each.actor, each.what) for each in events]
    screen.table(("WHEN", "WHO", "WHAT"), rows)


def _head(screen: Screen, detail: SessionDetail) -> None:
    about = detail.session
    who = f"{about.candidate} {about.name}".rstrip()
    title = screen.text(f"{about.code}  {who}  {detail.title}  ", "bold")
    state = sign(about.state)
    if about.held:
        state = state + screen.text("  ") + sign("held")
    rest = rest_of(about)
    screen.show(title + state + screen.text(f"  {rest}" if rest else ""))
    screen.show(
        f"{about.lab}, level {detail.level}, {about.mode}, attempt {about.attempt}, "
        f"seed {about.seed}"
    )
    where = f", sitting {about.sitting}" if about.sitting else ""
    screen.show(f"from {clock(about.created)}{where}")
    if detail.clock and (given := time_given(detail.clock)):
        screen.show(given)
    if detail.disks and detail.session.state not in ("submitting", "submitted"):
        names = ", ".join(f"{host} as {name}" for host, name in detail.disks.hosts.items())
        screen.show(f"disks kept until {detail.disks.until}: {names or 'none'}")
    for each in detail.half_done:
        screen.show(
            screen.text(f"! half done: {each.verb}, begun {clock(each.at)}, {each.process}", "red")
        )
    for note in detail.notes:
        screen.show(screen.text(f"! {note}", "magenta"))
    screen.show("")


def time_given(clock: ClockView) -> str:
    """What a session may work in all, and why; nothing where it is the lab's own time."""
    parts = [
        (clock.extra, f"extra time ({clock.extra_percent} %)"),
        (clock.extended, "extension"),
        (clock.credited, "given back"),
    ]
    told = [f"{seconds(given)} {why}" for given, why in parts if given]
    if not told and clock.phase != "paused":
        return ""
    of = f"time: {seconds(clock.worked)} worked of {seconds(clock.total)}"
    return f"{of}: {', '.join([f'{seconds(clock.allowance)} of the lab', *told])}"


def _hosts(screen: Screen, detail: SessionDetail) -> None:
    if all(host.state == "none" for host in detail.hosts):
        return
    rows = [_host(host) for host in detail.hosts]
    screen.table(("HOST", "STATE", "LOGIN", ">MEMORY", ">PROCESSES", "NETWORKS"), rows)
    screen.show("")


def _host(host: HostView) -> tuple[str | Text, ...]:
    memory = ""
    if host.memory is not None and host.memory_limit:
        memory = f"{host.memory / 2**20:.0f} of {host.memory_limit / 2**20:.0f} MiB"
    processes = "" if host.processes is None else str(host.processes)
    state = sign(host.state)
    if host.detail:
        state.append(f", {host.detail}")
    return host.name, state, host.login or "nobody", memory, processes, ", ".join(host.networks)


def _line(check: CheckView) -> Line:
    status = check.status
    if status == "error" and check.blame is None:
        status = "later"
    return Line(
        status,
        check.title if check.visible else f"{check.title} (for the assessor alone)",
        check.marks,
        check.available,
        check.expected,
        check.found,
        check.feedback,
        check.flags,
        ", ".join(check.vantages),
    )


def _result(screen: Screen, detail: SessionDetail) -> None:
    if detail.criteria:
        told = ", ".join(f"{name} {standing}" for name, standing in detail.criteria.items())
        screen.show("", f"Criteria: {told}")
    if not detail.runs and detail.session.state == "void":
        screen.show("", "Nothing was graded, and nothing will be.")
        return
    if not detail.runs:
        screen.show("", f"Nothing is graded yet: `labctl submit {detail.session.code}`.")
        return
    screen.show("", screen.text("Runs", "bold"))
    screen.table(
        (">", "WHEN", "WHY", ">MARKS", "OUTCOME", "REASON"), [_run(run) for run in detail.runs]
    )


def _run(run: RunView) -> tuple[str | Text, ...]:
    told = marks(run.marks, run.available)
    outcome = sign(run.outcome) if run.counts else "so far"
    why = run.why if run.counts else "a look at running work"
    return str(run.number), clock(run.at), run.reason, told, outcome, why
