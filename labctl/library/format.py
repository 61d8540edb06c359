"""The shape of a lab file: its header, its parameters, and the parts that other modules describe.

These models are the format of lab-format version 1, as far as shapes go; the JSON Schema is made
from them. Rules that join parts of a file (names, needs, scripts) are in `references` and
`scripts`. The header and the parameters are validated as written, the rest after its templates
have been filled in.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from labctl.library.quantities import Percent, WholeSeconds

FORMAT_VERSION = 1

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Text that says something."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=32)]
HostName = Annotated[Name, Field(description="A host of the lab.")]
NetworkName = Annotated[Name, Field(description="A network of the lab.")]
Variable = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
LabPath = Annotated[
    str, StringConstraints(pattern=r"^(?!/)(?!.*(^|/)\.\.?(/|$))[^\0\n]+$", max_length=200)
]
"""A path inside the lab folder: relative, without `.` and `..`."""

Requirement = Literal[
    "bonding",
    "device-mapper",
    "dummy",
    "ipv6",
    "kvm",
    "macvlan",
    "md",
    "netem",
    "nftables",
    "systemd",
    "tbf",
    "vlan",
    "vxlan",
    "wireguard",
]


class Strict(BaseModel):
    """Base of everything in a lab file: no unknown keys, no conversions, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, regex_engine="python-re")


class Evidence(Strict):
    """What a pass is evidence towards: a unit's criteria, or an objective."""

    unit: Id | None = None
    criteria: list[Text] | None = None
    objective: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Evidence:
        if (self.unit is None) == (self.objective is None):
            raise ValueError("expected either `unit` with `criteria`, or `objective`")
        if (self.unit is None) != (not self.criteria):
            raise ValueError("`unit` and `criteria` go together, and `criteria` names at least one")
        return self


class Header(Strict):
    """What a lab is, as lists show it. The same for every candidate: no templates here."""

    format: Literal[1]
    id: Id
    title: Text
    summary: Text
    area: Literal["networking", "linux", "hardware", "web"]
    level: Literal[2, 3, 4]
    duration: WholeSeconds
    provider: Literal["docker", "libvirt", "inventory"] = "docker"
    pass_mark: Literal["all"] | Percent = "all"  # noqa: S105  # marks, not a password
    evidences: list[Evidence] = Field(default_factory=list)
    requires: list[Requirement] = Field(default_factory=list)


class SubnetPool(Strict):
    """Draw a subnet of length `prefix` within `of`."""

    of: Text
    prefix: Annotated[int, Field(ge=1, le=128)]


class Sample(Strict):
    """Draw `count` of `from`, in the order drawn."""

    source: Annotated[list[str | int], Field(alias="from", min_length=1)]
    count: Annotated[int, Field(ge=1)]


class Parameter(Strict):
    """A value drawn from the session's seed; exactly one key says how."""

    subnet: SubnetPool | None = None
    integer: Annotated[list[int], Field(min_length=2, max_length=2)] | None = Field(
        default=None, alias="int"
    )
    choice: Annotated[list[str | int | float | bool], Field(min_length=1)] | None = None
    sample: Sample | None = None
    token: Annotated[int, Field(ge=4, le=128)] | None = None

    @property
    def kind(self) -> str:
        """Which of the ways of drawing it uses."""
        return next(iter(self.model_fields_set))

    @model_validator(mode="after")
    def _exactly_one(self) -> Parameter:
        if len(self.model_fields_set) != 1 or getattr(self, self.kind) is None:
            raise ValueError("expected exactly one of `subnet`, `int`, `choice`, `sample`, `token`")
        return self
