"""The check type `boot`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType
from checkers.findings import Findings
from checkers.linux._block import Serial, blocks, device_at
from checkers.linux._kernel import kernels_own, names, texts
from checkers.linux._mounts import Mount
from checkers.matchers import Matcher
from checkers.model import Subject
from checkers.words import listed, plain

COMMAND_LINE = b"/proc/cmdline"
RELEASE = b"/proc/sys/kernel/osrelease"
FIRMWARE = b"/sys/firmware"

Option = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
Options = Annotated[tuple[Option, ...], Field(min_length=1, max_length=30)]
"""Words of the kernel's command line."""


class Boot(CheckType):
    r"""The host was started in a certain way: from which disk, by which firmware, how.

        boot: {disk: SYS-01}
        boot: {options: ["console=ttyS0", quiet], without: [nomodeset, init]}
        boot: {firmware: uefi}
        boot: {kernel: {matches: "6\\.1\\..*"}}

    `disk` is the serial number of the one disk that the root file system lies on, through
    partitions, LVM and RAID. All of `options` must stand on the command line that the kernel was
    started with, none of `without` may: each is one whole word of it, and a name without `=` stands
    for the name with every value too. `firmware` is what started the host, `bios` or `uefi`.
    `kernel` is any matcher for the kernel's release, as `uname -r` prints it. What a change in the
    boot loader comes to shows a check with `when: after-restart`.

    Error: what the kernel says cannot be read, or something is mounted over it; the root file
    system lies on no block device. For virtual machines: a container was started by none of these.
    """

    kind: ClassVar[str] = "boot"

    disk: Serial | None = None
    options: Options | None = None
    without: Options | None = None
    firmware: Literal["bios", "uefi"] | None = None
    kernel: Matcher | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Boot:
        if not self.model_fields_set:
            raise ValueError(
                "say what is expected: `disk`, `options`, `without`, `firmware` or `kernel`"
            )
        if set(self.options or ()) & set(self.without or ()):
            raise ValueError("the same word cannot be wanted and unwanted")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask the kernel how it was started."""
        mounted = yield from kernels_own(subject.host)
        line, release = yield from texts(subject.host, COMMAND_LINE, RELEASE)
        findings = Findings()
        if self.disk is not None:
            yield from self._compare_disk(findings, subject.host, mounted)
        self._compare_options(findings, line.decode("utf-8", "replace").split())
        if self.firmware is not None:
            (entries,) = yield from names(subject.host, FIRMWARE)
            found = "uefi" if b"efi" in entries else "bios"
            findings.note(
                found == self.firmware,
                expected=f"started by {self.firmware.upper()}",
                found=f"started by {found.upper()}",
            )
        if self.kernel is not None:
            findings.compare("the kernel's release", self.kernel, release)
        return findings.verdict()

    def _compare_disk(
        self, findings: Findings, host: str, mounted: tuple[Mount, ...]
    ) -> Asking[None]:
        known = yield from blocks(host)
        device = yield from device_at(host, mounted, b"/")
        below = known.disks_below(device) if device is not None else ()
        findings.note(
            bool(below) and {disk.serial for disk in below} == {self.disk},
            expected=f"the root file system on {self.disk}",
            found=f"the root file system on {listed(sorted(disk.said for disk in below))}",
        )

    def _compare_options(self, findings: Findings, words: list[str]) -> None:
        shown = f"the command line `{plain(' '.join(words), 300)}`"
        for option in self.options or ():
            findings.note(
                _stands(option, words), expected=f"`{plain(option)}` for the kernel", found=shown
            )
        for option in self.without or ():
            findings.note(
                not _stands(option, words),
                expected=f"no `{plain(option)}` for the kernel",
                found=shown,
            )


def _stands(option: str, words: list[str]) -> bool:
    """Whether a word is on the command line; a bare name is there with any value."""
    return option in words or (
        "=" not in option and any(word.startswith(f"{option}=") for word in words)
    )
