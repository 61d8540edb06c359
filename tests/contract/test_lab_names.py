"""Whatever check type a host, a network or an act is named in, one that the lab lacks is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from checkers.registry import known, load
from labctl.library.folder import LAB_FILE, Folder, LabFileEntry
from labctl.library.lint import lint_source
from labctl.library.source import read_source
from labctl.library.surroundings import Surroundings

Path = tuple[str | int, ...]
Place = tuple[Path, str, str]
"""Where a name stands in a check type's fields, what it names, and how a wrong one is written."""

NAMES = {"at", "from", "host", "hosts", "network", "networks"}
"""Fields that are called so name hosts or networks, or say in `OTHERS` what else they are."""
OTHERS = {("cron", "at"), ("timer", "at")}
KEY = "nowhere"


class Schema:
    """The JSON Schema of a check type, as far as names of the lab go."""

    def __init__(self, kind: str) -> None:
        self.whole = load(kind).model_json_schema()
        self.definitions: dict[str, Any] = self.whole.get("$defs", {})
        self.places = tuple(self.below(self.whole, (), ()))

    def below(
        self, schema: dict[str, Any], path: Path, followed: tuple[str, ...]
    ) -> Iterator[Place]:
        """Every place in a part of the schema; a definition inside itself is not followed."""
        name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
        if name:
            if name not in followed:
                yield from self.below(self.definitions[name], path, (*followed, name))
            return
        told = str(schema.get("description", "")) if schema.get("type") == "string" else ""
        for what in ("host", "network", "act"):
            if f" {what} of the lab" in told:
                yield path, what, "nowhere:/a" if "HOST:/PATH" in told else "nowhere"
        for step, each in self.parts(schema):
            yield from self.below(each, (*path, *step), followed)

    def parts(self, schema: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
        """The schemas that this one is made of, each with the step that leads to its values."""
        yield from (((), each) for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())))
        yield from (((name,), each) for name, each in schema.get("properties", {}).items())
        values = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
        yield from (((KEY,), each) for each in values if isinstance(each, dict))
        if "propertyNames" in schema:
            yield (KEY,), {"type": "string", **schema["propertyNames"]}
        if isinstance(schema.get("items"), dict):
            yield (0,), schema["items"]


SCHEMAS = {kind: Schema(kind) for kind in known()}
PLACES = [(kind, *place) for kind, schema in SCHEMAS.items() for place in schema.places]


def messages(kind: str, parameters: Any) -> list[str]:
    """What lint says of a lab with one check."""
    check = {"id": "one", "host": "r1", "from": "pc1", kind: parameters}
    lab = {
        "format": 1,
        "id": "names",
        "networks": {"lan": {}},
        "hosts": {name: {"image": "host", "networks": ["lan"]} for name in ("r1", "pc1")},
        "tasks": [{"id": "task", "title": "Task", "brief": "Do it.", "checks": [check]}],
    }
    folder = Folder({LAB_FILE: LabFileEntry(json.dumps(lab).encode())})
    return [one.message for one in lint_source(read_source(folder, "x"), "x", Surroundings())]


@pytest.mark.parametrize("kind, path, what, wrong", PLACES, ids=str)
def test_a_name_that_the_lab_lacks_is_found(kind: str, path: Path, what: str, wrong: str) -> None:
    value: Any = wrong
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    assert f"there is no {what} `nowhere`" in messages(kind, value)


def test_the_places_are_all_there() -> None:
    found = {(kind, path) for kind, path, _, _ in PLACES}
    assert {
        ("bridge", ("networks", 0)),
        ("bridge", ("learned", KEY)),
        ("dhcp_offer", ("network",)),
        ("firewall", ("allow", 0, "from")),
        ("hands", ("order", 0)),
        ("http", ("at",)),
        ("tls", ("ca",)),
        ("traceroute", ("hops", 0)),
    } <= found
    assert len([one for one in PLACES if one[:2] == ("bridge", ("learned", KEY))]) == 2


@pytest.mark.parametrize("kind", known())
def test_what_is_called_a_host_or_a_network_names_one(kind: str) -> None:
    schema = SCHEMAS[kind]
    models = [schema.whole, *schema.definitions.values()]
    fields = {name for model in models for name in model.get("properties", {})}
    named = {step for path, _, _ in schema.places for step in path}
    assert fields & NAMES <= named | {name for one, name in OTHERS if one == kind}
