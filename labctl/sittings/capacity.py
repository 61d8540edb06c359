"""How many seats this server has room for: what is free now against what each lab may take.

It counts on every host using all the memory that its lab allows it. Processors are shared, since
people read and type for most of the time; what a seat writes to the disk no lab declares, so that a
part is set aside for it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labctl.doctor import available
from labctl.errors import ProviderError
from labctl.images.library import ImageLibrary
from labctl.images.model import Image
from labctl.plan import HostPlan, Plan
from labctl.providers.base import LEAST_FREE

SPARE_MEMORY = 512 << 20
"""Bytes left to the server itself: its daemons, and grading."""
SHARED_BY_CONTAINERS = 8
"""Containers' processors that share one of the server's."""
SHARED_BY_MACHINES = 2
"""Those of virtual machines, which keep one busy for half of their time even where nobody types."""
MOST = 10_000
"""Seats of one lab that are counted at most."""
WRITTEN_BY_CONTAINER = 64 << 20
WRITTEN_BY_MACHINE = 512 << 20
"""Bytes set aside for what a host writes: to its layer, to its system disk."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one seat takes, or what there is: bytes of memory and disk, the server's processors.

    `disk` None says that the disk is another machine's, and that it cannot be known.
    """

    memory: int
    disk: int | None
    processors: float

    def short_of(self, free: Need) -> str:
        """What there is not enough of, in a word; nothing if there is enough."""
        if self.memory > free.memory:
            return "memory"
        if self.disk is not None and free.disk is not None and self.disk > free.disk:
            return "disk"
        return "processors" if self.processors > free.processors + 1e-9 else ""

    def without(self, taken: Need) -> Need:
        """What is left of it."""
        disk = None if self.disk is None else self.disk - (taken.disk or 0)
        return Need(self.memory - taken.memory, disk, self.processors - taken.processors)


@dataclass(frozen=True, slots=True)
class LabForecast:
    """A lab's seats: how many are planned, what one takes, and how `most` would fit here alone."""

    lab: str
    provider: str
    seats: int
    need: Need
    most: int
    short_of: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many of the seats that have not begun `fit` at once, and how many must `wait`.

    `short_of` is what keeps the first of them waiting: `memory`, `disk` or `processors`.
    """

    free: Need
    labs: tuple[LabForecast, ...]
    fit: int
    wait: int
    short_of: str


def measured(disk: int | None, free_part: float, meminfo: Path = Path("/proc/meminfo")) -> Need:
    """What is free on this server now, beside what it needs for itself.

    `disk` are the free bytes of the hosts' disk and `free_part` the part of it that they are: below
    a tenth hosts are frozen, so that is never given out. Raises `ProviderError` where the kernel
    does not say how much memory there is.
    """
    try:
        memory = available(meminfo.read_text())
    except (OSError, ValueError) as error:
        raise ProviderError("The kernel does not say how much memory is free.") from error
    load = os.getloadavg()[0]
    room = None if disk is None else max(0, int(disk - disk / max(free_part, 0.01) * LEAST_FREE))
    processors = max(0.0, (os.cpu_count() or 1) - load)
    return Need(max(0, memory - SPARE_MEMORY), room, processors)


def need_of(plan: Plan, images: ImageLibrary) -> Need:
    """What one seat of a lab takes; raises `UnknownName` for a host of no known image."""
    needs = [_host(host, images.image(host.image)) for host in plan.hosts]
    return Need(
        sum(each.memory for each in needs),
        sum(each.disk or 0 for each in needs),
        sum(each.processors for each in needs),
    )


def _host(host: HostPlan, image: Image) -> Need:
    machine = image.kind == "machine"
    shared = SHARED_BY_MACHINES if machine else SHARED_BY_CONTAINERS
    disk = WRITTEN_BY_MACHINE if machine else WRITTEN_BY_CONTAINER
    if host.hardware is not None:
        disk += sum(each.size for each in host.hardware.disks.values())
    given = image.defaults
    return Need(host.memory or given.memory, disk, (host.cpus or given.cpus) / shared)


def forecast(free: Need, seats: Sequence[str], labs: Mapping[str, tuple[str, Need]]) -> Forecast:
    """Which of the seats fit, taken in order; `seats` are their labs, `labs` provider and need."""
    left, fit, short = free, 0, ""
    for lab in seats:
        need = labs[lab][1]
        lack = need.short_of(left)
        if lack:
            short = short or lack
            continue
        left, fit = left.without(need), fit + 1
    rows = tuple(
        LabForecast(lab, provider, seats.count(lab), need, *_alone(free, need))
        for lab, (provider, need) in labs.items()
    )
    return Forecast(free, rows, fit, len(seats) - fit, short)


def _alone(free: Need, need: Need) -> tuple[int, str]:
    """How many seats of one lab fit if nothing else runs, and what they are short of then."""
    left, count = free, 0
    while not (lack := need.short_of(left)) and count < MOST:
        left, count = left.without(need), count + 1
    return count, lack
