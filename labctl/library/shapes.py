"""What pydantic found wrong with a part of a file, as findings in our own words and places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from checkers.lab_names import UNKNOWN_NAME
from labctl.library.findings import Finding, nearest
from labctl.library.positions import Path, Positions

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "dict_type": "a mapping (`key: value`)",
    "mapping_type": "a mapping (`key: value`)",
    "model_type": "a mapping (`key: value`)",
    "model_attributes_type": "a mapping (`key: value`)",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "none_required": "nothing",
}

_PATTERNS = {
    r"^[a-z0-9][a-z0-9-]*$": "lower-case letters, digits and dashes",
    r"^[a-z][a-z0-9-]*$": "a lower-case letter, then lower-case letters, digits and dashes",
    r"^[a-z][a-z0-9_]*$": "a lower-case letter, then lower-case letters, digits and underscores",
    r"^[a-z_][a-z0-9_-]*$": "an account's name: lower-case letters, digits, dashes, underscores",
    r"^[a-z0-9][a-z0-9._-]*$": "lower-case letters, digits, dots, dashes and underscores",
    r"^[a-z][a-z0-9-]*:/[^\0\n]*$": "a file on a host, such as `r1:/srv/change.md`",
    r"^(?!/)(?!.*(^|/)\.\.?(/|$))[^\0\n]+$": "a path inside the lab folder, such as `setup/r1.sh`",
    r"^/(?!.*(^|/)\.\.?(/|$))[^\0\n]*$": "an absolute path",
    r"^/[^\0\n]*$": "an absolute path",
    r"^[A-Za-z0-9][A-Za-z0-9_.-]*$": "letters, digits, dots, dashes and underscores",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a date such as `2009-01-01`",
    r"^eth[0-9]{1,2}$": "an interface such as `eth0`",
}


@dataclass(frozen=True, slots=True)
class Place:
    """How paths inside a validated value become places in its file.

    `base` is the value's own path; `translate` maps a path of the filled-in file to the path in
    the file as written. What lies below one of `blanks` could not be filled in and is not judged.
    """

    positions: Positions
    base: Path = ()
    translate: Callable[[Path], Path] = tuple
    blanks: frozenset[Path] = frozenset()

    def finding(
        self, path: Sequence[str | int], message: str, hint: str = "", *, key: bool = False
    ) -> Finding:
        """A finding about `path` (counted from `base`)."""
        whole = self.translate((*self.base, *path))
        return self.positions.finding(whole, message, hint, at="key" if key else "value")

    def blank(self, path: Sequence[str | int]) -> bool:
        """Whether the value at `path` is unknown because its template could not be filled in."""
        whole = (*self.base, *path)
        written = self.translate(whole)
        return _has_prefix(self.blanks, whole) or _has_prefix(self.positions.broken, written)


def _has_prefix(paths: AbstractSet[Path], path: Path) -> bool:
    return bool(paths) and any(path[:length] in paths for length in range(len(path) + 1))


_Group = tuple[Path, bool, bool]
"""Where something is wrong, whether it is that nothing is there, and whether it is a key."""


def shape_findings(
    error: ValidationError, data: Any, model: type[BaseModel], place: Place
) -> list[Finding]:
    """Everything that `error` says about `data`, which is not the `model` it should be."""
    groups: dict[_Group, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        path = data_path(detail["loc"], data)
        missing = detail["type"] == "missing"
        if missing:
            path = (*path, detail["loc"][-1])
        groups.setdefault((path, missing, _of_key(detail)), []).append(detail)
    found = []
    for (path, missing, _), details in groups.items():
        if place.blank(path) or _explained_below(path, details, groups):
            continue
        if missing:
            found.append(place.finding(path[:-1], f"`{path[-1]}` is missing", key=True))
        else:
            found.append(_finding(path, details, model, place))
    return found


def _of_key(detail: ErrorDetails) -> bool:
    """Whether it is about the key of a mapping, and not about what stands there."""
    return detail["loc"][-1:] == ("[key]",)


def data_path(loc: Sequence[str | int], data: Any) -> Path:
    """The part of pydantic's location that is in `data`: without the names of a union's members.

    Such a name may also be a key (`contains` in `{contains: x}`); the reading that uses up more
    of the location is the right one, and of two equals the one that uses its last part.
    """
    return _reading(tuple(loc), data)[2]


def _reading(loc: Path, data: Any) -> tuple[int, bool, Path]:
    """How many parts were used, whether the last was, and the path."""
    if not loc:
        return 0, False, ()
    step, rest = loc[0], loc[1:]
    skipped = _reading(rest, data)
    inside = (isinstance(data, dict) and step in data) or (
        isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)
    )
    if not inside:
        return skipped
    length, last, path = _reading(rest, data[step])
    return max((length + 1, last or not rest, (step, *path)), skipped, key=lambda one: one[:2])


def _explained_below(
    path: Path,
    details: list[ErrorDetails],
    groups: Iterable[_Group],
) -> bool:
    """Whether these only say that a mapping is no plain value, as one member of a union would.

    Then another member has told what is wrong inside the mapping, and that is what helps.
    """
    if not all(detail["type"] in {*_EXPECTED, "too_short"} for detail in details):
        return False
    return any(len(other) > len(path) and other[: len(path)] == path for other, *_ in groups)


def _finding(
    path: Path, details: list[ErrorDetails], model: type[BaseModel], place: Place
) -> Finding:
    first = details[0]
    if first["type"] == "extra_forbidden":
        known = set().union(*(fields_at(model, detail["loc"]) for detail in details))
        return place.finding(
            path, f"unknown key `{path[-1]}`", nearest(str(path[-1]), known), key=True
        )
    if first["type"] == UNKNOWN_NAME:
        context = first["ctx"]
        hint = nearest(context["name"], context["known"])
        message = f"there is no {context['what']} `{context['name']}`"
        return place.finding(path, message, hint, key=_of_key(first))
    value = first["input"]
    key = _of_key(first)
    expected = list(dict.fromkeys(text for detail in details if (text := _expected(detail))))
    if expected:
        message = f"expected {_one_of(expected)}"
        if first["type"] != "value_error" or not isinstance(value, dict):
            message += f"; found {describe(value)}"
        return place.finding(path, message, _cure(first, value), key=key)
    return place.finding(path, _message(first), key=key)


def _expected(detail: ErrorDetails) -> str:
    """What should be there, as a phrase after the word expected; empty if that is not the point."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "`")
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"text that matches `{context['pattern']}`")
    if kind == "value_error":
        text = str(context["error"])
        return text.removeprefix("expected ") if text.startswith("expected ") else ""
    return ""


def _message(detail: ErrorDetails) -> str:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "value_error":
        return re.sub(r"'([^']*)'", r"`\1`", str(context["error"]))
    if kind in {"string_too_short", "too_short"}:
        least = context.get("min_length", 1)
        return "must not be empty" if least == 1 else f"needs at least {least} items"
    if kind == "too_long":
        return f"may hold at most {context['max_length']} items"
    if kind == "string_too_long":
        return f"may be at most {context['max_length']} letters long"
    message = detail["msg"].removeprefix("Input should be ")
    if message != detail["msg"]:
        return f"must be {message}; found {describe(value)}"
    return message[:1].lower() + message[1:]


def _cure(detail: ErrorDetails, value: Any) -> str:
    if detail["type"] == "string_type" and isinstance(value, int | float):
        return f'Put quotes round it: `"{describe(value).strip("`")}"`.'
    if detail["type"] == "literal_error" and isinstance(value, str):
        names = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
        hint = nearest(value, names)
        return hint if hint.startswith("Did") else ""
    return ""


def _one_of(phrases: list[str]) -> str:
    return phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + f" or {phrases[-1]}"


def describe(value: Any) -> str:
    """A value in a few words, as it would be typed."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return f"`{text if len(text) <= 40 else text[:39] + '…'}`"


def fields_at(model: type[BaseModel], loc: Sequence[str | int]) -> set[str]:
    """The keys that may stand where the last part of `loc` does, in a value of `model`."""
    models = [model]
    for step in loc[:-1]:
        named = [one for one in models if one.__name__ == step]
        if named:
            models = named
            continue
        inside = [
            inner
            for one in models
            for name, field in one.model_fields.items()
            if step in {name, field.alias}
            for inner in _models_in(field.annotation)
        ]
        models = inside or models
    return {field.alias or name for one in models for name, field in one.model_fields.items()}


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a type is made of: `dict[str, Host] | None` is made of Host."""
    if isinstance(annotation, type) and not get_origin(annotation):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for part in get_args(annotation) for model in _models_in(part)]
