"""A BMC: what goes over its line, what it answers, and what it keeps."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.bmc import log, process, sensors, state, wire
from labctl.bmc.commands import NOT_SUPPORTED, WRONG_LENGTH, Bmc
from labctl.bmc.plan import BmcPlan, EventPlan, PartPlan, SensorPlan
from labctl.bmc.records import sensor_records
from labctl.errors import ProviderError
from labctl.providers.libvirt import bmc as beside
from labctl.providers.libvirt.chassis import Chassis
from tests.rig import wait_for

NOW = 1_800_000_000.0
SENSOR, APPLICATION, STORAGE = 0x04, 0x06, 0x0A
PLAN = BmcPlan(
    sensors=(
        SensorPlan("Inlet Temp", "temperature", 24.0, {"unc": 34.0, "ucr": 42.0}),
        SensorPlan("FAN1", "fan", 5400.0, {"lnc": 1800.0, "lcr": 1200.0}),
        SensorPlan("PSU2 Status", "power-supply", "ok"),
        SensorPlan("PSU2 Power", "power", 120.0),
    ),
    parts=(
        PartPlan("system", "system", "Tarn", "R210", "TR-1", "T-1"),
        PartPlan(
            "PSU2", "power-supply", "Tarn", "PSU", "PS-5", "P-1", ("PSU2 Status", "PSU2 Power")
        ),
        PartPlan("FAN1", "fan", "Tarn", "Fan", "FN-4", "F-1", ("FAN1",)),
    ),
    events=(
        EventPlan("PSU2 Status", "input-lost", 3600.0, ended=True),
        EventPlan("FAN1", 0.0, 7e3),
    ),
)


def hardware(**readings: float | str) -> state.Hardware:
    shown = {each.name: each.reading for each in PLAN.sensors}
    return state.Hardware(
        PLAN, shown | {key.replace("_", " "): v for key, v in readings.items()}, {}
    )


@dataclass
class Bench:
    """A BMC, and what is asked of it."""

    bmc: Bmc = field(default_factory=lambda: Bmc(hardware(), state.State(), clock=lambda: NOW))

    def ask(self, function: int, command: int, data: bytes = b"") -> bytes:
        return self.bmc.answer(wire.Request(1, function, 0, command, data))

    def log(self) -> list[str]:
        words = [log.in_words(each, PLAN) for each in log.current(self.bmc.state)]
        return [f"{each.sensor}: {each.words}{' ended' * each.ended}" for each in words]


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    log.write_history(made.bmc.state, PLAN, NOW)
    return made


def broken(bench: Bench) -> Bench:
    bench.bmc.hardware = hardware(Inlet_Temp=37.0, FAN1=0.0, PSU2_Status="failed")
    assert bench.bmc.look()
    return bench


# --------------------------------------------------------------------------- the line


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=200))
def test_what_is_sent_is_what_arrives(number: int, command: int, data: bytes) -> None:
    sent = wire.response(wire.Request(number, 0x0A, 0, command, b""), data)
    (back,) = wire.Decoder().feed(sent)
    assert back == wire.Request(number, 0x0B, 0, command, data)


def test_what_is_damaged_is_passed_over() -> None:
    decoder = wire.Decoder()
    good = wire.response(wire.Request(7, 6, 0, 1, b""), b"\x00")
    bad = (b"\x01", b"\x00\x01\x02\x03\x04", bytes(400))
    assert list(decoder.feed(b"\xa0".join(bad) + b"\xa0")) == []
    assert list(decoder.feed(b"\xff\x01\xa1" + good[:3])) == []
    assert [each.number for each in decoder.feed(good[3:])] == [7]


@given(st.integers(0, 63), st.integers(0, 255), st.binary(max_size=40))
def test_whatever_is_asked_is_answered(function: int, command: int, data: bytes) -> None:
    bench = broken(Bench())
    for _ in range(2):
        assert bench.ask(function, command, data)


@given(
    st.sampled_from([(STORAGE, 0x23), (STORAGE, 0x43), (STORAGE, 0x46), (STORAGE, 0x47)]),
    st.binary(min_size=4, max_size=4),
    st.binary(max_size=16),
)
def test_numbers_of_any_size_are_answered(
    asked: tuple[int, int], numbers: bytes, rest: bytes
) -> None:
    bench = broken(Bench())
    reserved = bench.ask(STORAGE, 0x42)[1:]
    assert bench.ask(*asked, reserved + numbers + rest)


# --------------------------------------------------------------------------- sensors


def test_readings_have_the_state_that_their_thresholds_give(bench: Bench) -> None:
    assert bench.ask(SENSOR, 0x2D, b"\x01") == bytes([0, 24, 0xC0, 0xC0])
    broken(bench)
    assert bench.ask(SENSOR, 0x2D, b"\x01") == bytes([0, 37, 0xC0, 0xC8])
    assert bench.ask(SENSOR, 0x2D, b"\x02") == bytes([0, 0, 0xC0, 0xC3])
    assert bench.ask(SENSOR, 0x2D, b"\x03") == bytes([0, 0, 0xC0, 3, 0x80])
    assert bench.ask(SENSOR, 0x2B, b"\x02")[2] == 0b101
    assert bench.ask(SENSOR, 0x2B, b"\x03")[2] == 0b11
    assert bench.ask(SENSOR, 0x27, b"\x03") == NOT_SUPPORTED
    assert bench.ask(SENSOR, 0x2D, b"\x09")[0] == 0xCB
    assert bench.ask(SENSOR, 0x2D) == WRONG_LENGTH
    assert bench.ask(0x00, 0x01)[3] & 0x08


def test_thresholds_are_set_and_kept_beside_those_that_were_delivered(bench: Bench) -> None:
    broken(bench)
    assert bench.ask(SENSOR, 0x26, bytes([1, 0x08, 0, 0, 0, 40, 0, 0])) == b"\x00"
    assert bench.ask(SENSOR, 0x27, b"\x01") == bytes([0, 0x18, 0, 0, 0, 40, 42, 0])
    assert bench.log()[-1] == "Inlet Temp: Upper Non-critical going high ended"
    assert not bench.bmc.state.entries[-1].alarm
    assert bench.ask(SENSOR, 0x26, bytes([1, 0x20, 0, 0, 0, 0, 0, 90]))[0] == 0xCC


def test_records_name_every_sensor_and_part() -> None:
    records = sensor_records(PLAN)
    assert [int.from_bytes(each[:2], "little") for each in records] == list(range(1, 8))
    assert all(len(each) == 5 + each[4] for each in records)
    for record, name in zip(records, ("Inlet Temp", "FAN1", "PSU2 Status"), strict=False):
        assert record.endswith(bytes([0xC0 | len(name)]) + name.encode())
    assert records[2][8:10] == records[3][8:10] == bytes([0x0A, 1])  # the same power supply


def test_records_are_read_in_parts_under_a_reservation(bench: Bench) -> None:
    assert bench.ask(STORAGE, 0x20)[2] == 7
    first = bench.ask(STORAGE, 0x23, bytes([0, 0, 0, 0, 0, 5]))
    assert first[:3] == b"\x00\x02\x00"
    assert bench.ask(STORAGE, 0x23, bytes([0, 0, 1, 0, 5, 16]))[0] == 0xC5
    number = bench.ask(STORAGE, 0x22)[1:]
    rest = bench.ask(STORAGE, 0x23, number + bytes([1, 0, 5, 0xFF]))
    assert first[3:] + rest[3:] == sensor_records(PLAN)[0]
    assert bench.ask(STORAGE, 0x23, number + bytes([7, 0, 0, 5]))[1:3] == b"\xff\xff"
    assert bench.ask(STORAGE, 0x23, number + bytes([9, 0, 0, 5]))[0] == 0xCB
    assert bench.ask(STORAGE, 0x23, number + bytes([1, 0, 200, 5]))[0] == 0xC9
    assert bench.ask(STORAGE, 0x23, number + bytes([1, 0, 5, 200]))[0] == 0xCA


def test_parts_are_read_and_never_written(bench: Bench) -> None:
    size = bench.ask(STORAGE, 0x10, b"\x01")[1]
    data = bench.ask(STORAGE, 0x11, bytes([1, 0, 0, size]))
    assert data[1] == size
    assert sum(data[2:10]) % 256 == sum(data[10:]) % 256 == 0
    assert b"\xc4PS-5" in data
    assert b"\xc3P-1" in data
    bench.bmc.hardware.serials["PSU2"] = "P-2"
    assert b"\xc3P-2" in bench.ask(STORAGE, 0x11, bytes([1, 0, 0, size]))
    assert bench.ask(STORAGE, 0x12, bytes([1, 0, 0, 9]))[0] == 0x80
    assert bench.ask(STORAGE, 0x10, b"\x07")[0] == 0xCB


# --------------------------------------------------------------------------- the event log


def test_the_log_begins_with_its_history_and_goes_on_with_faults(bench: Bench) -> None:
    broken(bench)
    assert bench.log() == [
        "FAN1: Lower Non-critical going low",
        "FAN1: Lower Critical going low",
        "PSU2 Status: Power Supply AC lost ended",
        "Inlet Temp: Upper Non-critical going high",
        "FAN1: Lower Non-critical going low",
        "FAN1: Lower Critical going low",
        "PSU2 Status: Failure detected",
    ]
    assert all(each.alarm for each in bench.bmc.state.entries)
    assert not bench.bmc.look()
    bench.bmc.hardware = hardware()
    assert bench.bmc.look()
    assert [each.alarm for each in bench.bmc.state.entries[-4:]] == [False] * 4


def test_entries_are_read_one_after_the_other(bench: Bench) -> None:
    assert bench.ask(STORAGE, 0x40)[2] == 3
    first = bench.ask(STORAGE, 0x43, bytes([0, 0, 0, 0, 0, 0xFF]))
    assert first[1:5] == b"\x02\x00\x01\x00"
    assert len(first) == 3 + 16
    assert bench.ask(STORAGE, 0x43, bytes([0, 0, 0xFF, 0xFF, 0, 0xFF]))[1:5] == b"\xff\xff\x03\x00"
    assert bench.ask(STORAGE, 0x43, bytes([0, 0, 9, 0, 0, 0xFF]))[0] == 0xCB
    bench.bmc.state.entries.clear()
    assert bench.ask(STORAGE, 0x43, bytes([0, 0, 0, 0, 0, 0xFF]))[0] == 0xCB
    assert bench.ask(STORAGE, 0x46, bytes([0, 0, 0, 0]))[0] == 0xCB


def test_what_is_cleared_is_remembered_and_no_longer_shown(bench: Bench) -> None:
    bench.ask(STORAGE, 0x44, bytes(16))
    number = bench.ask(STORAGE, 0x42)[1:]
    assert bench.ask(STORAGE, 0x47, b"\x00\x00CLR\xaa")[0] == 0xC5
    assert bench.ask(STORAGE, 0x47, number + b"CLX\xaa")[0] == 0xCC
    assert bench.ask(STORAGE, 0x47, number + b"CLR\x00") == b"\x00\x01"
    assert len(log.current(bench.bmc.state)) == 4
    assert bench.ask(STORAGE, 0x47, number + b"CLR\xaa") == b"\x00\x01"
    assert bench.log() == [": Log area reset/cleared"]
    assert [each.erased for each in bench.bmc.state.entries] == [True, True, True, False]


def test_one_entry_is_deleted(bench: Bench) -> None:
    bench.ask(STORAGE, 0x44, bytes(16))
    assert bench.ask(STORAGE, 0x46, bytes([0, 0, 0, 0])) == b"\x00\x01\x00"
    assert bench.ask(STORAGE, 0x46, bytes([0, 0, 0xFF, 0xFF])) == b"\x00\x04\x00"
    assert [each.erased for each in bench.bmc.state.entries] == [True, False, False]


def test_software_writes_entries_until_the_log_is_full(bench: Bench) -> None:
    oem = bytes([0, 0, 0xE0]) + bytes(range(13))
    assert bench.ask(STORAGE, 0x44, oem)[0] == 0
    assert bench.bmc.state.entries[-1].record.endswith(bytes(range(13)).hex())
    event = log.in_words(bench.bmc.state.entries[-1], PLAN)
    assert event.words.startswith("event of type")
    while bench.ask(STORAGE, 0x44, bytes(16))[0] == 0:
        pass
    assert len(log.current(bench.bmc.state)) == log.MOST
    assert bench.ask(STORAGE, 0x40)[14] & 0x80
    assert not any(each.alarm for each in bench.bmc.state.entries[3:])


def test_the_clock_of_the_log_is_set(bench: Bench) -> None:
    assert bench.ask(STORAGE, 0x48)[1:] == int(NOW).to_bytes(4, "little")
    assert bench.ask(STORAGE, 0x49, b"\xff\xff\xff\xff") == b"\x00"
    assert bench.ask(STORAGE, 0x48)[1:] == b"\xff\xff\xff\xff"
    bench.bmc.clock = lambda: NOW + 1e9
    broken(bench)
    assert bench.ask(STORAGE, 0x48)[1:] == b"\xff\xff\xff\xff"


def test_words_for_events_that_no_sensor_has() -> None:
    assert sensors.words_of(PLAN.sensors[0], 3) == "event 3"
    assert sensors.words_of(PLAN.sensors[2], 7) == "event 7"
    assert sensors.state_of(PLAN.sensors[2], {}, "absent") == "absent"


# --------------------------------------------------------------------------- the rest


def test_the_power_is_qemus_and_remembered_here(bench: Bench) -> None:
    for number in (5, 0, 1, 2, 3, 4):
        assert bench.ask(0x00, 0x02, bytes([number])) == b"\x00"
    assert bench.ask(0x00, 0x02, b"\x0f")[0] == 0xCC
    assert [act for _, act in bench.bmc.state.powers] == [
        "soft",
        "off",
        "on",
        "cycle",
        "reset",
        "interrupt",
    ]
    assert bench.bmc.orders == [wire.SHUT_DOWN, wire.POWER_OFF, wire.RESET, wire.RESET, wire.NMI]


def test_what_drivers_ask(bench: Bench) -> None:
    assert bench.ask(APPLICATION, 0x01)[0:2] == b"\x00\x20"
    bench.ask(APPLICATION, 0x2E, b"\x08")
    assert bench.ask(APPLICATION, 0x2F) == b"\x00\x08"
    for command in (0x33, 0x35):
        assert bench.ask(APPLICATION, command)[0] == 0x80
    assert bench.ask(APPLICATION, 0x42) == NOT_SUPPORTED
    assert bench.ask(SENSOR, 0x25, b"\x01") == bytes(3)
    assert bench.ask(SENSOR, 0x29, b"\x03")[1] == 0xC0
    for function, command in ((0, 0), (0, 4), (6, 2), (6, 3), (6, 4), (6, 0x30), (6, 0x31)):
        assert bench.ask(function, command)[0] == 0


# --------------------------------------------------------------------------- the process


@dataclass
class Line:
    """QEMU's end of a BMC's socket."""

    socket: socket.socket
    received: bytes = b""

    def ask(self, function: int, command: int, data: bytes = b"") -> bytes:
        body = bytes([9, function << 2, command]) + data
        self.socket.sendall(body + bytes([-sum(body) % 256, wire.MESSAGE_END]))
        found: list[wire.Request] = []
        decoder = wire.Decoder()
        while not found:
            found = list(decoder.feed(self.receive()))
        return found[0].data

    def receive(self) -> bytes:
        got = self.socket.recv(4096)
        self.received += got
        return got


@contextlib.contextmanager
def connected(folder: Path) -> Iterator[Line]:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(beside.socket_of(folder)))
        assert line.recv(10) == b"\xff\x01\xa1"
        yield Line(line)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "m"
    made.mkdir()
    yield made
    shutil.rmtree(made, ignore_errors=True)
    wait_for(lambda: not beside._runs(made / "bmc"), "the BMC to end")


OWNER = (os.getuid(), os.getgid())
CHASSIS = Chassis(512 << 20, {})


def test_a_bmc_runs_beside_its_machine_until_its_folder_is_gone(folder: Path) -> None:
    beside.fit(folder, PLAN, CHASSIS, OWNER)
    beside.fit(folder, PLAN, CHASSIS, OWNER)
    with connected(folder) as line:
        assert line.ask(SENSOR, 0x2D, b"\x01")[1] == 24
        beside.fit(folder, PLAN, Chassis(512 << 20, {}, readings={"Inlet Temp": 44.0}), OWNER)
        assert line.ask(SENSOR, 0x2D, b"\x01")[1] == 44
        with connected(folder) as again:
            assert line.receive() == b""
            assert again.ask(0x00, 0x02, b"\x05") == b"\x00"
            while not again.received.endswith(bytes([wire.SHUT_DOWN, wire.COMMAND_END])):
                assert again.receive()
    seen = beside.look(folder)
    assert seen is not None
    assert [(each.name, each.state) for each in seen.sensors][:2] == [
        ("Inlet Temp", "cr"),
        ("FAN1", "ok"),
    ]
    assert [each.act for each in seen.powers] == ["soft"]
    assert [each.sensor for each in seen.log][-2:] == ["Inlet Temp", "Inlet Temp"]
    assert seen.sensors[2].reading is None


def test_a_second_bmc_of_a_folder_does_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside.fit(folder, PLAN, CHASSIS, OWNER)
    monkeypatch.setattr(process, "LOCK_SECONDS", 0.1)
    assert process.main([str(folder), *map(str, OWNER)]) == 0


def test_a_bmc_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "PROGRAM", "labctl.bmc.nothing")
    with pytest.raises(ProviderError, match="did not start"):
        beside.fit(folder, PLAN, CHASSIS, OWNER)
    with pytest.raises(ProviderError, match="has never run"):
        beside.look(folder)
    (folder / "bmc" / state.STATE).write_text("{")
    with pytest.raises(ProviderError, match="cannot be read"):
        beside.look(folder)


def test_a_machine_without_a_bmc_has_none(tmp_path: Path) -> None:
    assert beside.look(tmp_path) is None
