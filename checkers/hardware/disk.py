"""The check type `disk`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from checkers.check import Asking, Check, CheckType
from checkers.findings import Findings
from checkers.linux._attributes import Path
from checkers.linux._block import Blocks, Serial, blocks, device_at
from checkers.linux._block import Disk as Found
from checkers.linux._kernel import kernels_own
from checkers.linux._mounts import Mount
from checkers.linux._sizes import Size
from checkers.model import Subject
from checkers.words import listed, plain, size


class Disk(CheckType):
    """The host has a disk with this serial number, or has it no more.

        disk: {serial: WD-1001}
        disk: {serial: WD-1001, size: 1G, bus: sata}
        disk: {serial: WD-1001, mounted: /srv/data}
        disk: {serial: WD-0999, present: false}

    `size` is how large it must be at least, `at_most` how large at most: a number of bytes, or a
    text such as 900M. `bus` is how it is attached. With `mounted` what is mounted at this path must
    lie on the disk and on no other, through partitions, LVM and RAID. The kernel's names of disks
    (sda, vdb) say nothing: they may change with every start.

    Only hardware counts: a disk that root makes up, as a loop or a simulated one, is none, whatever
    serial number it shows.

    Error: sysfs cannot be read, or something is mounted over it; what is mounted lies on no block
    device. For virtual machines.
    """

    kind: ClassVar[str] = "disk"

    serial: Serial
    present: bool = True
    size: Size | None = None
    at_most: Size | None = None
    bus: Literal["virtio", "sata", "scsi", "nvme", "usb"] | None = None
    mounted: Path | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Disk:
        if not self.present and self.model_fields_set - {"serial", "present"}:
            raise ValueError("a disk that must not be there has nothing else")
        if self.size is not None and self.at_most is not None and self.at_most < self.size:
            raise ValueError("`at_most` is less than `size`")
        return self

    def run(self, subject: Subject) -> Check:
        """Look the disk up among the kernel's devices."""
        found = yield from kernels_own(subject.host)
        known = yield from blocks(subject.host)
        own = [disk for disk in known.disks if disk.serial == self.serial]
        with_serial = sorted(disk.said for disk in known.disks if disk.serial)
        findings = Findings()
        findings.note(
            bool(own) == self.present,
            expected=f"the disk {self.serial}" if self.present else f"no disk {self.serial}",
            found=f"the disk {self.serial}" if own else f"disks: {listed(with_serial)}",
        )
        if own and self.present:
            self._compare(findings, own[0])
            if self.mounted is not None:
                yield from self._compare_mounted(findings, subject.host, found, known)
        return findings.verdict()

    def _compare(self, findings: Findings, disk: Found) -> None:
        if self.size is not None:
            findings.note(
                disk.size >= self.size,
                expected=f"at least {size(self.size)}",
                found=size(disk.size),
            )
        if self.at_most is not None:
            findings.note(
                disk.size <= self.at_most,
                expected=f"at most {size(self.at_most)}",
                found=size(disk.size),
            )
        if self.bus is not None:
            findings.note(
                disk.bus == self.bus, expected=f"attached by {self.bus}", found=f"by {disk.bus}"
            )

    def _compare_mounted(
        self, findings: Findings, host: str, found: tuple[Mount, ...], known: Blocks
    ) -> Asking[None]:
        assert self.mounted is not None
        place = plain(self.mounted)
        point = self.mounted.encode("utf-8", "surrogateescape")
        device = yield from device_at(host, found, point)
        if device is None:
            findings.miss(expected=f"mounted at {place}", found=f"nothing mounted at {place}")
            return
        below = known.disks_below(device)
        findings.note(
            {disk.serial for disk in below} == {self.serial},
            expected=f"{place} on {self.serial}",
            found=f"{place} on {listed(sorted(disk.said for disk in below))}",
        )
