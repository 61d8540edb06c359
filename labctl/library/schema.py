"""The JSON Schema of lab files, for editors.

It knows the shapes, not the rules that join parts (`labctl labs lint` knows both). Where a template
may stand, every value may also be a text with `{{ … }}`.
"""

from __future__ import annotations

from typing import Any

from checkers import registry
from labctl.library.body import BODY_KEYS, LabFile
from labctl.library.kinds import OWN
from labctl.library.tasks import GENERIC_KEYS

TEMPLATE: dict[str, Any] = {"type": "string", "pattern": r"\{\{.*\}\}"}

_SHAPES = frozenset({"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"})


def json_schema() -> dict[str, Any]:
    """The schema of a lab file, with every check type that is installed."""
    schema = LabFile.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Any] = schema["$defs"]
    for name in registry.known():
        _add_type(name, definitions)
    _check(definitions["Check"])
    fixed = _reachable(schema, set(schema["properties"]) - BODY_KEYS)
    for name, definition in definitions.items():
        if name not in fixed:
            definitions[name] = _inside(definition)
    properties = schema["properties"]
    for name in BODY_KEYS:
        properties[name] = _with_templates(properties[name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "labctl lab file, format 1",
    }


def _add_type(name: str, definitions: dict[str, Any]) -> None:
    """Add a check type as the definition `check.NAME`, its own definitions beside it."""
    model = registry.load(name)
    found = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}")
    for inner, definition in found.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = definition
    definitions[f"check.{name}"] = found


def _check(check: dict[str, Any]) -> None:
    """A check has its common keys, and exactly one check type."""
    types = registry.known()
    for name in types:
        check["properties"][name] = {"$ref": f"#/$defs/check.{name}"}
    if OWN in types:
        call = {"type": "string", "pattern": r"\.py:[A-Za-z_]\w*$"}
        check["properties"][OWN] = {"anyOf": [call, {"$ref": f"#/$defs/check.{OWN}"}]}
        check["properties"]["with"] = {"type": "object"}
    check["additionalProperties"] = False
    check["oneOf"] = [{"required": [name]} for name in types]
    check["required"] = [key for key in GENERIC_KEYS if key in check["required"]]


def _reachable(schema: dict[str, Any], properties: set[str]) -> set[str]:
    """The definitions that only the parts without templates use: header and parameters."""
    found: set[str] = set()
    waiting: list[Any] = [schema["properties"][name] for name in properties]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            name = str(value.get("$ref", "")).removeprefix("#/$defs/")
            if name and name not in found:
                found.add(name)
                waiting.append(schema["$defs"][name])
            waiting += [item for key, item in value.items() if key != "$ref"]
    return found


def _with_templates(value: Any) -> Any:
    """The schema of a value in whose place a template may stand, unless it is any text already."""
    inner = _inside(value)
    if not isinstance(inner, dict) or not _SHAPES & inner.keys():
        return inner
    if inner.get("type") == "string" and not {"enum", "const", "pattern"} & inner.keys():
        return inner
    return _alternative(inner)


def _inside(value: Any) -> Any:
    """A schema whose parts may be templates, though the whole may not."""
    if not isinstance(value, dict):
        return value
    changed = dict(value)
    for key in ("properties", "patternProperties"):
        if key in value:
            changed[key] = {name: _with_templates(item) for name, item in value[key].items()}
    for key in ("items", "additionalProperties"):
        if key in value:
            changed[key] = _with_templates(value[key])
    for key in ("anyOf", "prefixItems"):
        if key in value:
            changed[key] = [_inside(item) for item in value[key]]
    return changed


def _alternative(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, or a template; what describes it stays outside."""
    outside = {key: item for key, item in schema.items() if key in {"description", "default"}}
    inside = {key: item for key, item in schema.items() if key not in outside and key != "title"}
    options = inside["anyOf"] if set(inside) == {"anyOf"} else [inside]
    return {**outside, "anyOf": [*options, TEMPLATE]}
