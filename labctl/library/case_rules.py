"""Rules for the cases by which a lab proves itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labctl.library.findings import nearest
from labctl.library.hardware_rules import act_names
from labctl.library.parts import Part, Parts
from labctl.library.positions import Path
from labctl.library.source import Source
from labctl.library.task_rules import Families, as_mark, host_exists, known_ids
from labctl.library.tasks import Case

UNTOUCHED = "untouched"
SOLUTION = "solution"
WRONG_ANSWERS = 3


def check_cases(parts: Parts, source: Source, families: Families) -> None:
    """Report cases that name what is not there, cannot apply, or cannot come out as they expect."""
    seen: list[Case] = []
    for case in parts.cases:
        name = case.value.name
        if any(one.name == name and not _apart(one, case.value) for one in seen):
            hint = "Name another, or give each its own value of a parameter under `when`."
            parts.report((*case.path, "name"), f"the case `{name}` stands here twice", hint)
        seen.append(case.value)
        _when(case, parts, source)
        _steps(case, parts)
        _expectations(case, parts, families)
        _judged(case, parts)
        if name == UNTOUCHED:
            _untouched(case, parts)


def _apart(one: Case, other: Case) -> bool:
    """Whether two cases of one name can never both apply: some parameter tells them apart."""
    both = one.when.keys() & other.when.keys()
    return any(not same(one.when[name], other.when[name]) for name in both)


def unfinished(parts: Parts) -> list[tuple[str, str]]:
    """What a finished lab has and this one lacks, with what to add (lab-format, "Cases")."""
    names = {case.value.name for case in parts.cases}
    wrong = names - {SOLUTION, UNTOUCHED}
    found = []
    if SOLUTION not in names:
        found.append(("no case is called `solution`", "Add the model solution."))
    if len(wrong) < WRONG_ANSWERS:
        hint = f"Add wrong answers that candidates really give, {WRONG_ANSWERS} or more."
        found.append((f"the lab has {len(wrong)} cases of wrong answers", hint))
    if not any("fake" in name for name in wrong):
        hint = "Add one whose name begins with `fake`: the appearance without the effect."
        found.append(("no case is a fake", hint))
    return found


def _when(case: Part[Case], parts: Parts, source: Source) -> None:
    names = {*source.parameters, *source.derive, *source.broken}
    for name, value in case.value.when.items():
        path = (*case.path, "when", name)
        if name not in names:
            parts.report(path, f"there is no parameter `{name}`", nearest(name, names), key=True)
            continue
        parameter = source.parameters.get(name)
        options = parameter.choice if parameter is not None else None
        if options is not None and not any(same(value, option) for option in options):
            hint = nearest(str(value), (str(option) for option in options))
            parts.report(path, f"`{name}` is never `{value}`", hint)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, where `true` is not 1."""
    return bool(one == other and isinstance(one, bool) == isinstance(other, bool))


def _steps(case: Part[Case], parts: Parts) -> None:
    for name in case.value.apply:
        _enterable(parts, (*case.path, "apply", name), name)
    for index, step in enumerate(case.value.steps):
        path = (*case.path, "steps", index)
        if step.script is not None and step.host is not None:
            _enterable(parts, (*path, "host"), step.host)
        elif step.host is not None:
            host_exists(parts, (*path, "host"), step.host)
        if step.restart is not None:
            host_exists(parts, (*path, "restart"), step.restart)
        if step.hands is not None:
            acts = act_names(parts.hosts.values())
            if step.hands not in acts and len(parts.hosts) == len(parts.host_names):
                message = f"no host has the act `{step.hands}` under `hands`"
                parts.report((*path, "hands"), message, nearest(step.hands, acts))


def _enterable(parts: Parts, path: Path, name: str) -> None:
    """A case's script runs over the candidate's login, so there has to be one."""
    if not host_exists(parts, path, name):
        return
    host = parts.hosts.get(name)
    if host is not None and host.value.access == "none":
        usable = [other for other, one in parts.hosts.items() if one.value.access != "none"]
        hint = "Candidates can enter " + (", ".join(f"`{one}`" for one in usable) or "none") + "."
        parts.report(path, f"a candidate cannot log in to `{name}`", hint)


def _expectations(case: Part[Case], parts: Parts, families: Families) -> None:
    expect = case.value.expect
    if expect is None:
        return
    _ids(parts, (*case.path, "expect", "fails"), expect.fails, families)
    _ids(parts, (*case.path, "expect", "passes"), expect.passes, families)
    for index, name in enumerate(expect.passes):
        if name in expect.fails:
            path = (*case.path, "expect", "passes", index)
            parts.report(path, f"`{name}` cannot both pass and fail")
    total = sum(check.value.marks for check in parts.checks())
    total += sum(aspect.value.marks for aspect in parts.judged())
    complete = all(task.complete for task in parts.tasks)
    if complete and isinstance(expect.marks, int | float) and expect.marks > total:
        path = (*case.path, "expect", "marks")
        parts.report(path, f"the lab has only {total:g} marks")


def _ids(parts: Parts, path: Path, names: Iterable[str], families: Families) -> None:
    known = known_ids(parts, families)
    for index, name in enumerate(names):
        if name not in known:
            hint = nearest(name, known)
            parts.report((*path, index), f"there is no check `{name}`", hint)


def _judged(case: Part[Case], parts: Parts) -> None:
    scales: Mapping[str, set[float | None]] = {
        aspect.value.id: {as_mark(key) for key in aspect.value.scale} for aspect in parts.judged()
    }
    for name, mark in case.value.judged.items():
        path = (*case.path, "judged", name)
        if name not in parts.judged_ids:
            hint = nearest(name, parts.judged_ids)
            parts.report(path, f"there is no judged aspect `{name}`", hint, key=True)
        elif name in scales and mark not in scales[name]:
            parts.report(path, f"the scale of `{name}` has no mark {mark:g}")


def _untouched(case: Part[Case], parts: Parts) -> None:
    if case.value.apply or case.value.steps:
        hint = "Give the case another name."
        message = "the case `untouched` is the lab as it starts: nothing is applied"
        parts.report((*case.path, "name"), message, hint)
    expect = case.value.expect
    if expect is not None and expect.outcome == "achieved":
        path = (*case.path, "expect", "outcome")
        hint = "Write `not-yet-achieved`, or remove it."
        parts.report(path, "nothing is achieved in an untouched lab", hint)
