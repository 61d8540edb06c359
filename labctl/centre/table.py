"""A spreadsheet's text as rows of cells, in whatever spelling the spreadsheet chose.

Excel writes UTF-8 with a mark, UTF-16 with tabs, or the code page of a Western Windows, and parts
cells with a semicolon wherever the comma is for decimals.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass

from labctl.errors import RosterError

LARGEST = 16 << 20
"""Bytes of a roster; 2,000 candidates are a third of one mebibyte."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)

WESTERN = "Windows-1252"
SEPARATORS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Row:
    """Cells without the blanks around them; `line` is where the row begins, from 1."""

    line: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """The cell in a column, counted from 0; empty where the row ends before it."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it that are not empty. `encoding` is what it was read as."""

    header: Row
    rows: tuple[Row, ...]
    encoding: str


def read_table(content: bytes, file: str) -> Table:
    """The table in `content`; raises `RosterError`, naming `file`, for bytes that are none."""
    text, encoding = _decoded(content, file)
    rows = _rows(text, file)
    if not rows:
        raise RosterError(f"{file}: there is nothing in it.", "Export the roster again, as CSV.")
    return Table(rows[0], tuple(rows[1:]), encoding)


def _decoded(content: bytes, file: str) -> tuple[str, str]:
    if len(content) > LARGEST:
        raise RosterError(f"{file}: it is larger than {LARGEST >> 20} MiB, so it is no roster.")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise RosterError(
            f"{file}: it is a workbook, not a text.", "Save the sheet as CSV UTF-8, then import it."
        )
    for mark, codec, name in (*MARKS, (b"", "utf-8", "UTF-8"), (b"", "cp1252", WESTERN)):
        if content.startswith(mark):
            try:
                text = content.decode(codec)
            except UnicodeDecodeError:
                if mark:
                    break
                continue
            if "\0" not in text:
                return text, name
    raise RosterError(
        f"{file}: its characters are neither UTF-8, UTF-16 nor {WESTERN}.",
        "Save the sheet as CSV UTF-8, then import it.",
    )


def _rows(text: str, file: str) -> list[Row]:
    first, line_end, rest = text.partition("\n")
    skipped = 0
    if first.strip().lower().startswith("sep=") and line_end:
        separator, text, skipped = first.strip()[4:5] or ",", rest, 1
    else:
        separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, line = [], 1 + skipped
    try:
        for cells in reader:
            row = Row(line, tuple(" ".join(cell.split()) for cell in cells))
            if any(row.cells):
                rows.append(row)
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise RosterError(
            f"{file}:{line}: the row cannot be told apart into cells: {error}.",
            'A text with a quotation mark in it is wrapped in `"`, and the mark inside doubled.',
        ) from error
    return rows


def _separator(text: str) -> str:
    """What parts the cells: of all that could, the one that parts the header into most."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    parted = {each: len(next(csv.reader([header], delimiter=each), [])) for each in SEPARATORS}
    return max(SEPARATORS, key=lambda each: parted[each])
