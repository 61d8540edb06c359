"""The check type `swap`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from checkers.check import Check, CheckType
from checkers.findings import Findings
from checkers.linux._attributes import Path
from checkers.linux._block import Serial
from checkers.linux._sizes import Size
from checkers.linux._swaps import Area, areas
from checkers.model import Subject
from checkers.words import listed, plain, size


class Swap(CheckType):
    """The host swaps to disk: enough, to the right place; or it does not.

        swap: {size: 512M}
        swap: {size: 256M, disk: SWAP-1}
        swap: {file: /swapfile, size: 128M, at_most: 160M}
        swap: {file: /swapfile, exists: false}
        swap: {exists: false}

    What counts is what the kernel swaps to now; that it does so after a restart shows in a check
    with `when: after-restart`. Without `disk` and `file` it is all swap areas together, however
    they are made: partitions, whole disks, logical volumes and files. With `disk` it is those that
    lie on the disk with this serial number and on no other, with `file` the one in this file.
    `size` is how large it must be at least, `at_most` how large at most: a number of bytes, or a
    text such as 512M. Both count the whole partition or file. Swap that lies in memory (zram) or on
    a disk that root has made up does not count. With `exists: false` nothing of the kind may be in
    use, wherever it lies.

    Error: the kernel's lists cannot be read or something is mounted over them; what a name in the
    list stands for cannot be told. For virtual machines: containers share the server's swap.
    """

    kind: ClassVar[str] = "swap"

    size: Size | None = None
    at_most: Size | None = None
    disk: Serial | None = None
    file: Path | None = None
    exists: bool = True

    @model_validator(mode="after")
    def _makes_sense(self) -> Swap:
        if self.disk is not None and self.file is not None:
            raise ValueError("give either `disk` or `file`")
        if not self.exists and (self.size is not None or self.at_most is not None):
            raise ValueError("swap that must not be there has no size")
        if self.size is not None and self.at_most is not None and self.at_most < self.size:
            raise ValueError("`at_most` is less than `size`")
        if not self.model_fields_set:
            raise ValueError("say what is expected: `size`, `disk`, `file` or `exists`")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask what the kernel swaps to."""
        every = yield from areas(subject.host)
        chosen = [area for area in every if self._is(area)]
        there = listed((area.said for area in every), none="no swap is in use")
        findings = Findings()
        if not self.exists:
            findings.note(not chosen, expected=f"no {self._said}", found=there)
            return findings.verdict()
        total = sum(area.size for area in chosen)
        findings.note(bool(chosen), expected=self._said, found=there)
        if self.size is not None:
            findings.note(
                total >= self.size, expected=f"at least {size(self.size)}", found=size(total)
            )
        if self.at_most is not None:
            findings.note(
                total <= self.at_most, expected=f"at most {size(self.at_most)}", found=size(total)
            )
        return findings.verdict()

    @property
    def _said(self) -> str:
        if self.disk is not None:
            return f"swap on {self.disk}"
        return f"swap in the file {plain(self.file)}" if self.file is not None else "swap on a disk"

    def _is(self, area: Area) -> bool:
        if self.file is not None:
            return area.file and area.path == self.file.encode("utf-8", "surrogateescape")
        if self.disk is not None:
            on = {disk.serial for disk in area.disks}
            return area.hardware and on == {self.disk} if self.exists else self.disk in on
        return area.hardware or not self.exists
