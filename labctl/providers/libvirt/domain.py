"""A host's machine as libvirt's domain XML (https://libvirt.org/formatdomain.html).

Every machine has its root disk (vda), the examiner's read-only disk, a serial line and the ports
of the observer; what else it has comes from the lab file.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

METADATA = "https://labctl.invalid/host/1"
"""The XML namespace of what marks a domain as ours; a name, not an address."""
OBSERVER_SERIAL = "labctl-observer"
"""How the machine's initial RAM disk knows the examiner's disk."""
EMULATED_CPU = "Nehalem"
PORTS = 3
"""Ways to the observer: as many callers are served at the same time."""
COMMAND_LINE = "root=LABEL=root rw console=tty0 console=ttyS0 net.ifnames=0 quiet"

ET.register_namespace("labctl", METADATA)


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose a domain is."""

    installation: str
    session: str
    host: str


@dataclass(frozen=True, slots=True)
class Nic:
    """A network card: the tap that libvirt makes for it, its address, and its model in QEMU."""

    tap: str
    mac: str
    model: str = "virtio"


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A disk: its qcow2 or raw file, how it is attached, and the serial number that it shows.

    `size` in bytes is given for disks that begin empty.
    """

    path: Path
    bus: str = "virtio"
    format: str = "qcow2"
    size: int = 0
    serial: str = ""
    readonly: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that a domain is made of. `memory` is in bytes, `accelerated` means KVM."""

    name: str
    mark: Mark
    memory: int
    cpus: float
    kernel: Path
    initrd: Path
    disks: tuple[DiskFile, ...]
    nics: tuple[Nic, ...]
    log: Path
    accelerated: bool = False


def domain_xml(machine: Machine) -> str:
    """The machine as libvirt takes it."""
    domain = ET.Element("domain", type="kvm" if machine.accelerated else "qemu")
    _text(domain, "name", machine.name)
    _mark(domain, machine.mark)
    _text(domain, "memory", str(machine.memory >> 10), unit="KiB")
    _text(domain, "vcpu", str(max(1, math.ceil(machine.cpus))))
    _boot(domain, machine)
    features = ET.SubElement(domain, "features")
    ET.SubElement(features, "acpi")
    ET.SubElement(features, "apic")
    if machine.accelerated:
        ET.SubElement(domain, "cpu", mode="host-passthrough")
    else:  # a plain one: for each further ability the guest's kernel loads modules and tries them
        cpu = ET.SubElement(domain, "cpu", mode="custom", check="none")
        _text(cpu, "model", EMULATED_CPU)
    ET.SubElement(domain, "clock", offset="utc")
    for event, act in (("poweroff", "destroy"), ("reboot", "restart"), ("crash", "destroy")):
        _text(domain, f"on_{event}", act)
    _devices(ET.SubElement(domain, "devices"), machine)
    return ET.tostring(domain, encoding="unicode")


def mark_of(xml: str) -> Mark | None:
    """Whose the domain with this XML is; None if it is not labctl's."""
    found = ET.fromstring(xml).find(  # noqa: S314  # libvirtd wrote it
        f"metadata/{{{METADATA}}}host"
    )
    if found is None:
        return None
    return Mark(found.get("installation", ""), found.get("session", ""), found.get("name", ""))


def renamed(text: str, machine: Machine, number: str) -> str:
    """The XML of a saved machine as that of `machine`, which has the same devices."""
    domain = ET.fromstring(text)  # noqa: S314  # libvirtd wrote it
    _set(domain, "name", machine.name)
    _set(domain, "uuid", number)
    for old in domain.findall("metadata"):
        domain.remove(old)
    _mark(domain, machine.mark)
    for element, disk in zip(domain.iterfind("devices/disk"), machine.disks, strict=True):
        for child in element.findall("backingStore"):
            element.remove(child)
        _find(element, "source").attrib = {"file": str(disk.path)}
    for element, nic in zip(domain.iterfind("devices/interface"), machine.nics, strict=True):
        _find(element, "target").set("dev", nic.tap)
        _find(element, "mac").set("address", nic.mac)
    for channel in domain.iterfind("devices/channel"):
        for source in channel.findall("source"):  # libvirt makes up a path of its own
            source.attrib.pop("path", None)
    for kind in ("serial", "console"):
        for element in domain.iterfind(f"devices/{kind}"):
            _find(element, "log").set("file", str(machine.log))
    return ET.tostring(domain, encoding="unicode")


def _set(parent: ET.Element, tag: str, text: str) -> None:
    _find(parent, tag).text = text


def _find(parent: ET.Element, tag: str) -> ET.Element:
    found = parent.find(tag)
    if found is None:
        raise ValueError(f"the machine's XML has no {tag} in {parent.tag}")
    return found


def observer_sockets(xml: str) -> tuple[Path, ...]:
    """The sockets of a running domain's ways to its observer, in the order of the ports."""
    found = {}
    for channel in ET.fromstring(xml).iterfind("devices/channel"):  # noqa: S314  # as above
        target, source = channel.find("target"), channel.find("source")
        name = target.get("name", "") if target is not None else ""
        if name.startswith("labctl.observer.") and source is not None:
            found[name] = Path(source.get("path", ""))
    return tuple(found[name] for name in sorted(found))


def _mark(domain: ET.Element, mark: Mark) -> None:
    metadata = ET.SubElement(domain, "metadata")
    ET.SubElement(
        metadata,
        f"{{{METADATA}}}host",
        installation=mark.installation,
        session=mark.session,
        name=mark.host,
    )


def _boot(domain: ET.Element, machine: Machine) -> None:
    os_ = ET.SubElement(domain, "os")
    _text(os_, "type", "hvm", arch="x86_64", machine="q35")
    _text(os_, "kernel", str(machine.kernel))
    _text(os_, "initrd", str(machine.initrd))
    _text(os_, "cmdline", COMMAND_LINE)


def _devices(devices: ET.Element, machine: Machine) -> None:
    letters = {"vd": 0, "sd": 0}
    for disk in machine.disks:
        kind = "vd" if disk.bus == "virtio" else "sd"
        _disk(devices, disk, f"{kind}{chr(ord('a') + letters[kind])}")
        letters[kind] += 1
    for nic in machine.nics:
        interface = ET.SubElement(devices, "interface", type="ethernet")
        ET.SubElement(interface, "mac", address=nic.mac)
        ET.SubElement(interface, "target", dev=nic.tap)
        ET.SubElement(interface, "model", type=nic.model)
    serial = ET.SubElement(devices, "serial", type="pty")
    ET.SubElement(serial, "log", file=str(machine.log), append="on")
    ET.SubElement(serial, "target", port="0")
    for number in range(PORTS):
        channel = ET.SubElement(devices, "channel", type="unix")
        ET.SubElement(channel, "source", mode="bind")
        ET.SubElement(channel, "target", type="virtio", name=f"labctl.observer.{number}")
    rng = ET.SubElement(devices, "rng", model="virtio")
    _text(rng, "backend", "/dev/urandom", model="random")
    ET.SubElement(devices, "memballoon", model="none")
    video = ET.SubElement(devices, "video")
    ET.SubElement(video, "model", type="none")


def _disk(devices: ET.Element, disk: DiskFile, target: str) -> None:
    element = ET.SubElement(devices, "disk", type="file", device="disk")
    ET.SubElement(element, "driver", name="qemu", type=disk.format, discard="unmap")
    ET.SubElement(element, "source", file=str(disk.path))
    ET.SubElement(element, "target", dev=target, bus=disk.bus)
    if disk.serial:
        _text(element, "serial", disk.serial)
    if disk.readonly:
        ET.SubElement(element, "readonly")
        ET.SubElement(element, "shareable")


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text
