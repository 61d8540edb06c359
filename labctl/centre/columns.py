"""Which column of a roster has which field: by its name, or as `--map` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from labctl.centre.candidates import FIELDS
from labctl.centre.table import Row
from labctl.errors import RosterError, UnknownName, UsageError
from labctl.library.findings import Finding, in_order, nearest

SPELLINGS: dict[str, tuple[str, ...]] = {
    "code": ("code", "candidate code", "candidate id", "candidate number", "candidate no"),
    "name": ("name", "candidate name", "learner name", "student name", "full name"),
    "cohort": ("cohort", "group", "class"),
    "learner_number": ("learner number", "uln", "unique learner number"),
    "birth": ("date of birth", "dob", "birth date", "born"),
    "enrolment": ("enrolment number", "enrolment no", "enrolment", "candidate enrolment number"),
    "registered": ("registration date", "date of registration", "registered", "registered on"),
    "qualification": ("qualification", "qualification id", "qualification number", "qan"),
    "units": ("units", "unit"),
    "extra_time": ("extra time", "extra time percent", "extra time %"),
    "rest_breaks": ("rest breaks", "rest break", "supervised rest breaks"),
    "arrangements": ("access arrangements", "arrangements", "other access arrangements"),
}
"""What a column may be called, in letters and digits of any case."""


Names = tuple[str, ...]
Wrong = Callable[[int, str, str], None]
"""Told of what is wrong in the header: the column, from 1 (0: all of it), what, and the cure."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Field → its columns, counted from 0 (several are joined by a blank), and those not used."""

    places: Mapping[str, tuple[int, ...]]
    unused: tuple[str, ...]

    def has(self, field: str) -> bool:
        """Whether the roster says anything about the field."""
        return field in self.places


def mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    """`field=Column` pairs, as they are typed; raises `UsageError` for what is none."""
    found: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise UsageError(f"`{pair}` maps nothing.", "For example `--map name=Learner`.")
        if field not in FIELDS:
            raise UnknownName("field", field, FIELDS)
        if field in found:
            raise UsageError(f"`{field}` is mapped twice.", "Map each field once.")
        found[field] = column
    return found


def columns_of(header: Row, chosen: Mapping[str, str], file: str) -> Columns:
    """Where the fields are; raises `RosterError` with everything that is wrong in the header."""
    names = header.cells
    findings: list[Finding] = []

    def wrong(column: int, message: str, hint: str) -> None:
        findings.append(Finding(file, header.line, column, "error", message, hint))

    places = _chosen(names, chosen, wrong)
    places |= _by_name(names, places, [each for each in SPELLINGS if each not in chosen], wrong)
    if "code" not in places and "code" not in chosen:
        told = ", ".join(f"`{each}`" for each in names if each)
        hint = f"The columns are {told}. Say which is by `--map code=COLUMN`."
        wrong(0, "no column has the candidates' codes", hint)
    if findings:
        raise RosterError("\n".join(str(each) for each in in_order(findings)))
    used = {column for each in places.values() for column in each}
    unused = (name for column, name in enumerate(names) if column not in used and name)
    return Columns(places, tuple(unused))


def _chosen(names: Names, chosen: Mapping[str, str], wrong: Wrong) -> dict[str, tuple[int, ...]]:
    """The columns that `--map` names; `wrong` is told of those that are not there once."""
    places: dict[str, tuple[int, ...]] = {}
    for field, told in chosen.items():
        parts = (told,) if told in names else tuple(each.strip() for each in told.split("+"))
        for part in parts:
            if names.count(part) != 1:
                what = "no column is" if part not in names else "several columns are"
                near = nearest(part, [each for each in names if each])
                wrong(0, f"{what} called `{part}`, which `--map {field}` names", near)
        if all(part in names for part in parts):
            places[field] = tuple(names.index(part) for part in parts)
    return places


def _by_name(
    names: Names, places: Mapping[str, tuple[int, ...]], fields: Sequence[str], wrong: Wrong
) -> dict[str, tuple[int, ...]]:
    """The columns that are called like fields, of those that `places` leaves."""
    taken = {column for each in places.values() for column in each}
    found: dict[str, tuple[int, ...]] = {}
    for field in fields:
        plain = {_plain(each) for each in SPELLINGS[field]}
        like = [
            column
            for column, name in enumerate(names)
            if column not in taken and _plain(name) in plain
        ]
        if len(like) > 1:
            both = f"column {like[0] + 1} and column {like[1] + 1}"
            hint = f"Say which is by `--map {field}=COLUMN`."
            wrong(like[1] + 1, f"{both} may both be the {FIELDS[field]}", hint)
        if like:
            found[field] = (like[0],)
    return found


def _plain(name: str) -> str:
    """A column's name without its case, and with nothing but letters, digits and `%`."""
    kept = "".join(each if each.isalnum() or each == "%" else " " for each in name.casefold())
    return " ".join(kept.split())
