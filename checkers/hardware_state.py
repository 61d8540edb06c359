"""What is asked about a machine's hardware, and what is answered: what somebody beside it sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checkers.probe import Probe


@dataclass(frozen=True, slots=True)
class Bay:
    """A disk in its bay: its serial number, its size in bytes, its bus."""

    bay: int
    serial: str
    size: int
    bus: str


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


@dataclass(frozen=True, slots=True)
class HardwareResult:
    """A machine as it stands there. `memory` is in bytes, `cut` the interfaces without a cable.

    `screen` is the end of what it has written to its serial line, from byte `screen_from` on; it
    holds what was typed there too, as far as the machine showed it.
    """

    powered: bool
    memory: int
    bays: tuple[Bay, ...]
    cut: tuple[str, ...]
    acts: tuple[Act, ...]
    screen: bytes = b""
    screen_from: int = 0


@dataclass(frozen=True, slots=True)
class Hardware(Probe[HardwareResult]):
    """Look at a machine from outside: its bays, cables, memory, and what hands have done to it."""

    kind: Literal["hardware"] = "hardware"
