"""Rules that join the disks, cables, faults and acts of a machine in a lab file."""

from __future__ import annotations

from collections.abc import Iterable

from labctl.hardware import SYSTEM
from labctl.library.bmc_rules import check_bmc
from labctl.library.findings import nearest
from labctl.library.hardware import Spare
from labctl.library.parts import Part, Parts
from labctl.library.topology import Host


def check_hardware(parts: Parts) -> None:
    """Report what is about a disk, a bay or an interface that the machine has not got."""
    taken: set[str] = set()
    for host in parts.hosts.values():
        _disks(host, parts)
        _cards(host, parts)
        _faults(host, parts)
        _hands(host, parts, taken)
        check_bmc(host, parts)


def act_names(hosts: Iterable[Part[Host]]) -> set[str]:
    """The names of all acts that may be asked for."""
    return {name for host in hosts for hands in host.value.hands or () for name, _ in hands.acts()}


def _disks(host: Part[Host], parts: Parts) -> None:
    if len(host.value.bays()) != len(host.value.disks or ()):
        message = "two disks are in one bay"
        parts.report((*host.path, "disks"), message, "Give each disk a `bay` of its own.")
    seen: set[str] = set()
    for path, serial in _serials(host):
        if serial in seen:
            parts.report(path, f"two disks have the serial number `{serial}`")
        seen.add(serial)


def _serials(host: Part[Host]) -> list[tuple[tuple[str | int, ...], str]]:
    found = [
        ((*host.path, "disks", number, "serial"), disk.serial)
        for number, disk in enumerate(host.value.disks or ())
        if disk.serial
    ]
    return found + [
        ((*host.path, "hands", index, "spares", number, "serial"), spare.serial)
        for index, hands in enumerate(host.value.hands or ())
        for number, spare in enumerate(hands.spares or ())
    ]


def _interfaces(host: Part[Host]) -> list[str]:
    return [f"eth{number}" for number in range(len(host.value.networks))]


def _cards(host: Part[Host], parts: Parts) -> None:
    for name in host.value.nics or ():
        _interface(host, parts, (*host.path, "nics", name), name, key=True)


def _interface(
    host: Part[Host], parts: Parts, path: tuple[str | int, ...], name: str, *, key: bool = False
) -> None:
    known = _interfaces(host)
    if name not in known:
        message = f"the host has no interface `{name}`: it is on {len(known)} networks"
        parts.report(path, message, nearest(name, known), key=key)


def _faults(host: Part[Host], parts: Parts) -> None:
    disks = {disk.serial: disk for disk in host.value.disks or () if disk.serial}
    for number, fault in enumerate(host.value.faults or ()):
        path = (*host.path, "faults", number)
        if fault.link is not None:
            _interface(host, parts, (*path, "link"), fault.link)
        if fault.card is not None:
            _interface(host, parts, (*path, "card"), fault.card)
        if fault.boot is not None and fault.boot not in disks:
            hint = nearest(fault.boot, disks)
            parts.report((*path, "boot"), f"no disk has the serial number `{fault.boot}`", hint)
        if fault.disk is None:
            continue
        if fault.disk not in disks:
            hint = nearest(fault.disk, disks)
            parts.report((*path, "disk"), f"no disk has the serial number `{fault.disk}`", hint)
        elif fault.warning is not None and disks[fault.disk].bus != "nvme":
            message = "only disks with `bus: nvme` have a SMART log that can warn"
            parts.report((*path, "warning"), message, key=True)


def _hands(host: Part[Host], parts: Parts, taken: set[str]) -> None:
    bays = host.value.bays()
    fitted = {
        bay
        for hands in host.value.hands or ()
        if hands.act == "insert-disk"
        for bay in hands.bays or ()
    } | set(bays)
    for number, hands in enumerate(host.value.hands or ()):
        path = (*host.path, "hands", number)
        if hands.nic is not None:
            _interface(host, parts, (*path, "nic"), hands.nic)
        known = {SYSTEM, *(disk.serial for disk in host.value.disks or () if disk.serial)}
        if hands.first is not None and hands.first not in known:
            hint = nearest(hands.first, known)
            parts.report((*path, "first"), f"there is no disk `{hands.first}`", hint)
        for index, bay in enumerate(hands.bays or ()):
            if hands.act != "insert-disk" and bay not in fitted:
                parts.report((*path, "bays", index), f"there is never a disk in bay {bay}")
        for name, _ in hands.acts():
            if name in taken:
                parts.report((*path, "id"), f"there is another act `{name}`")
            taken.add(name)
        for index, spare in enumerate(hands.spares or ()):
            if hands.act == "insert-disk" and _unsized(spare, hands.bays or (), set(bays)):
                parts.report((*path, "spares", index), "the size of this disk is missing", key=True)


def _unsized(spare: Spare, into: Iterable[int], fitted: set[int]) -> bool:
    return spare.size is None and not set(into) <= fitted
