"""A machine's hardware as its plan has it: what is fitted, what is broken, what hands may do.

All of it is frozen and plain data, a part of the plan that is stored with the session.
"""

from __future__ import annotations

from dataclasses import dataclass

from labctl.bmc.plan import BmcPlan, PartPlan, Reading

SYSTEM = "system"
"""What the disk is called that every machine has, where one is chosen to start from."""


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """A disk: its serial number, its size in bytes, its bus (`virtio`, `scsi`, `nvme`, `usb`)."""

    serial: str
    size: int
    bus: str = "virtio"


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Something broken: a disk, a cable, a card, the battery, the boot order, a sensor's reading.

    `failed`: every access to the disk fails. `loose`: the same, until it is reseated.
    `unreadable`: a file on it, of which the `blocks` of 4 KiB cannot be read (all of them, where
    none is named). `warning`: what its SMART log says.
    `card`: the interface whose network card is not fitted. `clock`: the date (YYYY-MM-DD) that the
    clock starts from whenever power comes on. `boot`: the serial number of the disk that the
    firmware starts from. `sensor`: what a sensor of the BMC shows, its `reading`. `power_cycle`:
    nothing is broken by it, but the machine is switched off and on, so that it is found as it
    starts.
    """

    disk: str | None = None
    failed: bool = False
    loose: bool = False
    unreadable: str | None = None
    blocks: tuple[int, ...] = ()
    warning: str | None = None
    link: str | None = None
    card: str | None = None
    clock: str | None = None
    boot: str | None = None
    sensor: str | None = None
    reading: Reading | None = None
    power_cycle: bool = False


@dataclass(frozen=True, slots=True)
class ActPlan:
    """A physical act that may be asked for by its `id`; `act` says what is done.

    `bay` is counted from 0, `nic` an interface, `size` bytes of memory, `first` the serial number
    of the disk to start from (or `system`), `part` what the BMC knows as one, `serial` the
    number of the one that comes instead. `spares` are the disks that lie ready for it, which all
    acts of the same `family` share.
    """

    id: str
    title: str
    act: str
    family: str
    bay: int | None = None
    nic: str | None = None
    size: int | None = None
    first: str | None = None
    part: PartPlan | None = None
    serial: str | None = None
    spares: tuple[DiskPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class HardwarePlan:
    """A machine's hardware. `disks` maps bays to what is in them, `models` interfaces to cards.

    `firmware` is `bios` or `uefi`. Of its `serial_ports` the first is the candidate's console.
    `bmc` is None where it has no BMC.
    """

    disks: dict[int, DiskPlan]
    models: dict[str, str]
    firmware: str = "bios"
    faults: tuple[FaultPlan, ...] = ()
    acts: tuple[ActPlan, ...] = ()
    serial_ports: int = 1
    bmc: BmcPlan | None = None
