"""A BMC as a real machine meets it: its driver, ipmitool, hands, and what root may do to it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from checkers.hardware_state import ManagementController
from labctl.bmc.plan import BmcPlan, EventPlan, PartPlan, SensorPlan
from labctl.errors import ProviderError, UsageError
from labctl.hardware import ActPlan, FaultPlan, HardwarePlan
from tests.one_machine import OneMachine
from tests.rig import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.machines]

PSU = PartPlan("PSU2", "power-supply", "Tarn", "PSU 500", "PS-5", "P-1", ("PSU2 Status",), hot=True)
FAN = PartPlan("FAN1", "fan", "Tarn", "Fan 40", "FN-40", "F-1", ("FAN1",))
BMC = BmcPlan(
    sensors=(
        SensorPlan("Inlet Temp", "temperature", 24.0, {"unc": 34.0, "ucr": 42.0}),
        SensorPlan("FAN1", "fan", 5400.0, {"lnc": 1800.0, "lcr": 1200.0}),
        SensorPlan("PSU2 Status", "power-supply", "ok"),
    ),
    parts=(PartPlan("system", "system", "Tarn", "R210", "TR-1", "T-1"), PSU, FAN),
    events=(EventPlan("PSU2 Status", "input-lost", 86400.0),),
)


def act(name: str, **about: Any) -> ActPlan:
    return ActPlan(id=name, title=name, act=about.pop("act", name), family=name, **about)


HARDWARE = HardwarePlan(
    disks={},
    models={},
    faults=(
        FaultPlan(sensor="Inlet Temp", reading=37.0),
        FaultPlan(sensor="FAN1", reading=0.0),
        FaultPlan(sensor="PSU2 Status", reading="failed"),
    ),
    acts=(
        act("swap-psu", act="replace-part", part=PSU, serial="P-2"),
        act("swap-fan", act="replace-part", part=FAN, serial="F-2"),
        act("power-on"),
    ),
    bmc=BMC,
)


class Bench(OneMachine):
    """One machine with a BMC, and hands on it."""

    def answers(self, script: str) -> bool:
        """Whether the machine is so far that it runs something, and that ends well."""
        try:
            argv = ["/bin/bash", "-c", script]
            return self.provider.run(self.placement, "box", argv, timeout=60).exit == 0
        except ProviderError:
            return False

    def bmc(self) -> ManagementController:
        seen = self.provider.hardware(self.placement, "box").bmc
        assert seen is not None
        return seen

    def states(self) -> dict[str, str]:
        return {each.name: each.state for each in self.bmc().sensors}


def processes(session: str) -> list[int]:
    """The BMCs of a session that run."""
    argv = ["pgrep", "-f", f"labctl.bmc.process .*/{session}/"]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    return [int(each) for each in found.stdout.split()]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("home"), HARDWARE, "lan")
    yield made
    session = made.placement.session
    made.close()
    wait_for(lambda: processes(session) == [], "the BMC to end")


def test_all_is_well_until_it_is_broken(bench: Bench) -> None:
    bench.sh("modprobe -a ipmi_si ipmi_devintf")
    assert bench.states() == {"Inlet Temp": "ok", "FAN1": "ok", "PSU2 Status": "ok"}
    bench.break_down()
    rows = [line.split("|") for line in bench.sh("ipmitool sensor").splitlines()]
    shown = {row[0].strip(): (row[1].strip(), row[3].strip()) for row in rows}
    assert shown["Inlet Temp"] == ("37.000", "nc")
    assert shown["FAN1"] == ("0.000", "cr")
    assert shown["PSU2 Status"] == ("0x3", "0x0380")
    log = bench.sh("ipmitool sel elist").splitlines()
    assert [line.split("|")[3].strip() for line in log] == [
        "Power Supply PSU2 Status",
        "Temperature Inlet Temp",
        "Fan FAN1",
        "Fan FAN1",
        "Power Supply PSU2 Status",
    ]
    assert "Product Part Number   : PS-5" in bench.sh("ipmitool fru print 1")
    assert bench.states() == {"Inlet Temp": "nc", "FAN1": "cr", "PSU2 Status": "failed"}


def test_root_changes_what_ipmi_can_change_and_nothing_else(bench: Bench) -> None:
    bench.sh("ipmitool sensor thresh 'Inlet Temp' unc 40; ipmitool sel clear")
    bench.sh("ipmitool fru edit 1 field p 2 XXXX")
    seen = bench.bmc()
    inlet = next(each for each in seen.sensors if each.name == "Inlet Temp")
    assert (inlet.state, inlet.reading) == ("ok", 37.0)
    assert dict(inlet.thresholds) == {"unc": 40.0, "ucr": 42.0}
    assert dict(inlet.delivered) == {"unc": 34.0, "ucr": 42.0}
    assert [each.erased for each in seen.log if each.alarm] == [True] * 5
    assert "Log area reset/cleared" in bench.sh("ipmitool sel elist")
    assert "P-1" in bench.sh("ipmitool fru print 1")


def test_parts_are_replaced_and_a_killed_bmc_comes_back(bench: Bench) -> None:
    bench.do("swap-psu")
    wait_for(lambda: "0x0180" in bench.sh("ipmitool sensor"), "the supply to be seen")
    assert "P-2" in bench.sh("ipmitool fru print 1")
    with pytest.raises(UsageError, match="while the machine has power"):
        bench.do("swap-fan")
    bench.sh("(sleep 3; ipmitool chassis power soft) > /dev/null 2>&1 &")
    wait_for(
        lambda: bench.provider.states(bench.placement)["box"].state == "off", "the shutdown", 300
    )
    assert [each.act for each in bench.bmc().powers] == ["soft"]
    for process in processes(bench.placement.session):
        os.kill(process, signal.SIGKILL)
    bench.do("swap-fan")
    assert len(processes(bench.placement.session)) == 1
    bench.do("power-on")
    wait_for(lambda: bench.answers("modprobe -a ipmi_si ipmi_devintf"), "the machine to boot", 300)
    assert "Deasserted" in bench.sh("ipmitool sel elist")
    assert bench.states() == {"Inlet Temp": "ok", "FAN1": "ok", "PSU2 Status": "ok"}
    assert dict(bench.bmc().sensors[0].thresholds) == {"unc": 40.0, "ucr": 42.0}
