"""The hardware clock of a real machine, with a dead battery and with a good one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.hardware import ActPlan, FaultPlan, HardwarePlan
from tests.one_machine import OneMachine
from tests.rig import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.machines]

ACTS = ("shut-down", "replace-battery", "power-on")
HARDWARE = HardwarePlan(
    disks={},
    models={},
    faults=(FaultPlan(clock="2009-01-01"),),
    acts=tuple(ActPlan(id=name, title=name, act=name, family=name) for name in ACTS),
)
MINUTES = 60
LONG_AGO = 1230768000
"""Where the dead clock begins: the first second of 2009."""
SET = 1924992000
SET_IT = "hwclock --set --utc --date '2031-01-01 00:00:00'"
"""What the clock is set to (in seconds since 1970), and by what."""


class Bench(OneMachine):
    """One machine with a dead battery, and hands on it."""

    def clock(self) -> int:
        return int(self.sh("cat /sys/class/rtc/rtc0/since_epoch"))

    def off(self) -> bool:
        return self.state() == "off"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, HARDWARE)
    made.break_down()
    yield made
    made.close()


@pytest.mark.nightly
def test_a_battery_keeps_the_clock_through_a_power_cycle(bench: Bench) -> None:
    assert bench.clock() - LONG_AGO < 10 * MINUTES
    bench.sh(SET_IT)
    assert bench.clock() >= SET
    bench.do("shut-down", "power-on")
    assert bench.clock() - LONG_AGO < 10 * MINUTES, "a dead battery kept it"
    bench.do("shut-down", "replace-battery", "power-on")
    assert 0 <= bench.clock() - LONG_AGO < 10 * MINUTES
    bench.sh(f"{SET_IT}; systemctl --no-block poweroff")
    wait_for(bench.off, "the machine to switch itself off", 60)
    bench.do("power-on")
    assert 0 <= bench.clock() - SET < 10 * MINUTES, "the new battery did not keep it"
    bench.do("shut-down", "power-on")
    assert 0 <= bench.clock() - SET < 15 * MINUTES, "not through a second power cycle"
