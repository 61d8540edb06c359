"""Rules that join tasks, checks and judged aspects of a lab file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labctl.library.findings import nearest
from labctl.library.parts import Part, Parts, TaskParts
from labctl.library.positions import Path
from labctl.library.tasks import Check, Judged

Families = Mapping[str, tuple[str, ...]]


def check_tasks(parts: Parts, families: Families) -> None:
    """Report tasks that mark nothing, ids that stand twice, and names of what is not there."""
    _unique_ids(parts)
    for task in parts.tasks:
        _marks(task, parts)
    for check in parts.checks():
        _hosts(check, parts)
        _needs(check, parts, families)
        if check.value.changes and check.value.retry:
            hint = "Remove `retry`, or make the waiting a check of its own."
            message = "a check that changes state is never retried"
            parts.report((*check.path, "retry"), message, hint, key=True)
    _cycles(parts, families)
    for aspect in parts.judged():
        _scale(aspect, parts)
        file = aspect.value.evidence.file if aspect.value.evidence else None
        if file is not None:
            host_exists(parts, (*aspect.path, "evidence", "file"), file.partition(":")[0])
    for name, target in parts.submission.items():
        host_exists(parts, ("submission", name), target.partition(":")[0])


def host_exists(parts: Parts, path: Path, name: str) -> bool:
    """Whether there is a host called `name`; if not, it is reported at `path`."""
    if name in parts.host_names:
        return True
    parts.report(path, f"there is no host `{name}`", nearest(name, parts.host_names))
    return False


def known_ids(parts: Parts, families: Families) -> set[str]:
    """Every name that `needs` and cases may call checks by."""
    return parts.check_ids | set(families)


def members(name: str, families: Families) -> tuple[str, ...]:
    """The checks that a name means: all repetitions of a repeated check, or the one."""
    return families.get(name) or (name,)


def _unique_ids(parts: Parts) -> None:
    places: dict[str, Path] = {}
    found: list[tuple[str, Path]] = []
    for task in parts.tasks:
        if task.task is not None:
            found.append((f"task {task.task.id}", (*task.path, "id")))
        of_task: list[Part[Check] | Part[Judged]] = [*task.checks, *task.judged]
        found += [(one.value.id, (*one.path, "id")) for one in of_task]
        found += [(one.value.id, (*one.path, "id")) for one in task.questions]
    for name, path in found:
        first = places.setdefault(name, path)
        if first != path:
            line = parts.place.positions.value(parts.place.translate(first)).line
            hint = f"The first is on line {line}; every id stands for one thing."
            parts.report(path, f"the id `{name.removeprefix('task ')}` stands here twice", hint)


def _marks(task: TaskParts, parts: Parts) -> None:
    if task.task is None or not task.complete:
        return
    name = task.task.id
    if not task.checks and not task.judged:
        hint = "Add a check, or an aspect that a person judges."
        parts.report(task.path, f"the task `{name}` has nothing that could be marked", hint)
    elif not any(check.value.marks for check in task.checks) and not task.judged:
        hint = "Give one of its checks marks."
        parts.report(task.path, f"the task `{name}` is worth no marks", hint)


def _hosts(check: Part[Check], parts: Parts) -> None:
    host_exists(parts, (*check.path, "host"), check.value.host)
    if check.value.source is not None:
        host_exists(parts, (*check.path, "from"), check.value.source)


def _needs(check: Part[Check], parts: Parts, families: Families) -> None:
    known = known_ids(parts, families)
    for index, name in enumerate(check.value.needs):
        path = (*check.path, "needs", index)
        if name in parts.judged_ids:
            hint = "Only checks can be needed: a person judges later."
            parts.report(path, f"`{name}` is a judged aspect", hint)
        elif name not in known:
            parts.report(path, f"there is no check `{name}`", nearest(name, known))


def _cycles(parts: Parts, families: Families) -> None:
    """Checks that need each other could never run. One report for each circle."""
    needs = {
        check.value.id: [one for name in check.value.needs for one in members(name, families)]
        for check in parts.checks()
    }
    paths = {check.value.id: check.path for check in parts.checks()}
    done: set[str] = set()
    for start in needs:
        circle = _circle(start, needs, done)
        if circle:
            text = " needs ".join(f"`{name}`" for name in circle)
            hint = "Remove one of these needs."
            parts.report((*paths[circle[0]], "needs"), f"{text}: none could run", hint, key=True)


def _circle(start: str, needs: Mapping[str, Sequence[str]], done: set[str]) -> list[str]:
    """A circle that can be reached from `start` without the `done` ones, or nothing."""
    way: list[str] = []
    stack: list[tuple[str, bool]] = [(start, True)]
    while stack:
        name, entering = stack.pop()
        if not entering:
            way.remove(name)
            done.add(name)
        elif name in way:
            done.update(way)
            return [*way[way.index(name) :], name]
        elif name in needs and name not in done:
            way.append(name)
            stack.append((name, False))
            stack += [(other, True) for other in reversed(needs[name])]
    return []


def _scale(aspect: Part[Judged], parts: Parts) -> None:
    value = aspect.value
    marks = []
    for key in value.scale:
        number = as_mark(key)
        if number is None or number > value.marks:
            message = f"`{key}` is no mark from 0 to {value.marks:g}"
            parts.report((*aspect.path, "scale", key), message, key=True)
        else:
            marks.append(number)
    if len(marks) == len(value.scale) and max(marks) != value.marks:
        hint = f"Say what {value.marks:g} means, or lower `marks`."
        message = f"the scale ends at {max(marks):g}, but the aspect has {value.marks:g} marks"
        parts.report((*aspect.path, "scale"), message, hint, key=True)
    if value.meets > value.marks:
        message = f"no mark reaches {value.meets:g}"
        parts.report((*aspect.path, "meets"), message, f"At most {value.marks:g} can be given.")


def as_mark(text: str) -> float | None:
    """A scale's key as a number, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
