"""What a container has written, by the layer of the overlay file system that only it writes to.

The kernel keeps whatever a container adds or changes in an *upper* directory over those of its
image, and what it deletes as a device numbered 0:0 there (Linux, filesystems/overlayfs.rst). Where
these directories are on the server stands in the table of mounts of the host's first process, as
the kernel has it: the host's own /proc is not asked, and no program of anybody's is run. Only names
and types are read there, never through a link, and after every right but that of looking was given
up.

A directory that was removed and made again is told as changed, with what is in it now. What lies on
file systems that are mounted over the image (/dev/shm and the like) is in no layer.
"""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import files, hosts, system

MOST = 50_000
"""Paths of one host that are listed."""
MOST_NAMES = 10_000
"""Names in one directory that are looked at: filling one must not hide the others."""

_OCTAL = re.compile(rb"\\([0-7]{3})")


class NoLayer(Exception):
    """There is no layer that could be looked at; the text says why."""


@dataclass(frozen=True)
class Layers:
    """Where the layers of a root directory are on the server: what is written, what is below."""

    upper: bytes
    lower: tuple[bytes, ...]


def of_host(host: hosts.Host) -> Layers:
    """The layers of a host's root directory; raises `NoLayer`, or `OSError` if the host is gone."""
    if host.own_kernel:
        raise NoLayer("a machine's disk has no list of the files that were changed on it")
    with open(f"/proc/{host.pid}/mountinfo", "rb") as file:
        table = file.read()
    if hosts.start_time(host.pid) != host.start_time:
        raise NoLayer(f"{host.name} is not running any more")
    return find(table, os.stat(host.root).st_dev)


def server_of(host: hosts.Host) -> int:
    """The root directory of the server: that of the engine's process which keeps the container.

    It is the parent of the host's first process, and no process of the host's can become that.
    """
    with open(f"/proc/{host.pid}/stat", "rb") as file:
        parent = int(file.read().rpartition(b")")[2].split()[1])
    return os.open(f"/proc/{parent}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def find(table: bytes, device: int) -> Layers:
    """The layers of the overlay file system of that number, from a table of mounts (proc(5))."""
    number = b"%d:%d" % (os.major(device), os.minor(device))
    for line in table.split(b"\n"):
        before, _, after = line.partition(b" - ")
        words, kind = before.split(b" "), after.split(b" ")
        if len(words) > 2 and words[2] == number and kind[0] == b"overlay" and len(kind) > 2:
            options = dict(each.partition(b"=")[::2] for each in kind[2].split(b","))
            upper = _spelt(options.get(b"upperdir", b""))
            lower = tuple(_spelt(each) for each in options.get(b"lowerdir", b"").split(b":"))
            if all(each.startswith(b"/") for each in (upper, *lower)):
                return Layers(upper, lower)
    raise NoLayer("what the server keeps containers on has no layer that could be looked at")


def _spelt(field: bytes) -> bytes:
    return _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), field)


def changes(layers: Layers, server: int) -> dict[str, Any]:
    """Answer a `changed_files` probe; `server` is the root directory that the layers are below.

    Gives up all rights but that of looking: for a child of ours that ends with it.
    """
    upper = system.openat2(server, layers.upper, os.O_RDONLY | os.O_DIRECTORY)
    lower = [system.openat2(server, each, os.O_PATH | os.O_DIRECTORY) for each in layers.lower]
    system.keep_only((system.CAP_DAC_READ_SEARCH,))
    walk = Walk(upper, lower)
    rows = [{"path": files.encoded(path), "how": how} for path, how in walk.found()]
    return {"changes": sorted(rows, key=lambda row: row["path"]), "truncated": walk.truncated}


class Walk:
    """A walk through an upper directory, the directories nearest to the root first.

    `truncated` says afterwards that there was more than was looked at.
    """

    def __init__(self, upper: int, lower: list[int]) -> None:
        self._upper = upper
        self._lower = lower
        self.truncated = False

    def found(self) -> Iterator[tuple[bytes, str]]:
        """Every path that is not as below, with what became of it."""
        left = MOST
        pending = deque([(b"/", False)])
        while pending:
            folder, is_new = pending.popleft()
            for path, mode, gone in self._entries(folder):
                if not left:
                    self.truncated = True
                    return
                left -= 1
                new = is_new or not self._is_below(path)
                yield path, "deleted" if gone else "added" if new else "changed"
                if stat.S_ISDIR(mode):
                    pending.append((path, new))

    def _entries(self, folder: bytes) -> Iterator[tuple[bytes, int, bool]]:
        """What is in a directory of the layer: path, mode, and whether it stands for a deletion."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = system.openat2(self._upper, folder, flags)
        except OSError:  # it went away meanwhile, or its path is longer than the kernel takes
            self.truncated = True
            return
        try:
            with os.scandir(descriptor) as listing:
                for number, entry in enumerate(listing):
                    if number == MOST_NAMES:
                        self.truncated = True
                        return
                    path = folder.rstrip(b"/") + b"/" + os.fsencode(entry.name)
                    try:
                        about = os.stat(entry.name, dir_fd=descriptor, follow_symlinks=False)
                    except FileNotFoundError:  # a host that is not frozen goes on meanwhile
                        continue
                    yield path, about.st_mode, _is_whiteout(about)
        finally:
            os.close(descriptor)

    def _is_below(self, path: bytes) -> bool:
        """Whether the image has this path, by the uppermost of its layers that says anything."""
        for layer in self._lower:
            try:
                descriptor = system.openat2(layer, path, os.O_PATH | os.O_NOFOLLOW)
            except OSError:
                continue
            about = os.fstat(descriptor)
            os.close(descriptor)
            return not _is_whiteout(about)
        return False


def _is_whiteout(about: os.stat_result) -> bool:
    return stat.S_ISCHR(about.st_mode) and about.st_rdev == 0
