"""Which criteria and objectives of the catalogue have labs, and which have none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labctl.library.catalogue import Catalogue
    from labctl.library.planning import Lab


@dataclass(frozen=True, slots=True)
class Covered:
    """One criterion of a unit, or one heading of an objective list, and the labs towards it.

    `group` is the unit's id or the list's prefix, `number` the criterion or heading, `area` the
    unit's area (empty for a list), `level` the unit's (None for a list).
    """

    group: str
    title: str
    area: str
    level: int | None
    number: str
    text: str
    verified: bool
    labs: tuple[str, ...]


def coverage(catalogue: Catalogue, labs: Iterable[Lab]) -> tuple[Covered, ...]:
    """Every criterion and heading, in the catalogue's order, with the labs that claim it.

    Each claim of a criterion is one of its unit: lint lets none stand that no task looks at.
    """
    claims: dict[tuple[str, str], list[str]] = {}
    for lab in labs:
        for evidence in lab.header.evidences:
            if evidence.unit is not None:
                places = [(evidence.unit, name) for name in evidence.criteria or ()]
            elif found := catalogue.objective(evidence.objective or ""):
                places = [(found[0].id, found[1])]
            else:
                places = []
            for place in dict.fromkeys(places):
                claims.setdefault(place, []).append(lab.id)
    units = [
        Covered(
            unit.id,
            unit.title,
            unit.area,
            unit.level,
            number,
            criterion.text,
            criterion.verified,
            tuple(claims.get((unit.id, number), ())),
        )
        for unit in catalogue.units.values()
        for number, criterion in (unit.criteria or {}).items()
    ]
    lists = [
        Covered(
            one.prefix,
            one.title,
            "",
            None,
            number,
            heading.text,
            heading.verified,
            tuple(dict.fromkeys(claims.get((one.id, number), ()))),
        )
        for one in catalogue.objectives.values()
        for number, heading in one.headings.items()
    ]
    return (*units, *lists)
