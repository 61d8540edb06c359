"""Warm starts: a machine is booted once, and each session goes on from where it stood then.

A *warm state* belongs to one image and one set of devices. It is a disk and what libvirt saved of
the memory. libvirt restores what it saved under no other name, so each session gets a copy of the
saved file whose head is its own: the file's layout is in libvirt's `qemu_saveimage.h`,

    16 bytes of magic, 5 numbers of 32 bits (version, length of the texts, was it running,
    compression, where the second text begins), 14 unused ones │ domain XML, cookie │ QEMU's stream

The clone has the memory of all its siblings, so it is given an identity of its own before anybody
is let in (see `identity`).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import IO, Any

from labctl.bmc.plan import BmcPlan
from labctl.errors import ProviderError
from labctl.images.disks import DISKS, making
from labctl.providers.libvirt import bmc, files
from labctl.providers.libvirt import domain as xml
from labctl.providers.libvirt.chassis import Chassis
from labctl.providers.libvirt.hypervisor import Hypervisor, library, talking

RECIPE = "2"
_HEAD = struct.Struct("<16s5I56x")
_MAGIC = (b"LibvirtQemudSave", b"LibvirtQemudPart")
_VERSION = 2

Boot = Callable[[str], None]
"""Waits until the machine of this domain name has booted and is ready to be saved."""


@dataclass(frozen=True, slots=True)
class WarmState:
    """The disk that a clone's own is laid over, and the saved memory."""

    root: Path
    memory: Path


class WarmStates:
    """The warm states of this server."""

    def __init__(self, hypervisor: Hypervisor, folder: Path = DISKS) -> None:
        self._hypervisor = hypervisor
        self._folder = folder

    def get(self, machine: xml.Machine, root: Path, boot: Boot) -> WarmState:
        """The warm state for machines like this one, made now if it is not there.

        `root` is the image's disk. Who comes second waits for the first.
        """
        place = self._folder / f"warm-{self._key(machine, root)}"
        found = WarmState(place / "root.qcow2", place / "memory.save")
        if place.is_dir():
            return found
        with self._alone(place):
            if not place.is_dir():
                self._make(place, machine, root, boot)
        return found

    def _key(self, machine: xml.Machine, root: Path) -> str:
        """What must be the same for a state to fit: the image, the devices and their order."""
        parts = [
            RECIPE,
            str(root.parent.name),
            *(str(disk.path.parent.name) for disk in machine.disks if disk.readonly),
            machine.memory,
            machine.cpus,
            machine.accelerated,
            [(disk.format, disk.serial, disk.readonly) for disk in machine.disks],
            [nic.model for nic in machine.nics],
            astuple(machine.sockets),
            *(["bmc"] if machine.bmc else []),
        ]
        if machine.serial_ports > 1:
            parts.append(machine.serial_ports)
        if machine.kernel is not None:
            parts.append(xml.COMMAND_LINE)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    @contextlib.contextmanager
    def _alone(self, place: Path) -> Iterator[None]:
        with place.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make(self, place: Path, machine: xml.Machine, root: Path, boot: Boot) -> None:
        name = f"labctl-{place.name}"
        self._remove(name)
        with making(self._folder) as workplace:
            new = workplace / "state"
            new.mkdir(mode=0o755)
            workplace.chmod(0o755)
            template = _template(machine, name, new, root)
            if template.bmc is not None:
                bmc.fit(workplace, BmcPlan(()), Chassis(0, {}), self._hypervisor.account())
            try:
                with talking("to boot a machine for warm starts"):
                    made = self._hypervisor.connection.defineXML(xml.domain_xml(template))
                    made.create()
                boot(name)
                with talking("to save a machine for warm starts"):
                    made.save(str(new / "memory.save"))
            finally:
                self._remove(name)
            for path in new.iterdir():
                path.chmod(0o644)
                os.chown(path, 0, 0)
            new.rename(place)

    def _remove(self, name: str) -> None:
        """Remove a machine that was to be saved, or what a killed command left of it."""
        found = self._hypervisor.find(name)
        if found is not None:
            with talking("to remove a machine"):
                if found.isActive():
                    found.destroy()
                if found.isPersistent():
                    found.undefineFlags(library().VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)

    def start(self, state: WarmState, machine: xml.Machine) -> Any:
        """A clone of a warm state as this machine, with its processors standing still."""
        connection = self._hypervisor.connection
        with talking(f"to start {machine.name}"):
            found = connection.defineXML(xml.domain_xml(machine))
            copy = machine.log.with_name("memory.save")
            try:
                with files.writing(copy):
                    _copy_as(state.memory, copy, found.UUIDString(), machine)
                flags = library().VIR_DOMAIN_SAVE_PAUSED
                connection.restoreFlags(str(copy), None, flags)
            finally:
                copy.unlink(missing_ok=True)
        return self._hypervisor.get(machine.name)


def _template(machine: xml.Machine, name: str, folder: Path, root: Path) -> xml.Machine:
    """The machine that is booted and saved: like `machine`, but nobody's, and on no network."""
    disks = []
    for disk in machine.disks:
        if disk.readonly:
            disks.append(disk)
        else:
            files.overlay(folder / "root.qcow2", root, "raw")
            disks.append(replace(disk, path=folder / "root.qcow2"))
    digits = hashlib.sha256(name.encode()).hexdigest()
    nics = tuple(
        xml.Nic(f"labwrm{digits[:8]}{number:x}", f"02:77:61:72:6d:{number:02x}", nic.model)
        for number, nic in enumerate(machine.nics)
    )
    return replace(
        machine,
        name=name,
        mark=replace(machine.mark, session="", host=""),
        disks=tuple(disks),
        nics=nics,
        log=folder / "console.log",
        bmc=bmc.socket_of(folder.parent) if machine.bmc else None,
    )


def _copy_as(saved: Path, copy: Path, number: str, machine: xml.Machine) -> None:
    """Copy a saved memory to `copy` with a head that names `machine`; `number` is its UUID."""
    with saved.open("rb") as source:
        magic, running, old, cookie = _read_head(source)
        new = xml.renamed(old, machine, number).encode() + b"\0"
        tail = cookie + b"\0" if cookie else b""
        begins = len(new) if cookie else 0
        with copy.open("wb") as target:
            target.write(_HEAD.pack(magic, _VERSION, len(new) + len(tail), running, 0, begins))
            target.write(new + tail)
            shutil.copyfileobj(source, target, 1 << 22)


def disks_of(state: WarmState) -> tuple[Path, ...]:
    """The disks that the machine of a warm state had; raises `ProviderError`, `OSError`."""
    with state.memory.open("rb") as source:
        return xml.disks(_read_head(source)[2])


def _read_head(source: IO[bytes]) -> tuple[bytes, int, str, bytes]:
    """The magic, whether the machine was running, its XML, the cookie; QEMU's stream is next."""
    head = source.read(_HEAD.size).ljust(_HEAD.size, b"\0")
    magic, version, length, running, compressed, offset = _HEAD.unpack(head)
    if magic not in _MAGIC or version != _VERSION or compressed:
        raise ProviderError(
            "A saved machine has a layout that labctl does not know.",
            "Report the version of libvirt; `labctl doctor` shows it.",
        )
    texts = source.read(length)
    cookie = texts[offset:].rstrip(b"\0") if offset else b""
    return magic, running, texts[: offset or length].rstrip(b"\0").decode(), cookie
