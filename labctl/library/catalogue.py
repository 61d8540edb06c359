"""Qualification data: qualifications, and the units and criteria that labs give evidence towards.

It is data in `labs/catalogue.yaml` (and in a `catalogue.yaml` at the top of a centre's own
library), never code, since dates and units change. Every entry says whether it was verified, and
against which source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from labctl.library import strict_yaml
from labctl.library.findings import lab_file_error
from labctl.library.format import Id, Strict, Text
from labctl.library.shapes import Place, shape_findings

CATALOGUE_FILE = "catalogue.yaml"
HOURS_PER_CREDIT = 10
"""Total qualification time is ten times the credits (a data check, see `Qualification`)."""


class Sourced(Strict):
    """Base of every entry: its id, and whether it was checked against `source`."""

    id: Id
    verified: bool
    source: Text
    note: Text | None = None


class GuidedHours(Strict):
    """Guided learning hours: at least, at most."""

    least: Annotated[int, Field(ge=0)]
    most: Annotated[int, Field(ge=0)]


class Qualification(Sourced):
    """A qualification and the rules about it that a program can check."""

    title: Text
    level: Literal[1, 2, 3, 4]
    accreditation: Annotated[str, Field(pattern=r"^\d{3}/\d{4}/[0-9X]$")]
    credits: Annotated[int, Field(ge=1)]
    total_hours: Annotated[int, Field(ge=1)]
    guided_hours: GuidedHours
    mandatory_units: Annotated[int, Field(ge=0)]
    last_registration: Text
    last_certification: Text

    @field_validator("last_registration", "last_certification")
    @classmethod
    def _is_a_day(cls, value: str) -> str:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError("expected a date such as `2026-08-31`") from None
        return value

    @model_validator(mode="after")
    def _hours_fit_credits(self) -> Qualification:
        if self.total_hours != self.credits * HOURS_PER_CREDIT:
            raise ValueError(
                f"{self.credits} credits mean {self.credits * HOURS_PER_CREDIT} hours in total, "
                f"not {self.total_hours}"
            )
        return self

    @property
    def registration_ends(self) -> date:
        """The last day on which a candidate can be registered."""
        return date.fromisoformat(self.last_registration)

    @property
    def certification_ends(self) -> date:
        """The last day on which a certificate can be issued."""
        return date.fromisoformat(self.last_certification)


class Criterion(Strict):
    """One criterion of a unit: its text, and whether that is the awarding body's own."""

    text: Text
    verified: bool = False


class Unit(Sourced):
    """A unit, with the criteria that labs may name."""

    title: Text
    area: Literal["networking", "linux", "hardware", "web", "general"]
    level: Literal[1, 2, 3, 4]
    reference: Text | None = None
    credits: Annotated[int, Field(ge=1)] | None = None
    guided_hours: Annotated[int, Field(ge=1)] | None = None
    qualification: Id | None = None
    criteria: Annotated[dict[Text, Criterion], Field(min_length=1)] | None = None


class ObjectiveList(Sourced):
    """A public list of objectives: its headings by their numbers, in our words.

    A lab names one as `PREFIX NUMBER`. A number below a heading (`5.3` below `5`) belongs to it.
    """

    prefix: Text
    title: Text
    version: Text
    headings: Annotated[dict[Text, Criterion], Field(min_length=1)]

    def heading(self, number: str) -> str | None:
        """The heading that a number belongs to: itself, or the nearest above it."""
        while number:
            if number in self.headings:
                return number
            number = number.rpartition(".")[0]
        return None


class CatalogueFile(Strict):
    """The file's shape: lists of entries."""

    format: Literal[1]
    qualifications: list[Qualification] = Field(default_factory=list)
    units: list[Unit] = Field(default_factory=list)
    objectives: list[ObjectiveList] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries of one or more catalogue files, by their ids."""

    qualifications: dict[str, Qualification] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    objectives: dict[str, ObjectiveList] = field(default_factory=dict)

    def objective(self, name: str) -> tuple[ObjectiveList, str] | None:
        """The list and the heading that `LPIC-1 109.2` names; None if there is no such."""
        prefix, _, number = name.rpartition(" ")
        for one in self.objectives.values():
            if one.prefix == prefix and (heading := one.heading(number)):
                return one, heading
        return None

    def criteria(self, unit: str) -> tuple[str, ...]:
        """The criteria of a unit; empty if the catalogue does not list them."""
        found = self.units.get(unit)
        return tuple(found.criteria or ()) if found is not None else ()

    def passed_dates(self, level: int, today: date) -> tuple[str, ...]:
        """A line for every qualification of `level` that `today` is too late for.

        Registration and certification end on the last minute of their day. A line is a warning:
        nothing stops a practice session.
        """
        lines = []
        for one in self.qualifications.values():
            if one.level != level:
                continue
            if today > one.certification_ends:
                lines.append(f"{one.title}: certification ended on {one.last_certification}")
            elif today > one.registration_ends:
                lines.append(f"{one.title}: registration ended on {one.last_registration}")
        return tuple(lines)


def load_catalogue(files: Iterable[Path]) -> Catalogue:
    """The entries of all files that exist, the first of equal ids wins; raises `LabFileError`."""
    catalogue = Catalogue()
    for path in files:
        if not path.is_file():
            continue
        for one in (parsed := _parse(path.read_text("utf-8"), str(path))).qualifications:
            catalogue.qualifications.setdefault(one.id, one)
        for unit in parsed.units:
            catalogue.units.setdefault(unit.id, unit)
        for each in parsed.objectives:
            catalogue.objectives.setdefault(each.id, each)
    return catalogue


def _parse(text: str, name: str) -> CatalogueFile:
    document = strict_yaml.load_document(text, name)
    try:
        parsed = CatalogueFile.model_validate(document.value)
    except ValidationError as error:
        place = Place(document.positions)
        raise lab_file_error(shape_findings(error, document.value, CatalogueFile, place)) from error
    repeated = [
        document.positions.finding((kind, index, "id"), f"the id `{entry.id}` stands here twice")
        for kind, entries in _lists(parsed).items()
        for index, entry in enumerate(entries)
        if entry.id in {other.id for other in entries[:index]}
    ]
    if repeated:
        raise lab_file_error(repeated)
    return parsed


def _lists(parsed: CatalogueFile) -> dict[str, list[Sourced]]:
    return {
        "qualifications": [*parsed.qualifications],
        "units": [*parsed.units],
        "objectives": [*parsed.objectives],
    }
