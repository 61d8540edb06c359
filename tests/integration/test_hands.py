"""Hands on a real machine: disks, faults, cables, power, and what an administrator may do to it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labctl.errors import UsageError
from labctl.hardware import ActPlan, DiskPlan, FaultPlan, HardwarePlan
from tests.one_machine import OneMachine
from tests.rig import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.machines]

SIZE = 64 << 20


def act(name: str, **about: Any) -> ActPlan:
    return ActPlan(id=name, title=name, act=name, family=name, **about)


ACTS = (
    act("replace-disk", bay=0, spares=(DiskPlan("S9", SIZE, "scsi"),)),
    act("remove-disk", bay=2),
    act("reseat-disk", bay=3),
    act("link-up", nic="eth0"),
    act("fit-memory", size=128 << 20),
    act("remove-card", nic="eth0"),
    act("fit-card", nic="eth0"),
    act("shut-down"),
    act("power-on"),
)
HARDWARE = HardwarePlan(
    disks={
        0: DiskPlan("A1", SIZE, "scsi"),
        1: DiskPlan("B2", SIZE, "nvme"),
        2: DiskPlan("C3", SIZE, "virtio"),
        3: DiskPlan("D4", SIZE, "usb"),
    },
    models={},
    faults=(
        FaultPlan(disk="A1", failed=True),
        FaultPlan(disk="B2", warning="reliability"),
        FaultPlan(disk="C3", unreadable="/mnt/file", blocks=(2,)),
        FaultPlan(disk="D4", loose=True),
        FaultPlan(link="eth0"),
    ),
    acts=ACTS,
)
SET_UP = """
device=$(lsblk -dnro NAME,SERIAL | awk '$2 == "D4" {print $1}')
echo kept > "/dev/$device"
device=$(lsblk -dnro NAME,SERIAL | awk '$2 == "C3" {print $1}')
mkfs.ext4 -q -m 0 -b 4096 "/dev/$device"
mount "/dev/$device" /mnt
head -c 32768 /dev/urandom > /mnt/file
ip link set eth0 up
sync
"""


class Bench(OneMachine):
    """One machine, and hands on it."""

    def serials(self) -> set[str]:
        return set(self.sh("lsblk -dnro SERIAL").split()) - {"labctl-observer"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("home"), HARDWARE, "lan")
    yield made
    made.close()


def test_everything_is_whole_until_it_is_broken(bench: Bench) -> None:
    assert bench.serials() == {"A1", "B2", "C3", "D4"}
    bench.sh(SET_UP)
    wait_for(lambda: bench.sh("cat /sys/class/net/eth0/carrier").strip() == "1", "the link")
    bench.break_down()
    assert bench.serials() == {"A1", "B2", "C3", "D4"}
    failed = bench.sh("head -c 4096 /dev/disk/by-id/scsi-*A1 2>&1 > /dev/null")
    assert "Input/output error" in failed
    assert "critical_warning\t\t\t: 0x4" in bench.sh("nvme smart-log /dev/nvme0")
    copied = bench.sh("dd if=/mnt/file of=/tmp/copy bs=4096 iflag=direct conv=noerror 2>&1")
    assert "7+0 records in" in copied
    assert bench.sh("cat /sys/class/net/eth0/carrier").strip() == "0"


def test_a_bay_is_opened_while_the_machine_runs(bench: Bench) -> None:
    told = bench.do("replace-disk")
    assert told.startswith("box: took the disk A1")
    wait_for(lambda: bench.serials() == {"S9", "B2", "C3", "D4"}, "the new disk")
    with pytest.raises(UsageError, match="No spare"):
        bench.do("replace-disk")
    bench.do("remove-disk")
    wait_for(lambda: bench.serials() == {"S9", "B2", "D4"}, "the disk to go")
    bench.do("link-up")
    wait_for(lambda: bench.sh("cat /sys/class/net/eth0/carrier").strip() == "1", "the link")
    seen = bench.provider.hardware(bench.placement, "box")
    assert {bay.bay: bay.serial for bay in seen.bays} == {0: "S9", 1: "B2", 3: "D4"}
    assert [each.id for each in seen.acts] == ["replace-disk", "remove-disk", "link-up"]
    assert b"login:" in seen.screen


def test_a_loose_disk_is_pushed_home(bench: Bench) -> None:
    read = 'head -c 5 "/dev/$(lsblk -dnro NAME,SERIAL | awk \'$2 == "D4" {print $1}\')" 2>&1'
    assert "Input/output error" in bench.sh(read)
    assert "pushed it home" in bench.do("reseat-disk")
    wait_for(lambda: bench.sh(read) == "kept\n", "the disk to be read")
    assert bench.serials() == {"S9", "B2", "D4"}


def test_memory_is_fitted_with_the_power_off(bench: Bench) -> None:
    before = int(bench.sh("awk '/MemTotal/ {print $2}' /proc/meminfo"))
    with pytest.raises(UsageError, match="while the machine has power"):
        bench.do("fit-memory")
    bench.do("shut-down")
    assert bench.state() == "off"
    bench.do("fit-memory")
    bench.do("remove-card")
    bench.do("power-on")
    assert bench.state() == "running"
    after = int(bench.sh("awk '/MemTotal/ {print $2}' /proc/meminfo"))
    assert after - before > 100 << 10
    assert bench.serials() == {"S9", "B2", "D4"}
    assert "critical_warning\t\t\t: 0x4" in bench.sh("nvme smart-log /dev/nvme0")
    assert bench.sh("ls /sys/class/net").split() == ["lo"]
    with pytest.raises(UsageError, match="while the machine has power"):
        bench.do("fit-card")


def test_a_killed_machine_is_brought_up_again_as_it_was(bench: Bench) -> None:
    number = Path(f"/run/libvirt/qemu/labctl-{bench.placement.session}-box.pid").read_text()
    os.kill(int(number), signal.SIGKILL)
    wait_for(lambda: bench.state() == "stopped", "libvirt to notice")
    bench.do("fit-card")
    bench.placement = bench.provider.revive(bench.placement, bench.plan, ["box"])
    assert bench.state() == "running"
    assert bench.serials() == {"S9", "B2", "D4"}
    bench.sh("ip link set eth0 up")
    wait_for(lambda: bench.sh("cat /sys/class/net/eth0/carrier").strip() == "1", "the card")
