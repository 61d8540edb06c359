"""A BMC as a machine's plan has it: sensors, replaceable parts, and what its event log begins with.

All of it is frozen and plain data, a part of the plan that is stored with the session.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Reading = float | str
"""What a sensor shows: a number in its unit, or a state's name where it has no number."""


@dataclass(frozen=True, slots=True)
class SensorPlan:
    """A sensor. `thresholds` are in its unit, by the names that ipmitool has for them."""

    name: str
    type: str
    reading: Reading
    thresholds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A part that can be replaced, and what its FRU data say of it (field replaceable unit).

    `sensors` are those that are about it. `hot` says that it is replaced while the machine runs.
    """

    name: str
    type: str
    manufacturer: str
    product: str
    part_number: str
    serial: str
    sensors: tuple[str, ...] = ()
    hot: bool = False


@dataclass(frozen=True, slots=True)
class EventPlan:
    """An old entry of the event log, of `ago` seconds before the start: `ended`, or come about.

    `reading` is what the sensor showed, which decides what the entry says.
    """

    sensor: str
    reading: Reading
    ago: float
    ended: bool = False


@dataclass(frozen=True, slots=True)
class BmcPlan:
    """A machine's BMC. The first of `parts` is the machine itself."""

    sensors: tuple[SensorPlan, ...]
    parts: tuple[PartPlan, ...] = ()
    events: tuple[EventPlan, ...] = ()
