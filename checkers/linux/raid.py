"""The check type `raid`."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, failed
from checkers.findings import Findings
from checkers.linux._arrays import Array, arrays
from checkers.linux._attributes import Path
from checkers.linux._block import Serials, blocks, device_at
from checkers.linux._kernel import kernels_own
from checkers.linux._sizes import Size
from checkers.model import Subject
from checkers.words import listed, plain, size

Name = Annotated[str, StringConstraints(pattern=r"^md[A-Za-z0-9_.-]{1,30}$")]
"""The kernel's name of an array."""
UNPROTECTED = ("0", "linear")
"""Levels that lose everything with one disk."""


class Raid(CheckType):
    """A RAID array runs, of the right level, on the right disks, and whole.

        raid: {mounted: /srv/data, level: 1, disks: [RAID-A, RAID-B]}
        raid: {disks: [RAID-A, RAID-B, RAID-C], level: 5, spares: [RAID-D], synced: true}
        raid: {name: md0, members: 1, state: degraded}
        raid: {name: md0, exists: false}

    The array is the one with the kernel's name `name`; or the one that what is `mounted` at a path
    lies on, through LVM and partitions too (the uppermost of several); or, with neither, the one
    that holds one of `disks`. The kernel's name may change at a restart, and candidates choose
    their own: give a name only where the task does. With `exists: false` the kernel may have no
    such array, running or not.

    `state` is `clean` unless said otherwise: every place in the array is taken by a member that
    holds its part of the data. `degraded` is an array that runs without one, or while one is being
    rebuilt; `any` leaves it out. `disks` are the serial numbers of exactly the disks that members
    with their part of the data lie on, and `members` is the number of these. `spares` are those
    that wait for another to fail: how many, or the serial numbers of their disks. With `synced:
    true` nothing may have still to be copied between members; that takes time, so give the check a
    `retry`. `size` is how much the array must hold at least: a number of bytes, or a text such as
    900M. Where the level is to protect from the loss of a disk, two members on one disk fail.

    All of it says the kernel, in sysfs: neither mdadm nor /proc/mdstat is asked.

    Error: sysfs cannot be read, or something is mounted over it; what is mounted lies on no block
    device. For virtual machines.
    """

    kind: ClassVar[str] = "raid"

    name: Name | None = None
    mounted: Path | None = None
    disks: Serials | None = None
    exists: bool = True
    level: Literal[0, 1, 4, 5, 6, 10, "linear"] | None = None
    state: Literal["clean", "degraded", "any"] = "clean"
    members: int | None = Field(default=None, ge=1, le=100)
    spares: Annotated[int, Field(ge=0, le=100)] | Serials | None = None
    synced: Literal[True] | None = None
    size: Size | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Raid:
        if self.name is not None and self.mounted is not None:
            raise ValueError("give either `name` or `mounted`")
        if self.name is None and self.mounted is None and self.disks is None:
            raise ValueError("say which array: `name`, `mounted` or `disks`")
        if not self.exists and (
            len(self.model_fields_set) > 2 or "mounted" in self.model_fields_set
        ):
            raise ValueError("`exists: false` goes with `name` alone, or with `disks` alone")
        return self

    def run(self, subject: Subject) -> Check:
        """Find the array and compare what the kernel says of it."""
        every, chosen = yield from self._find(subject.host)
        findings = Findings()
        if not self.exists:
            findings.note(
                not chosen,
                expected=f"no {self._said}",
                found=listed((array.said for array in chosen), none="no such array"),
            )
            return findings.verdict()
        running = [array for array in chosen if array.runs]
        if len(running) != 1:
            others = chosen or every
            there = listed((array.said for array in others), none="no array at all")
            found = there if chosen or not every else f"no such array; there is {there}"
            return failed(expected=f"one {self._said}", found=found)
        self._compare(findings, running[0])
        return findings.verdict()

    def _find(self, host: str) -> Asking[tuple[tuple[Array, ...], list[Array]]]:
        """All arrays, and those that are meant."""
        mounted = yield from kernels_own(host)
        known = yield from blocks(host)
        every = yield from arrays(host, known)
        if self.name is not None:
            name = self.name.encode()
            return every, [array for array in every if array.device == name]
        if self.mounted is None:
            wanted = set(self.disks or ())
            return every, [array for array in every if wanted & array.disks]
        device = yield from device_at(host, mounted, self.mounted.encode())
        below = known.layers(device) if device is not None else frozenset[bytes]()
        chosen = [array for array in every if array.device in below]
        inner = {
            part for each in chosen for part in known.layers(each.device) if part != each.device
        }
        return every, [array for array in chosen if array.device not in inner]

    @property
    def _said(self) -> str:
        if self.name is not None:
            return f"array {self.name}"
        if self.mounted is not None:
            return f"array below {plain(self.mounted)}"
        return f"array with {listed(self.disks or ())}"

    def _compare(self, findings: Findings, array: Array) -> None:
        findings.hold(expected=f"one {self._said}", found=f"the array {plain(array.device)}")
        if self.level is not None:
            findings.note(
                array.level == str(self.level),
                expected=f"level {self.level}",
                found=f"level {plain(array.level)}",
            )
        self._compare_state(findings, array)
        self._compare_members(findings, array)
        if self.spares is not None:
            self._compare_spares(findings, array)
        if self.synced:
            findings.note(
                array.in_step,
                expected="nothing still to be copied between members",
                found="nothing to be copied" if array.in_step else _under_way(array),
            )
        if self.size is not None:
            findings.note(
                array.size >= self.size,
                expected=f"at least {size(self.size)}",
                found=size(array.size),
            )

    def _compare_state(self, findings: Findings, array: Array) -> None:
        if self.state == "any":
            return
        whole = len(array.active) == array.places
        findings.note(
            whole == (self.state == "clean"),
            expected=f"every one of {array.places} members with its part of the data"
            if self.state == "clean"
            else f"fewer than {array.places} members with their part of the data",
            found=f"{len(array.active)} of {array.places} members{_rest(array)}",
        )

    def _compare_members(self, findings: Findings, array: Array) -> None:
        on = [disk for member in array.active for disk in member.disks]
        rest = _rest(array) if self.state == "any" else ""
        if self.members is not None:
            findings.note(
                len(array.active) == self.members,
                expected=f"{self.members} members with their part of the data",
                found=f"{len(array.active)} members{rest}",
            )
        if self.disks is not None:
            findings.note(
                set(on) == set(self.disks),
                expected=f"data on {listed(sorted(self.disks))}",
                found=f"data on {listed(sorted(set(on)))}{rest}",
            )
        twice = sorted(disk for disk, times in Counter(on).items() if times > 1)
        if twice and array.level not in UNPROTECTED:
            findings.miss(
                expected="members on disks of their own",
                found=f"several members on {listed(twice)}",
            )

    def _compare_spares(self, findings: Findings, array: Array) -> None:
        spares = [member for member in array.members if member.spare]
        found = listed((member.said for member in spares), none="no spare")
        if isinstance(self.spares, int):
            ok, wanted = len(spares) == self.spares, f"{self.spares}"
        else:
            own = sorted(disk for member in spares for disk in member.disks)
            ok, wanted = own == sorted(self.spares or ()), listed(sorted(self.spares or ()))
        findings.note(ok, expected=f"spare: {wanted}", found=f"spare: {found}")


def _rest(array: Array) -> str:
    """The members that hold no part of the data, and why."""
    remarks = [f"{member.said} has failed" for member in array.members if member.faulty]
    remarks += [f"{member.said} is being rebuilt" for member in array.members if member.rebuilding]
    return f" ({listed(remarks)})" if remarks else ""


def _under_way(array: Array) -> str:
    if array.action in ("idle", "check", "frozen"):
        return "copying has not ended"
    return f"{plain(array.action)} under way"
