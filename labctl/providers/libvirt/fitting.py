"""Fits a running machine to its chassis: disks put in and pulled, faults brought about, cables.

Disks other than the first are no part of libvirt's domain: QEMU is given each while it runs, with a
filter above it where something is broken. That is how a bay is opened on a running machine, how
one warm state serves machines with any disks, and how there are NVMe disks at all (libvirt 9 has no
words for them). To fit a machine that is fitted already changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from labctl.errors import ProviderError
from labctl.hardware import HardwarePlan
from labctl.providers.libvirt import files
from labctl.providers.libvirt.chassis import Chassis, Fitted
from labctl.providers.libvirt.domain import SCSI_BUS, USB_BUS, Sockets
from labctl.providers.libvirt.monitor import Monitor

PERIPHERALS = "/machine/peripheral"
PREFIX = "bay-"
"""How the names begin that our disks have in QEMU."""
PORTS = 4
"""Free ports come in so many."""
EJECT_SECONDS = 15.0
"""How long a machine's kernel may take to let go of a disk that was pulled."""
FORGET_SECONDS = 5.0
POLL = 0.1
BLOCK_ERROR = 5
"""EIO (errno(3))."""
ASKED = "in the process of unplug"
"""What QEMU says of a disk that its machine has been asked to let go of."""
FAILING = ("read", "write", "write-zeroes", "discard", "flush")


def sockets_for(hardware: HardwarePlan | None) -> Sockets:
    """What a machine has to have so that all disks that it may ever get can be put in.

    Few kinds of machines, so that there are few warm states: either none of it, or ports for some.
    """
    if hardware is None:
        return Sockets()
    disks = [*hardware.disks.values(), *(spare for act in hardware.acts for spare in act.spares)]
    bays = set(hardware.disks) | {act.bay for act in hardware.acts if act.spares}
    buses = {disk.bus for disk in disks}
    ports = PORTS * -(-len(bays) // PORTS) if buses & {"virtio", "nvme"} else 0
    return Sockets(ports, "scsi" in buses, "usb" in buses)


class Fitting:
    """One running machine, and the folder where its disks' files lie."""

    def __init__(self, domain: Any, folder: Path, owner: tuple[int, int]) -> None:
        """`owner` are the user and group that QEMU runs as, who must be able to open a disk."""
        self._monitor = Monitor(domain)
        self._xml = domain.XMLDesc()
        self._folder = folder
        self._owner = owner

    def fit(self, chassis: Chassis, interfaces: Sequence[str]) -> None:
        """Bring the machine's disks and cables to what `chassis` says."""
        wanted = {_name(disk): disk for disk in chassis.bays.values()}
        present = self._present()
        for name in sorted(present - wanted.keys()):
            self._pull(name)
        for name, disk in sorted(wanted.items(), key=lambda each: each[1].slot):
            if name not in present:
                self._put(name, disk, first=disk.serial == chassis.first)
            self._break(name, disk)
        for number, interface in enumerate(interfaces):
            up = interface not in chassis.cut
            self._monitor.ask("set_link", name=f"net{number}", up=up)

    # ------------------------------------------------------------------ disks

    def _present(self) -> set[str]:
        found = self._monitor.ask("qom-list", path=PERIPHERALS)
        return {each["name"] for each in found if each["name"].startswith(PREFIX)}

    def _put(self, name: str, disk: Fitted, *, first: bool) -> None:
        path = self._folder / disk.file
        if not path.exists():
            files.blank(path, disk.size)
        os.chown(path, *self._owner)
        nodes = self._nodes()
        if name not in nodes:
            below = {"driver": "file", "filename": str(path), "discard": "unmap"}
            self._monitor.ask("blockdev-add", **{"node-name": name}, driver="qcow2", file=below)
        order = {"bootindex": 0} if first else {}
        self._monitor.ask("device_add", id=name, drive=name, **self._device(disk), **order)
        if first:  # the firmware is told of the order when the machine is reset
            self._monitor.ask("system_reset")

    def _device(self, disk: Fitted) -> dict[str, Any]:
        """The device's model and place."""
        common = {"serial": disk.serial}
        if disk.bus == "scsi":
            names = {"vendor": "LAB", "product": "DISK", "device_id": disk.serial}
            return {"driver": "scsi-hd", "bus": SCSI_BUS, "scsi-id": disk.slot, **names, **common}
        if disk.bus == "usb":
            return {"driver": "usb-storage", "bus": USB_BUS, "removable": True, **common}
        model = "nvme" if disk.bus == "nvme" else "virtio-blk-pci"
        return {"driver": model, "bus": self._port(disk.slot), **common}

    def _port(self, slot: int) -> str:
        """The name of a PCI Express port that libvirt has put nothing into."""
        domain = ET.fromstring(self._xml)  # noqa: S314  # libvirtd wrote it
        places = domain.iterfind("devices/*/address[@type='pci']")
        used = {int(each.get("bus", "0"), 0) for each in places}
        free = [
            int(each.get("index", "0"))
            for each in domain.iterfind("devices/controller[@model='pcie-root-port']")
        ]
        ports = [index for index in sorted(free) if index not in used]
        if slot >= len(ports):
            raise ProviderError(f"The machine has no port for a disk in slot {slot}.")
        return f"pci.{ports[slot]}"

    def _pull(self, name: str) -> None:
        """Take a disk away: from this moment it answers nothing, whatever the machine thinks."""
        self._filter(name, _rules(failed=True))
        self._eject(name)
        if not _wait(lambda: name not in self._present(), EJECT_SECONDS):
            return  # dead, and gone at the latest when the power goes off
        for node in sorted(self._nodes(), key=len, reverse=True):
            if node == name or node.startswith(f"{name}."):
                # QEMU lets go of it a moment after the disk is gone; what stays does no harm.
                _wait(lambda node=node: self._forgotten(node), FORGET_SECONDS)  # type: ignore[misc]

    def _eject(self, name: str) -> None:
        """Ask the machine to let go of a disk, unless it has been asked already."""
        try:
            self._monitor.ask("device_del", id=name)
        except ProviderError as error:
            if ASKED not in error.message:
                raise

    def _forgotten(self, node: str) -> bool:
        try:
            self._monitor.ask("blockdev-del", **{"node-name": node})
        except ProviderError:
            return False
        return True

    def _nodes(self) -> set[str]:
        found = self._monitor.ask("query-named-block-nodes", flat=True)
        return {each["node-name"] for each in found}

    # ------------------------------------------------------------------ faults

    def _break(self, name: str, disk: Fitted) -> None:
        self._filter(name, _rules(failed=disk.failed or disk.loose, sectors=disk.sectors))
        if disk.bus == "nvme":
            where = {"path": f"{PERIPHERALS}/{name}", "property": "smart_critical_warning"}
            if self._monitor.ask("qom-get", **where) != disk.warning:
                self._monitor.ask("qom-set", **where, value=disk.warning)

    def _filter(self, name: str, rules: list[dict[str, Any]]) -> None:
        """Have the disk read and write through a filter with these rules, or through none."""
        wanted = name
        if rules:
            wanted = f"{name}.{hashlib.sha256(repr(rules).encode()).hexdigest()[:8]}"
            if wanted not in self._nodes():
                self._monitor.ask(
                    "blockdev-add",
                    **{"node-name": wanted, "inject-error": rules},
                    driver="blkdebug",
                    image=name,
                )
        path, top = self._drive(name)
        if top != wanted:
            self._monitor.ask("qom-set", path=path, property="drive", value=wanted)

    def _drive(self, name: str) -> tuple[str, str]:
        """Where in QEMU a disk is, and the node that it reads and writes through.

        A USB disk is a bridge and a SCSI disk behind it, and QEMU dies if the bridge is given
        another drive.
        """
        path = f"{PERIPHERALS}/{name}"
        for each in self._monitor.ask("query-block"):
            place = str(each.get("qdev", ""))
            if f"/{name}/" in f"/{place}/":
                behind = place.startswith(f"{path}/{name}.")
                node = str(each.get("inserted", {}).get("node-name", ""))
                return place if behind else path, node
        return path, ""


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    """Whether something comes about in time."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(POLL)
    return True


def _name(disk: Fitted) -> str:
    """Another one each time that the disk is pushed into its bay."""
    return f"{PREFIX}{disk.file.removesuffix('.qcow2')}-{disk.seated}"


def _rules(*, failed: bool = False, sectors: Sequence[int] = ()) -> list[dict[str, Any]]:
    """What a filter is to fail: everything, or the reading of some sectors (of 512 bytes)."""
    always = {"event": "none", "errno": BLOCK_ERROR, "once": False}
    if failed:
        return [{**always, "iotype": kind} for kind in FAILING]
    return [{**always, "iotype": "read", "sector": sector} for sector in sectors]
