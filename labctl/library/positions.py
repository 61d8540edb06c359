"""Where each part of a YAML file stands, so that every message can name file:line:column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from labctl.library.findings import Finding

Path = tuple[str | int, ...]
"""The way from the top of a file to a value: keys of mappings and indexes of lists."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Block:
    """Where the text of a block scalar (`|`) begins: its first line and its indentation."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Positions:
    """The places of all keys, values and block texts of the file called `file`, by path.

    `broken` are the paths of values that YAML itself found wrong, so that nothing else is said
    about them.
    """

    file: str
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)
    blocks: dict[Path, Block] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)

    def key(self, path: Sequence[str | int]) -> Mark:
        """Where the key of `path` stands.

        For a list's item that is its value; for what is not there, the nearest part round it.
        """
        for length in range(len(path), 0, -1):
            part = tuple(path[:length])
            mark = self.keys.get(part) or self.values.get(part)
            if mark is not None:
                return mark
        return self.values.get((), Mark(1, 1))

    def value(self, path: Sequence[str | int], line: int = 1) -> Mark:
        """Where the value of `path` begins, or the given line (from 1) of its block text."""
        whole = tuple(path)
        block = self.blocks.get(whole)
        if block is not None and line >= 1:
            return Mark(block.line + line - 1, block.column)
        return self.values.get(whole) or self.key(whole)

    def finding(
        self,
        path: Sequence[str | int],
        message: str,
        hint: str = "",
        *,
        at: Literal["key", "value"] = "value",
        level: Literal["error", "warning"] = "error",
        line: int = 1,
    ) -> Finding:
        """A finding about `path`, placed at its key or at its value."""
        mark = self.key(path) if at == "key" else self.value(path, line)
        return Finding(self.file, mark.line, mark.column, level, message, hint)
