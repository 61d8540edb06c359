"""The reference of check types for lab authors, made from the types themselves.

    python -m checkers.reference docs/checks.md     # renews what stands below the marker there

Everything above the marker is written by hand; everything below comes from the docstring and the
fields of each type, so that it cannot say anything else than the code does.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checkers.check import CheckType
from checkers.model import Phase
from checkers.registry import AREAS, area_of, known, load

MARKER = "<!-- Below this line: made by `make docs` from the check types. Do not edit. -->"

MATCHERS = {"Equals", "Matches", "Contains", "Between"}
"""Where a field's schema allows these it takes any matcher."""

TITLES = {
    "network": "Networking",
    "linux": "Linux",
    "web": "Web",
    "hardware": "Hardware",
    "own": "A lab's own",
}

WHEN = {
    Phase.STATE: "while the hosts are frozen",
    Phase.BEHAVIOUR: "while the hosts run and nobody is inside",
    Phase.AFTER_RESTART: "after a restart",
}


def reference() -> str:
    """The entries of all check types, by area, as Markdown."""
    parts = []
    for area in AREAS:
        kinds = [kind for kind in known() if area_of(kind) == area]
        if kinds:
            listed = ", ".join(f"[{kind}](#{kind})" for kind in kinds)
            parts.append(f"## {TITLES[area]}\n\n{listed}\n")
            parts += [entry(kind) for kind in kinds]
    return "\n".join(parts)


def entry(kind: str) -> str:
    """One check type as Markdown: what it judges, examples, its keys, what counts as *error*."""
    check_type = load(kind)
    text = inspect.cleandoc(check_type.__doc__ or "")
    live = "" if check_type.harmless else ", and only at hand-in"
    when = f"Run {WHEN[check_type.phase]}{live}."
    return "\n".join([f"### {kind}", "", text, "", *_keys(check_type), "", when, ""])


def _keys(check_type: type[CheckType]) -> Iterator[str]:
    """A table of the keys: what each takes, and its default."""
    schema = check_type.model_json_schema()
    yield "| key | value | default |"
    yield "|---|---|---|"
    required = set(schema.get("required", ()))
    for name, found in schema.get("properties", {}).items():
        default = "required" if name in required else _default(found.get("default"))
        yield f"| `{name}` | {_value(found)} | {default} |"


def _default(value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`"


def _value(schema: dict[str, Any]) -> str:
    """What a field takes, in a few words."""
    options = schema.get("anyOf") or schema.get("oneOf") or [schema]
    names = {str(option.get("$ref", "")).rpartition("/")[2] for option in options}
    if names >= MATCHERS:
        return "any matcher"
    words = list(dict.fromkeys(word for option in options if (word := _word(option))))
    return " or ".join(words) or "see above"


def _word(option: dict[str, Any]) -> str:
    if "$ref" in option:
        return str(option["$ref"]).rpartition("/")[2].removeprefix("_").lower()
    if "const" in option or "enum" in option:
        values = [option["const"]] if "const" in option else option["enum"]
        return ", ".join(f"`{value}`" for value in values)
    kind = option.get("type")
    if kind == "array":
        inner = _value(option["items"]) if isinstance(option.get("items"), dict) else ""
        return f"list of {inner}" if inner else "list"
    if kind == "object":
        values = option.get("additionalProperties")
        return f"mapping to {_value(values)}" if isinstance(values, dict) else "mapping"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes/no"}
    word = words.get(str(kind), "")
    return word + _range(option) if word else ""


def _range(option: dict[str, Any]) -> str:
    least = option.get("minimum", option.get("exclusiveMinimum"))
    most = option.get("maximum", option.get("exclusiveMaximum"))
    if least is not None and most is not None:
        return f" {least} to {most}"
    return ""


def renewed(page: str) -> str:
    """The page with everything below the marker made anew; `ValueError` if it has no marker."""
    head, marker, _ = page.partition(MARKER)
    if not marker:
        raise ValueError(f"the page has no line `{MARKER}`")
    return f"{head}{MARKER}\n\n{reference()}"


def main() -> int:
    """Renew the page that is named on the command line."""
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
