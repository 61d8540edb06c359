"""The lines of a shell script that can be left out one at a time, and why some need no check.

A line that is continued by a backslash counts as one with the next. Of a here-document every line
of the text counts, and the whole of it with its command. What a shell cannot read without (`fi`,
the end of a here-document) is structure and is not left out, nor are comments and `set`.

An explanation is a comment: `# unchecked: why` on the line itself or right above it, or anywhere in
the script `# unchecked "text": why` for every line that contains the text.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

_HERE = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")
_WHY = re.compile(r"#\s*unchecked(?:\s+\"([^\"]+)\")?\s*:\s*(\S.*)$")
_IDLE = re.compile(r"\s*(#(?!!).*|set\s+[-+].*|:\s*)?$")


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """Lines `first` to `last` of a script (from 1), as text; `why` explains that none looks."""

    first: int
    last: int
    text: str
    why: str = ""


def droppable(script: str) -> tuple[ScriptLine, ...]:
    """The lines that can be left out so that a shell still understands the rest."""
    lines = script.splitlines()
    reasons = [(m[1], m[2].strip()) for line in lines if (m := _WHY.search(line)) and m[1]]
    found = []
    for first, last in _spans(lines):
        text = "\n".join(lines[first - 1 : last])
        if _IDLE.match(lines[first - 1]) or (first == 1 and text.startswith("#!")):
            continue
        why = _why(lines, first, last, reasons)
        one = ScriptLine(first, last, text, why)
        if _understood(without(script, one)):
            found.append(one)
    return tuple(found)


def without(script: str, line: ScriptLine) -> str:
    """The script with that line left out."""
    lines = script.splitlines(keepends=True)
    return "".join(lines[: line.first - 1] + lines[line.last :])


def _spans(lines: list[str]) -> Iterator[tuple[int, int]]:
    """The first and last number of each line that can be taken by itself."""
    number = 1
    while number <= len(lines):
        last = _continued(lines, number)
        here = _HERE.search("\n".join(lines[number - 1 : last]))
        if not here or lines[number - 1].lstrip().startswith("#"):
            yield number, last
            number = last + 1
            continue
        end = last + 1
        while end <= len(lines) and lines[end - 1].strip("\t") != here[2]:
            end += 1
        yield number, min(end, len(lines))
        inner = last + 1
        while inner < end:
            stop = min(_continued(lines, inner), end - 1)
            yield inner, stop
            inner = stop + 1
        number = end + 1


def _continued(lines: list[str], number: int) -> int:
    """The last number of the line that begins at `number`, with what a backslash adds to it."""
    while number < len(lines):
        text = lines[number - 1]
        if (len(text) - len(text.rstrip("\\"))) % 2 == 0:
            break
        number += 1
    return number


def _why(lines: list[str], first: int, last: int, reasons: list[tuple[str, str]]) -> str:
    for number in (first, last, first - 1):
        match = _WHY.search(lines[number - 1]) if number >= 1 else None
        alone = match is not None and lines[number - 1].lstrip().startswith("#")
        if match and not match[1] and (number >= first or alone):
            return match[2].strip()
    text = "\n".join(lines[first - 1 : last])
    return next((why for part, why in reasons if part in text), "")


def _understood(script: str) -> bool:
    """Whether bash reads the script without a complaint; nothing of it is run."""
    done = subprocess.run(
        ["bash", "-n"], input=script, capture_output=True, text=True, timeout=10, check=False
    )
    return done.returncode == 0 and not done.stderr
