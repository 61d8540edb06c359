"""What is wrong in a file, where, and what would be right; and the error that carries them all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from labctl.errors import LabFileError


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in a file. `line` and `column` count from 1; 0 means the file as a whole.

    `level` is `error` (the lab cannot be used) or `warning` (it can). `message` says what is
    wrong, `hint` what would be right.
    """

    file: str
    line: int
    column: int
    level: Literal["error", "warning"]
    message: str
    hint: str = ""

    @property
    def place(self) -> tuple[str, int, int]:
        """File, line and column."""
        return self.file, self.line, self.column

    def __str__(self) -> str:
        place = ":".join(str(part) for part in self.place if part)
        kind = "" if self.level == "error" else f"{self.level}: "
        return f"{place}: {kind}{self.message}" + (f". {self.hint}" if self.hint else "")


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by file and place, each once."""
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda one: (one.place, one.message),
        )
    )


def errors_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that make a file unusable."""
    return tuple(one for one in findings if one.level == "error")


def lab_file_error(findings: Iterable[Finding], hint: str = "") -> LabFileError:
    """The error whose message lists every finding, one a line, by place."""
    return LabFileError("\n".join(str(one) for one in in_order(findings)), hint)


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a name that is not known: the nearest that are, or all of them if they are few."""
    names = sorted(set(known))
    near = _near(name, names)
    if near:
        return "Did you mean " + " or ".join(f"`{other}`" for other in near) + "?"
    if not names:
        return "There is none to choose from."
    if len(names) > 24:
        return ""
    return "Known: " + ", ".join(f"`{other}`" for other in names) + "."


def _near(name: str, names: list[str]) -> list[str]:
    """The name most like it, and a second that is nearly as like."""
    like = {
        other: difflib.SequenceMatcher(None, name, other).ratio()
        for other in difflib.get_close_matches(name, names, n=2, cutoff=0.55)
    }
    best = max(like.values(), default=0)
    return [other for other, ratio in like.items() if ratio > best - 0.08]
