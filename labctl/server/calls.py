"""Use-cases, their values and their errors as JSON: by the types that they declare, and no table.

{"call": NAME, "with": {PARAMETER: VALUE, …}}           asked
{"tell": [SESSION, LINE]}                               any number of times, meanwhile
{"value": VALUE} or {"error": {kind, message, hint, exit_code}}   once, at the end
"""

from __future__ import annotations

import collections.abc
import inspect
import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import TypeAdapter, ValidationError

from checkers.codec import JSON_BYTES
from labctl.errors import LabctlError, OwnFault, UnknownName
from labctl.served import STAYS_HERE, USE_CASES, UseCase, name_of
from labctl.server.frames import BadFrame

MODULES = (
    "labctl.centre.candidates",
    "labctl.centre.staff",
    "labctl.evidence",
    "labctl.server.reading",
    "labctl.sessions.capturing",
    "labctl.sessions.checking",
    "labctl.sessions.cleaning",
    "labctl.sessions.declaring",
    "labctl.sessions.entering",
    "labctl.sessions.hands",
    "labctl.sessions.incidents",
    "labctl.sessions.pausing",
    "labctl.sessions.recovery",
    "labctl.sessions.remarking",
    "labctl.sessions.reopening",
    "labctl.sessions.resetting",
    "labctl.sessions.results",
    "labctl.sessions.starting",
    "labctl.sessions.stopping",
    "labctl.sessions.submission",
    "labctl.sessions.suspending",
    "labctl.sessions.task_sheet",
    "labctl.sessions.views",
    "labctl.sessions.voiding",
    "labctl.sittings.beginning",
    "labctl.sittings.cancelling",
    "labctl.sittings.ending",
    "labctl.sittings.issuing",
    "labctl.sittings.kit",
    "labctl.sittings.notices",
    "labctl.sittings.pausing",
    "labctl.sittings.planning",
    "labctl.sittings.preparing",
    "labctl.sittings.reading",
    "labctl.sittings.register",
    "labctl.sittings.views",
)
"""Where use-cases are; a server loads these and nothing that it is asked for by name."""


class ServerFault(OwnFault):
    """The server met a fault of its own."""


def use_cases() -> dict[str, UseCase]:
    """Every use-case that a server may be asked for, by name."""
    for module in MODULES:
        import_module(module)
    return dict(USE_CASES)


# --------------------------------------------------------------------------- calls


def call_to_json(use_case: UseCase, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A call as it is sent."""
    types = _parameters(use_case)
    return {
        "call": name_of(use_case),
        "with": {name: _dump(types[name], value) for name, value in arguments.items()},
    }


def call_from_json(message: Any) -> tuple[UseCase, dict[str, Any]]:
    """The use-case that is asked for, with its arguments.

    Raises `BadFrame` for what is no call, or has not the arguments that the use-case takes,
    `UnknownName` for a use-case that there is not.
    """
    if not isinstance(message, dict) or not isinstance(message.get("with"), dict):
        raise BadFrame("The message is no call of a use-case.")
    name, given, known = message.get("call"), message["with"], use_cases()
    if not isinstance(name, str) or name not in known:
        raise UnknownName("use-case of this server", str(name), known)
    types = _parameters(known[name])
    strangers = given.keys() - types.keys()
    if strangers:
        raise BadFrame(f"`{name}` does not take: {', '.join(sorted(strangers))}.")
    try:
        arguments = {each: _load(types[each], value) for each, value in given.items()}
        inspect.signature(known[name]).bind(None, **arguments)
    except ValidationError as error:
        told = error.errors()[0]["msg"]
        raise BadFrame(f"The arguments of `{name}` are wrong: {told}.") from error
    except TypeError as error:
        raise BadFrame(f"The arguments of `{name}` are wrong: {error}.") from error
    return known[name], arguments


def value_to_json(use_case: UseCase, value: Any) -> Any:
    """What a use-case returned, as it is sent."""
    return _dump(_types(use_case)["return"], value)


def value_from_json(use_case: UseCase, value: Any) -> Any:
    """What a use-case returned; raises `BadFrame` for a value of another shape."""
    try:
        return _load(_types(use_case)["return"], value)
    except ValidationError as error:
        raise BadFrame(
            f"The server's answer to `{name_of(use_case)}` is of another shape.",
            "Server and command are of different versions: restart `labctl serve`.",
        ) from error


def _parameters(use_case: UseCase) -> dict[str, Any]:
    return {
        name: kind for name, kind in _types(use_case).items() if name not in (*STAYS_HERE, "return")
    }


@cache
def _types(use_case: UseCase) -> dict[str, Any]:
    """The declared types of the parameters behind the controller, and of what is returned."""
    _, *declared = inspect.get_annotations(use_case).items()
    # Names that modules import for the type checker alone.
    names = {each: getattr(collections.abc, each) for each in collections.abc.__all__}
    names |= use_case.__globals__
    return {
        name: eval(kind, names) if isinstance(kind, str) else kind  # noqa: S307  # our own source
        for name, kind in declared
        if name not in STAYS_HERE
    }


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    # The union makes pydantic apply our byte rule to plain dataclasses.
    return TypeAdapter(kind | None if kind is not None else None, config=JSON_BYTES)


def _dump(kind: Any, value: Any) -> Any:
    return _adapter(kind).dump_python(value, mode="json")


def _load(kind: Any, value: Any) -> Any:
    return _adapter(kind).validate_json(json.dumps(value))


# --------------------------------------------------------------------------- errors


def error_to_json(error: LabctlError) -> dict[str, Any]:
    """An error as it is sent."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }


def error_from_json(told: Mapping[str, Any]) -> LabctlError:
    """The error that the server met, of the same class where this side knows it."""
    kind = _errors().get(str(told.get("kind")), LabctlError)
    error = kind.__new__(kind)
    LabctlError.__init__(error, str(told.get("message")), str(told.get("hint", "")))
    error.exit_code = int(told.get("exit_code", LabctlError.exit_code))
    return error


def _errors() -> dict[str, type[LabctlError]]:
    found: dict[str, type[LabctlError]] = {}
    left: list[type[LabctlError]] = [LabctlError]
    while left:
        kind = left.pop()
        found[kind.__name__] = kind
        left += kind.__subclasses__()
    return found
