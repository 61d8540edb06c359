"""The shape of a whole lab file, with its templates filled in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from labctl.library.format import Header, LabPath, Name, Parameter, Strict, Text, Variable
from labctl.library.tasks import Attachment, Case, HostFile, Task
from labctl.library.topology import Host, Network


class Body(Strict):
    """Everything after the derived values: what a template may stand in."""

    networks: dict[Name, Network | None] = Field(default_factory=dict)
    hosts: Annotated[dict[Name, Host], Field(min_length=1)]
    tasks: Annotated[list[Task], Field(min_length=1)]
    cases: list[Case] = Field(default_factory=list)
    attachments: list[LabPath | Attachment] = Field(default_factory=list)
    submission: dict[Text, HostFile] = Field(default_factory=dict)


class LabFile(Header, Body):
    """A lab file, format version 1."""

    parameters: dict[Variable, Parameter] = Field(default_factory=dict)
    derive: dict[Variable, Any] = Field(default_factory=dict)


HEADER_KEYS = frozenset(Header.model_fields)
BODY_KEYS = frozenset(Body.model_fields)
TOP_KEYS = (*Header.model_fields, "parameters", "derive", *Body.model_fields)
