"""The check type `usb`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType
from checkers.findings import Findings
from checkers.linux._block import HARDWARE, Serial
from checkers.linux._kernel import kernels_own, names, targets, texts_if_any
from checkers.model import Subject
from checkers.words import listed, plain

DEVICES = b"/sys/bus/usb/devices"
ROOT_HUB = b"usb"
"""How the names of the hubs begin that are part of the host."""

_KEYS = (b"idVendor", b"idProduct", b"serial", b"product")

Identity = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$")]
Driver = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]


@dataclass(frozen=True, slots=True)
class Device:
    """A USB device: vendor and product, serial number, its name for itself, its drivers."""

    identity: str
    serial: str
    product: str
    drivers: frozenset[str]

    @property
    def said(self) -> str:
        """The device in a few words: `0627:0001 (QEMU USB Tablet)`."""
        product = f" ({plain(self.product, 60)})" if self.product else ""
        return f"{plain(self.identity)}{product}"


class Usb(CheckType):
    """A USB device is attached, and a driver works it; or it is not.

        usb: {device: "0627:0001"}
        usb: {device: "0627:0001", serial: "28754-0000", driver: usbhid}
        usb: {device: "0627:0001", count: 2}
        usb: {device: "46f4:0001", present: false}

    `device` is the number of its vendor and that of its product, as `lsusb` shows them; with
    `serial` only one with this serial number counts. `driver` must be bound to at least one part of
    it. `count` is how many of the kind must be attached, one or more unless said otherwise. Only
    what is plugged into a controller that the host has as hardware counts.

    Error: sysfs cannot be read, something is mounted over it, or the kernel has no USB. For virtual
    machines.
    """

    kind: ClassVar[str] = "usb"

    device: Identity
    serial: Serial | None = None
    present: bool = True
    driver: Driver | None = None
    count: Annotated[int, Field(ge=1, le=100)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Usb:
        if not self.present and (self.driver is not None or self.count is not None):
            raise ValueError("a device that must not be there has no driver and no count")
        return self

    def run(self, subject: Subject) -> Check:
        """Look the device up on the kernel's USB."""
        yield from kernels_own(subject.host)
        every = yield from _devices(subject.host)
        own = [device for device in every if self._is(device)]
        there = listed((device.said for device in every), none="no device is attached")
        findings = Findings()
        findings.note(
            bool(own) == self.present,
            expected=f"{self._said} attached" if self.present else f"no {self._said} attached",
            found=f"{own[0].said} attached" if own else f"attached: {there}",
        )
        if not own or not self.present:
            return findings.verdict()
        if self.count is not None:
            findings.note(
                len(own) == self.count,
                expected=f"{self.count} of the kind",
                found=f"{len(own)} of the kind",
            )
        if self.driver is not None:
            wanted = self.driver.replace("-", "_")
            drivers = sorted({plain(driver) for device in own for driver in device.drivers})
            findings.note(
                all(wanted in _spelt(device.drivers) for device in own),
                expected=f"bound to the driver {self.driver}",
                found=f"drivers bound: {listed(drivers)}",
            )
        return findings.verdict()

    @property
    def _said(self) -> str:
        number = f" with the serial number {self.serial}" if self.serial else ""
        return f"{self.device.lower()}{number}"

    def _is(self, device: Device) -> bool:
        same = device.identity == self.device.lower()
        return same and self.serial in (None, device.serial)


def _spelt(drivers: frozenset[str]) -> Iterator[str]:
    return (driver.replace("-", "_") for driver in drivers)


def _devices(host: str) -> Asking[list[Device]]:
    """What is plugged in."""
    (every,) = yield from names(host, DEVICES)
    links = yield from targets(host, *(DEVICES + b"/" + name for name in every))
    real = [name for name, link in zip(every, links, strict=True) if link and HARDWARE in link]
    own = [name for name in real if b":" not in name and not name.startswith(ROOT_HUB)]
    parts = [name for name in real if b":" in name]
    drivers = yield from targets(host, *(b"/".join((DEVICES, part, b"driver")) for part in parts))
    wanted = [b"/".join((DEVICES, name, key)) for name in own for key in _KEYS]
    read = yield from texts_if_any(host, *wanted)
    said = [(text or b"").strip().decode("utf-8", "surrogateescape") for text in read]
    found = []
    for at, name in enumerate(own):
        vendor, product, serial, title = said[4 * at : 4 * at + 4]
        bound = frozenset(
            target.rpartition(b"/")[2].decode("utf-8", "surrogateescape")
            for part, target in zip(parts, drivers, strict=True)
            if target and part.partition(b":")[0] == name
        )
        found.append(Device(f"{vendor}:{product}", serial, title, bound))
    return found
