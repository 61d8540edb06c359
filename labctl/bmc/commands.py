"""What a BMC answers: the commands of IPMI 2.0 that tools on a server ask of one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from labctl.bmc import log, wire
from labctl.bmc.records import WHAT_IT_IS, events_of, mask_of, part_data, sensor_records
from labctl.bmc.sensors import ANALOG, EVENTS, HIGHEST, THRESHOLDS, asserted, crossed, raw
from labctl.bmc.state import Hardware, State

CHASSIS, SENSOR, APPLICATION, STORAGE = 0x00, 0x04, 0x06, 0x0A
OK = b"\x00"
NOT_SUPPORTED = b"\xc1"
NO_RESERVATION = b"\xc5"
TOO_LONG = b"\xca"
WRONG_LENGTH = b"\xc7"
NOT_THERE = b"\xcb"
WRONG_FIELD = b"\xcc"
FULL = b"\xc4"
READ_ONLY = b"\x80"
NOTHING_WAITS = b"\x80"
MOST_BYTES = 128
SDR_VERSION = 0x51
LAST = 0xFFFF
SCANNED = 0xC0
"""Events are written, and the sensor is looked at."""
FAN_TROUBLE = 0x08
POWERS = {0: "off", 1: "on", 2: "cycle", 3: "reset", 4: "interrupt", 5: "soft"}
"""What can be done to the power (table 28-4)."""
TO_HARDWARE = {
    "off": wire.POWER_OFF,
    "cycle": wire.RESET,
    "reset": wire.RESET,
    "interrupt": wire.NMI,
    "soft": wire.SHUT_DOWN,
}


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _bytes(number: int, length: int) -> bytes:
    return number.to_bytes(length, "little")


class _Refused(Exception):
    """A request that is refused, with its completion code."""

    def __init__(self, code: bytes) -> None:
        super().__init__()
        self.code = code


@dataclass(slots=True)
class Bmc:
    """A BMC at work: what it watches, and what it keeps. `orders` wait to be given to QEMU."""

    hardware: Hardware
    state: State
    clock: Callable[[], float] = time.time
    orders: list[int] = field(default_factory=list)
    _reservation: int = LAST
    _enabled: int = 0

    def look(self, *, alarm: bool = True) -> bool:
        """Compare the sensors with how they were; whether anything has changed."""
        return log.note_changes(self.state, self.hardware, self.clock(), alarm=alarm)

    def answer(self, request: wire.Request) -> bytes:
        """The completion code and what belongs to it; whatever comes, there is an answer."""
        handler = _HANDLERS.get((request.function, request.command))
        if handler is None:
            return NOT_SUPPORTED
        least, act = handler
        if len(request.data) < least:
            return WRONG_LENGTH
        try:
            return OK + act(self, request.data)
        except _Refused as refusal:
            return refusal.code

    def now(self) -> int:
        """The time by the clock of the log."""
        return max(0, min(log.LAST_TIME, int(self.clock()) + self.state.clock_ahead))

    def reserve(self, _data: bytes) -> bytes:
        """A number that shows that nobody else came between."""
        self._reservation = self._reservation % LAST + 1
        return _bytes(self._reservation, 2)

    def demand_reservation(self, data: bytes) -> None:
        """Refuse what needs a reservation and names an old one."""
        if _number(data[:2]) != self._reservation:
            raise _Refused(NO_RESERVATION)

    # ------------------------------------------------------------------ application, chassis

    def device(self, _data: bytes) -> bytes:
        """Get Device ID: with sensor data, firmware 1.00, IPMI 2.0, no manufacturer."""
        return bytes([0x20, 0x81, 0x01, 0x00, 0x02, WHAT_IT_IS, 0, 0, 0, 0, 0])

    def set_enabled(self, data: bytes) -> bytes:
        """Set BMC Global Enables."""
        self._enabled = data[0]
        return b""

    def enabled(self, _data: bytes) -> bytes:
        """Get BMC Global Enables."""
        return bytes([self._enabled])

    def nothing_waits(self, _data: bytes) -> bytes:
        """Get Message, Read Event Message Buffer: nothing."""
        raise _Refused(NOTHING_WAITS)

    def chassis(self, _data: bytes) -> bytes:
        """Get Chassis Status: on, and whether a fan is in trouble."""
        trouble = any(
            sensor.type == "fan" and set(self._crossed(number)) & {"lcr", "lnr"}
            for number, sensor in enumerate(self.hardware.plan.sensors, 1)
        )
        return bytes([0x01, 0x00, 0x40 | (FAN_TROUBLE if trouble else 0)])

    def control(self, data: bytes) -> bytes:
        """Chassis Control: asked for here, done by QEMU."""
        act = POWERS.get(data[0] & 0x0F)
        if act is None:
            raise _Refused(WRONG_FIELD)
        self.state.powers.append((self.clock(), act))
        del self.state.powers[: -log.MOST]
        if act in TO_HARDWARE:
            self.orders.append(TO_HARDWARE[act])
        return b""

    # ------------------------------------------------------------------ sensors

    def _sensor(self, data: bytes) -> int:
        number = data[0]
        if not 1 <= number <= len(self.hardware.plan.sensors):
            raise _Refused(NOT_THERE)
        return number

    def _analog(self, data: bytes) -> int:
        number = self._sensor(data)
        if self.hardware.plan.sensors[number - 1].type not in ANALOG:
            raise _Refused(NOT_SUPPORTED)
        return number

    def _crossed(self, number: int) -> frozenset[str]:
        sensor = self.hardware.plan.sensors[number - 1]
        thresholds = log.thresholds_of(self.state, self.hardware.plan, number)
        reading = self.hardware.readings[sensor.name]
        return crossed(thresholds, raw(sensor, float(reading)))

    def reading(self, data: bytes) -> bytes:
        """Get Sensor Reading."""
        number = self._sensor(data)
        sensor = self.hardware.plan.sensors[number - 1]
        shown = self.hardware.readings[sensor.name]
        if sensor.type in ANALOG:
            return bytes(
                [raw(sensor, float(shown)), SCANNED, mask_of(self._crossed(number)) | 0xC0]
            )
        bits = sum(1 << bit for bit in asserted(sensor, {}, shown))
        return bytes([0, SCANNED, bits & 0xFF, bits >> 8 | 0x80])

    def thresholds(self, data: bytes) -> bytes:
        """Get Sensor Thresholds."""
        number = self._analog(data)
        limits = log.thresholds_of(self.state, self.hardware.plan, number)
        return bytes([mask_of(limits), *(limits.get(name, 0) for name in THRESHOLDS)])

    def set_thresholds(self, data: bytes) -> bytes:
        """Set Sensor Thresholds: those that the sensor has."""
        number = self._analog(data)
        limits = dict(log.thresholds_of(self.state, self.hardware.plan, number))
        wanted = {name: data[2 + bit] for bit, name in enumerate(THRESHOLDS) if data[1] & 1 << bit}
        if not wanted.keys() <= limits.keys():
            raise _Refused(WRONG_FIELD)
        self.state.thresholds[self.hardware.plan.sensors[number - 1].name] = limits | wanted
        self.look(alarm=False)
        return b""

    def hysteresis(self, data: bytes) -> bytes:
        """Get Sensor Hysteresis: there is none."""
        self._analog(data)
        return bytes(2)

    def event_enables(self, data: bytes) -> bytes:
        """Get Sensor Event Enable: all that it can have."""
        sensor = self.hardware.plan.sensors[self._sensor(data) - 1]
        return bytes([SCANNED]) + _bytes(events_of(sensor), 2) * 2

    def event_status(self, data: bytes) -> bytes:
        """Get Sensor Event Status: what holds now."""
        number = self._sensor(data)
        sensor = self.hardware.plan.sensors[number - 1]
        if sensor.type in ANALOG:
            offsets = tuple(EVENTS[name] for name in self._crossed(number))
        else:
            offsets = asserted(sensor, {}, self.hardware.readings[sensor.name])
        return bytes([SCANNED]) + _bytes(sum(1 << each for each in offsets), 2) + bytes(2)

    # ------------------------------------------------------------------ sensor data, FRU data

    def repository(self, _data: bytes) -> bytes:
        """Get SDR Repository Info."""
        count = len(sensor_records(self.hardware.plan))
        return bytes([SDR_VERSION]) + _bytes(count, 2) + bytes(10) + b"\x02"

    def record(self, data: bytes) -> bytes:
        """Get SDR: a part of one, and the number of the next."""
        if data[4]:
            self.demand_reservation(data)
        records = sensor_records(self.hardware.plan)
        number = _number(data[2:4])
        number = {0: 1, LAST: len(records)}.get(number, number)
        if number > len(records):
            raise _Refused(NOT_THERE)
        following = LAST if number == len(records) else number + 1
        return _bytes(following, 2) + _slice(records[number - 1], data[4], data[5])

    def _part(self, data: bytes) -> bytes:
        parts = self.hardware.plan.parts
        if data[0] >= len(parts):
            raise _Refused(NOT_THERE)
        part = parts[data[0]]
        return part_data(part, self.hardware.serials.get(part.name, part.serial))

    def part_info(self, data: bytes) -> bytes:
        """Get FRU Inventory Area Info."""
        return _bytes(len(self._part(data)), 2) + bytes(1)

    def read_part(self, data: bytes) -> bytes:
        """Read FRU Data."""
        found = _slice(self._part(data), _number(data[1:3]), data[3])
        return bytes([len(found)]) + found

    def write_part(self, _data: bytes) -> bytes:
        """Write FRU Data: it is write-protected."""
        raise _Refused(READ_ONLY)

    # ------------------------------------------------------------------ event log

    def log_info(self, _data: bytes) -> bytes:
        """Get SEL Info: entries can be deleted, and reservations are known."""
        count = len(log.current(self.state))
        free = (log.MOST - count) * log.SIZE
        times = _bytes(self.state.added, 4) + _bytes(self.state.erased, 4)
        options = 0x0A | (0x80 if self.state.overflown else 0)
        return bytes([SDR_VERSION]) + _bytes(count, 2) + _bytes(free, 2) + times + bytes([options])

    def log_entry(self, data: bytes) -> bytes:
        """Get SEL Entry, and the number of the next."""
        entries = log.current(self.state)
        numbers = [log.number_of(each) for each in entries]
        wanted = _number(data[2:4])
        if numbers:
            wanted = {0: numbers[0], LAST: numbers[-1]}.get(wanted, wanted)
        if wanted not in numbers:
            raise _Refused(NOT_THERE)
        place = numbers.index(wanted)
        following = LAST if place == len(numbers) - 1 else numbers[place + 1]
        record = bytes.fromhex(entries[place].record)
        return _bytes(following, 2) + _slice(record, data[4], data[5])

    def add_entry(self, data: bytes) -> bytes:
        """Add SEL Entry; those with a time get the time of now."""
        stamped = data[2] < 0xE0  # from here on OEM entries have none
        number = log.add(self.state, data, self.now(), alarm=False, keeps_time=not stamped)
        if not number:
            raise _Refused(FULL)
        return _bytes(number, 2)

    def delete_entry(self, data: bytes) -> bytes:
        """Delete SEL Entry."""
        number = _number(data[2:4])
        entries = log.current(self.state)
        if entries:
            number = {0: log.number_of(entries[0]), LAST: log.number_of(entries[-1])}.get(
                number, number
            )
        if not log.delete(self.state, number, self.now()):
            raise _Refused(NOT_THERE)
        return _bytes(number, 2)

    def clear_log(self, data: bytes) -> bytes:
        """Clear SEL: it is done at once."""
        self.demand_reservation(data)
        if data[2:5] != b"CLR" or data[5] not in (0x00, 0xAA):
            raise _Refused(WRONG_FIELD)
        if data[5] == 0xAA:  # "initiate erase"
            log.clear(self.state, self.now())
        return b"\x01"

    def log_time(self, _data: bytes) -> bytes:
        """Get SEL Time."""
        return _bytes(self.now(), 4)

    def set_log_time(self, data: bytes) -> bytes:
        """Set SEL Time."""
        self.state.clock_ahead = _number(data[:4]) - int(self.clock())
        return b""


def _slice(whole: bytes, offset: int, count: int) -> bytes:
    if offset >= len(whole):
        raise _Refused(b"\xc9")
    if count != HIGHEST and count > MOST_BYTES:
        raise _Refused(TOO_LONG)
    return whole[offset:] if count == HIGHEST else whole[offset : offset + count]


Handler = tuple[int, Callable[[Bmc, bytes], bytes]]
_HANDLERS: dict[tuple[int, int], Handler] = {
    (CHASSIS, 0x00): (0, lambda _bmc, _data: bytes([0, 0x20, 0x20, 0x20, 0x20])),
    (CHASSIS, 0x01): (0, Bmc.chassis),
    (CHASSIS, 0x02): (1, Bmc.control),
    (CHASSIS, 0x04): (0, lambda _bmc, _data: b""),
    (SENSOR, 0x25): (1, Bmc.hysteresis),
    (SENSOR, 0x26): (8, Bmc.set_thresholds),
    (SENSOR, 0x27): (1, Bmc.thresholds),
    (SENSOR, 0x29): (1, Bmc.event_enables),
    (SENSOR, 0x2B): (1, Bmc.event_status),
    (SENSOR, 0x2D): (1, Bmc.reading),
    (APPLICATION, 0x01): (0, Bmc.device),
    (APPLICATION, 0x02): (0, lambda _bmc, _data: b""),
    (APPLICATION, 0x03): (0, lambda _bmc, _data: b""),
    (APPLICATION, 0x04): (0, lambda _bmc, _data: b"\x55\x00"),
    (APPLICATION, 0x2E): (1, Bmc.set_enabled),
    (APPLICATION, 0x2F): (0, Bmc.enabled),
    (APPLICATION, 0x30): (0, lambda _bmc, _data: b""),
    (APPLICATION, 0x31): (0, lambda _bmc, _data: b"\x00"),
    (APPLICATION, 0x33): (0, Bmc.nothing_waits),
    (APPLICATION, 0x35): (0, Bmc.nothing_waits),
    (STORAGE, 0x10): (1, Bmc.part_info),
    (STORAGE, 0x11): (4, Bmc.read_part),
    (STORAGE, 0x12): (3, Bmc.write_part),
    (STORAGE, 0x20): (0, Bmc.repository),
    (STORAGE, 0x22): (0, Bmc.reserve),
    (STORAGE, 0x23): (6, Bmc.record),
    (STORAGE, 0x28): (0, Bmc.log_time),
    (STORAGE, 0x40): (0, Bmc.log_info),
    (STORAGE, 0x42): (0, Bmc.reserve),
    (STORAGE, 0x43): (6, Bmc.log_entry),
    (STORAGE, 0x44): (16, Bmc.add_entry),
    (STORAGE, 0x46): (4, Bmc.delete_entry),
    (STORAGE, 0x47): (6, Bmc.clear_log),
    (STORAGE, 0x48): (0, Bmc.log_time),
    (STORAGE, 0x49): (4, Bmc.set_log_time),
}
