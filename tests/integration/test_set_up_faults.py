"""Faults that a lab's set-up makes inside a machine: seen by checks, and gone when repaired."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checkers.model import Status, Verdict
from checkers.remote import RemoteObserver, Whereabouts
from labctl.hardware import DiskPlan, FaultPlan, HardwarePlan
from labctl.images.build import build
from labctl.providers.libvirt.provider import LibvirtProvider
from labctl.scheme import lab_hosts
from tests.rig import IMAGES, Session, machine, plan, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.machines]

DEVICES = HardwarePlan(
    disks={
        0: DiskPlan("U-1", 64 << 20, "usb"),
        1: DiskPlan("N-1", 64 << 20, "nvme"),
        2: DiskPlan("N-2", 64 << 20, "nvme"),
        3: DiskPlan("S-1", 64 << 20, "scsi"),
    },
    models={},
    faults=(FaultPlan(disk="N-2", warning="reliability"),),
    serial_ports=2,
)
STICK = "46f4:0001"
"""What QEMU's USB disks are, by the numbers of vendor and product."""

KEEP_DRIVER_OUT = """
printf 'blacklist %s\\n' uas usb_storage > /etc/modprobe.d/policy.conf
modprobe -r uas usb_storage
"""
LET_DRIVER_IN = "rm /etc/modprobe.d/policy.conf; modprobe usb_storage"

WRONG_SPEED = """
mkdir -p /etc/systemd/system/serial-getty@ttyS1.service.d
printf '[Service]\\nExecStart=\\nExecStart=-/sbin/agetty 9600 - $TERM\\n' \\
    > /etc/systemd/system/serial-getty@ttyS1.service.d/speed.conf
systemctl daemon-reload
systemctl enable --now serial-getty@ttyS1
"""
RIGHT_SPEED = """
sed -i 's/9600/115200/' /etc/systemd/system/serial-getty@ttyS1.service.d/speed.conf
systemctl daemon-reload
systemctl restart serial-getty@ttyS1
"""
NO_GETTY = """
systemctl disable --now serial-getty@ttyS1
cp /bin/sleep /tmp/agetty
setsid -f sh -c 'exec /tmp/agetty 300 < /dev/ttyS1 > /dev/ttyS1 2>&1'
"""

WRONG_ROOT = """
sed -i 's/^GRUB_CMDLINE_LINUX="/&root=LABEL=data /' /etc/default/grub
sed -i 's/root=LABEL=root/root=LABEL=data/' /boot/grub/grub.cfg
"""
RIGHT_ROOT = "sed -i 's/root=LABEL=data //' /etc/default/grub; update-grub"


class Machine:
    """One machine, and checks of it."""

    def __init__(self, home: Path, image: str, hardware: HardwarePlan | None) -> None:
        build((*IMAGES, image))
        provider: Any = LibvirtProvider(secrets.token_hex(8), home)
        self.provider = provider
        made = plan([], machine("box", image=image), provider="libvirt")
        made = replace(made, hosts=(replace(made.hosts[0], hardware=hardware),))
        code = secrets.token_hex(3)
        try:
            placement = self.provider.up(code, made, lambda _: None)
        except BaseException:
            self.provider.down(code)
            self.close()
            raise
        self.session = Session(provider, made, placement)
        self.look_again()

    def look_again(self) -> None:
        """Look at the machine as it is placed now."""
        provider, placement = self.provider, self.session.placement
        self.session._observer = RemoteObserver(
            lab_hosts(self.session.plan),
            Whereabouts(placement.pins, placement.fabric),
            provider.dial,
            self.session._inside,
            guests=provider.guest_dials(placement),
            look_at=lambda host: provider.hardware(placement, host),
        )

    def sh(self, script: str) -> str:
        return self.session.sh("box", script, timeout=120.0)

    def check(self, kind: str, **parameters: Any) -> Verdict:
        return self.session.check(kind, "box", **parameters)

    def status(self, kind: str, **parameters: Any) -> Status:
        return self.check(kind, **parameters).status

    def remove(self) -> None:
        self.session.observer.close()
        self.provider.down(self.session.placement.session)
        self.close()

    def close(self) -> None:
        self.provider.tidy()
        self.provider.close()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("home"), "machine", DEVICES)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("home"), "machine-with-loader", None)
    yield made
    made.remove()


def test_a_usb_device_whose_driver_is_kept_out(box: Machine) -> None:
    driven = {"device": STICK, "driver": "usb-storage"}
    assert box.status("usb", **driven) is Status.PASSED
    box.sh(KEEP_DRIVER_OUT)
    found = box.check("usb", **driven)
    assert (found.status, found.found) == (Status.FAILED, "drivers bound: none")
    assert box.status("kernel_module", name="usb-storage", blacklisted=False) is Status.FAILED
    assert box.status("disk", serial="U-1") is Status.FAILED
    box.sh(LET_DRIVER_IN)
    wait_for(lambda: box.status("disk", serial="U-1") is Status.PASSED, "the stick", 60)
    assert box.status("usb", **driven) is Status.PASSED
    assert box.status("kernel_module", name="usb-storage", blacklisted=False) is Status.PASSED


def test_a_serial_line_at_the_wrong_speed(box: Machine) -> None:
    wanted = {"line": "ttyS1", "speed": 115200, "format": "8N1"}
    found = box.check("serial_console", **wanted)
    assert (found.status, found.found) == (Status.FAILED, "on ttyS1: nobody")
    box.sh(WRONG_SPEED)
    wait_for(lambda: box.status("serial_console", line="ttyS1") is Status.PASSED, "the getty", 60)
    found = box.check("serial_console", **wanted)
    assert (found.status, found.found) == (Status.FAILED, "9600 bit/s")
    box.sh(RIGHT_SPEED)
    wait_for(lambda: box.status("serial_console", **wanted) is Status.PASSED, "the speed", 60)
    assert box.status("serial_console", line="ttyS0", messages=True) is Status.PASSED
    assert box.status("serial_console", line="ttyS1", messages=True) is Status.FAILED
    assert box.status("serial_console", line="ttyS3") is Status.FAILED
    box.sh(NO_GETTY)
    found = box.check("serial_console", **wanted)
    assert found.status is Status.FAILED
    assert "/tmp/agetty" in found.found
    assert box.status("serial_console", line="ttyS1", listening=False) is Status.PASSED


@pytest.mark.nightly
def test_a_disk_that_warns_of_itself(box: Machine) -> None:
    assert box.status("smart", serial="N-2", healthy=True) is Status.PASSED
    box.provider.break_down(box.session.placement, box.session.plan, ["box"], lambda _: None)
    found = box.check("smart", serial="N-2", healthy=True)
    assert found.status is Status.FAILED
    assert found.found == "N-2 warns of reliability (critical_warning 0x04)"
    assert box.status("smart", serial="N-2", warnings=["reliability"]) is Status.PASSED
    assert box.status("smart", serial="N-1", healthy=True) is Status.PASSED
    found = box.check("smart", serial="S-1", healthy=True)
    assert (found.status, found.found[:23]) == (Status.ERROR, "S-1 is attached by scsi")
    box.sh(
        'for each in /sys/class/nvme/*; do grep -q N-2 "$each/serial" && hidden=$each; done\n'
        'echo 1 > "$hidden/device/remove"'
    )
    found = box.check("smart", serial="N-2", healthy=True)
    assert (found.status, found.found) == (
        Status.FAILED,
        "it is in bay 2, and the machine does not see it",
    )


@pytest.mark.nightly
def test_a_command_line_with_a_wrong_root(starter: Machine) -> None:
    starter.sh(WRONG_ROOT)
    assert "root=LABEL=data" in starter.sh("cat /boot/grub/grub.cfg")
    starter.sh(RIGHT_ROOT)
    session = starter.session
    session.placement = starter.provider.restart(session.placement, session.plan, ["box"])
    starter.look_again()
    found = starter.check("boot", without=["root=LABEL=data"])
    assert found.status is Status.PASSED, found
    found = starter.check("boot", options=["root=LABEL=data"])
    assert found.status is Status.FAILED, found
