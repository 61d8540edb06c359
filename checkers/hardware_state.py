"""What is asked about a machine's hardware, and what is answered.

By somebody beside the machine, who sees its bays and cables; and by the machine's own kernel, which
is asked what its devices say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checkers.probe import Probe


@dataclass(frozen=True, slots=True)
class Bay:
    """A disk in its bay: its serial number, its size in bytes, its bus.

    `warning` is NVMe's byte of critical warnings, as far as a fault has set it.
    """

    bay: int
    serial: str
    size: int
    bus: str
    warning: int = 0


@dataclass(frozen=True, slots=True)
class Act:
    """A physical act that was asked for and done, at `at` (seconds since 1970, UTC).

    `told` is what came of it; `screen` how many bytes the machine had written to its serial line
    before it.
    """

    id: str
    at: float
    told: str
    screen: int


Thresholds = tuple[tuple[str, float], ...]
"""Limits in a sensor's unit, by ipmitool's names for them (lnr, lcr, lnc, unc, ucr, unr)."""


@dataclass(frozen=True, slots=True)
class SensorState:
    """A sensor of a BMC; `reading` is None where it has states alone.

    `state` is `ok`, `nc`, `cr` or `nr` by the thresholds as they are set, or a state's name.
    `delivered` are the thresholds that it came with.
    """

    name: str
    unit: str
    reading: float | None
    state: str
    thresholds: Thresholds
    delivered: Thresholds


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of a BMC's event log; `at` is seconds since 1970 by the BMC's clock.

    `alarm`: the hardware came to it, and not software. `erased`: it is in the log no more.
    """

    number: int
    at: int
    sensor: str
    sensor_number: int
    words: str
    ended: bool
    alarm: bool
    erased: bool


@dataclass(frozen=True, slots=True)
class PowerCommand:
    """What a BMC was told to do to the power, at `at` (seconds since 1970, UTC)."""

    at: float
    act: str


@dataclass(frozen=True, slots=True)
class ManagementController:
    """What a machine's BMC shows and holds."""

    sensors: tuple[SensorState, ...]
    log: tuple[LogEntry, ...]
    powers: tuple[PowerCommand, ...]


@dataclass(frozen=True, slots=True)
class HardwareResult:
    """A machine as it stands there. `memory` is in bytes, `cut` the interfaces without a cable.

    `screen` is the end of what it has written to its serial line, from byte `screen_from` on; it
    holds what was typed there too, as far as the machine showed it. `bmc` is None where it has no
    BMC.
    """

    powered: bool
    memory: int
    bays: tuple[Bay, ...]
    cut: tuple[str, ...]
    acts: tuple[Act, ...]
    screen: bytes = b""
    screen_from: int = 0
    bmc: ManagementController | None = None


@dataclass(frozen=True, slots=True)
class Hardware(Probe[HardwareResult]):
    """Look at a machine from outside: its bays, cables, memory, and what hands have done to it."""

    kind: Literal["hardware"] = "hardware"


@dataclass(frozen=True, slots=True)
class SmartLogResult:
    """NVMe's log page 02h as it is, of 512 bytes; None, with `why`, where there is none."""

    log: bytes | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class SmartLog(Probe[SmartLogResult]):
    """Ask an NVMe controller, which the kernel calls `controller` (nvme0), how its disk fares."""

    controller: str
    kind: Literal["smart_log"] = "smart_log"


@dataclass(frozen=True, slots=True)
class LineSession:
    """A session on a serial line: the process that leads it. `exe` is the kernel's own word."""

    pid: int
    exe: bytes
    argv: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SerialLineResult:
    """A serial line: whether it has a port, the sessions whose terminal it is, how it is set.

    `console` says whether the kernel writes its messages there. `speed` is in bits a second, for
    sending; `bits`, `parity` and `stops` are the format of a character. They are 0 and empty where
    nobody has the line open.
    """

    port: bool
    sessions: tuple[LineSession, ...]
    console: bool = False
    speed: int = 0
    bits: int = 0
    parity: Literal["none", "even", "odd", ""] = ""
    stops: int = 0


@dataclass(frozen=True, slots=True)
class SerialLine(Probe[SerialLineResult]):
    """Ask the kernel about a serial line by its name for it, such as `ttyS1`."""

    line: str
    kind: Literal["serial_line"] = "serial_line"


MachineProbe = Hardware | SmartLog | SerialLine
MachineResult = HardwareResult | SmartLogResult | SerialLineResult
