"""What a BMC tells about itself: sensor data records and FRU data, byte by byte.

The layouts are those of IPMI 2.0, chapter 43, and of "IPMI Platform Management FRU Information
Storage Definition" 1.0.
"""

from __future__ import annotations

from collections.abc import Collection

from labctl.bmc.plan import BmcPlan, PartPlan, SensorPlan
from labctl.bmc.sensors import ANALOG, DISCRETE, EVENTS, PART_ENTITIES, THRESHOLDS

VERSION = 0x51
ADDRESS = 0x20
FULL, COMPACT, FRU_LOCATOR, MC_LOCATOR = 0x01, 0x02, 0x11, 0x12
THRESHOLD_EVENTS, SENSOR_SPECIFIC = 0x01, 0x6F
ASCII = 0xC0
LONGEST_NAME = 16
INITIALISED = 0x7F
"""Everything about a sensor is set up and switched on when power comes on."""
AUTO_REARM = 0x40
SETTABLE = 0x08
"""Thresholds can be read and set, as their masks say."""
NOT_ANALOG = 0xC0
SYSTEM_BOARD = 0x07
WHAT_IT_IS = 0x8F
"""Chassis, FRU, event log, sensor data and sensors (IPMI 2.0, "Get Device ID")."""
EVENTS_MASK = 0x0FFF


def sensor_records(plan: BmcPlan) -> list[bytes]:
    """All records of a BMC, each with its number at its beginning."""
    bodies: list[tuple[int, bytes]] = []
    places, parts = _places(plan)
    for number, (sensor, place) in enumerate(zip(plan.sensors, places, strict=True), 1):
        where = bytes([ADDRESS, 0, number, *place])
        if sensor.type in ANALOG:
            bodies.append((FULL, where + _full(sensor)))
        else:
            bodies.append((COMPACT, where + _compact(sensor)))
    for number, part in enumerate(plan.parts[1:], 1):
        head = bytes([ADDRESS, number, 0x80, 0, 0, 0x10, 0, *parts[part.name], 0])
        bodies.append((FRU_LOCATOR, head + _name(part.name)))
    own = bytes([ADDRESS, 0, 0, WHAT_IT_IS, 0, 0, 0, SYSTEM_BOARD, 1, 0])
    bodies.append((MC_LOCATOR, own + _name("BMC")))
    return [
        number.to_bytes(2, "little") + bytes([VERSION, kind, len(body)]) + body
        for number, (kind, body) in enumerate(bodies, 1)
    ]


Place = tuple[int, int]
"""What a record is about: an entity's number (IPMI 2.0, table 43-13), and which of its kind."""


def _places(plan: BmcPlan) -> tuple[list[Place], dict[str, Place]]:
    """What each sensor is about, in order, and what each part is, by its name."""
    counts: dict[int, int] = {}

    def next_of(entity: int) -> Place:
        counts[entity] = counts.get(entity, 0) + 1
        return entity, counts[entity]

    parts = {part.name: next_of(PART_ENTITIES[part.type]) for part in plan.parts[1:]}
    owners = {sensor: parts[part.name] for part in plan.parts[1:] for sensor in part.sensors}
    places = [owners.get(each.name) or next_of(_entity(each)) for each in plan.sensors]
    return places, parts


def _entity(sensor: SensorPlan) -> int:
    return (ANALOG if sensor.type in ANALOG else DISCRETE)[sensor.type].entity


def _name(text: str) -> bytes:
    name = text.encode("ascii")[:LONGEST_NAME]
    return bytes([ASCII | len(name)]) + name


def mask_of(names: Collection[str]) -> int:
    """The thresholds that there are, as bits."""
    return sum(1 << bit for bit, name in enumerate(THRESHOLDS) if name in names)


def events_of(sensor: SensorPlan) -> int:
    """The events that a sensor can have, as bits."""
    if sensor.type in DISCRETE:
        return sum(1 << bit for bit in DISCRETE[sensor.type].words)
    return sum(1 << EVENTS[name] for name in sensor.thresholds)


def _full(sensor: SensorPlan) -> bytes:
    kind = ANALOG[sensor.type]
    mask, events = mask_of(sensor.thresholds), events_of(sensor)
    lower = events | (mask & 7) << 12
    upper = events | (mask >> 3) << 12
    record = bytes([INITIALISED, AUTO_REARM | SETTABLE, kind.code, THRESHOLD_EVENTS])
    record += lower.to_bytes(2, "little") + upper.to_bytes(2, "little") + bytes([mask, mask])
    record += bytes([0, kind.unit_code, 0, 0])
    record += bytes([kind.factor & 0xFF, kind.factor >> 8 << 6, 0, 0, 0, (kind.exponent & 15) << 4])
    record += bytes([0, 0, 0, 0, 0xFF, 0])
    limits = {name: round(value / kind.step) for name, value in sensor.thresholds.items()}
    record += bytes(limits.get(name, 0) for name in ("unr", "ucr", "unc", "lnr", "lcr", "lnc"))
    return record + bytes(5) + _name(sensor.name)


def _compact(sensor: SensorPlan) -> bytes:
    events = events_of(sensor).to_bytes(2, "little")
    record = bytes([INITIALISED, AUTO_REARM, DISCRETE[sensor.type].code, SENSOR_SPECIFIC])
    record += events * 3 + bytes([NOT_ANALOG, 0, 0])
    return record + bytes([1, 0]) + bytes(6) + _name(sensor.name)


def part_data(part: PartPlan, serial: str) -> bytes:
    """The FRU data of a part: its product information area."""
    fields = (part.manufacturer, part.product, part.part_number, "", serial, "", "")
    area = bytes([1, 0, 25])  # version, length (below), English
    for text in fields:
        area += bytes([ASCII | len(text)]) + text.encode("ascii")
    area += b"\xc1"
    area += bytes(-(len(area) + 1) % 8)
    area = bytes([area[0], (len(area) + 1) // 8]) + area[2:]
    head = bytes([1, 0, 0, 0, 1, 0, 0])
    return _summed(head) + _summed(area)


def _summed(record: bytes) -> bytes:
    return record + bytes([-sum(record) % 256])
