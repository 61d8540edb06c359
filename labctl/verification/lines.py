"""The lines of a shell script that can be left out one at a time, and why some need no check.

A line that is continued by a backslash counts as one with the next. Of a here-document every line
of the text counts, and the whole of it with its command. What a shell cannot read without (`fi`,
the end of a here-document) is structure and is not left out, nor are comments and `set`.

An explanation is a comment: `# unchecked: why` on the line itself or right above it, or anywhere in
the script `# unchecked "text": why` for every line that contains the text. It covers what it stands
at and no more: at the command of a here-document the two as one, not the lines of the text; at a
line of the text that line, not the whole.
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
    """Lines `first` to `last` of a script (from 1), as text; `why` explains that none looks.

    `inside` is where the here-document begins in whose text it stands, 0 for a line of the script.
    """

    first: int
    last: int
    text: str
    why: str = ""
    inside: int = 0


@dataclass(frozen=True, slots=True)
class _Span:
    """Lines that can be taken by themselves; those up to `head` are what an explanation is for."""

    first: int
    head: int
    last: int
    inside: int = 0


def droppable(script: str) -> tuple[ScriptLine, ...]:
    """The lines that can be left out so that a shell still understands the rest."""
    lines = script.splitlines()
    reasons = [(m[1], m[2].strip()) for line in lines if (m := _WHY.search(line)) and m[1]]
    found = []
    for span in _spans(lines):
        first = span.first
        text = "\n".join(lines[first - 1 : span.last])
        if _IDLE.match(lines[first - 1]) or (first == 1 and text.startswith("#!")):
            continue
        one = ScriptLine(first, span.last, text, _why(lines, span, reasons), span.inside)
        if _understood(without(script, one)):
            found.append(one)
    return tuple(found)


def without(script: str, line: ScriptLine) -> str:
    """The script with that line left out."""
    lines = script.splitlines(keepends=True)
    return "".join(lines[: line.first - 1] + lines[line.last :])


def _spans(lines: list[str]) -> Iterator[_Span]:
    """What can be taken by itself, a here-document before the lines of its text."""
    number = 1
    while number <= len(lines):
        head = _continued(lines, number)
        here = _HERE.search("\n".join(lines[number - 1 : head]))
        if not here or lines[number - 1].lstrip().startswith("#"):
            yield _Span(number, head, head)
            number = head + 1
            continue
        end = head + 1
        while end <= len(lines) and lines[end - 1].strip("\t") != here[2]:
            end += 1
        yield _Span(number, head, min(end, len(lines)))
        inner = head + 1
        while inner < end:
            stop = min(_continued(lines, inner), end - 1)
            yield _Span(inner, stop, stop, inside=number)
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


def _why(lines: list[str], span: _Span, reasons: list[tuple[str, str]]) -> str:
    for number in (span.first, span.head, span.first - 1):
        match = _WHY.search(lines[number - 1]) if number >= 1 else None
        alone = match is not None and lines[number - 1].lstrip().startswith("#")
        if match and not match[1] and (number >= span.first or alone):
            return match[2].strip()
    text = "\n".join(lines[span.first - 1 : span.head])
    return next((why for part, why in reasons if part in text), "")


def _understood(script: str) -> bool:
    """Whether bash reads the script without a complaint; nothing of it is run."""
    done = subprocess.run(
        ["bash", "-n"], input=script, capture_output=True, text=True, timeout=10, check=False
    )
    return done.returncode == 0 and not done.stderr
