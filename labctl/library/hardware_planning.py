"""From the parts of a lab file that describe a machine's hardware to its plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labctl.bmc.plan import BmcPlan, EventPlan, PartPlan, Reading, SensorPlan
from labctl.hardware import SYSTEM, ActPlan, DiskPlan, FaultPlan, HardwarePlan
from labctl.library.bmc import Bmc, Shown, System
from labctl.library.hardware import MACHINE_KEYS, Fault, Hands, Spare
from labctl.library.topology import Host


def plan_hardware(host: Host) -> HardwarePlan | None:
    """The hardware of a host; None where the lab file says nothing of it."""
    if not any(getattr(host, key) is not None for key in MACHINE_KEYS):
        return None
    disks = {
        bay: DiskPlan(disk.serial or f"LAB{bay:04d}", disk.size, disk.bus)
        for bay, disk in host.bays().items()
    }
    bmc = _bmc(host.bmc) if host.bmc else None
    parts = {part.name: part for part in bmc.parts} if bmc else {}
    return HardwarePlan(
        disks=disks,
        models=dict(host.nics or {}),
        firmware=host.firmware or "bios",
        faults=tuple(FaultPlan(**_known(fault)) for fault in host.faults or ()),
        acts=tuple(act for hands in host.hands or () for act in _acts(hands, disks, parts)),
        serial_ports=host.serial_ports or 1,
        bmc=bmc,
    )


def _known(fault: Fault) -> dict[str, Any]:
    given = fault.model_dump(exclude_none=True)
    if fault.reading is not None:
        given["reading"] = _reading(fault.reading)
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}


def _acts(
    hands: Hands, disks: Mapping[int, DiskPlan], parts: Mapping[str, PartPlan]
) -> Iterator[ActPlan]:
    for name, bay in hands.acts():
        like = disks.get(bay) if bay is not None else None
        yield ActPlan(
            id=name,
            title=hands.title.replace("$bay", str(bay)),
            act=hands.act,
            family=hands.id,
            bay=bay,
            nic=hands.nic,
            size=hands.size,
            first=hands.first,
            part=parts.get(hands.part or ""),
            serial=hands.serial,
            spares=tuple(_spare(spare, like) for spare in hands.spares or ()),
        )


def _spare(spare: Spare, like: DiskPlan | None) -> DiskPlan:
    size = spare.size or (like.size if like else 0)
    return DiskPlan(spare.serial, size, spare.bus or (like.bus if like else "virtio"))


def _bmc(bmc: Bmc) -> BmcPlan:
    sensors = [
        SensorPlan(
            each.name,
            each.type,
            _reading(each.reading),
            {name: float(value) for name, value in each.thresholds.items()},
        )
        for each in bmc.sensors
    ]
    parts = [
        PartPlan(each.name, each.type, *_printed(each), tuple(each.sensors), each.hot)
        for each in bmc.parts
    ]
    events = [
        EventPlan(each.sensor, _reading(each.reading), each.ago, each.ended) for each in bmc.events
    ]
    itself = PartPlan(SYSTEM, SYSTEM, *_printed(bmc.system))
    return BmcPlan(tuple(sensors), (itself, *parts), tuple(events))


def _printed(part: System) -> tuple[str, str, str, str]:
    return part.manufacturer, part.product, part.part_number, part.serial


def _reading(shown: Shown) -> Reading:
    return shown if isinstance(shown, str) else float(shown)
