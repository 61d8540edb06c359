"""The system event log (SEL): its entries, byte by byte (IPMI 2.0, chapter 32)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from labctl.bmc.plan import BmcPlan, EventPlan
from labctl.bmc.sensors import (
    ANALOG,
    DISCRETE,
    EVENTS,
    asserted,
    delivered_thresholds,
    raw,
    words_of,
)
from labctl.bmc.state import Entry, Hardware, State

MOST = 512
"""As many entries the log holds; then no more are written, and it says so."""
SIZE = 16
SYSTEM_EVENT = 0x02
BMC_ITSELF = 0x20
REVISION = 0x04
ENDED = 0x80
THRESHOLD_EVENTS, SENSOR_SPECIFIC = 0x01, 0x6F
READING_AND_THRESHOLD = 0x50
NOTHING_MORE = 0xFF
LOGGING_DISABLED, LOG_CLEARED = 0x10, 2
LAST_NUMBER = 0xFFFE
LAST_TIME = 0xFFFFFFFF
_EVENT = struct.Struct("<HBIHBBBBBBB")


@dataclass(frozen=True, slots=True)
class Event:
    """An entry in words: `at` is in seconds since 1970; `sensor` is empty where there is none."""

    number: int
    at: int
    sensor: str
    sensor_number: int
    words: str
    ended: bool


def write_history(state: State, plan: BmcPlan, now: float) -> None:
    """Write down what a log begins with."""
    for event in sorted(plan.events, key=lambda each: -each.ago):
        _write_old(state, plan, event, int(now - event.ago))


def _write_old(state: State, plan: BmcPlan, event: EventPlan, at: int) -> None:
    number, sensor = next(
        (number, each) for number, each in enumerate(plan.sensors, 1) if each.name == event.sensor
    )
    thresholds = delivered_thresholds(sensor)
    usual = asserted(sensor, thresholds, sensor.reading)
    shown = {sensor.name: event.reading}
    for offset in asserted(sensor, thresholds, event.reading):
        if offset not in usual:
            data = _data(plan, number, offset, shown, thresholds)
            add(state, _event(plan, number, data, ended=event.ended), at, alarm=True)


def note_changes(state: State, hardware: Hardware, now: float, *, alarm: bool) -> bool:
    """Write down what has come about or ended since the last look; whether anything has.

    `alarm` says that the hardware may have changed, and not only what the software set.
    """
    changed = False
    for number, sensor in enumerate(hardware.plan.sensors, 1):
        thresholds = thresholds_of(state, hardware.plan, number)
        holds = asserted(sensor, thresholds, hardware.readings[sensor.name])
        usual = asserted(sensor, delivered_thresholds(sensor), sensor.reading)
        held = state.asserted.get(sensor.name, list(usual))
        for offset in sorted({*holds} ^ {*held}):
            ended = offset not in holds
            data = _data(hardware.plan, number, offset, hardware.readings, thresholds)
            record = _event(hardware.plan, number, data, ended=ended)
            add(state, record, int(now) + state.clock_ahead, alarm=alarm and not ended)
        if list(holds) != state.asserted.get(sensor.name):
            state.asserted[sensor.name] = list(holds)
            changed = True
    return changed


def thresholds_of(state: State, plan: BmcPlan, number: int) -> dict[str, int]:
    """The thresholds of a sensor as they are set now, as bytes."""
    sensor = plan.sensors[number - 1]
    return state.thresholds.get(sensor.name, delivered_thresholds(sensor))


def _data(
    plan: BmcPlan,
    number: int,
    offset: int,
    readings: dict[str, float | str],
    thresholds: dict[str, int],
) -> bytes:
    """The three bytes that say more of an event: of a number, what it was and what its limit."""
    sensor = plan.sensors[number - 1]
    if sensor.type in DISCRETE:
        return bytes([offset, NOTHING_MORE, NOTHING_MORE])
    name = next(name for name, each in EVENTS.items() if each == offset)
    reading = raw(sensor, float(readings[sensor.name]))
    return bytes([READING_AND_THRESHOLD | offset, reading, thresholds.get(name, 0)])


def _event(plan: BmcPlan, number: int, data: bytes, *, ended: bool) -> bytes:
    """An entry without its number and time."""
    sensor = plan.sensors[number - 1]
    analog = sensor.type in ANALOG
    kind = THRESHOLD_EVENTS if analog else SENSOR_SPECIFIC
    code = (ANALOG if analog else DISCRETE)[sensor.type].code
    return _EVENT.pack(
        0,
        SYSTEM_EVENT,
        0,
        BMC_ITSELF,
        REVISION,
        code,
        number,
        kind | (ENDED if ended else 0),
        *data,
    )


def clear(state: State, now: int) -> None:
    """Erase the log, and write down that it was erased."""
    state.entries = [each for each in state.entries if each.alarm]
    for each in state.entries:
        each.erased = True
    state.erased, state.overflown = now, False
    cleared = (LOGGING_DISABLED, 0, SENSOR_SPECIFIC, LOG_CLEARED, NOTHING_MORE, NOTHING_MORE)
    add(state, _EVENT.pack(0, SYSTEM_EVENT, 0, BMC_ITSELF, REVISION, *cleared), now, alarm=False)


def delete(state: State, number: int, now: int) -> bool:
    """Erase one entry; whether there was one."""
    found = [each for each in current(state) if number_of(each) == number]
    for each in found:
        each.erased = True
        if not each.alarm:
            state.entries.remove(each)
        state.erased = now
    return bool(found)


def current(state: State) -> list[Entry]:
    """The entries that are in the log."""
    return [each for each in state.entries if not each.erased]


def number_of(entry: Entry) -> int:
    """An entry's record ID."""
    return int.from_bytes(bytes.fromhex(entry.record)[:2], "little")


def add(state: State, record: bytes, at: int, *, alarm: bool, keeps_time: bool = False) -> int:
    """Write an entry, with the next number and the time `at`; its number, 0 where all is full."""
    if len(current(state)) >= MOST:
        state.overflown = True
        return 0
    number = state.next_number
    state.next_number = number % LAST_NUMBER + 1
    at = max(0, min(LAST_TIME, at))
    time = record[3:7] if keeps_time else at.to_bytes(4, "little")
    whole = number.to_bytes(2, "little") + record[2:3] + time + record[7:SIZE]
    state.entries.append(Entry(whole.hex(), alarm))
    state.added = at
    return number


def in_words(entry: Entry, plan: BmcPlan) -> Event:
    """What an entry says."""
    record = bytes.fromhex(entry.record)
    number, _, at, _, _, kind, sensor, direction, first, _, _ = _EVENT.unpack(record)
    known = plan.sensors[sensor - 1] if 1 <= sensor <= len(plan.sensors) else None
    words = words_of(known, first & 0x0F) if known else f"event of type {kind:#04x}"
    if kind == LOGGING_DISABLED:
        words = "Log area reset/cleared"
    name = known.name if known else ""
    return Event(number, at, name, sensor, words, bool(direction & ENDED))
