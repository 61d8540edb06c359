"""Rules that join the sensors, parts, events, faults and acts of a machine's BMC."""

from __future__ import annotations

from collections.abc import Iterable

from labctl.library.bmc import Bmc, Sensor, Shown, misfit
from labctl.library.findings import nearest
from labctl.library.parts import Part, Parts
from labctl.library.topology import Host

Where = tuple[str | int, ...]


def check_bmc(host: Part[Host], parts: Parts) -> None:
    """Report what is about a sensor or a part that the machine's BMC has not got."""
    bmc = host.value.bmc
    sensors = {each.name: each for each in bmc.sensors} if bmc else {}
    if bmc is not None:
        path = (*host.path, "bmc")
        _twice(parts, (*path, "sensors"), [each.name for each in bmc.sensors])
        _twice(parts, (*path, "parts"), [each.name for each in bmc.parts])
        _own(bmc, sensors, parts, path)
    for number, fault in enumerate(host.value.faults or ()):
        if fault.sensor is not None and fault.reading is not None:
            where = (*host.path, "faults", number)
            _shown(parts, where, sensors, fault.sensor, fault.reading)
    known = [each.name for each in bmc.parts] if bmc else []
    for number, hands in enumerate(host.value.hands or ()):
        if hands.part is not None and hands.part not in known:
            where = (*host.path, "hands", number, "part")
            parts.report(where, f"the BMC knows no part `{hands.part}`", nearest(hands.part, known))


def _own(bmc: Bmc, sensors: dict[str, Sensor], parts: Parts, path: Where) -> None:
    owners: dict[str, str] = {}
    for number, part in enumerate(bmc.parts):
        for index, name in enumerate(part.sensors):
            where = (*path, "parts", number, "sensors", index)
            if name not in sensors:
                parts.report(where, f"there is no sensor `{name}`", nearest(name, sensors))
            elif name in owners:
                parts.report(where, f"the sensor `{name}` is one of {owners[name]} already")
            owners.setdefault(name, part.name)
    for number, event in enumerate(bmc.events):
        _shown(parts, (*path, "events", number), sensors, event.sensor, event.reading)


def _shown(
    parts: Parts, where: Where, sensors: dict[str, Sensor], name: str, reading: Shown
) -> None:
    """Report a reading of a sensor that is not there, or that cannot show it."""
    if name not in sensors:
        message = f"the BMC has no sensor `{name}`"
        parts.report((*where, "sensor"), message, nearest(name, sensors))
    elif why := misfit(sensors[name].type, reading):
        parts.report((*where, "reading"), f"`{name}` cannot show that: {why}")


def _twice(parts: Parts, where: Where, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            parts.report((*where, number, "name"), f"there is another `{name}`")
        seen.add(name)
