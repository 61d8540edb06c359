"""Which criteria a lab's `evidences` claim, and what its tasks call them.

A number alone names a criterion where one unit claims that number; `UNIT:NUMBER` always does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from labctl.library.format import Evidence

Criterion = tuple[str, str]
"""A unit's id and the number of one of its criteria."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claimed criteria: `units` gives for each number the units that claim it, in order."""

    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, evidences: Iterable[Evidence]) -> Claims:
        """What these claim; objectives are no criteria."""
        units: dict[str, list[str]] = {}
        for evidence in evidences:
            for number in evidence.criteria or ():
                claimed = units.setdefault(number, [])
                if evidence.unit is not None and evidence.unit not in claimed:
                    claimed.append(evidence.unit)
        return cls({number: tuple(names) for number, names in units.items()})

    def meant(self, name: str) -> tuple[Criterion, ...]:
        """The criteria that `name` may mean: none, one, or several where it is ambiguous."""
        if name in self.units:
            return tuple((unit, name) for unit in self.units[name])
        unit, _, number = name.partition(":")
        return ((unit, number),) if unit in self.units.get(number, ()) else ()

    def name(self, criterion: Criterion) -> str:
        """What to call a claimed criterion: its number, with its unit only where it has to be."""
        unit, number = criterion
        return number if self.units[number] == (unit,) else f"{unit}:{number}"

    def names(self) -> tuple[str, ...]:
        """What to call each of the criteria."""
        return tuple(
            self.name((unit, number)) for number, units in self.units.items() for unit in units
        )

    def same(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names with one for each criterion, so that all who mean it say the same."""
        found = []
        for name in names:
            meant = self.meant(name)
            found.append(self.name(meant[0]) if len(meant) == 1 else name)
        return tuple(dict.fromkeys(found))
