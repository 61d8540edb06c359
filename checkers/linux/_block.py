"""A host's block devices, as its kernel has them in sysfs (Linux, Documentation/ABI)."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.check import Asking, ask, ask_all
from checkers.linux._attributes import GONE
from checkers.linux._mounts import mounted_at, mounts
from checkers.model import Blame, Directory, DirectoryResult, File, FileResult
from checkers.reading import content_of, unobserved
from checkers.words import plain

BLOCK = b"/sys/block"
SECTOR = 512
LIMIT = 1 << 12
SERIALS = (b"serial", b"device/serial", b"device/vpd_pg80")
"""Where a disk's serial number stands: virtio, NVMe, and SCSI's page with a head of four bytes."""
VPD_HEAD = 4
MADE_OF_OTHERS = (b"dm-", b"md")
"""How the kernel's names of devices begin that stand on others."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A device of the device mapper: the kernel's name of it, its own name, its UUID, and bytes."""

    device: bytes
    name: bytes
    uuid: bytes
    size: int


def volumes(host: str) -> Asking[tuple[Volume, ...]]:
    """Every device of the device mapper. Raises `NotObserved` where sysfs cannot be believed."""
    yield from _demand_sysfs(host)
    names = yield from _names(host, BLOCK)
    found = []
    for name in names:
        if not name.startswith(b"dm-"):
            continue
        own = BLOCK + b"/" + name
        texts = yield from _texts(host, own + b"/dm/name", own + b"/dm/uuid", own + b"/size")
        title, uuid, sectors = texts
        if not sectors.isdigit():
            raise unobserved(f"{plain(own)}/size of {host} holds no number")
        found.append(Volume(name, title, uuid, int(sectors) * SECTOR))
    return tuple(found)


def disks_below(host: str, device: bytes) -> Asking[tuple[str, ...]]:
    """The disks that a device lies on: serial numbers, or the kernel's names for want of them."""
    names = yield from _names(host, BLOCK)
    pending, disks, seen = [device], set(), set()
    while pending:
        each = pending.pop()
        if each in seen:
            continue
        seen.add(each)
        if each not in names:
            disks.add((yield from _parent(host, names, each)))
            continue
        if each.startswith(MADE_OF_OTHERS):
            pending += yield from _names(host, BLOCK + b"/" + each + b"/slaves")
        else:
            disks.add(each)
    serials = yield from _serials(host, sorted(disks))
    return tuple(sorted(serials.values()))


def _demand_sysfs(host: str) -> Asking[None]:
    """Root can mount files of their own over the kernel's."""
    found = yield from mounts(host)
    top = mounted_at(found, b"/sys")
    over = [mount.point for mount in found if mount.point.startswith((BLOCK, b"/sys/devices"))]
    if top is None or top.kind != "sysfs" or over:
        where = plain(over[0]) if over else "/sys"
        raise unobserved(f"{where} of {host} is not the kernel's own", Blame.HOST)


def _names(host: str, path: bytes) -> Asking[tuple[bytes, ...]]:
    listing = yield from ask(Directory(host, path))
    return _entries(path, listing)


def _entries(path: bytes, listing: DirectoryResult) -> tuple[bytes, ...]:
    if listing.entries is None or listing.truncated:
        raise unobserved(f"{plain(path)} cannot be listed: {listing.why or 'too many names'}")
    return tuple(entry.name for entry in listing.entries)


def _texts(host: str, *paths: bytes) -> Asking[list[bytes]]:
    seen = yield from ask_all(*(File(host, path, limit=LIMIT) for path in paths))
    return [content_of(path, each).strip() for path, each in zip(paths, seen, strict=True)]


def _parent(host: str, names: tuple[bytes, ...], part: bytes) -> Asking[bytes]:
    """The disk of a partition: the one whose folder holds it."""
    likely = [name for name in names if part.startswith(name)]
    for name in likely:
        seen = yield from ask(File(host, b"/".join((BLOCK, name, part))))
        if seen.type == "directory":
            return name
    raise unobserved(f"the disk of {plain(part)} was not found")


def _serials(host: str, disks: list[bytes]) -> Asking[dict[bytes, str]]:
    pairs = [(disk, place) for disk in disks for place in SERIALS]
    looks = [File(host, b"/".join((BLOCK, disk, place)), limit=LIMIT) for disk, place in pairs]
    seen = yield from ask_all(*looks)
    found = {disk: plain(disk) for disk in disks}
    for (disk, place), each in zip(reversed(pairs), reversed(seen), strict=True):
        if text := _serial(place, each):
            found[disk] = text
    return found


def _serial(place: bytes, seen: FileResult) -> str:
    if seen.type is None:
        if seen.why not in GONE:
            raise unobserved(f"{plain(place)} cannot be looked at: {seen.why or 'no reason given'}")
        return ""
    if seen.truncated or seen.content is None:
        raise unobserved(f"the content of {plain(place)} was not read")
    data = seen.content
    if place.endswith(b"vpd_pg80"):
        data = data[VPD_HEAD:]
    return data.strip(b" \0\n").decode("ascii", "replace")
