"""The candidate's sheet as Markdown: what to do, where, until when; never how it is checked."""

from __future__ import annotations

from collections.abc import Iterator

from labctl.plan import Plan, TaskPlan
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.clock import MINUTE, SECOND, Moment, Phase
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State
from labctl.store import moment


def task_sheet(session: Session) -> str:
    """The sheet of a session; hints only in the modes that its policy names."""
    lines = [
        *_head(session),
        *_notices(session),
        *_hosts(session.plan, session.code),
        *(
            line
            for number, task in enumerate(session.plan.tasks, 1)
            for line in _task(number, task, hints=session.record.mode in session.policy.hints)
        ),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


@served
def sheet_of(controller: Controller, code: str) -> str:
    """The sheet of a session by its code; raises `UnknownName`."""
    return task_sheet(record.load(controller.store, code))


def variant_sheet(plan: Plan) -> str:
    """What a candidate with the plan's seed would be given, for whoever reviews the lab."""
    tasks = [
        line
        for number, task in enumerate(plan.tasks, 1)
        for line in _task(number, task, hints=False)
    ]
    return "\n".join([*_hosts(plan, "CODE"), *tasks]).rstrip("\n") + "\n"


def _head(session: Session) -> Iterator[str]:
    plan, about = session.plan, session.record
    yield from (f"# {plan.title}", "", plan.summary, "")
    yield (
        f"Session `{about.code}`, candidate `{about.candidate}`, {about.mode}, "
        f"{_minutes(session)} minutes."
    )
    if about.state == State.PAUSED:
        left = session.timing.read(Moment(session.timing.latest)).remaining
        yield f"It is paused: the clock stands, and {left // MINUTE} minutes are left."
    elif about.deadline:
        until = moment(about.deadline).astimezone()
        yield f"Time is up at {until:%H:%M} on {until:%Y-%m-%d}."
    yield ""


def _notices(session: Session) -> Iterator[str]:
    """What was said since the start, each in a paragraph of its own."""
    if not session.notices:
        return
    yield from ("## Notices", "")
    for event in session.notices:
        told = " ".join(str(event.data.get("text", "")).split())
        yield from (f"**{moment(event.at).astimezone():%H:%M}** {told}", "")


def _minutes(session: Session) -> int:
    """The time that may be worked, in minutes begun; before the start that of the lab alone."""
    timing = session.timing
    begun = timing.phase is not Phase.WAITING and timing.allowance
    total = timing.total if begun else session.plan.duration * SECOND
    return -(-total // MINUTE)


def _hosts(plan: Plan, code: str) -> Iterator[str]:
    yield from ("## Your network", "")
    for host in plan.hosts:
        ports = ", ".join(f"`{port.interface}` on {port.network}" for port in host.ports)
        where = f": {ports}" if ports else ""
        if host.login is not None:
            sudo = " with sudo" if host.login.sudo and host.login.user != "root" else ""
            way = f"`labctl console {code} {host.name}`"
            yield f"- **{host.name}**{where}. You are `{host.login.user}`{sudo}: {way}"
        else:
            yield f"- **{host.name}**{where}. You cannot log in to it."
    yield ""


def _task(number: int, task: TaskPlan, *, hints: bool) -> Iterator[str]:
    marks = sum(check.marks for check in task.checks) + sum(each.marks for each in task.judged)
    told = f" ({marks:g} mark{'' if marks == 1 else 's'})" if marks else ""
    yield from (f"## {number}. {task.title}{told}", "", task.brief.strip(), "")
    for question in task.questions:
        yield f"- {question['text']}"
        yield from (f"    - {option}" for option in question.get("options") or ())
        yield ""
    for aspect in task.judged:
        yield from (f"Your assessor also looks at this: {aspect.title}.", "")
    if hints and task.hints:
        yield from ("Hints:", "")
        yield from (f"- {hint}" for hint in task.hints)
        yield ""
