"""Fields of check types that name a host, a network or a physical act of the lab.

Whoever reads a lab file validates with a `LabNames` as pydantic's context; then a name that the lab
does not have is a mistake in its place in the file. Without one (a stored plan) any name will do.
What such a field is, editors learn from its description in the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

UNKNOWN_NAME = "unknown_name"
"""The type of the error; its context has `what`, `name` and the `known` ones."""


@dataclass(frozen=True, slots=True)
class LabNames:
    """The names that a lab has given."""

    hosts: frozenset[str]
    networks: frozenset[str]
    acts: frozenset[str] = frozenset()


def _known(what: str) -> Callable[[str, ValidationInfo], str]:
    def look(value: str, info: ValidationInfo) -> str:
        if isinstance(info.context, LabNames):
            known = {"host": info.context.hosts, "network": info.context.networks}
            demand(what, value, known.get(what, info.context.acts))
        return value

    return look


def demand(what: str, name: str, known: frozenset[str]) -> None:
    """Raise pydantic's error for a `what` that is not among the known ones."""
    if name not in known:
        context = {"what": what, "name": name, "known": sorted(known)}
        raise PydanticCustomError(UNKNOWN_NAME, "there is no {what} `{name}`", context)


def _host_before_colon(value: str, info: ValidationInfo) -> str:
    """Look up the host of `HOST:/PATH`."""
    if isinstance(info.context, LabNames):
        demand("host", value.partition(":")[0], info.context.hosts)
    return value


HostName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$"),
    AfterValidator(_known("host")),
    Field(description="A host of the lab."),
]
"""A host of the lab."""
NetworkName = Annotated[
    str,
    Field(min_length=1, description="A network of the lab."),
    AfterValidator(_known("network")),
]
"""A network of the lab."""
ActName = Annotated[
    str,
    Field(min_length=1, max_length=80, description="A physical act of the lab, by its id."),
    AfterValidator(_known("act")),
]
"""A physical act that the lab offers under `hands:`."""
FileOnHost = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}:/[^\x00]{1,1000}$"),
    AfterValidator(_host_before_colon),
    Field(description="A file of a host of the lab: `HOST:/PATH`."),
]
"""A file of a host of the lab: `HOST:/PATH`."""
