"""What a technician would see of a machine: its bays, cables, memory, battery and power switch.

A chassis is frozen; an act makes a new one from it. It is kept in a file beside the machine's
disks, written before anything is done to QEMU, so that whoever comes after a killed command fits
the machine to it (see `fitting`).
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from labctl.bmc.plan import Reading
from labctl.errors import ProviderError
from labctl.hardware import DiskPlan, HardwarePlan
from labctl.providers.libvirt.files import writing

FILE = "chassis.json"
SWITCHING_ON = ("power-on", "power-cycle")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A disk in its bay, its file beside the chassis's, and what is broken about it.

    A `loose` one fails until it is pushed home; `seated` counts how often it was. `sectors` (of 512
    bytes) cannot be read; `warning` is NVMe's byte of critical warnings. `slot` is the place of its
    own that it has on the machine's buses.
    """

    serial: str
    size: int
    bus: str
    file: str
    failed: bool = False
    loose: bool = False
    seated: int = 1
    sectors: tuple[int, ...] = ()
    warning: int = 0
    slot: int = 0


@dataclass(frozen=True, slots=True)
class DoneAct:
    """An act that was carried out, when (seconds since 1970), and what came of it in words.

    `screen` is how many bytes the machine had written to its serial line by then, `key` what it is
    known by to whoever asked for it.
    """

    id: str
    at: float
    told: str
    screen: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Chassis:
    """A machine's hardware as it is now.

    `bays` maps a bay to what is in it, `cut` are the interfaces whose cable is out, `removed` those
    whose card is out, `memory` in bytes. `dead_clock` is where a clock without battery begins
    (seconds since 1970), None where the battery is good. `clock_ahead` is by how many seconds the
    clock was ahead of the server's when a new battery was fitted; None is a clock that shows the
    server's time whenever power comes on. `first` is the serial number of the disk that the
    firmware tries before the system's own. `attended` says that somebody's hands may switch the
    power on, so that nobody else does; `switched_off`, that they switched it off. `used` are the
    serial numbers of the spares that are used up, `made` counts the disks that there have been.
    `readings` are what sensors show that are not as delivered, `serials` the numbers of parts that
    were replaced. `pending` is what the last act has left to be done to the machine: to its power
    (see `acts.Outcome`), or to `fit` it.
    """

    memory: int
    bays: dict[int, Fitted]
    cut: tuple[str, ...] = ()
    dead_clock: float | None = None
    clock_ahead: int | None = None
    first: str = ""
    attended: bool = False
    switched_off: bool = False
    used: tuple[str, ...] = ()
    readings: dict[str, Reading] = field(default_factory=dict)
    serials: dict[str, str] = field(default_factory=dict)
    made: int = 0
    acts: tuple[DoneAct, ...] = ()
    removed: tuple[str, ...] = ()
    pending: str = ""

    def with_disk(self, bay: int, disk: DiskPlan) -> Chassis:
        """The chassis with a new, empty disk in a bay."""
        number = self.made + 1
        taken = {each.slot for each in self.bays.values()}
        slot = next(each for each in itertools.count() if each not in taken)
        file = f"disk-{number}.qcow2"
        new = Fitted(disk.serial, disk.size, disk.bus, file, slot=slot)
        return replace(self, bays={**self.bays, bay: new}, made=number)

    def without(self, bay: int) -> Chassis:
        """The chassis with an empty bay."""
        return replace(self, bays={each: disk for each, disk in self.bays.items() if each != bay})

    def bay_of(self, serial: str) -> int | None:
        """The bay in which the disk of this serial number is."""
        found = [bay for bay, disk in self.bays.items() if disk.serial == serial]
        return found[0] if found else None

    def broken(self, bay: int, **how: Any) -> Chassis:
        """The chassis with something wrong about the disk in a bay."""
        return replace(self, bays={**self.bays, bay: replace(self.bays[bay], **how)})


def delivered(hardware: HardwarePlan | None, memory: int) -> Chassis:
    """The chassis as it comes: everything in its place, and nothing broken."""
    if hardware is None:
        return Chassis(memory, {})
    chassis = Chassis(memory, {}, attended=any(act.act in SWITCHING_ON for act in hardware.acts))
    for bay, disk in sorted(hardware.disks.items()):
        chassis = chassis.with_disk(bay, disk)
    return chassis


def load(folder: Path) -> Chassis | None:
    """The chassis whose file is in `folder`, or None; `ProviderError` if it cannot be read."""
    try:
        text = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return TypeAdapter(Chassis).validate_json(text)
    except ValidationError as error:
        raise ProviderError(f"{folder / FILE} cannot be read: {error}") from error


def save(folder: Path, chassis: Chassis) -> None:
    """Write a chassis's file, so that a reader finds the old one or the new one.

    Raises `ProviderError` where it cannot be written: then it is the old one.
    """
    new = folder / f".{FILE}"
    with writing(folder / FILE):
        with new.open("wb") as file:
            file.write(TypeAdapter(Chassis).dump_json(chassis))
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / FILE)
