"""What a BMC keeps: its event log, its sensors' thresholds, and what it did to the power."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from labctl.bmc.plan import BmcPlan, EventPlan, PartPlan, Reading, SensorPlan

FOLDER = "bmc"
HARDWARE = "bmc.json"
ERRORS = "bmc.log"
STATE = "state.json"
SOCKET = "socket"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Hardware:
    """The hardware that a BMC watches: `readings` by sensor, serial numbers by part."""

    plan: BmcPlan
    readings: dict[str, Reading]
    serials: dict[str, str]


@dataclass(slots=True)
class Entry:
    """An entry of the event log: its 16 bytes in hexadecimal.

    `alarm` says that the hardware came to it, and not the machine's own software; an alarm that is
    `erased` is remembered here, and in the log no more.
    """

    record: str
    alarm: bool
    erased: bool = False


@dataclass(slots=True)
class State:
    """All that a BMC keeps when the power is off. Times are seconds since 1970.

    `thresholds` are bytes by sensor. `asserted` are the events that held when they were last looked
    at, by sensor. `clock_ahead` is how far the clock of the log is ahead of the server's.
    """

    thresholds: dict[str, dict[str, int]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    asserted: dict[str, list[int]] = field(default_factory=dict)
    powers: list[tuple[float, str]] = field(default_factory=list)
    next_number: int = 1
    clock_ahead: int = 0
    added: int = 0xFFFFFFFF
    erased: int = 0xFFFFFFFF
    overflown: bool = False


def write(path: Path, value: Any) -> None:
    """Write a frozen value or a state, so that a reader finds the old one or the new one."""
    new = path.with_name(f".{path.name}")
    with new.open("w", encoding="utf-8") as file:
        json.dump(asdict(value), file)
    new.chmod(0o644)
    new.replace(path)


def read_hardware(folder: Path) -> Hardware:
    """The hardware as the controller says, in a machine's folder; raises OSError or ValueError."""
    found = json.loads((folder / HARDWARE).read_text(encoding="utf-8"))
    plan = found["plan"]
    return Hardware(
        BmcPlan(
            tuple(SensorPlan(**each) for each in plan["sensors"]),
            tuple(
                PartPlan(**{**each, "sensors": tuple(each["sensors"])}) for each in plan["parts"]
            ),
            tuple(EventPlan(**each) for each in plan["events"]),
        ),
        found["readings"],
        found["serials"],
    )


def read_state(folder: Path) -> State | None:
    """What a BMC has kept, in a machine's folder; None where it never ran.

    Raises OSError or ValueError.
    """
    text = None
    with contextlib.suppress(FileNotFoundError):
        text = (folder / FOLDER / STATE).read_text(encoding="utf-8")
    if text is None:
        return None
    found = json.loads(text)
    entries = [Entry(**each) for each in found.pop("entries")]
    powers = [(float(at), str(act)) for at, act in found.pop("powers")]
    return State(entries=entries, powers=powers, **found)
