"""What stands in the way of assessments on this server, each finding with its cure.

The providers speak for themselves (`Provider.diagnose`); here is what all of them need.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from labctl import readiness
from labctl.backup.making import MADE
from labctl.errors import LabctlError, StoreError
from labctl.library.findings import errors_of
from labctl.policy.file import in_force
from labctl.providers import PROVIDERS
from labctl.providers.base import Finding
from labctl.sessions.controller import Controller

FREE_BYTES = 1 << 30
"""Room that the record needs at least: a sitting's observations are some megabytes a session."""

MEMORY_BYTES = 1 << 30
"""Memory for a handful of hosts of 128 MiB."""

SMALLEST = (80, 24)

_CLOCK_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


def examine(controller: Controller) -> tuple[Finding, ...]:
    """Everything that can be looked at without starting anything; problems do not stop it."""
    looks: list[Callable[[], Iterator[Finding]]] = [
        lambda: _providers(controller),
        lambda: _labs(controller),
        lambda: _record(controller),
        lambda: iter([home_disk(controller.home)]),
        lambda: iter([memory(Path("/proc/meminfo"))]),
        lambda: iter([clock()]),
        lambda: _policy(controller),
        lambda: iter([readiness.upgrades()]),
        lambda: iter([readiness.restart()]),
        lambda: _backup(controller),
        lambda: iter([terminal(sys.stdout, os.environ)]),
    ]
    return tuple(finding for look in looks for finding in _looked(look))


def _looked(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a look found; one that fails is a finding itself."""
    try:
        yield from look()
    except LabctlError as error:
        yield Finding("problem", type(error).__name__, error.message, error.hint)


def _providers(controller: Controller) -> Iterator[Finding]:
    try:
        _ = controller.store.installation_id
    except StoreError:
        return  # whose objects are whose is in the record; `_record` says what is wrong with it
    for name in PROVIDERS:
        try:
            yield from controller.provider(name).diagnose()
        except LabctlError as error:
            yield Finding("problem", name.capitalize(), error.message, error.hint)


def _labs(controller: Controller) -> Iterator[Finding]:
    labs = controller.library.list()
    broken = [lab.id for lab in labs if errors_of(lab.findings)]
    if broken:
        cure = "`labctl labs lint` says what is wrong, and where."
        yield Finding("problem", "Labs", f"with mistakes: {', '.join(broken)}", cure)
    elif not labs:
        yield Finding("problem", "Labs", "there is none", "Install labctl again.")
    else:
        yield Finding("ok", "Labs", f"{len(labs)} found")


def _record(controller: Controller) -> Iterator[Finding]:
    try:
        sessions = controller.store.sessions()
    except StoreError as error:
        yield Finding("problem", "Record", error.message, error.hint)
        return
    half = [each.code for each in sessions if each.intentions]
    if half:
        told = f"something is half done in {', '.join(half)}"
        yield Finding("warning", "Record", told, "`labctl gc` settles what was cut off.")
    else:
        yield Finding("ok", "Record", f"{len(sessions)} sessions in {controller.store.where}")


def _policy(controller: Controller) -> Iterator[Finding]:
    """Nothing starts under rules that have mistakes."""
    try:
        found = in_force(controller.home)
    except LabctlError as error:
        yield Finding("problem", "Policy", error.message, error.hint)
    else:
        yield Finding("ok", "Policy", str(found.file or "none; all is as by default"))


def _backup(controller: Controller) -> Iterator[Finding]:
    try:
        made = [e for e in controller.store.centre_events("backup") if e.kind == MADE]
        worth_one = bool(controller.store.sessions() or controller.store.people())
    except StoreError:
        return  # `_record` says what is wrong
    last = made[-1] if made else None
    yield readiness.backup(last, controller.now().at, worth_one=worth_one)


def home_disk(home: Path) -> Finding:
    """Whether there is room for the record."""
    try:
        total, _, free = shutil.disk_usage(home)
    except OSError as error:
        told = f"{home} cannot be looked at: {error.strerror}"
        return Finding("problem", "Room for the record", told, "Set `LABCTL_HOME` elsewhere.")
    told = f"{free / 2**30:.1f} GiB ({free / total:.0%}) free at {home}"
    if free < FREE_BYTES:
        return Finding(
            "problem", "Room for the record", told, "Make room, or move it with `LABCTL_HOME`."
        )
    return Finding("ok", "Room for the record", told)


def memory(meminfo: Path) -> Finding:
    """Whether there is memory for hosts; `meminfo` is /proc/meminfo."""
    try:
        free = available(meminfo.read_text())
    except (OSError, ValueError):
        return Finding("warning", "Memory", "the kernel does not say how much there is")
    told = f"{free / 2**30:.1f} GiB available"
    if free < MEMORY_BYTES:
        cure = "Stop other programs, or sessions that have ended: `labctl sessions`."
        return Finding("warning", "Memory", told, cure)
    return Finding("ok", "Memory", told)


def available(meminfo: str) -> int:
    """The bytes of memory that programs may still have, by /proc/meminfo; raises `ValueError`."""
    for line in meminfo.splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    raise ValueError("no MemAvailable")


def clock(ask: Callable[[], int] | None = None) -> Finding:
    """Whether the kernel believes that its clock is right: deadlines and evidence need it."""
    try:
        state = (ask or _adjtimex)()
    except OSError as error:
        return Finding("warning", "Clock", f"the kernel does not tell: {error.strerror}")
    if state == _CLOCK_UNSYNCHRONISED:
        cure = "Install a time service: `apt install systemd-timesyncd`."
        return Finding("warning", "Clock", "it is not kept right by any time service", cure)
    return Finding("ok", "Clock", "kept right by a time service")


def _adjtimex() -> int:
    """The state of the kernel's clock, by adjtimex(2); raises `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    # A struct timex of zeros only asks; it is 208 bytes on 64-bit Linux.
    state = int(libc.adjtimex(ctypes.create_string_buffer(512)))
    if state < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return state


def terminal(stream: TextIO, environ: Mapping[str, str]) -> Finding:
    """Whether what labctl prints can be read here."""
    encoding = (stream.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        told = f"it takes {stream.encoding or 'no known encoding'}, not UTF-8"
        return Finding("warning", "Terminal", told, "`export LANG=C.UTF-8`")
    if not stream.isatty():
        return Finding("ok", "Terminal", "none; output is plain text")
    size = shutil.get_terminal_size()
    told = f"{environ.get('TERM', 'unknown')}, {size.columns} by {size.lines}"
    if size.columns < SMALLEST[0] or size.lines < SMALLEST[1]:
        return Finding("warning", "Terminal", told, "Make the window 80 by 24 or larger.")
    return Finding("ok", "Terminal", told)
