"""A host's block devices, as its kernel has them in sysfs (Linux, Documentation/ABI)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from checkers.check import Asking
from checkers.linux._kernel import kernels_own, names, number, targets, texts, texts_if_any
from checkers.linux._mounts import Mount, mounted_at
from checkers.reading import unobserved
from checkers.words import plain, quoted

BLOCK = b"/sys/block"
NUMBERS = b"/sys/dev/block"
SECTOR = 512
VPD_HEAD = 4
"""Bytes before the serial number in a SCSI disk's page of it."""
HARDWARE = b"/devices/pci"
"""Where devices hang that a host has; what root makes up (loops, simulators) hangs elsewhere."""
OBSERVERS = "labctl-observer"
"""The serial number of the examiner's disk."""
UNNAMED = "0:"
"""How the numbers of devices begin that file systems have which lie on no one block device."""
MADE_OF_OTHERS = (b"dm-", b"md")
"""How the kernel's names of devices begin that stand on others."""

_VOLUME = (b"dm/name", b"dm/uuid", b"size")
_PARTITION = re.compile(rb"p?[0-9]{1,4}")
_USB_DEVICE = re.compile(rb"(?P<device>/devices/.*)/[0-9.-]+:[0-9]+[.][0-9]+/")
_BUSES = ((b"/usb", "usb"), (b"/nvme/", "nvme"), (b"/ata", "sata"), (b"/host", "scsi"))

Serial = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
"""The serial number of a disk."""
Serials = Annotated[tuple[Serial, ...], Field(min_length=1, max_length=20)]


@dataclass(frozen=True, slots=True)
class Volume:
    """A device of the device mapper: the kernel's name of it, its own name, its UUID, and bytes."""

    device: bytes
    name: bytes
    uuid: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk: the kernel's name of it, its serial number, its bytes, and how it is attached.

    What is no hardware has no `bus` and no serial number, whatever it says of itself.
    """

    device: bytes
    serial: str
    size: int
    bus: str

    @property
    def said(self) -> str:
        """The serial number, or the kernel's name for want of one."""
        return plain(self.serial or self.device)


@dataclass(frozen=True, slots=True)
class Blocks:
    """All block devices: what each volume or array stands on, whose each partition is, the rest."""

    slaves: Mapping[bytes, tuple[bytes, ...]]
    parents: Mapping[bytes, bytes]
    lowest: Mapping[bytes, Disk]

    @property
    def disks(self) -> tuple[Disk, ...]:
        """The disks that the host has as hardware, the examiner's apart."""
        every = self.lowest.values()
        return tuple(disk for disk in every if disk.bus and disk.serial != OBSERVERS)

    def layers(self, device: bytes) -> frozenset[bytes]:
        """A device and everything that it lies on, what is gone meanwhile included."""
        pending, seen = [device], set[bytes]()
        while pending:
            each = pending.pop()
            if each in seen:
                continue
            seen.add(each)
            if each in self.parents:
                pending.append(self.parents[each])
            pending.extend(self.slaves.get(each, ()))
        return frozenset(seen)

    def disks_below(self, device: bytes) -> tuple[Disk, ...]:
        """The disks that a device lies on, hardware or not; of one that is gone only its name."""
        below = self.layers(device) - self.parents.keys() - self.slaves.keys()
        return tuple(self.lowest.get(each, Disk(each, "", 0, "")) for each in sorted(below))

    def serials_below(self, device: bytes) -> tuple[str, ...]:
        """What these disks are called in words, sorted."""
        return tuple(sorted({disk.said for disk in self.disks_below(device)}))


def volumes(host: str) -> Asking[tuple[Volume, ...]]:
    """Every device of the device mapper. Raises `NotObserved` where sysfs cannot be believed."""
    yield from kernels_own(host)
    (every,) = yield from names(host, BLOCK)
    own = [name for name in every if name.startswith(b"dm-")]
    paths = [b"/".join((BLOCK, name, part)) for name in own for part in _VOLUME]
    read = yield from texts(host, *paths)
    found = []
    for at, name in enumerate(own):
        title, uuid, sectors = read[3 * at : 3 * at + 3]
        found.append(Volume(name, title, uuid, number(paths[3 * at + 2], sectors) * SECTOR))
    return tuple(found)


def blocks(host: str) -> Asking[Blocks]:
    """Every block device. Whether sysfs is the kernel's own is for the caller to ask."""
    (every,) = yield from names(host, BLOCK)
    made = [name for name in every if name.startswith(MADE_OF_OTHERS)]
    rest = [name for name in every if name not in made]
    inner = yield from names(
        host,
        *(BLOCK + b"/" + name for name in every),
        *(BLOCK + b"/" + name + b"/slaves" for name in made),
    )
    parents = {
        entry: name
        for name, entries in zip(every, inner, strict=False)
        for entry in entries
        if entry.startswith(name) and _PARTITION.fullmatch(entry[len(name) :])
    }
    lowest = yield from _disks(host, rest)
    return Blocks(dict(zip(made, inner[len(every) :], strict=True)), parents, lowest)


def device_numbered(host: str, wanted: str) -> Asking[bytes | None]:
    """The kernel's name of the device with a number such as `254:0`; None if there is none."""
    (target,) = yield from targets(host, NUMBERS + b"/" + wanted.encode())
    return None if target is None else target.rpartition(b"/")[2]


def device_at(host: str, found: tuple[Mount, ...], point: bytes) -> Asking[bytes | None]:
    """The device of the file system that is mounted at a place; None where nothing is.

    Of a device that is gone, though still mounted, it is what the kernel calls the mount's source.
    """
    top = mounted_at(found, point.rstrip(b"/") or b"/")
    if top is None:
        return None
    if top.device.startswith(UNNAMED):
        raise unobserved(
            f"what {plain(point)} lies on cannot be told of a file system of type {plain(top.kind)}"
        )
    device = yield from device_numbered(host, top.device)
    return top.source if device is None else device


def _disks(host: str, devices: list[bytes]) -> Asking[dict[bytes, Disk]]:
    """What is known of devices that stand on no others."""
    links = yield from targets(host, *(BLOCK + b"/" + name for name in devices))
    places = dict(zip(devices, (link or b"" for link in links), strict=True))
    paths = {name: tuple(_attributes(name, place)) for name, place in places.items()}
    wanted = [path for each in paths.values() for path in each]
    virtio = [BLOCK + b"/" + name + b"/serial" for name in devices]  # empty where it has none
    read = dict(zip(wanted, (yield from texts_if_any(host, *wanted, empty=virtio)), strict=True))
    found = {}
    for name, place in places.items():
        at, *others = paths[name]
        size = number(at, read[at] or b"") * SECTOR
        serial = next((text for path in others if (text := _serial(path, read[path]))), "")
        found[name] = Disk(name, serial, size, _bus(place))
    return found


def _attributes(name: bytes, place: bytes) -> Iterator[bytes]:
    """Where a device's size stands, and its serial number: of virtio, NVMe, SCSI or USB."""
    own = BLOCK + b"/" + name
    yield own + b"/size"
    if not _bus(place):
        return
    yield own + b"/serial"
    yield own + b"/device/serial"
    yield own + b"/device/vpd_pg80"
    if found := _USB_DEVICE.search(place):
        yield b"/sys" + found["device"] + b"/serial"


def _serial(path: bytes, text: bytes | None) -> str:
    if text is None:
        return ""
    if path.endswith(b"vpd_pg80") and len(text) < VPD_HEAD:
        raise unobserved(f"{plain(path)} holds {quoted(text, 40)}, which is no page of SCSI's")
    data = text[VPD_HEAD:] if path.endswith(b"vpd_pg80") else text
    return data.strip(b" \0\n").decode("ascii", "replace")


def _bus(place: bytes) -> str:
    """How a device is attached, by where it hangs; empty for what is no hardware."""
    if HARDWARE not in place:
        return ""
    found = next((bus for part, bus in _BUSES if part in place), "")
    return found or ("virtio" if b"/virtio" in place else "other")
