"""What the cells of a roster mean: days, learner numbers, percentages, yes and no.

Each function takes the text of a cell that is not empty, and raises `CellFault` for one that it
cannot be sure of: a wrong guess here would put a wrong date of birth on a certificate.
"""

from __future__ import annotations

import re
from datetime import date

from labctl.centre.candidates import CANDIDATE

LONGEST_TEXT = 500
LONGEST_NAME = 200
LONGEST_NUMBER = 64

DAY = "Write `2001-04-03`, or day/month/year: `03/04/2001`."

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]00:00(?::00)?)?")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_OTHER_ORDER = re.compile(r"[0-9]{1,2}([.-])[0-9]{1,2}\1[0-9]{4}")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{2}")
_SERIAL = re.compile(r"[0-9]{5}(?:[.,]0+)?")
_SHORTENED = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]+", re.IGNORECASE)

_YES = frozenset({"yes", "y", "true", "1", "x", "✓"})
_NO = frozenset({"no", "n", "false", "0", "-"})
_SHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#NV", "#BEZUG!", "#WERT!"}
)


class CellFault(ValueError):
    """A cell that means nothing certain: what is wrong with it, and what would be right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def refuse_sheet_errors(text: str) -> None:
    """Raise `CellFault` for what a spreadsheet writes where a formula has failed."""
    if text.upper() in _SHEET_ERRORS:
        raise CellFault(f"`{text}` is an error of the spreadsheet", "Mend the formula there.")


def code(text: str) -> str:
    """A candidate's code."""
    if not CANDIDATE.fullmatch(text):
        raise CellFault(
            f"`{text}` cannot be a candidate's code",
            "Use letters, digits, `.`, `_` and `-`, 64 at most.",
        )
    return text


def words(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text for people."""
    if not text.isprintable():
        raise CellFault("it holds characters that cannot be shown")
    if len(text) > longest:
        raise CellFault(f"it is {len(text)} characters long; {longest} are kept at most")
    return text


def name(text: str) -> str:
    """A person's name, as it is to stand on a certificate."""
    return words(text, LONGEST_NAME)


def number(text: str) -> str:
    """A number that another body gave, of letters and digits."""
    if _SHORTENED.fullmatch(text):
        raise _shortened(text)
    return words(text, LONGEST_NUMBER)


def learner_number(text: str) -> str:
    """A unique learner number (ULN): ten digits, the last of which checks the others.

    The first nine are weighted 10, 9, … 2; the remainder of their sum by 11, taken from 10, is the
    tenth, and a remainder of 0 is never given out (Learning Records Service, ULN validation).
    """
    digits = text.replace(" ", "")
    if _SHORTENED.fullmatch(text):
        raise _shortened(text)
    if not re.fullmatch("[0-9]{10}", digits):
        raise CellFault(f"`{text}` is no learner number", "A learner number has ten digits.")
    rest = sum(int(each) * weight for each, weight in zip(digits, range(10, 1, -1), strict=False))
    rest %= 11
    if rest == 0 or 10 - rest != int(digits[9]):
        raise CellFault(
            f"`{text}` is no learner number: its check digit is wrong",
            "A digit was mistyped, or two were swapped.",
        )
    return digits


def day(text: str) -> date:
    """A day, written as ISO 8601 has it or as day/month/year."""
    if found := _ISO.fullmatch(text):
        year, month, of_month = (int(each) for each in found.groups())
    elif found := _SLASHED.fullmatch(text):
        of_month, month, year = (int(each) for each in found.groups())
        if month > 12 >= of_month:
            raise CellFault(
                f"`{text}` has no month {month}: the day comes first here",
                "If the column has the month first, its other dates would be misread in silence: "
                "have the spreadsheet write it as `yyyy-mm-dd`.",
            )
    else:
        raise _no_day(text)
    try:
        return date(year, month, of_month)
    except ValueError:
        raise CellFault(f"`{text}` is no day of the calendar", DAY) from None


def _no_day(text: str) -> CellFault:
    if _OTHER_ORDER.fullmatch(text):
        return CellFault(f"`{text}` is not read: which part is the month is not guessed", DAY)
    if _SHORT_YEAR.fullmatch(text):
        return CellFault(f"`{text}` has a year of two digits, which fits two centuries", DAY)
    if _SERIAL.fullmatch(text):
        return CellFault(
            f"`{text}` is a spreadsheet's number for a day",
            "Format the column as a date, `yyyy-mm-dd`, and export it again.",
        )
    return CellFault(f"`{text}` is no date", DAY)


def _shortened(text: str) -> CellFault:
    return CellFault(
        f"`{text}` was shortened by a spreadsheet: its last digits are lost",
        "Format the column as text, enter the numbers again, and export it.",
    )


def percent(text: str) -> int:
    """A percentage of extra time, from 0 to 100."""
    found = re.fullmatch(r"([0-9]{1,3}) ?%?", text)
    if not found or int(found[1]) > 100:
        raise CellFault(f"`{text}` is no percentage from 0 to 100", "Write `25`, or `25 %`.")
    return int(found[1])


def yes_or_no(text: str) -> bool:
    """Yes or no."""
    told = text.casefold()
    if told not in _YES | _NO:
        raise CellFault(f"`{text}` is neither yes nor no", "Write `yes` or `no`.")
    return told in _YES


def listed(text: str) -> tuple[str, ...]:
    """Several things in one cell, parted by semicolons, commas or bars, each once."""
    parts = (each.strip() for each in re.split("[;,|]", text))
    return tuple(dict.fromkeys(each for each in parts if each))
