"""What sensors can show, how a reading becomes a byte, and what is out of order about it.

Numbers are from IPMI 2.0, chapters 42 (sensor types) and 43 (sensor data records).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labctl.bmc.plan import Reading, SensorPlan

THRESHOLDS = ("lnc", "lcr", "lnr", "unc", "ucr", "unr")
"""Lower and upper non-critical, critical and non-recoverable, in the order of IPMI's masks."""
EVENTS = {"lnc": 0, "lcr": 2, "lnr": 4, "unc": 7, "ucr": 9, "unr": 11}
"""The offset of each threshold's event on its way out (table 42-2)."""
SEVERITIES = ("nc", "cr", "nr")
EVENT_WORDS = {
    "lnc": "Lower Non-critical going low",
    "lcr": "Lower Critical going low",
    "lnr": "Lower Non-recoverable going low",
    "unc": "Upper Non-critical going high",
    "ucr": "Upper Critical going high",
    "unr": "Upper Non-recoverable going high",
}
HIGHEST = 255


@dataclass(frozen=True, slots=True)
class Analog:
    """A kind of sensor with a number: a byte is a number of `factor` * 10^`exponent` units."""

    code: int
    unit: str
    unit_code: int
    entity: int
    factor: int = 1
    exponent: int = 0

    @property
    def step(self) -> float:
        """How much one more is in the byte."""
        return self.factor * 10.0**self.exponent


@dataclass(frozen=True, slots=True)
class Discrete:
    """A kind of sensor with states: each is a name, its bits, and the bit whose event it is."""

    code: int
    entity: int
    states: Mapping[str, tuple[int, ...]]
    words: Mapping[int, str]
    healthy: str = "ok"


ANALOG = {
    "temperature": Analog(0x01, "°C", 1, 0x37),
    "voltage": Analog(0x02, "V", 4, 0x07, exponent=-1),
    "current": Analog(0x03, "A", 5, 0x0A, exponent=-1),
    "fan": Analog(0x04, "RPM", 18, 0x1D, factor=60),
    "power": Analog(0x0B, "W", 6, 0x0A, factor=4),
}
DISCRETE = {
    "power-supply": Discrete(
        0x08,
        0x0A,
        {"ok": (0,), "failed": (0, 1), "input-lost": (0, 3), "absent": ()},
        {0: "Presence detected", 1: "Failure detected", 3: "Power Supply AC lost"},
    ),
    "intrusion": Discrete(0x05, 0x17, {"ok": (), "open": (0,)}, {0: "General Chassis intrusion"}),
}
TYPES = (*ANALOG, *DISCRETE)
PART_ENTITIES = {"power-supply": 0x0A, "fan": 0x1D, "board": 0x07, "system": 0x17}


def raw(plan: SensorPlan, value: float) -> int:
    """A reading as the byte that stands for it."""
    return max(0, min(HIGHEST, round(value / ANALOG[plan.type].step)))


def value_of(plan: SensorPlan, byte: int) -> float:
    """A byte as the reading that it stands for."""
    return round(byte * ANALOG[plan.type].step, 3)


def fits(type_: str, value: float) -> bool:
    """Whether a number is one that a sensor of this type can show."""
    steps = value / ANALOG[type_].step
    return 0 <= steps <= HIGHEST and abs(steps - round(steps)) < 1e-6


def delivered_thresholds(plan: SensorPlan) -> dict[str, int]:
    """The thresholds that a sensor comes with, as bytes."""
    return {name: raw(plan, value) for name, value in plan.thresholds.items()}


def crossed(thresholds: Mapping[str, int], byte: int) -> frozenset[str]:
    """The thresholds that a reading is at or beyond."""
    return frozenset(
        name
        for name, limit in thresholds.items()
        if (byte <= limit if name.startswith("l") else byte >= limit)
    )


def asserted(plan: SensorPlan, thresholds: Mapping[str, int], reading: Reading) -> tuple[int, ...]:
    """The offsets of the events that hold now; a power supply's presence is one of them."""
    if plan.type in DISCRETE:
        return DISCRETE[plan.type].states[str(reading)]
    return tuple(sorted(EVENTS[name] for name in crossed(thresholds, raw(plan, float(reading)))))


def state_of(plan: SensorPlan, thresholds: Mapping[str, int], reading: Reading) -> str:
    """`ok`, `nc`, `cr` or `nr`, as ipmitool says it; of a discrete sensor its state's name."""
    if plan.type in DISCRETE:
        return str(reading)
    found = {name[1:] for name in crossed(thresholds, raw(plan, float(reading)))}
    return next((each for each in reversed(SEVERITIES) if each in found), "ok")


def words_of(plan: SensorPlan, offset: int) -> str:
    """What an event is called, as ipmitool says it."""
    if plan.type in DISCRETE:
        return DISCRETE[plan.type].words.get(offset, f"event {offset}")
    found = [name for name, number in EVENTS.items() if number == offset]
    return EVENT_WORDS[found[0]] if found else f"event {offset}"
