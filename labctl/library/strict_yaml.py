"""YAML that means what it looks like, read into plain values.

PyYAML's own loader follows YAML 1.1: it reads `2222:22` as 133342, `on` as True, `010` as 8, dates
as objects, and keeps the last of two equal keys in silence. Here, of plain scalars

    null ~ (nothing)          is None
    true false (True, TRUE)   is a bool
    0 7 -12                   is an int: no leading zeros, no other bases
    1.5 -0.25 1.5e3           is a float: digits on both sides of the point
    anything else             is a string, as is whatever stands in quotes

which is YAML 1.2's core schema without octal and hexadecimal numbers. Keys are always strings.
Refused, all with their place: equal keys, keys that are not plain text, anchors, aliases and merge
keys (expansion bombs, action at a distance), tags, several documents, nesting past 64 levels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from labctl.library.findings import Finding, errors_of, lab_file_error
from labctl.library.positions import Block, Mark, Path, Positions

MAX_DEPTH = 64
MAX_SIZE = 1 << 20

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}

# libyaml's parser, where PyYAML was built with it: the same events, several times faster.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MERGE = "<<"
_REPEATING = "a lab's `for_each` repeats a check with other values"
_BRACES = 'Put quotes round a value that starts with a brace: `"{{ name }}"`.'


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds: its value, and where each part of it stands."""

    value: Any
    positions: Positions
    findings: tuple[Finding, ...] = ()


def load(text: str, name: str) -> Any:
    """The value of the YAML `text`; `name` is the file's name in messages.

    Raises `LabFileError`, whose message lists every mistake with file:line:column.
    """
    return load_document(text, name).value


def load_document(text: str, name: str) -> Document:
    """Like `load`, with the places of all keys and values."""
    document = read(text, name)
    if errors_of(document.findings):
        raise lab_file_error(document.findings)
    return document


def read(text: str, name: str) -> Document:
    """As much of `text` as can be understood, with the mistakes as findings; never raises."""
    reader = _Reader(Positions(name), text.splitlines())
    if len(text) > MAX_SIZE:
        reader.report(Mark(1, 1), "the file is larger than 1 MiB", "A lab file is small.")
        return Document(None, reader.positions, tuple(reader.findings))
    value: Any = None
    try:
        value = reader.document(yaml.parse(text, Loader=_LOADER))
    except _TooDeep:
        pass
    except yaml.MarkedYAMLError as error:
        reader.syntax(error)
    except yaml.reader.ReaderError as error:
        before = text[: error.position].splitlines() or [""]
        mark = Mark(len(before), len(before[-1]) + 1)
        reader.report(mark, "a character that YAML does not allow", "Save the file as plain UTF-8.")
    return Document(value, reader.positions, tuple(reader.findings))


def scalar(text: str) -> Any:
    """What the plain (unquoted) scalar `text` means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


class _TooDeep(Exception):
    """Nesting past the limit, already reported."""


@dataclass(slots=True)
class _Reader:
    """Builds values from the parser's events, noting places and mistakes on the way."""

    positions: Positions
    lines: list[str]
    findings: list[Finding] = field(default_factory=list)

    def report(self, mark: Mark, message: str, hint: str = "", path: Path | None = None) -> None:
        if path is not None:
            self.positions.broken.add(path)
        self.findings.append(
            Finding(self.positions.file, mark.line, mark.column, "error", message, hint)
        )

    def document(self, events: Iterator[Any]) -> Any:
        value: Any = None
        seen = False
        for event in events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if seen:
                self.report(_mark(event), "a second document begins", "Remove the line `---`.")
                break
            seen = True
            value = self.node(next(events), events, (), 0)
        return value

    def node(self, event: Any, events: Iterator[Any], path: Path, depth: int) -> Any:
        """The value that begins with `event`, its events used up."""
        if depth > MAX_DEPTH:
            self.report(_mark(event), f"nested deeper than {MAX_DEPTH} levels")
            raise _TooDeep
        self.positions.values[path] = _mark(event)
        self.refuse_extras(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(events, path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(events, path, depth)
        if isinstance(event, yaml.AliasEvent):
            return None
        if "\0" in event.value:
            self.report(_mark(event), "a NUL character", "No host could hold it in a variable.")
        if event.style == "|":
            self.note_block(event, path)
        return event.value if event.style else scalar(event.value)

    def mapping(self, events: Iterator[Any], path: Path, depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            mark = _mark(event)
            if not isinstance(event, yaml.ScalarEvent):
                self.node(event, events, (*path, "?"), depth + 1)
                self.report(mark, "a key must be plain text", self.braces_hint(mark), path)
                self.node(next(events), events, (*path, "?"), depth + 1)
                continue
            self.refuse_extras(event, (*path, event.value))
            key = event.value
            if key == _MERGE and not event.style:
                # What it stands for is missing in the mapping, which is therefore not judged.
                message = f"merge keys (`{_MERGE}`) are not allowed"
                self.report(mark, message, f"Write the keys out; {_REPEATING}.", path)
                self.node(next(events), events, (*path, "?"), depth + 1)
                continue
            first = self.positions.keys.get((*path, key))
            if key in value and first is not None:
                self.report(
                    mark,
                    f"the key `{key}` stands here twice",
                    f"The first is on line {first.line}; remove one.",
                )
                self.node(next(events), events, (*path, "?"), depth + 1)
                continue
            self.positions.keys[(*path, key)] = mark
            value[key] = self.node(next(events), events, (*path, key), depth + 1)
        return value

    def sequence(self, events: Iterator[Any], path: Path, depth: int) -> list[Any]:
        value: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            value.append(self.node(event, events, (*path, len(value)), depth + 1))
        return value

    def refuse_extras(self, event: Any, path: Path) -> None:
        """Anchors, aliases and tags."""
        if getattr(event, "anchor", None) is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            self.report(
                _mark(event),
                f"anchors and aliases (`{sign}{event.anchor}`) are not allowed",
                f"Write the value out ({_REPEATING}), "
                "or put quotes round a text that begins with `&` or `*`.",
                path,
            )
        tag = getattr(event, "tag", None)
        # The parser gives quoted scalars the tag "!" (not specific) when none is written.
        if tag is not None and tag != "!":
            self.report(
                _mark(event),
                f"tags (`{tag}`) are not allowed",
                "Put quotes round a text that begins with `!`.",
                path,
            )

    def note_block(self, event: Any, path: Path) -> None:
        """Where the lines of a block text stand, for messages about one of them."""
        first = event.start_mark.line + 1
        for line in self.lines[first : event.end_mark.line]:
            if line.strip():
                self.positions.blocks[path] = Block(first + 1, len(line) - len(line.lstrip()) + 1)
                return

    def braces_hint(self, mark: Mark) -> str:
        line = self.lines[mark.line - 1] if mark.line <= len(self.lines) else ""
        return _BRACES if "{{" in line else "Write it without brackets."

    def syntax(self, error: yaml.MarkedYAMLError) -> None:
        """The parser gave up: say where, with a cure for what it usually is."""
        where = error.problem_mark or error.context_mark
        mark = Mark(where.line + 1, where.column + 1) if where else Mark(1, 1)
        line = self.lines[mark.line - 1] if mark.line <= len(self.lines) else ""
        if any(one.line == mark.line for one in self.findings):
            return  # what follows a mistake on the same line is its consequence
        hint = ""
        if "\t" in line[: mark.column]:
            hint = "Indent with blanks; YAML allows no tabs there."
        elif re.search(r"(^|[:\[,-])\s*\{\{", line):
            hint = _BRACES
        elif "mapping values" in (error.problem or ""):
            hint = "Put quotes round a text that contains `: `."
        elif re.search(r"(^|[:\[,-])\s*[*@%&!|>`]", line):
            hint = "Put quotes round a text that begins with a special character."
        self.report(mark, f"not valid YAML: {error.problem or 'it ends too early'}", hint)


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)
