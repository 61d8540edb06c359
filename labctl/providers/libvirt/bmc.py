"""The BMC of a machine, as the provider has it: a process beside QEMU, told what the chassis says.

The process ends by itself when the machine's folder is removed (see `labctl.bmc.process`). One that
was killed is started again by whoever fits the machine to its chassis next; QEMU connects to it by
itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from checkers.hardware_state import LogEntry, ManagementController, PowerCommand, SensorState
from labctl.bmc import log, sensors, state
from labctl.bmc.plan import BmcPlan
from labctl.errors import ProviderError
from labctl.providers.libvirt.chassis import Chassis

PROGRAM = "labctl.bmc.process"


def socket_of(folder: Path) -> Path:
    """Where QEMU connects to the BMC of the machine whose files are in `folder`."""
    return folder / state.FOLDER / state.SOCKET


def fit(folder: Path, plan: BmcPlan, chassis: Chassis, owner: tuple[int, int]) -> None:
    """Have the BMC show what the chassis says; it is started if it does not run.

    `owner` are the user and the group that it runs as, which are QEMU's. To fit a BMC that is
    fitted already changes nothing.
    """
    place = folder / state.FOLDER
    place.mkdir(exist_ok=True)
    os.chown(place, *owner)
    readings = {each.name: chassis.readings.get(each.name, each.reading) for each in plan.sensors}
    serials = {each.name: chassis.serials.get(each.name, each.serial) for each in plan.parts}
    wanted = state.Hardware(plan, readings, serials)
    known = None
    with contextlib.suppress(OSError, ValueError):
        known = state.read_hardware(folder)
    if known != wanted:
        state.write(folder / state.HARDWARE, wanted)
    if not _runs(place):
        _start(folder, owner)


def look(folder: Path) -> ManagementController | None:
    """What the BMC of a machine shows and holds, from its own files; None where it has none."""
    if not (folder / state.HARDWARE).exists():
        return None
    try:
        hardware, kept = state.read_hardware(folder), state.read_state(folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ProviderError(f"What the BMC holds cannot be read: {error}") from error
    if kept is None:
        raise ProviderError("The BMC has never run.")
    return ManagementController(
        tuple(
            _sensor(hardware, kept, number) for number in range(1, len(hardware.plan.sensors) + 1)
        ),
        tuple(_entry(each, hardware.plan) for each in kept.entries),
        tuple(PowerCommand(at, act) for at, act in kept.powers),
    )


def _sensor(hardware: state.Hardware, kept: state.State, number: int) -> SensorState:
    plan = hardware.plan.sensors[number - 1]
    limits = log.thresholds_of(kept, hardware.plan, number)
    reading = hardware.readings[plan.name]
    analog = sensors.ANALOG.get(plan.type)

    def in_units(raw: Mapping[str, int]) -> tuple[tuple[str, float], ...]:
        return tuple((name, sensors.value_of(plan, byte)) for name, byte in sorted(raw.items()))

    return SensorState(
        name=plan.name,
        unit=analog.unit if analog else "",
        reading=float(reading) if analog else None,
        state=sensors.state_of(plan, limits, reading),
        thresholds=in_units(limits),
        delivered=in_units(sensors.delivered_thresholds(plan)),
    )


def _entry(entry: state.Entry, plan: BmcPlan) -> LogEntry:
    said = log.in_words(entry, plan)
    return LogEntry(
        said.number,
        said.at,
        said.sensor,
        said.sensor_number,
        said.words,
        said.ended,
        entry.alarm,
        entry.erased,
    )


def _start(folder: Path, owner: tuple[int, int]) -> None:
    """Start the BMC of a machine; it goes on in the background once QEMU can connect to it."""
    argv = [sys.executable, "-m", PROGRAM, str(folder), *map(str, owner)]
    with (folder / state.ERRORS).open("ab") as errors:
        done = subprocess.run(
            argv, cwd="/", stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, check=False
        )
    if done.returncode != 0:
        told = (folder / state.ERRORS).read_text(encoding="utf-8", errors="replace").strip()
        raise ProviderError(f"The BMC of a machine did not start: {told.splitlines()[-1:]}")


def _runs(place: Path) -> bool:
    """Whether a BMC holds the folder's lock."""
    try:
        lock = os.open(place / state.LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
