"""Physical acts and faults: what becomes of a chassis."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labctl.bmc.plan import PartPlan
from labctl.errors import ProviderError, UsageError
from labctl.hardware import ActPlan, DiskPlan, FaultPlan, HardwarePlan
from labctl.providers.libvirt.acts import carry_out
from labctl.providers.libvirt.chassis import Chassis, DoneAct, delivered, load, save
from labctl.providers.libvirt.domain import Sockets
from labctl.providers.libvirt.fitting import sockets_for
from labctl.providers.libvirt.workshop import _broken, placed

DISK_A, DISK_B = DiskPlan("A1", 64 << 20, "scsi"), DiskPlan("B2", 64 << 20, "scsi")
SPARE = DiskPlan("S3", 64 << 20, "scsi")
HARDWARE = HardwarePlan(disks={0: DISK_A, 1: DISK_B}, models={})
FITTED = delivered(HARDWARE, 512 << 20)


def act(name: str, **about: Any) -> ActPlan:
    return ActPlan(id=name, title="", act=name, family=name, **about)


def serials(chassis: Chassis) -> dict[int, str]:
    return {bay: disk.serial for bay, disk in chassis.bays.items()}


def test_a_chassis_comes_with_its_disks_and_nothing_broken() -> None:
    assert serials(FITTED) == {0: "A1", 1: "B2"}
    assert [disk.file for disk in FITTED.bays.values()] == ["disk-1.qcow2", "disk-2.qcow2"]
    assert [disk.slot for disk in FITTED.bays.values()] == [0, 1]
    assert not FITTED.attended
    switch = replace(HARDWARE, acts=(act("power-on"),))
    assert delivered(switch, 1).attended
    assert delivered(None, 1) == Chassis(1, {})


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    done = replace(
        FITTED.broken(0, failed=True, sectors=(8, 16)), acts=(DoneAct("x", 1.5, "did x", 12),)
    )
    save(tmp_path, done)
    assert load(tmp_path) == done
    (tmp_path / "chassis.json").write_text("{")
    with pytest.raises(ProviderError, match="cannot be read"):
        load(tmp_path)


def test_a_full_disk_leaves_the_chassis_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    save(tmp_path, FITTED)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProviderError, match="No space left") as caught:
        save(tmp_path, replace(FITTED, pending="on"))
    assert caught.value.hint == "Make room on the server."
    assert load(tmp_path) == FITTED


def test_a_disk_that_was_replaced_is_gone_and_its_spare_used() -> None:
    replace_ = act("replace-disk", bay=1, spares=(SPARE,))
    outcome = carry_out(FITTED, replace_, running=True)
    assert serials(outcome.chassis) == {0: "A1", 1: "S3"}
    assert outcome.chassis.bays[1].file == "disk-3.qcow2"
    assert outcome.chassis.bays[1].slot == 1
    assert "B2" in outcome.told
    assert "S3" in outcome.told
    with pytest.raises(UsageError, match="No spare"):
        carry_out(outcome.chassis, replace(replace_, bay=0), running=True)


def test_a_bay_is_empty_or_it_is_not() -> None:
    with pytest.raises(UsageError, match="is empty"):
        carry_out(FITTED, act("remove-disk", bay=3), running=True)
    with pytest.raises(UsageError, match="already"):
        carry_out(FITTED, act("insert-disk", bay=0, spares=(SPARE,)), running=True)
    emptied = carry_out(FITTED, act("remove-disk", bay=0), running=False).chassis
    assert serials(emptied) == {1: "B2"}
    filled = carry_out(emptied, act("insert-disk", bay=2, spares=(SPARE,)), running=False).chassis
    assert serials(filled) == {1: "B2", 2: "S3"}
    assert filled.bays[2].slot == 0


def test_a_loose_disk_is_whole_once_it_is_pushed_home() -> None:
    loose = FITTED.broken(1, loose=True)
    outcome = carry_out(loose, act("reseat-disk", bay=1), running=True)
    assert not outcome.chassis.bays[1].loose
    assert (outcome.chassis.bays[1].file, outcome.chassis.bays[1].seated) == ("disk-2.qcow2", 2)
    assert "pushed it home" in outcome.told
    with pytest.raises(UsageError, match="is empty"):
        carry_out(loose, act("reseat-disk", bay=3), running=True)


def test_a_cable_goes_out_and_in() -> None:
    cut = carry_out(FITTED, act("link-down", nic="eth0"), running=True).chassis
    assert cut.cut == ("eth0",)
    assert carry_out(cut, act("link-down", nic="eth0"), running=True).chassis == cut
    assert carry_out(cut, act("link-up", nic="eth0"), running=True).chassis == FITTED
    assert carry_out(FITTED, act("link-up", nic="eth0"), running=True).chassis == FITTED


def test_a_card_is_taken_out_and_fitted_without_power() -> None:
    out, back = act("remove-card", nic="eth1"), act("fit-card", nic="eth1")
    for each in (out, back):
        with pytest.raises(UsageError, match="A network card cannot be changed while"):
            carry_out(FITTED, each, running=True)
    with pytest.raises(UsageError, match="fitted already"):
        carry_out(FITTED, back, running=False)
    removed = carry_out(FITTED, out, running=False)
    assert removed.chassis.removed == ("eth1",)
    assert removed.told == "took the network card of eth1 out"
    with pytest.raises(UsageError, match="out already"):
        carry_out(removed.chassis, out, running=False)
    assert carry_out(removed.chassis, back, running=False).chassis == FITTED


def test_memory_and_battery_are_changed_without_power() -> None:
    fit = act("fit-memory", size=256 << 20)
    for each in (fit, act("remove-memory", size=1), act("replace-battery")):
        with pytest.raises(UsageError, match="while the machine has power"):
            carry_out(FITTED, each, running=True)
    more = carry_out(FITTED, fit, running=False).chassis
    assert more.memory == 768 << 20
    with pytest.raises(UsageError, match="fitted already"):
        carry_out(more, fit, running=False)
    less = carry_out(more, act("remove-memory", size=512 << 20), running=False).chassis
    assert less.memory == 256 << 20
    with pytest.raises(UsageError, match="only"):
        carry_out(less, act("remove-memory", size=256 << 20), running=False)


def test_a_new_battery_keeps_the_time_that_it_was_given() -> None:
    dead = replace(FITTED, dead_clock=1_000_000_000.0)
    new = carry_out(dead, act("replace-battery"), running=False).chassis
    assert new.dead_clock is None
    assert new.clock_ahead == pytest.approx(1_000_000_000 - time.time(), abs=5)
    good = carry_out(FITTED, act("replace-battery"), running=False)
    assert good.chassis == FITTED
    assert "was good" in good.told


@pytest.mark.parametrize(
    "name, running, power, off",
    [
        ("power-on", False, "on", False),
        ("power-off", True, "off", True),
        ("shut-down", True, "shut-down", True),
        ("power-cycle", True, "cycle", False),
        ("power-cycle", False, "cycle", False),
        ("reset", True, "reset", False),
    ],
)
def test_the_power_switch(name: str, running: bool, power: str, off: bool) -> None:  # a table
    outcome = carry_out(FITTED, act(name), running=running)
    assert (outcome.pending, outcome.chassis.switched_off) == (power, off)


@pytest.mark.parametrize(
    "name, running",
    [("power-on", True), ("power-off", False), ("shut-down", False), ("reset", False)],
)
def test_a_switch_that_would_change_nothing(name: str, running: bool) -> None:  # a table
    with pytest.raises(UsageError):
        carry_out(FITTED, act(name), running=running)


def test_a_part_is_replaced_and_its_sensors_are_well_again() -> None:
    fan = PartPlan("FAN1", "fan", "Tarn", "Fan", "FN-4", "F-1", ("FAN1",))
    swap = act("replace-part", part=fan, serial="F-2")
    hot = replace(FITTED, readings={"FAN1": 0.0, "Inlet Temp": 41.0})
    with pytest.raises(UsageError, match="FAN1 cannot be changed while the machine has power"):
        carry_out(hot, swap, running=True)
    outcome = carry_out(hot, swap, running=False)
    assert outcome.told == "took FAN1 (F-1) out and put a new one (F-2) in"
    assert outcome.chassis.readings == {"Inlet Temp": 41.0}
    assert outcome.chassis.serials == {"FAN1": "F-2"}
    with pytest.raises(UsageError, match="No spare part"):
        carry_out(outcome.chassis, swap, running=False)
    again = act("replace-part", part=replace(fan, hot=True), serial="F-3")
    third = carry_out(outcome.chassis, replace(again, id="again"), running=True)
    assert third.told == "took FAN1 (F-2) out and put a new one (F-3) in"
    with pytest.raises(UsageError, match="no such part"):
        carry_out(hot, act("replace-part"), running=False)


def test_the_set_up_decides_what_is_started_from() -> None:
    other = carry_out(FITTED, act("boot-first", first="B2"), running=True)
    assert (other.chassis.first, other.pending) == ("B2", "cycle")
    assert (
        carry_out(other.chassis, act("boot-first", first="system"), running=True).chassis == FITTED
    )


def test_faults_are_where_the_lab_says() -> None:
    def nowhere(path: str, blocks: Any) -> tuple[int, ...]:
        return (2048, *blocks) if path == "/srv/x" else ()

    assert _broken(FITTED, FaultPlan(disk="B2", failed=True), nowhere).bays[1].failed
    assert _broken(FITTED, FaultPlan(disk="B2", loose=True), nowhere).bays[1].loose
    seen = _broken(FITTED, FaultPlan(disk="A1", unreadable="/srv/x", blocks=(3,)), nowhere)
    assert seen.bays[0].sectors == (2048, 3)
    assert (
        _broken(FITTED, FaultPlan(disk="A1", warning="reliability"), nowhere).bays[0].warning == 4
    )
    assert _broken(FITTED, FaultPlan(link="eth0"), nowhere).cut == ("eth0",)
    assert _broken(FITTED, FaultPlan(card="eth0"), nowhere).removed == ("eth0",)
    assert _broken(FITTED, FaultPlan(clock="2001-09-09"), nowhere).dead_clock == 999_993_600
    assert _broken(FITTED, FaultPlan(boot="B2"), nowhere).first == "B2"
    hot = _broken(FITTED, FaultPlan(sensor="Inlet Temp", reading=41.0), nowhere)
    assert hot.readings == {"Inlet Temp": 41.0}
    assert _broken(FITTED, FaultPlan(power_cycle=True), nowhere) == FITTED
    with pytest.raises(ProviderError, match="no disk ZZ"):
        _broken(FITTED, FaultPlan(disk="ZZ", failed=True), nowhere)


LISTING = """start 2048
Filesystem type is: ef53
File size of /srv/x is 262144 (64 blocks of 4096 bytes)
 ext:     logical_offset:        physical_offset: length:   expected: flags:
   0:        0..      31:       1000..      1031:     32:
   1:       32..      63:       5000..      5031:     32:       1032: last,eof
/srv/x: 2 extents found
"""


def test_a_files_blocks_are_found_on_its_disk() -> None:
    assert placed(LISTING, "/srv/x", (0, 33)) == (2048 + 8000, 2048 + 5001 * 8)
    assert len(placed(LISTING, "/srv/x", ())) == 64
    with pytest.raises(ProviderError, match="no block 64"):
        placed(LISTING, "/srv/x", (64,))
    with pytest.raises(ProviderError, match="no block 0"):
        placed("start 0\n", "/srv/x", ())


def test_machines_have_room_for_what_may_be_put_in() -> None:
    assert sockets_for(None) == Sockets()
    assert sockets_for(HARDWARE) == Sockets(0, scsi=True, usb=False)
    nvme = replace(SPARE, bus="nvme")
    more = replace(HARDWARE, acts=(act("insert-disk", bay=2, spares=(nvme,)),))
    assert sockets_for(more) == Sockets(4, scsi=True, usb=False)
    many = HardwarePlan({bay: replace(DISK_A, bus="virtio") for bay in range(5)}, {})
    assert sockets_for(many) == Sockets(8, scsi=False, usb=False)
