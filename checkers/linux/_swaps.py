"""What a host swaps to, as its kernel says in /proc/swaps."""

from __future__ import annotations

import os
from dataclasses import dataclass

from checkers.check import Asking, ask
from checkers.linux._block import Blocks, Disk, blocks, device_numbered
from checkers.linux._kernel import kernels_own, texts
from checkers.linux._mounts import Mount, spelt
from checkers.model import Blame, File
from checkers.reading import unobserved
from checkers.storage import Filesystem
from checkers.words import listed, plain, quoted, size

SWAPS = b"/proc/swaps"
HEADER = b"Filename"
HEAD_BYTES = 4096
"""The first page of an area, which its size leaves out (mkswap(8))."""
DELETED = b" (deleted)"


@dataclass(frozen=True, slots=True)
class Area:
    """A swap area: the kernel's name of its file or device, its bytes, and the disks below it."""

    path: bytes
    file: bool
    size: int
    disks: tuple[Disk, ...]

    @property
    def hardware(self) -> bool:
        """Whether it lies on disks that the host has, and not in memory."""
        return bool(self.disks) and all(disk.bus for disk in self.disks)

    @property
    def said(self) -> str:
        """The area in a few words: `512.0 MiB in /dev/vdb1 (on SWP-1)`."""
        on = f"on {listed(disk.said for disk in self.disks)}" if self.hardware else "on no disk"
        return f"{size(self.size)} in {plain(self.path)} ({on})"


def areas(host: str) -> Asking[tuple[Area, ...]]:
    """Every swap area that is in use."""
    mounted = yield from kernels_own(host)
    (content,) = yield from texts(host, SWAPS)
    head, *lines = content.split(b"\n")
    if not head.startswith(HEADER):
        raise unobserved(f"{plain(SWAPS)} of {host} begins with {quoted(head, 60)}")
    known = yield from blocks(host)
    found = []
    for line in lines:
        words = line.split()
        if len(words) < 4 or not words[2].isdigit():
            raise unobserved(f"{plain(SWAPS)} of {host} holds {quoted(line, 60)}")
        path, is_file = spelt(words[0]), words[1] == b"file"
        look = _below_file if is_file else _below_device
        disks = yield from look(host, path, mounted, known)
        found.append(Area(path, is_file, int(words[2]) * 1024 + HEAD_BYTES, disks))
    return tuple(found)


def _below_device(
    host: str, path: bytes, mounted: tuple[Mount, ...], known: Blocks
) -> Asking[tuple[Disk, ...]]:
    """The disks below a device that is swapped to.

    The kernel says the name under which it was given. Root can give a device another's name: what
    counts is the number that stands behind the name, where nothing is mounted in its way.
    """
    own_names = [mount for mount in mounted if mount.point == b"/dev" and mount.kind == "devtmpfs"]
    above = [mount for mount in mounted if (path + b"/").startswith(mount.point + b"/")]
    found = yield from ask(File(host, path, follow=False))
    if found.type != "block" or found.number is None or above != own_names or len(above) != 1:
        raise unobserved(f"what {plain(path)} of {host} stands for cannot be told", Blame.HOST)
    device = yield from device_numbered(host, found.number)
    if device is None:
        raise unobserved(f"{host} has no device with the number {found.number}")
    return known.disks_below(device)


def _below_file(
    host: str, path: bytes, mounted: tuple[Mount, ...], known: Blocks
) -> Asking[tuple[Disk, ...]]:
    """The disks below a file that is swapped to: those of the file system that it is in."""
    if path.endswith(DELETED) or any(mount.point == path for mount in mounted):
        raise unobserved(f"what {plain(path)} of {host} stands for cannot be told", Blame.HOST)
    found = yield from ask(Filesystem(host, path))
    if found.device is None or not found.size:
        raise unobserved(f"the file {plain(path)} of {host} was not found ({found.why})")
    number = f"{os.major(found.device)}:{os.minor(found.device)}"
    device = yield from device_numbered(host, number)
    if device is None:
        raise unobserved(f"what {plain(path)} of {host} lies on cannot be told")
    return known.disks_below(device)
