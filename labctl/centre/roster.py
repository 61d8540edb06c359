"""A roster's text → candidates; or every mistake in it at once, each with its line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from labctl.centre import cells
from labctl.centre.candidates import FIELDS, Candidate
from labctl.centre.cells import CellFault
from labctl.centre.columns import Columns, columns_of
from labctl.centre.registration import registration_warnings
from labctl.centre.table import Row, read_table
from labctl.errors import RosterError
from labctl.library.catalogue import Catalogue
from labctl.library.findings import Finding, errors_of, in_order, nearest

UNIQUE = ("code", "learner_number", "enrolment")
"""Fields of which no two candidates have the same."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a roster is read against: the catalogue, the candidates known, and the day."""

    catalogue: Catalogue
    known: Mapping[str, Candidate]
    today: date
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Roster:
    """What a roster says, laid over what is known of its candidates.

    `unused` are columns that nothing is taken from, `encoding` is what the text was read as,
    `digest` the SHA-256 of its bytes.
    """

    candidates: tuple[Candidate, ...]
    warnings: tuple[Finding, ...]
    unused: tuple[str, ...]
    encoding: str
    digest: str


def read_roster(content: bytes, file: str, around: Around) -> Roster:
    """The candidates in a roster; raises `RosterError` with all that is wrong in it.

    Fields that the roster has no column for stay as they are known; an empty cell empties one.
    """
    table = read_table(content, file)
    columns = columns_of(table.header, around.columns, file)
    reader = _Reader(file, columns, around, len(table.header.cells))
    found = tuple(reader.candidate(row) for row in table.rows)
    reader.compare_with_record(table.rows, found)
    if not found:
        told = Finding(file, table.header.line, 0, "error", "there is nobody below the header")
        reader.findings.append(told)
    wrong = errors_of(in_order(reader.findings))
    if wrong:
        raise RosterError(
            "\n".join(str(each) for each in wrong), "Nothing was imported: mend the roster first."
        )
    return Roster(
        found,
        in_order(reader.findings),
        columns.unused,
        table.encoding,
        hashlib.sha256(content).hexdigest(),
    )


class _Reader:
    """Reads row by row, and remembers what was wrong and what may not come again."""

    def __init__(self, file: str, columns: Columns, around: Around, width: int) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._columns = columns
        self._around = around
        self._width = width
        self._lines: dict[tuple[str, str], int] = {}
        self._readers: dict[str, Callable[[str], Any]] = {
            "code": cells.code,
            "name": cells.name,
            "cohort": cells.name,
            "learner_number": cells.learner_number,
            "birth": self._birth,
            "enrolment": cells.number,
            "registered": lambda text: cells.day(text).isoformat(),
            "qualification": self._qualification,
            "units": self._units,
            "extra_time": cells.percent,
            "rest_breaks": cells.yes_or_no,
            "arrangements": cells.words,
        }

    def candidate(self, row: Row) -> Candidate:
        """What is known of the candidate of a row, with what the row says of them."""
        if any(row.cells[self._width :]):
            told = "the row has more cells than the header"
            hint = 'A text with a separator in it is wrapped in `"`.'
            self._say(row, self._width + 1, "error", told, hint)
        told_of = {name: self._value(row, name) for name in FIELDS if self._columns.has(name)}
        code = told_of["code"] or ""
        known = self._around.known.get(code, Candidate(code))
        values = {name: value for name, value in told_of.items() if value is not None}
        found = replace(known, **values)
        nameless = told_of.get("name", found.name) == ""
        if nameless and (code or self._columns.has("name")):
            self._say_of(row, "name", "error", f"`{code}` has no name" if code else "there is none")
        self._demand_unique(row, told_of)
        self._look_at_dates(row, found)
        return found

    def _value(self, row: Row, name: str) -> Any:
        """The value of a field; empty for empty cells, None for one that makes no sense."""
        places = self._columns.places[name]
        text = " ".join(filter(None, (row.cell(place) for place in places)))
        if not text:
            if name == "code":
                self._say_of(row, name, "error", "there is no code")
            return getattr(Candidate(""), name)
        try:
            cells.refuse_sheet_errors(text)
            return self._readers[name](text)
        except CellFault as fault:
            self._say_of(row, name, "error", fault.message, fault.hint)
            return None

    # ------------------------------------------------------------------ what a cell alone says

    def _birth(self, text: str) -> str:
        found = cells.day(text)
        if not date(1900, 1, 1) <= found < self._around.today:
            raise CellFault(f"`{text}` cannot be anybody's date of birth")
        return found.isoformat()

    def _qualification(self, text: str) -> str:
        entries = self._around.catalogue.qualifications
        found = next((key for key, one in entries.items() if text in (key, one.accreditation)), "")
        if not found:
            raise CellFault(f"the catalogue has no qualification `{text}`", nearest(text, entries))
        return found

    def _units(self, text: str) -> tuple[str, ...]:
        entries = self._around.catalogue.units
        by_name = {one.reference: key for key, one in entries.items() if one.reference}
        by_name |= {key: key for key in entries}
        told = cells.listed(text)
        unknown = [each for each in told if each not in by_name]
        if unknown:
            names = ", ".join(f"`{each}`" for each in unknown)
            hint = nearest(unknown[0], by_name)
            raise CellFault(f"the catalogue has no unit {names}", hint)
        return tuple(dict.fromkeys(by_name[each] for each in told))

    # ------------------------------------------------------------------ what cells say together

    def _demand_unique(self, row: Row, told_of: Mapping[str, Any]) -> None:
        for name in UNIQUE:
            if value := told_of.get(name):
                before = self._lines.setdefault((name, value), row.line)
                if before != row.line:
                    self._say_of(row, name, "error", f"`{value}` is in line {before} too")

    def compare_with_record(self, rows: Sequence[Row], found: Sequence[Candidate]) -> None:
        """Find numbers that somebody on record has whom the roster does not name."""
        here = {each.code for each in found}
        others = [one for code, one in self._around.known.items() if code not in here]
        for name in set(UNIQUE) - {"code"}:
            holders = {getattr(one, name): one.code for one in others if getattr(one, name)}
            for row, each in zip(rows, found, strict=True):
                if other := holders.get(getattr(each, name)):
                    told = f"`{getattr(each, name)}` is on record for `{other}`"
                    self._say_of(row, name, "error", told)

    def _look_at_dates(self, row: Row, found: Candidate) -> None:
        if found.birth and found.registered and found.registered <= found.birth:
            told = f"{found.registered} is before the date of birth, {found.birth}"
            self._say_of(row, "registered", "error", told)
        lines = registration_warnings(found, self._around.catalogue, self._around.today)
        for name, line in lines:
            self._say_of(row, name, "warning", line)

    # ------------------------------------------------------------------ findings

    def _say_of(
        self, row: Row, name: str, level: Literal["error", "warning"], what: str, hint: str = ""
    ) -> None:
        column = self._columns.places.get(name, (-1,))[0] + 1
        self._say(row, column, level, f"{FIELDS[name]}: {what}", hint)

    def _say(
        self, row: Row, column: int, level: Literal["error", "warning"], what: str, hint: str = ""
    ) -> None:
        self.findings.append(Finding(self._file, row.line, column, level, what, hint))
