"""The shape of the parts of a lab file that describe networks and hosts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from labctl.library.format import LabPath, Name, NetworkName, Strict
from labctl.library.hardware import Machine
from labctl.library.quantities import BitsPerSecond, Bytes, Milliseconds, Percent

UserName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]*$", max_length=32)]
"""An account's name, as useradd(8) takes it."""

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/(?!.*(^|/)\.\.?(/|$))[^\0\n]*$")]


class Network(Strict):
    """An isolated layer-2 segment and its imperfections."""

    hub: bool = False
    delay: Milliseconds | None = None
    loss: Percent | None = None
    rate: BitsPerSecond | None = None
    mtu: Annotated[int, Field(ge=68, le=65535)] | None = None


class Login(Strict):
    """The candidate's account on a host."""

    user: UserName
    sudo: bool = False


class Host(Machine):
    """One machine of the lab."""

    image: Name
    networks: list[NetworkName] = Field(default_factory=list)
    access: Literal["root", "user", "none"] = "none"
    memory: Bytes | None = None
    cpus: Annotated[float, Field(gt=0, le=64)] | None = None
    sysctls: dict[str, str | int] = Field(default_factory=dict)
    tmpfs: dict[AbsolutePath, Bytes] = Field(default_factory=dict)
    login: Login | None = None
    setup: LabPath | None = None
