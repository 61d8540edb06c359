"""Units of a host whose first process is systemd: whether they are active, and start at boot."""

from __future__ import annotations

import re

from checkers.check import Asking, ask
from checkers.linux._attributes import GONE
from checkers.linux._boot import AtBoot, at_boot
from checkers.linux._units import Unit, UnitFiles, unit_files, units
from checkers.linux.process import is_program
from checkers.model import Blame, File, Inside, ProcessesResult
from checkers.reading import spelled, unobserved
from checkers.words import plain

STATES = b"/run/systemd/units/"
"""Where systemd keeps, for as long as a service is active, a link with its invocation's number."""

_STATE = re.compile(rb"ActiveState=(?P<state>[a-z]+)\n")


def is_first(host: str, listing: ProcessesResult) -> bool:
    """Whether the host's first process is systemd, by what the kernel says that it is."""
    first = next((row for row in listing.processes if row.pid == 1), None)
    if first is None:
        raise unobserved(f"the first process of {host} was not seen")
    return is_program(first, "systemd", None)


def unit_called(host: str, name: str) -> Asking[tuple[UnitFiles, Unit | None]]:
    """The unit that a name or an alias stands for, None where there is none; and all files."""
    files = yield from unit_files(host)
    found = yield from units(files, [files.real_name(name)])
    return files, found[0] if found else None


def is_active(host: str, unit: str) -> Asking[bool]:
    """Whether systemd has the service as active, or is just starting or stopping it."""
    path = STATES + b"invocation:" + unit.encode()
    seen = yield from ask(File(host, path, follow=False))
    if seen.type == "link":
        return True
    if seen.type is None and seen.why in GONE:
        return False
    what = seen.type or seen.why or "no reason given"
    raise unobserved(f"{plain(path)} says nothing of the unit: {what}", Blame.HOST)


def state_of(host: str, unit: str) -> Asking[str]:
    """A unit's state as the host's own `systemctl` tells it: `active`, `inactive`, `failed`."""
    argv = ("systemctl", "show", "--property=ActiveState", unit)
    said = yield from ask(Inside(host, argv))
    state = _STATE.fullmatch(said.stdout)
    if said.exit != 0 or said.truncated or state is None:
        raise unobserved(f"{spelled(argv)} did not tell the state of {plain(unit)}", Blame.HOST)
    return state["state"].decode()


def starts_at_boot(files: UnitFiles, unit: Unit | None, name: str) -> Asking[AtBoot]:
    """Whether a unit is started at boot; one that is not there is not."""
    if unit is None:
        return AtBoot(started=False, said=f"no unit called {name}")
    return (yield from at_boot(files, unit))
