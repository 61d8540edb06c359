"""A machine as libvirt's XML, and the XML of a saved one under another name."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from labctl.errors import ProviderError
from labctl.providers.libvirt.clock import Clock
from labctl.providers.libvirt.domain import (
    QEMU,
    DiskFile,
    Machine,
    Mark,
    Nic,
    Sockets,
    domain_xml,
    mark_of,
    observer_sockets,
    renamed,
)
from labctl.providers.libvirt.warm import _copy_as

NUMBER = "2ae31c5c-4f7e-4b0b-b0a4-0d6b3a3c8f11"
MACHINE = Machine(
    name="labctl-abc123-pc1",
    mark=Mark("installation", "abc123", "pc1"),
    memory=512 << 20,
    cpus=1.5,
    kernel=Path("/disks/kernel"),
    initrd=Path("/disks/initrd"),
    disks=(
        DiskFile(Path("/files/root.qcow2")),
        DiskFile(
            Path("/disks/observer.img"), format="raw", serial="labctl-observer", readonly=True
        ),
    ),
    nics=(Nic("tap0", "02:00:00:00:00:01"), Nic("tap1", "02:00:00:00:00:02", "e1000e")),
    log=Path("/files/console.log"),
)
OTHER = replace(
    MACHINE,
    name="labctl-def456-pc1",
    mark=Mark("installation", "def456", "pc1"),
    disks=(
        DiskFile(Path("/other/root.qcow2")),
        MACHINE.disks[1],
    ),
    nics=(Nic("tap8", "02:00:00:00:00:08"), Nic("tap9", "02:00:00:00:00:09", "e1000e")),
    log=Path("/other/console.log"),
)


def live(machine: Machine) -> str:
    """The XML as libvirt fills it in for a machine that runs."""
    domain = ET.fromstring(domain_xml(machine))
    ET.SubElement(domain, "uuid").text = "11111111-1111-1111-1111-111111111111"
    for number, channel in enumerate(domain.iterfind("devices/channel")):
        source = channel.find("source")
        assert source is not None
        source.set("path", f"/run/{machine.name}/{number}")
    console = ET.SubElement(domain.find("devices") or domain, "console", type="pty")
    ET.SubElement(console, "log", file=str(machine.log))
    ET.SubElement(console, "target", type="serial", port="0")
    return ET.tostring(domain, encoding="unicode")


def test_a_bmc_is_outside_and_each_machine_has_its_own() -> None:
    with_bmc = replace(MACHINE, bmc=Path("/files/bmc/socket"))
    assert "ipmi" not in domain_xml(MACHINE)
    text = domain_xml(with_bmc)
    assert "socket,id=labctl-bmc,path=/files/bmc/socket,reconnect=1" in text
    assert "isa-ipmi-kcs,bmc=labctl-bmc-0" in text
    other = renamed(live(with_bmc), replace(OTHER, bmc=Path("/other/bmc/socket")), NUMBER)
    assert "path=/other/bmc/socket," in other
    assert "/files/bmc" not in other


def test_a_machine_has_what_it_was_given() -> None:
    domain = ET.fromstring(domain_xml(MACHINE))
    assert domain.get("type") == "qemu"
    assert domain.findtext("memory") == str(512 << 10)
    assert domain.findtext("vcpu") == "2"
    disks = domain.findall("devices/disk")
    assert [disk.findtext("serial") for disk in disks] == [None, "labctl-observer"]
    targets = [disk.find("target") for disk in disks]
    assert [target.get("dev") for target in targets if target is not None] == ["vda", "vdb"]
    assert [disk.find("readonly") is not None for disk in disks] == [False, True]
    assert len(domain.findall("devices/interface")) == 2
    accelerated = ET.fromstring(domain_xml(replace(MACHINE, accelerated=True)))
    assert accelerated.get("type") == "kvm"


def test_a_machine_has_room_for_disks_that_come_later() -> None:
    plain = ET.fromstring(domain_xml(MACHINE))
    assert [each.get("model") for each in plain.findall("devices/controller")] == ["none"]
    sockets = Sockets(ports=4, scsi=True, usb=True)
    domain = ET.fromstring(domain_xml(replace(MACHINE, sockets=sockets)))
    models = [each.get("model") for each in domain.findall("devices/controller")]
    # Two disks, two cards, the observer's ports, the source of chance, and the two controllers.
    assert models == ["pcie-root-port"] * (8 + 4) + ["virtio-scsi", "qemu-xhci"]


def test_each_serial_port_has_a_log_of_its_own() -> None:
    two = replace(MACHINE, serial_ports=2)
    other = replace(OTHER, serial_ports=2)
    for text, folder in ((domain_xml(two), "files"), (renamed(live(two), other, NUMBER), "other")):
        serials = ET.fromstring(text).findall("devices/serial")
        logs = [each.find("log") for each in serials]
        places = [log.get("file") for log in logs if log is not None]
        assert places == [f"/{folder}/console.log", f"/{folder}/serial-1.log"]


def test_a_clock_may_be_ahead() -> None:
    domain = ET.fromstring(domain_xml(replace(MACHINE, clock=Clock(-60)), NUMBER))
    clock = domain.find("clock")
    assert clock is not None
    assert dict(clock.attrib) == {"offset": "variable", "basis": "utc", "adjustment": "-60"}
    assert domain.findtext("uuid") == NUMBER
    assert domain.find(f"{{{QEMU}}}commandline") is None


def test_what_becomes_of_a_clock_is_written_down() -> None:
    log = Path("/files/clock.log")
    domain = ET.fromstring(domain_xml(replace(MACHINE, clock=Clock(-60, log)), NUMBER))
    words = [each.get("value") for each in domain.findall(f"{{{QEMU}}}commandline/*")]
    assert words == [
        "-set",
        "chardev.charmonitor.logfile=/files/clock.log",
        "-set",
        "chardev.charmonitor.logappend=on",
    ]


def test_whose_a_machine_is_stands_in_it() -> None:
    assert mark_of(domain_xml(MACHINE)) == MACHINE.mark
    assert mark_of("<domain><name>somebody's</name></domain>") is None


def test_the_observers_ways_in_are_found_in_their_order() -> None:
    assert observer_sockets(live(MACHINE)) == tuple(
        Path(f"/run/{MACHINE.name}/{number}") for number in range(3)
    )
    assert observer_sockets("<domain/>") == ()


def test_a_saved_machine_under_another_name_keeps_nothing_of_the_first() -> None:
    text = renamed(live(MACHINE), OTHER, NUMBER)
    for own in ("abc123", "tap0", "tap1", "/files/", "00:01", "00:02", "11111111", "/run/"):
        assert own not in text
    domain = ET.fromstring(text)
    assert (domain.findtext("name"), domain.findtext("uuid")) == (OTHER.name, NUMBER)
    assert mark_of(text) == OTHER.mark


def test_a_saved_machine_with_other_devices_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        renamed(live(MACHINE), replace(OTHER, disks=OTHER.disks[:1]), NUMBER)


@pytest.mark.parametrize("cookie", [b"", b"<cookie/>"])
def test_the_saved_memory_goes_on_under_the_new_head(tmp_path: Path, cookie: bytes) -> None:
    head = struct.Struct("<16s5I56x")
    text = live(MACHINE).encode() + b"\0"
    stream = bytes(range(256)) * 40
    texts = text + (cookie + b"\0" if cookie else b"") + b"\0" * 100
    saved, copy = tmp_path / "saved", tmp_path / "copy"
    offset = len(text) if cookie else 0
    saved.write_bytes(head.pack(b"LibvirtQemudSave", 2, len(texts), 1, 0, offset) + texts + stream)
    _copy_as(saved, copy, NUMBER, OTHER)
    found = copy.read_bytes()
    magic, version, length, running, compressed, begins = head.unpack(found[: head.size])
    assert (magic, version, running, compressed) == (b"LibvirtQemudSave", 2, 1, 0)
    body = found[head.size :][:length]
    assert found[head.size + length :] == stream
    if cookie:
        assert body[begins:] == cookie + b"\0"
        body = body[:begins]
    assert mark_of(body.rstrip(b"\0").decode()) == OTHER.mark


def test_a_saved_memory_of_another_layout_is_refused(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.write_bytes(struct.pack("<16s5I56x", b"LibvirtQemudSave", 3, 10, 1, 0, 0) + b"x" * 99)
    with pytest.raises(ProviderError, match="layout"):
        _copy_as(saved, tmp_path / "copy", NUMBER, OTHER)
