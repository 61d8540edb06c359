"""Finds check types by name, and imports only those that are asked for.

A check type is one module in one of the packages below, named like the type: `interface` is
`checkers/network/interface.py`. Adding a module there is all that it takes. Modules whose name
begins with `_` are helpers of their package and no check types.
"""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path

from checkers.check import CheckType

AREAS = ("network", "linux", "web", "hardware", "own")
"""The packages of `checkers` that hold check types; one that does not exist holds none."""


class UnknownKind(LookupError):
    """No check type is called `kind`; `nearest` are the known names most like it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.nearest = tuple(get_close_matches(kind, known(), n=3))
        hint = f"; did you mean {' or '.join(f'`{name}`' for name in self.nearest)}?"
        super().__init__(f"there is no check type `{kind}`{hint if self.nearest else ''}")


@cache
def _modules() -> dict[str, str]:
    """The module of every check type, by the type's name; imports none of them."""
    here = Path(__file__).parent
    return {
        found.name: f"checkers.{area}.{found.name}"
        for area in AREAS
        for found in pkgutil.iter_modules([str(here / area)])
        if not found.name.startswith("_")
    }


def known() -> tuple[str, ...]:
    """The names of all check types, sorted; found without importing any of them."""
    return tuple(sorted(_modules()))


def area_of(kind: str) -> str:
    """The area of a check type: the package that it is in; raises `UnknownKind`."""
    if kind not in _modules():
        raise UnknownKind(kind)
    return _modules()[kind].split(".")[1]


@cache
def load(kind: str) -> type[CheckType]:
    """The check type called `kind`, imported now; raises `UnknownKind` if there is none."""
    if kind not in _modules():
        raise UnknownKind(kind)
    module = import_module(_modules()[kind])
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, CheckType) and _is(value, kind):
            return value
    raise ImportError(f"`{module.__name__}` defines no check type of the kind `{kind}`")


def _is(candidate: type[CheckType], kind: str) -> bool:
    return getattr(candidate, "kind", None) == kind
