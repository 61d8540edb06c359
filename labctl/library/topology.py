"""The shape of the parts of a lab file that describe networks and hosts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from labctl.library.format import Id, LabPath, Name, Strict, Text
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


class Disk(Strict):
    """A disk of a virtual machine."""

    size: Bytes
    bus: Literal["virtio", "sata", "scsi", "nvme", "usb", "ide"] = "virtio"
    serial: Text | None = None
    bay: Annotated[int, Field(ge=0)] | None = None


class Hands(Strict):
    """A physical act that a candidate may ask for."""

    id: Id
    title: Text
    act: Id
    bays: list[int] | None = None
    nic: Name | None = None


class Host(Strict):
    """One machine of the lab."""

    image: Name
    networks: list[Name] = Field(default_factory=list)
    access: Literal["root", "user", "none"] = "none"
    memory: Bytes | None = None
    cpus: Annotated[float, Field(gt=0, le=64)] | None = None
    sysctls: dict[str, str | int] = Field(default_factory=dict)
    tmpfs: dict[AbsolutePath, Bytes] = Field(default_factory=dict)
    login: Login | None = None
    setup: LabPath | None = None
    disks: list[Disk] | None = None
    nics: list[Any] | dict[str, Any] | Text | None = None
    firmware: Literal["bios", "uefi"] | None = None
    faults: list[Any] | dict[str, Any] | None = None
    hands: list[Hands] | None = None


MACHINE_KEYS = ("disks", "nics", "firmware", "faults", "hands")
"""What only machines with hardware of their own have; never `provider: docker`."""
