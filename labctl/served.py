"""Use-cases that a server may be asked for: functions of a controller, with frozen values about.

A function that is marked so is called as any other. Where its controller has a link to a server
the call goes there, and what comes back is what came of it; permission is asked for there too.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from labctl.sessions.controller import Controller

Params = ParamSpec("Params")
Result = TypeVar("Result")
UseCase = Callable[..., Any]

STAYS_HERE = ("progress", "show", "about")
"""Parameters that never pass: who is told of progress, and what other use-cases add to an event."""

USE_CASES: dict[str, UseCase] = {}
"""Every use-case that is marked, by its name; of the modules that are loaded."""


class Link(Protocol):
    """A way to a server."""

    def ask(self, use_case: UseCase, arguments: Mapping[str, Any], controller: Controller) -> Any:
        """Have the use-case done there; raises what it raised. `controller` gets its narration."""


def served(
    function: Callable[Concatenate[Controller, Params], Result],
) -> Callable[Concatenate[Controller, Params], Result]:
    """Mark a use-case."""
    USE_CASES[name_of(function)] = function
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(controller: Controller, /, *given: Params.args, **named: Params.kwargs) -> Result:
        if controller.link is None:
            return function(controller, *given, **named)
        bound = signature.bind(controller, *given, **named).arguments
        _, *values = bound.items()
        wanted = {name: value for name, value in values if name not in STAYS_HERE}
        found: Result = controller.link.ask(function, wanted, controller)
        return found

    return call


def name_of(function: UseCase) -> str:
    """What a use-case is called between programs."""
    return f"{function.__module__}.{function.__qualname__}"
