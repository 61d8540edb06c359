"""The shape of the parts of a lab file that describe machines with hardware of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from labctl.library.bmc import Bmc, Printed, SensorName, Shown
from labctl.library.format import Id, Strict, Text
from labctl.library.quantities import Bytes

Serial = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=20)]
"""A disk's serial number: as long as QEMU shows of one."""

Date = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Interface = Annotated[str, StringConstraints(pattern=r"^eth[0-9]{1,2}$")]
FilePath = Annotated[str, StringConstraints(pattern=r"^/[^\0\n]*$")]

Bus = Literal["virtio", "scsi", "nvme", "usb"]
NicModel = Literal["virtio", "e1000e", "e1000", "rtl8139"]
SmartWarning = Literal["spare", "temperature", "reliability", "read-only", "backup"]
"""What NVMe's SMART log may warn of (NVM Express, "Critical Warning")."""

ActName = Literal[
    "replace-disk",
    "remove-disk",
    "insert-disk",
    "reseat-disk",
    "link-up",
    "link-down",
    "fit-card",
    "remove-card",
    "fit-memory",
    "remove-memory",
    "replace-battery",
    "boot-first",
    "replace-part",
    "power-on",
    "shut-down",
    "power-off",
    "power-cycle",
    "reset",
]
ABOUT_BAYS = ("replace-disk", "remove-disk", "insert-disk", "reseat-disk")
ABOUT_CARDS = ("link-up", "link-down", "fit-card", "remove-card")
ABOUT_BOOT = ("boot-first",)
ABOUT_PARTS = ("replace-part",)
ABOUT_MEMORY = ("fit-memory", "remove-memory")
BRINGING_DISKS = ("replace-disk", "insert-disk")


class Spare(Strict):
    """A disk that lies ready; size and bus are those of the disk it replaces unless it says so."""

    serial: Serial
    size: Bytes | None = None
    bus: Bus | None = None


class Disk(Strict):
    """A disk of a virtual machine, in a bay that can be opened while it runs."""

    size: Bytes
    bus: Bus = "virtio"
    serial: Serial | None = None
    bay: Annotated[int, Field(ge=0, le=15)] | None = None


class Hands(Strict):
    """A physical act that a candidate may ask for; with `bays`, one for each of them."""

    id: Id
    title: Text
    act: ActName
    bays: Annotated[list[Annotated[int, Field(ge=0, le=15)]], Field(min_length=1)] | None = None
    nic: Interface | None = None
    size: Bytes | None = None
    first: Serial | None = None
    part: SensorName | None = None
    serial: Printed | None = None
    spares: Annotated[list[Spare], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Hands:
        rules = (
            ("bays", ABOUT_BAYS, self.bays),
            ("nic", ABOUT_CARDS, self.nic),
            ("size", ABOUT_MEMORY, self.size),
            ("first", ABOUT_BOOT, self.first),
            ("part", ABOUT_PARTS, self.part),
            ("serial", ABOUT_PARTS, self.serial),
            ("spares", BRINGING_DISKS, self.spares),
        )
        for key, acts, value in rules:
            if self.act in acts and value is None:
                raise ValueError(f"the act `{self.act}` needs `{key}`")
            if self.act not in acts and value is not None:
                raise ValueError(f"the act `{self.act}` has no `{key}`")
        return self

    def acts(self) -> tuple[tuple[str, int | None], ...]:
        """The name and the bay of each act that it stands for."""
        if not self.bays:
            return ((self.id, None),)
        if len(self.bays) == 1:
            return ((self.id, self.bays[0]),)
        return tuple((f"{self.id}-{bay}", bay) for bay in self.bays)


class Fault(Strict):
    """Something broken; one of a disk, a cable, a card, the battery, the boot order and a sensor.

    A disk is named by its serial number and has `failed: true` (every access fails), `loose: true`
    (the same, until it is taken out and pushed home: the act `reseat-disk`), `unreadable`
    (a file, of which the `blocks` of 4 KiB cannot be read; all, where none is named), or
    `warning`, what its SMART log says (NVMe alone). `link` is the interface whose cable is out,
    `card` the one whose network card is not fitted, `clock` the date that the clock starts from
    whenever power comes on, `boot` the disk that the firmware tries to start from, before the
    system's own, `sensor` one of the BMC's, which shows this `reading`. `power-cycle: true` is no
    fault of its own: the machine is switched off and on once it is set up, so that it is found as
    it starts.
    """

    disk: Serial | None = None
    failed: Literal[True] | None = None
    loose: Literal[True] | None = None
    unreadable: FilePath | None = None
    blocks: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None
    warning: SmartWarning | None = None
    link: Interface | None = None
    card: Interface | None = None
    clock: Date | None = None
    boot: Serial | None = None
    sensor: SensorName | None = None
    reading: Shown | None = None
    power_cycle: Annotated[Literal[True] | None, Field(alias="power-cycle")] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Fault:
        given = self.model_fields_set
        disks = [{"disk", how} for how in ("failed", "loose", "unreadable", "warning")]
        alone = ({"link"}, {"card"}, {"clock"}, {"boot"}, {"sensor", "reading"}, {"power_cycle"})
        if given - {"blocks"} not in (*disks, *alone):
            raise ValueError(
                "expected `disk` with one of `failed`, `loose`, `unreadable` and `warning`, "
                "or `sensor` with `reading`, or `link`, `card`, `clock`, `boot` or `power-cycle`"
            )
        if "blocks" in given and "unreadable" not in given:
            raise ValueError("`blocks` goes with `unreadable`")
        return self


class Machine(Strict):
    """What only machines with hardware of their own have.

    Of `serial_ports` the first, ttyS0, is the candidate's console.
    """

    disks: list[Disk] | None = None
    nics: dict[Interface, NicModel] | None = None
    firmware: Literal["bios", "uefi"] | None = None
    serial_ports: Annotated[int, Field(ge=1, le=4)] | None = None
    faults: list[Fault] | None = None
    hands: list[Hands] | None = None
    bmc: Bmc | None = None

    def bays(self) -> dict[int, Disk]:
        """The disks by their bays; where none is named, bays are counted in order."""
        return {
            number if disk.bay is None else disk.bay: disk
            for number, disk in enumerate(self.disks or ())
        }


MACHINE_KEYS = tuple(Machine.model_fields)
"""The keys of `Machine`; containers have none of them."""
