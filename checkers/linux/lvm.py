"""The check type `lvm`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import StringConstraints, model_validator

from checkers.check import Check, CheckType, failed
from checkers.findings import Findings
from checkers.linux._block import Serials, Volume, blocks, volumes
from checkers.linux._sizes import Size
from checkers.model import Subject
from checkers.words import listed, plain, size

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,126}$")]
"""A name of a volume group or a logical volume (lvm(8), "VALID NAMES")."""
OURS = b"LVM-"
"""How the UUIDs of LVM's devices begin in the device mapper."""


class Lvm(CheckType):
    """A logical volume is active, of the right size, and lies on the right disks.

        lvm: {group: data, volume: archive, size: 900M}
        lvm: {group: data, volume: archive, size: 900M, at_most: 1G, disks: [ARCH-A, ARCH-B]}
        lvm: {group: data, volume: old, exists: false}

    `group` is the volume group, `volume` the logical volume. `size` is how large it must be at
    least, `at_most` how large at most: a number of bytes, or a text such as 512K, 900M, 2G (LVM
    rounds up to whole extents, mostly of 4 MiB). `disks` are the serial numbers of exactly those
    disks that the volume's data lie on, whatever the kernel calls them; a disk that is part of the
    group and holds nothing of the volume is none of them. With `exists: false` no such volume may
    be active. A file system that is to fill the volume is judged apart, by `filesystem`.

    All of it says the kernel, in sysfs: neither the programs of LVM nor their output are asked. A
    device that the device mapper has under that name and that is none of LVM's is no volume.

    Error: sysfs cannot be read, or something is mounted over it. For virtual machines: a container
    has no disks.
    """

    kind: ClassVar[str] = "lvm"

    group: Name
    volume: Name
    exists: bool = True
    size: Size | None = None
    at_most: Size | None = None
    disks: Serials | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Lvm:
        if not self.exists and {"size", "at_most", "disks"} & self.model_fields_set:
            raise ValueError("a volume that must not exist has no size and no disks")
        if self.size is not None and self.at_most is not None and self.at_most < self.size:
            raise ValueError("`at_most` is less than `size`")
        return self

    def run(self, subject: Subject) -> Check:
        """Look the volume up among the kernel's devices."""
        title = f"the volume {self.group}/{self.volume}"
        every = yield from volumes(subject.host)
        named = [each for each in every if each.name == self._mapped]
        own = [each for each in named if each.uuid.startswith(OURS)]
        findings = Findings()
        if not self.exists:
            findings.note(
                not own,
                expected=f"no active volume {self.group}/{self.volume}",
                found=f"{title}, {size(own[0].size)}" if own else "no such volume",
            )
            return findings.verdict()
        if not own:
            return failed(expected=title, found=self._instead(every, named))
        findings.hold(expected=title, found=title)
        self._compare_size(findings, own[0])
        if self.disks is not None:
            every_device = yield from blocks(subject.host)
            disks = every_device.serials_below(own[0].device)
            findings.note(
                disks == tuple(sorted(self.disks)),
                expected=f"on {listed(sorted(self.disks))}",
                found=f"on {listed(disks)}",
            )
        return findings.verdict()

    @property
    def _mapped(self) -> bytes:
        """The volume's name in the device mapper, where a hyphen within a name is doubled."""
        parts = (self.group.replace("-", "--"), self.volume.replace("-", "--"))
        return "-".join(parts).encode()

    def _instead(self, every: tuple[Volume, ...], named: list[Volume]) -> str:
        if named:
            return f"{plain(named[0].name)}, which is no volume of LVM's"
        others = [plain(each.name) for each in every if each.uuid.startswith(OURS)]
        return f"no such volume; active {'is' if len(others) == 1 else 'are'} {listed(others)}"

    def _compare_size(self, findings: Findings, volume: Volume) -> None:
        if self.size is not None:
            findings.note(
                volume.size >= self.size,
                expected=f"at least {size(self.size)}",
                found=size(volume.size),
            )
        if self.at_most is not None:
            findings.note(
                volume.size <= self.at_most,
                expected=f"at most {size(self.at_most)}",
                found=size(volume.size),
            )
