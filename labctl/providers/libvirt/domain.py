"""A host's machine as libvirt's domain XML (https://libvirt.org/formatdomain.html).

Every machine has its root disk (vda), the examiner's read-only disk, a serial line and the ports
of the observer; what else it has comes from the lab file.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field, replace
from pathlib import Path

from labctl.providers.libvirt.clock import Clock

METADATA = "https://labctl.invalid/host/1"
"""The XML namespace of what marks a domain as ours; a name, not an address."""
OBSERVER_SERIAL = "labctl-observer"
"""How the machine's initial RAM disk knows the examiner's disk."""
EMULATED_CPU = "Nehalem"
PORTS = 3
"""Ways to the observer: as many callers are served at the same time."""
SCSI_BUS = "scsi0.0"
USB_BUS = "usb.0"
"""What QEMU calls the buses of the controllers of `Sockets`: libvirt's aliases, and a number."""
UEFI = "/usr/share/OVMF/OVMF_CODE_4M.fd"
UEFI_SETTINGS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
"""Where Debian's package `ovmf` has the firmware, and the settings that it begins with."""
MONITOR = "charmonitor"
"""What libvirt calls the device that it asks QEMU's monitor through."""
COMMAND_LINE = (
    "root=LABEL=root rw console=tty0 console=ttyS0 net.ifnames=0"
    " mitigations=off cryptomgr.notests quiet"
)
"""What the kernel is started with. Its mitigations keep a machine's own accounts apart where the
processor's speculation would leak; emulated, they cost a third of a boot's processor time. Its
tests of its own cryptography take seconds there.
"""

QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"
"""The XML namespace of arguments that libvirt hands on to QEMU (libvirt, "QEMU/KVM driver")."""
BMC = "labctl-bmc"

ET.register_namespace("labctl", METADATA)
ET.register_namespace("qemu", QEMU)


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
    """A disk that is always there: its qcow2 or raw file, and the serial number that it shows."""

    path: Path
    format: str = "qcow2"
    serial: str = ""
    readonly: bool = False


@dataclass(frozen=True, slots=True)
class Sockets:
    """Where disks can be put in later: free PCI Express ports, and controllers of other buses."""

    ports: int = 0
    scsi: bool = False
    usb: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that a domain is made of. `memory` is in bytes, `accelerated` means KVM.

    `log` is what is written to its first serial port; the files of further ones lie beside it.
    `bmc` is the socket of its BMC, where it has one. `uefi` has it started by UEFI, which keeps its
    settings beside the log. `clock` is how the clock is started.
    """

    name: str
    mark: Mark
    memory: int
    cpus: float
    kernel: Path | None
    initrd: Path | None
    disks: tuple[DiskFile, ...]
    nics: tuple[Nic, ...]
    log: Path
    sockets: Sockets = Sockets()
    clock: Clock = field(default_factory=Clock)
    bmc: Path | None = None
    uefi: bool = False
    accelerated: bool = False
    serial_ports: int = 1

    def log_of(self, port: int) -> Path:
        """The file of what is written to a serial port."""
        return self.log if port == 0 else self.log.with_name(f"serial-{port}.log")

    @property
    def can_start_warm(self) -> bool:
        """Whether a saved machine can go on as this one.

        Cards other than virtio's keep their address where a restored state is compared with it, and
        UEFI has a file that no saved state brings.
        """
        return not self.uefi and all(nic.model == "virtio" for nic in self.nics)


def domain_xml(machine: Machine, number: str = "") -> str:
    """The machine as libvirt takes it; `number` is its UUID, where it has one already."""
    domain = ET.Element("domain", type="kvm" if machine.accelerated else "qemu")
    _text(domain, "name", machine.name)
    if number:
        _text(domain, "uuid", number)
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
        # Else the kernel gathers its first random numbers from jitter, which takes it seconds.
        ET.SubElement(cpu, "feature", policy="require", name="rdrand")
    _clock(domain, machine.clock.ahead)
    for event, act in (("poweroff", "destroy"), ("reboot", "restart"), ("crash", "destroy")):
        _text(domain, f"on_{event}", act)
    _devices(ET.SubElement(domain, "devices"), machine)
    _past_libvirt(domain, [*_bmc(machine.bmc), *_monitor_log(machine.clock.log)])
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
            port = int(_find(element, "target").get("port", "0"))
            _find(element, "log").set("file", str(machine.log_of(port)))
    for element in domain.iterfind(f"{{{QEMU}}}commandline/{{{QEMU}}}arg"):
        if element.get("value", "").startswith(f"socket,id={BMC},"):
            element.set("value", _bmc_socket(machine.bmc))
    return ET.tostring(domain, encoding="unicode")


def _set(parent: ET.Element, tag: str, text: str) -> None:
    _find(parent, tag).text = text


def _find(parent: ET.Element, tag: str) -> ET.Element:
    found = parent.find(tag)
    if found is None:
        raise ValueError(f"the machine's XML has no {tag} in {parent.tag}")
    return found


def disks(xml: str) -> tuple[Path, ...]:
    """The files of a domain's disks."""
    sources = ET.fromstring(xml).iterfind("devices/disk/source")  # noqa: S314  # as above
    return tuple(Path(each.get("file", "")) for each in sources)


def of_the_same_image(machine: Machine, xml: str) -> Machine:
    """A machine with the kernel and the observer's disk that its domain was made with.

    The image may have been built anew since: another kernel would not find its modules on the
    disk that is there.
    """
    domain = ET.fromstring(xml)  # noqa: S314  # as above
    paths = [domain.findtext(f"os/{part}") for part in ("kernel", "initrd")]
    if machine.kernel is not None and all(paths):
        kernel, initrd = (Path(str(each)) for each in paths)
        machine = replace(machine, kernel=kernel, initrd=initrd)
    kept = dict(zip(range(len(machine.disks)), disks(xml), strict=False))
    own = tuple(
        replace(disk, path=kept.get(number, disk.path)) if disk.readonly else disk
        for number, disk in enumerate(machine.disks)
    )
    return replace(machine, disks=own)


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
    if machine.uefi:
        _text(os_, "loader", UEFI, readonly="yes", type="pflash")
        settings = machine.log.with_name("nvram.fd")
        _text(os_, "nvram", str(settings), template=UEFI_SETTINGS)
    if machine.kernel is not None:
        _text(os_, "kernel", str(machine.kernel))
        _text(os_, "initrd", str(machine.initrd))
        _text(os_, "cmdline", COMMAND_LINE)
    elif not machine.uefi:  # what the firmware has to say is on the serial line too
        ET.SubElement(os_, "bios", useserial="yes")


def _clock(domain: ET.Element, ahead: int) -> None:
    if not ahead:
        ET.SubElement(domain, "clock", offset="utc")
        return
    ET.SubElement(domain, "clock", offset="variable", basis="utc", adjustment=str(ahead))


def _past_libvirt(domain: ET.Element, words: list[str]) -> None:
    """Arguments that libvirt hands on to QEMU as they are."""
    if words:
        line = ET.SubElement(domain, f"{{{QEMU}}}commandline")
        for word in words:
            ET.SubElement(line, f"{{{QEMU}}}arg", value=word)


def _bmc(path: Path | None) -> list[str]:
    """A BMC outside QEMU, which the machine reaches by a keyboard controller style interface."""
    if path is None:
        return []
    devices = (f"ipmi-bmc-extern,id={BMC}-0,chardev={BMC}", f"isa-ipmi-kcs,bmc={BMC}-0")
    words = ["-chardev", _bmc_socket(path)]
    return words + [word for device in devices for word in ("-device", device)]


def _monitor_log(path: Path | None) -> list[str]:
    """Have QEMU append to a file what it tells libvirt over its monitor."""
    if path is None:
        return []
    settings = (f"logfile={path}", "logappend=on")
    return [word for each in settings for word in ("-set", f"chardev.{MONITOR}.{each}")]


def _bmc_socket(path: Path | None) -> str:
    return f"socket,id={BMC},path={path},reconnect=1"


def _sockets(devices: ET.Element, machine: Machine) -> None:
    """PCI Express ports for what is there (two virtio devices more), and those that stay free."""
    sockets = machine.sockets
    if sockets.ports:
        there = 2 + len(machine.disks) + len(machine.nics) + sockets.scsi + sockets.usb
        for number in range(1, 1 + there + sockets.ports):
            port = {"type": "pci", "model": "pcie-root-port", "index": str(number)}
            ET.SubElement(devices, "controller", port)
    if sockets.scsi:
        ET.SubElement(devices, "controller", type="scsi", index="0", model="virtio-scsi")
    usb = "qemu-xhci" if sockets.usb else "none"
    ET.SubElement(devices, "controller", type="usb", index="0", model=usb)


def _devices(devices: ET.Element, machine: Machine) -> None:
    _sockets(devices, machine)
    for number, disk in enumerate(machine.disks):
        first = number == 0 and machine.kernel is None
        _disk(devices, disk, f"vd{chr(ord('a') + number)}", boots=first)
    for nic in machine.nics:
        interface = ET.SubElement(devices, "interface", type="ethernet")
        ET.SubElement(interface, "mac", address=nic.mac)
        ET.SubElement(interface, "target", dev=nic.tap)
        ET.SubElement(interface, "model", type=nic.model)
    for number in range(machine.serial_ports):
        serial = ET.SubElement(devices, "serial", type="pty")
        ET.SubElement(serial, "log", file=str(machine.log_of(number)), append="on")
        ET.SubElement(serial, "target", port=str(number))
    for number in range(PORTS):
        channel = ET.SubElement(devices, "channel", type="unix")
        ET.SubElement(channel, "source", mode="bind")
        ET.SubElement(channel, "target", type="virtio", name=f"labctl.observer.{number}")
    rng = ET.SubElement(devices, "rng", model="virtio")
    _text(rng, "backend", "/dev/urandom", model="random")
    ET.SubElement(devices, "memballoon", model="none")
    video = ET.SubElement(devices, "video")
    ET.SubElement(video, "model", type="none")


def _disk(devices: ET.Element, disk: DiskFile, target: str, *, boots: bool) -> None:
    element = ET.SubElement(devices, "disk", type="file", device="disk")
    ET.SubElement(element, "driver", name="qemu", type=disk.format, discard="unmap")
    ET.SubElement(element, "source", file=str(disk.path))
    ET.SubElement(element, "target", dev=target, bus="virtio")
    if boots:
        ET.SubElement(element, "boot", order="2")
    if disk.serial:
        _text(element, "serial", disk.serial)
    if disk.readonly:
        ET.SubElement(element, "readonly")
        ET.SubElement(element, "shareable")


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text
