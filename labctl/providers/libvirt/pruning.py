"""Removes machines' disks and warm states that no image of today has, and that nothing uses.

What is in use is seen by two things: the backing chains of all machines' disks, switched on or off,
and what any process has open. Whatever another version of labctl on this server has made counts as
ours: that version makes it again when it needs it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

from labctl.errors import ProviderError
from labctl.images.digest import tag
from labctl.images.disks import DISKS, abandoned, making, set_name
from labctl.images.library import ImageLibrary
from labctl.providers.libvirt.files import MACHINES, backing
from labctl.providers.libvirt.warm import WarmState, disks_of

PROC = Path("/proc")


def remove_superseded(
    report: Callable[[str], None] = lambda _: None,
    library: ImageLibrary | None = None,
    folder: Path = DISKS,
    machines: Path = MACHINES,
) -> tuple[str, ...]:
    """Remove what `superseded` finds, and what killed makers left; returns the names that went.

    Only root may see what all processes have open; raises `ProviderError` for anybody else.
    """
    found = superseded(library, folder, machines)
    left = abandoned(folder)
    if not (found or left):
        return ()
    if os.geteuid() != 0:
        raise ProviderError(
            f"Only root can remove {len(found) + len(left)} old disks of virtual machines.",
            "Run `sudo labctl images prune`.",
        )
    for place in left:
        shutil.rmtree(place, ignore_errors=True)
    with making(folder) as workplace:  # under another name at once: a folder that is there is whole
        for place in found:
            place.rename(workplace / place.name)
            report(place.name)
    return tuple(place.name for place in found)


def superseded(
    library: ImageLibrary | None = None, folder: Path = DISKS, machines: Path = MACHINES
) -> tuple[Path, ...]:
    """The sets of disks and warm states in `folder` that no image of today has, and not in use."""
    library = library or ImageLibrary()
    current = {set_name(tag(library.image(name), library)) for name in library.names()}
    sets = [place for place in _folders(folder, "labctl-*") if place.name not in current]
    states = [place for place in _folders(folder, "warm-*") if not _stands_on(place) <= current]
    if not (sets or states):
        return ()
    used = _in_use(folder, machines)
    return tuple(place for place in (*states, *sets) if place not in used)


def _folders(folder: Path, pattern: str) -> list[Path]:
    return sorted(place for place in folder.glob(pattern) if place.is_dir())


def _stands_on(place: Path) -> set[str]:
    """The names of the sets of disks that a warm state needs; its own where it cannot be read."""
    state = WarmState(place / "root.qcow2", place / "memory.save")
    try:
        below = backing(state.root)
        needed = [below, *(disk for disk in disks_of(state) if disk.name != state.root.name)]
    except (ProviderError, OSError, ValueError, ET.ParseError):
        return {place.name}
    return {path.parent.name for path in needed if path is not None}


def _in_use(folder: Path, machines: Path) -> set[Path]:
    """The places in `folder` that hold something that a machine or a process uses."""
    files = {path for disk in machines.rglob("*.qcow2") for path in _chain(disk)}
    files |= set(_open_files())
    return {folder / path.relative_to(folder).parts[0] for path in files if folder in path.parents}


def _chain(disk: Path) -> Iterator[Path]:
    """What a disk is laid over, and what that is laid over, as far as it is there."""
    with contextlib.suppress(ProviderError):  # gone meanwhile
        while below := backing(disk):
            yield below
            disk = below


def _open_files() -> Iterator[Path]:
    """Everything that any process has open."""
    for link in PROC.glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            yield link.readlink()
