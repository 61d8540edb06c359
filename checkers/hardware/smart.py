"""The check type `smart`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from checkers.check import Asking, Check, CheckType, ask
from checkers.findings import Findings
from checkers.hardware._beside import look
from checkers.hardware_state import Bay, SmartLog
from checkers.linux._block import BLOCK, Blocks, Serial, blocks
from checkers.linux._block import Disk as Found
from checkers.linux._kernel import kernels_own, targets
from checkers.model import Blame, Subject
from checkers.reading import unobserved
from checkers.words import listed, plain

LOG_BYTES = 512
TEMPERATURE = slice(1, 3)
"""Where the log holds the temperature in kelvins, which no disk leaves out."""

Warning = Literal["spare", "temperature", "reliability", "read-only", "backup"]  # noqa: A001
Warnings = Annotated[tuple[Warning, ...], Field(min_length=1, max_length=5)]
BITS: tuple[Warning, ...] = ("spare", "temperature", "reliability", "read-only", "backup")
"""The bits of the log's first byte, from the lowest (NVM Express, "SMART / Health Information")."""


class Smart(CheckType):
    """An NVMe disk warns of itself in its SMART log, or is well by its own word.

        smart: {serial: NV-118, healthy: true}
        smart: {serial: NV-246, healthy: false}
        smart: {serial: NV-246, warnings: [reliability]}

    The disk is the one with this serial number; it must be in the machine, and the machine must see
    it. `healthy: true` wants a log without any critical warning, `healthy: false` one with at least
    one. `warnings` are exactly those that it must have: `spare` (little is left to replace worn
    parts), `temperature`, `reliability` (too many errors), `read-only`, `backup` (the part that
    saves data when power fails). They are the bits of `critical_warning`, as `nvme smart-log` and
    `smartctl -a` show it.

    The log is fetched from the disk through the machine's kernel, with no program of the host's.
    What else it holds (spare, wear, errors of the medium) is not judged: emulated disks do not
    count it.

    Error: sysfs cannot be read, or something is mounted over it; the hardware cannot be looked at;
    the disk gives no log, or another one than it would; the disk is no NVMe disk, since others only
    repeat a fixed table when they are emulated. For virtual machines.
    """

    kind: ClassVar[str] = "smart"

    serial: Serial
    healthy: bool | None = None
    warnings: Warnings | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Smart:
        if (self.healthy is None) == (self.warnings is None):
            raise ValueError("give either `healthy` or `warnings`")
        return self

    def run(self, subject: Subject) -> Check:
        """Find the disk, and have it say how it fares."""
        yield from kernels_own(subject.host)
        known = yield from blocks(subject.host)
        seen = yield from look(subject.host)
        own = [disk for disk in known.disks if disk.serial == self.serial]
        fitted = [bay for bay in seen.bays if bay.serial == self.serial]
        findings = Findings()
        if not own or not fitted:
            findings.miss(expected=f"the disk {self.serial}", found=self._absent(known, fitted))
            return findings.verdict()
        found = yield from self._warnings(subject.host, own[0], fitted[0])
        self._compare(findings, found)
        return findings.verdict()

    def _absent(self, known: Blocks, fitted: list[Bay]) -> str:
        if fitted:
            return f"it is in bay {fitted[0].bay}, and the machine does not see it"
        others = (disk.said for disk in known.disks if disk.serial not in {"", self.serial})
        return f"disks: {listed(sorted(others))}"

    def _warnings(self, host: str, disk: Found, bay: Bay) -> Asking[int]:
        """The bits of the disk's critical warnings."""
        if disk.bus != "nvme":
            raise unobserved(
                f"{self.serial} is attached by {disk.bus}: what it says of its health cannot be "
                "judged"
            )
        path = BLOCK + b"/" + disk.device + b"/device"
        (target,) = yield from targets(host, path)
        if target is None:
            raise unobserved(f"the kernel has no controller of {plain(disk.device)}")
        controller = target.rpartition(b"/")[2].decode("ascii", "replace")
        seen = yield from ask(SmartLog(host, controller))
        if seen.log is None:
            raise unobserved(f"{self.serial} gives no SMART log: {seen.why or 'no reason given'}")
        if len(seen.log) != LOG_BYTES or not any(seen.log[TEMPERATURE]):
            raise unobserved(f"what {self.serial} gives is no SMART log")
        found = seen.log[0]
        if bay.warning & ~found:
            raise unobserved(f"the log of {self.serial} lacks a warning that it has", Blame.HOST)
        return found

    def _compare(self, findings: Findings, found: int) -> None:
        said = f"{self.serial} warns of {_spoken(found)}" if found else f"{self.serial} is well"
        if self.healthy is not None:
            expected = f"{self.serial} without a warning" if self.healthy else "a warning"
            findings.note((found == 0) == self.healthy, expected=expected, found=said)
            return
        wanted = sum(1 << BITS.index(name) for name in set(self.warnings or ()))
        findings.note(found == wanted, expected=f"a warning of {_spoken(wanted)}", found=said)


def _spoken(bits: int) -> str:
    """`reliability (critical_warning 0x04)`."""
    named = [name for number, name in enumerate(BITS) if bits >> number & 1]
    return f"{listed(named, none='something else')} (critical_warning {bits:#04x})"
