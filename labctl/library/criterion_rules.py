"""Rules that join what a lab's `evidences` claim with its tasks and with the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labctl.library.claims import Claims, Criterion
from labctl.library.findings import nearest
from labctl.library.format import Evidence
from labctl.library.parts import Part, Parts
from labctl.library.positions import Path
from labctl.library.surroundings import Surroundings
from labctl.library.tasks import Check, Judged


def check_criteria(
    parts: Parts, evidences: Mapping[int, Evidence], claims: Claims, around: Surroundings
) -> None:
    """Report criteria that the lab does not claim, claims nothing looks at, and unknown units."""
    places: dict[Criterion, Path] = {}
    for index, evidence in evidences.items():
        path: Path = ("evidences", index)
        if evidence.unit is None:
            _objective(parts, path, evidence.objective or "", around)
            continue
        _unit(parts, path, evidence.unit, around)
        known = around.catalogue.criteria(evidence.unit)
        for position, number in enumerate(evidence.criteria or ()):
            place = (*path, "criteria", position)
            places.setdefault((evidence.unit, number), place)
            if known and number not in known:
                message = f"the unit `{evidence.unit}` has no criterion `{number}`"
                hint = nearest(number, known)
                parts.findings.append(parts.place.positions.finding(place, message, hint))
    if places:
        _looked_at(parts, places, claims)


def _unit(parts: Parts, path: Path, name: str, around: Surroundings) -> None:
    units = around.catalogue.units
    if units and name not in units:
        message = f"the catalogue has no unit `{name}`"
        place = (*path, "unit")
        parts.findings.append(parts.place.positions.finding(place, message, nearest(name, units)))


def _objective(parts: Parts, path: Path, name: str, around: Surroundings) -> None:
    """Report an objective that no list of the catalogue has; nothing where there are no lists."""
    lists = around.catalogue.objectives.values()
    if not lists or around.catalogue.objective(name) is not None:
        return
    known = [f"{one.prefix} {number}" for one in lists for number in one.headings]
    message = f"the catalogue has no objective `{name}`"
    places = parts.place.positions
    parts.findings.append(places.finding((*path, "objective"), message, nearest(name, known)))


def _looked_at(parts: Parts, places: Mapping[Criterion, Path], claims: Claims) -> None:
    used: set[Criterion] = set()
    for task in parts.tasks:
        default = task.task.criteria if task.task is not None else []
        _named(parts, (*task.path, "criteria"), default, claims)
        of_task: list[Part[Check] | Part[Judged]] = [*task.checks, *task.judged]
        for one in of_task:
            own = one.value.criteria
            _named(parts, (*one.path, "criteria"), own or (), claims)
            names = default if own is None else own
            used.update(criterion for name in names for criterion in claims.meant(name))
    if all(task.complete and task.task is not None for task in parts.tasks):
        for criterion, path in places.items():
            if criterion not in used:
                message = f"nothing in the lab looks at the criterion `{claims.name(criterion)}`"
                hint = "Name it in a task or a check, or claim it no longer."
                parts.findings.append(parts.place.positions.finding(path, message, hint))


def _named(parts: Parts, path: Path, names: Iterable[str], claims: Claims) -> None:
    """Report names that mean no criterion of the lab's, or more than one."""
    for index, name in enumerate(names):
        meant = claims.meant(name)
        if not meant:
            hint = nearest(name, claims.names())
            parts.report((*path, index), f"`evidences` claims no criterion `{name}`", hint)
        elif len(meant) > 1:
            units = " and ".join(f"`{unit}`" for unit, _ in meant)
            whole = " or ".join(f"`{claims.name(one)}`" for one in meant)
            hint = f"Write {whole}, or each of them."
            parts.report((*path, index), f"`{name}` is claimed of {units}", hint)
