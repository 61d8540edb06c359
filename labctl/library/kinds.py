"""Which check type a check has, and whether its fields are what that type takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from checkers import registry
from checkers.lab_names import LabNames
from labctl.library.findings import nearest
from labctl.library.hardware_rules import act_names
from labctl.library.parts import Part, Parts
from labctl.library.positions import Path
from labctl.library.shapes import Place, shape_findings
from labctl.library.tasks import GENERIC_KEYS, Check

OWN = "python"
"""The check type that calls a function of the lab's own; `with` gives it arguments."""

_CALL = re.compile(r"([^:\n]+\.py):([A-Za-z_]\w*)\Z")


@dataclass(frozen=True, slots=True)
class Kind:
    """A check's type and the fields that the lab file gives it."""

    name: str
    parameters: Any


def kind_of(check: Part[Check], parts: Parts) -> Kind | None:
    """The type of a check, or None with the reason reported: none, several, or an unknown one."""
    extra = dict(check.value.model_extra or {})
    arguments = extra.pop("with", None) if OWN in extra else None
    known = registry.known()
    types = [key for key in extra if key in known]
    for key in extra:
        if key not in types and (types or len(extra) > 1):
            hint = nearest(key, GENERIC_KEYS)
            hint = hint if hint.startswith("Did") else ""
            parts.report((*check.path, key), f"unknown key `{key}`", hint, key=True)
        elif key not in types:
            hint = nearest(key, (*known, *GENERIC_KEYS))
            hint = hint if hint.startswith("Did") else f"There is {', '.join(known)}."
            parts.report((*check.path, key), f"unknown check type `{key}`", hint, key=True)
    if len(types) > 1:
        names = " and ".join(f"`{key}`" for key in types)
        hint = "Make it two checks."
        parts.report((*check.path, types[1]), f"a check has one type, not {names}", hint, key=True)
    elif not extra:
        hint = "Add one such as `file: {path: /etc/motd}`."
        parts.report(check.path, "the check has no check type", hint, key=True)
    if len(types) != 1:
        return None
    parameters = extra[types[0]]
    if arguments is not None:
        parameters = {"call": parameters, "with": arguments}
    return Kind(types[0], parameters)


def check_kind(check: Part[Check], kind: Kind, parts: Parts) -> None:
    """Report what is wrong with a check's fields."""
    path = (*check.path, kind.name)
    if parts.place.blank(path):
        return
    if kind.parameters in (None, "", [], {}):
        hint = "Say what is expected."
        parts.report(path, "an empty expectation, which everything would meet", hint, key=True)
        return
    if kind.name == OWN and own_function(kind.parameters) is None:
        hint = "Write one such as `checks.py:function`."
        parts.report(path, "this names no function of the lab's", hint)
        return
    model = registry.load(kind.name)
    if model.asks_from:
        _origin(check, kind, parts)
    _network(check, kind, path, parts)
    try:
        names = LabNames(
            frozenset(parts.host_names),
            frozenset(parts.network_names),
            frozenset(act_names(parts.hosts.values())),
        )
        model.model_validate(kind.parameters, context=names)
    except ValidationError as error:
        place = Place(parts.place.positions, path, parts.place.translate, parts.place.blanks)
        parts.findings += shape_findings(error, kind.parameters, model, place)


def own_function(parameters: Any) -> tuple[str, str] | None:
    """The file and the function that a `python` check names, or None if it names none."""
    if isinstance(parameters, dict):
        parameters = parameters.get("call", parameters.get("function"))
    match = _CALL.match(parameters) if isinstance(parameters, str) else None
    return (match[1], match[2]) if match else None


def _origin(check: Part[Check], kind: Kind, parts: Parts) -> None:
    """Report a check that asks from `from:` and has none there that can be believed."""
    name = check.value.source
    closed = [one for one, host in parts.hosts.items() if host.value.access == "none"]
    usable = [one for one in closed if one != check.value.host]
    told = ", ".join(f"`{one}`" for one in usable)
    hint = f"There is {told}." if told else "The lab has no such host."
    need = "needs a `from:` that the candidate cannot enter"
    if name is None:
        parts.report(check.path, f"`{kind.name}` {need}", hint, key=True)
    elif name in parts.hosts and name not in usable:
        why = "can be entered" if name not in closed else "is the host itself"
        parts.report((*check.path, "from"), f"`{kind.name}` {need}; `{name}` {why}", hint)


def _network(check: Part[Check], kind: Kind, path: Path, parts: Parts) -> None:
    """A check may name an interface by its network, which then has to be one of the host's."""
    model = registry.load(kind.name)
    if not isinstance(kind.parameters, dict) or "network" not in model.model_fields:
        return
    name = kind.parameters.get("network")
    if not isinstance(name, str) or name not in parts.network_names:
        return  # the check type's own fields know which names there are
    whose = check.value.source if model.asks_from else check.value.host
    host = parts.hosts.get(whose or "")
    if host is not None and name not in host.value.networks:
        message = f"`{whose}` is not on the network `{name}`"
        parts.report((*path, "network"), message, nearest(name, host.value.networks))
