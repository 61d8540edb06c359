"""How `labctl labs checks` looks."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from checkers.reference import entry
from checkers.registry import area_of, known, load
from labctl.errors import UnknownName

if TYPE_CHECKING:
    from labctl.cli.screen import Screen


def show_types(screen: Screen, kind: str | None, *, as_json: bool) -> None:
    """All check types with what each judges, or everything about one; raises `UnknownName`."""
    if kind is not None and kind not in known():
        raise UnknownName("check type", kind, known())
    kinds = [kind] if kind else sorted(known(), key=lambda name: (area_of(name), name))
    if as_json:
        screen.json([_described(name) for name in kinds])
    elif kind:
        screen.line(entry(kind).rstrip())
    else:
        screen.table(("TYPE", "AREA", "JUDGES"), [(n, area_of(n), _first(n)) for n in kinds])
        screen.say("`labctl labs checks TYPE` shows how one is written.")


def _first(kind: str) -> str:
    return inspect.cleandoc(load(kind).__doc__ or "").splitlines()[0]


def _described(kind: str) -> dict[str, object]:
    return {
        "type": kind,
        "area": area_of(kind),
        "judges": _first(kind),
        "text": inspect.cleandoc(load(kind).__doc__ or ""),
        "phase": str(load(kind).phase),
        "schema": load(kind).model_json_schema(),
    }
