"""A host's RAID arrays, as its kernel's md driver has them in sysfs (Linux, admin-guide/md)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from checkers.check import Asking
from checkers.linux._block import BLOCK, SECTOR, Blocks
from checkers.linux._kernel import names, number, texts, texts_if_any
from checkers.reading import unobserved
from checkers.words import listed, plain, quoted

STOPPED = (b"inactive", b"broken")
"""States of an array that nothing can be read from."""
QUIET = ("idle", "check")
"""What an array does whose members are in step; `check` only compares them."""
MEMBER = b"dev-"

_PLACES = re.compile(rb"(?P<now>[0-9]{1,4})( \([0-9]+\))?")
_PASSING = (b"level", b"raid_disks", b"sync_action", b"resync_start")
"""What not every array has: the last two are of those with redundancy."""


@dataclass(frozen=True, slots=True)
class Member:
    """A device that an array holds, the disks below it, its place in the array, and its state."""

    device: bytes
    disks: tuple[str, ...]
    place: int | None
    state: frozenset[str]

    @property
    def said(self) -> str:
        """The serial number of its disk, mostly."""
        return " and ".join(self.disks)

    @property
    def faulty(self) -> bool:
        """Whether the driver has given it up."""
        return "faulty" in self.state

    @property
    def active(self) -> bool:
        """Whether it holds its part of the data."""
        return self.place is not None and "in_sync" in self.state and not self.faulty

    @property
    def rebuilding(self) -> bool:
        """Whether it has a place and does not hold all of its part yet."""
        return self.place is not None and not self.active and not self.faulty

    @property
    def spare(self) -> bool:
        """Whether it waits for another to fail."""
        return self.place is None and "spare" in self.state and not self.faulty


@dataclass(frozen=True, slots=True)
class Array:
    """An array: how many members it is made for, those it has, and its size in bytes.

    `level` is a number, mostly. `action` is what the driver does to bring members in step (`idle`
    for nothing); `begun` says that they were never brought there.
    """

    device: bytes
    level: str
    state: bytes
    places: int
    size: int
    action: str
    begun: bool
    members: tuple[Member, ...]

    @property
    def runs(self) -> bool:
        """Whether it can be used."""
        return self.state not in STOPPED

    @property
    def active(self) -> tuple[Member, ...]:
        """The members that hold their part of the data."""
        return tuple(member for member in self.members if member.active)

    @property
    def in_step(self) -> bool:
        """Whether nothing has still to be copied between members."""
        return not self.begun and self.action in QUIET

    @property
    def disks(self) -> frozenset[str]:
        """The disks of all that it holds, whatever their state."""
        return frozenset(disk for member in self.members for disk in member.disks)

    @property
    def said(self) -> str:
        """The array in a few words: `md127 (level 1 on A and B)`."""
        level = f"level {plain(self.level)}" if self.runs else "not running"
        return f"{plain(self.device)} ({level} on {listed(sorted(self.disks))})"


def arrays(host: str, known: Blocks) -> Asking[tuple[Array, ...]]:
    """Every array that the driver has, running or not; sysfs has to be the kernel's own."""
    found = []
    for name in known.slaves:
        if name.startswith(b"md"):
            array = yield from _array(host, name, known)
            found += [array] if array is not None else []
    return tuple(found)


def _array(host: str, name: bytes, known: Blocks) -> Asking[Array | None]:
    """One array; None for a device of the driver's that holds none."""
    own = BLOCK + b"/" + name
    state, sectors = yield from texts(host, own + b"/md/array_state", own + b"/size")
    if state == b"clear":
        return None
    # The kernel leaves these empty where it does not know.
    stopped = state in STOPPED
    paths = [own + b"/md/" + part for part in _PASSING]
    passing = yield from texts_if_any(host, *paths, empty=paths if stopped else ())
    level, places, action, start = ((text or b"").strip() for text in passing)
    found = _PLACES.fullmatch(places)
    if not stopped and (found is None or not level):
        raise unobserved(f"{plain(name)} of {host} has the level {quoted(level, 40)}")
    (entries,) = yield from names(host, own + b"/md")
    devices = [entry[len(MEMBER) :] for entry in entries if entry.startswith(MEMBER)]
    return Array(
        name,
        level.decode("utf-8", "surrogateescape").removeprefix("raid"),
        state,
        int(found["now"]) if found else 0,
        number(own + b"/size", sectors) * SECTOR,
        action.decode("utf-8", "surrogateescape") or "idle",
        start not in (b"", b"none"),
        (yield from _members(host, own, devices, known)),
    )


def _members(
    host: str, array: bytes, devices: list[bytes], known: Blocks
) -> Asking[tuple[Member, ...]]:
    parts = (b"slot", b"state")
    own = [array + b"/md/" + MEMBER + device for device in devices]
    read = yield from texts(host, *(b"/".join((one, part)) for one in own for part in parts))
    members = []
    for at, device in enumerate(devices):
        slot, state = read[2 * at : 2 * at + 2]
        place = int(slot) if slot.isdigit() else None
        states = frozenset(state.decode("utf-8", "surrogateescape").split(","))
        members.append(Member(device, known.serials_below(device), place, states))
    return tuple(members)
