"""From what a lab file says of a machine's hardware to its plan."""

from __future__ import annotations

from labctl.bmc.plan import BmcPlan, EventPlan, PartPlan, SensorPlan
from labctl.hardware import FaultPlan
from labctl.library.hardware_planning import plan_hardware
from labctl.library.strict_yaml import load
from labctl.library.topology import Host

SERVER = """
image: machine
access: root
bmc:
  system: {manufacturer: Tarn, product: R210, part-number: TR-1, serial: T-1}
  sensors:
    - {name: Inlet Temp, type: temperature, reading: 24, thresholds: {unc: 34}}
    - {name: PSU1 Status, type: power-supply}
  parts:
    - {name: PSU1, type: power-supply, manufacturer: Tarn, product: PSU, part-number: PS-1,
       serial: P-1, sensors: [PSU1 Status], hot: true}
  events: [{sensor: PSU1 Status, reading: input-lost, ago: 2h, ended: true}]
faults:
  - {sensor: Inlet Temp, reading: 37}
  - {sensor: PSU1 Status, reading: failed}
hands:
  - {id: swap, title: Swap it, act: replace-part, part: PSU1, serial: P-2}
"""
PSU = PartPlan("PSU1", "power-supply", "Tarn", "PSU", "PS-1", "P-1", ("PSU1 Status",), hot=True)


def test_a_bmc_is_planned_with_its_faults_and_acts() -> None:
    made = plan_hardware(Host.model_validate(load(SERVER, "server")))
    assert made is not None
    assert made.bmc == BmcPlan(
        sensors=(
            SensorPlan("Inlet Temp", "temperature", 24.0, {"unc": 34.0}),
            SensorPlan("PSU1 Status", "power-supply", "ok"),
        ),
        parts=(PartPlan("system", "system", "Tarn", "R210", "TR-1", "T-1"), PSU),
        events=(EventPlan("PSU1 Status", "input-lost", 7200.0, ended=True),),
    )
    assert made.faults == (
        FaultPlan(sensor="Inlet Temp", reading=37.0),
        FaultPlan(sensor="PSU1 Status", reading="failed"),
    )
    assert [(act.id, act.part, act.serial) for act in made.acts] == [("swap", PSU, "P-2")]


def test_a_host_without_hardware_has_no_plan_of_it() -> None:
    assert plan_hardware(Host.model_validate({"image": "machine"})) is None
