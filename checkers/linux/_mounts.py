"""What is mounted on a host, by its kernel, and what /etc/fstab says is to be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from checkers.check import Asking, ask
from checkers.linux._attributes import GONE
from checkers.model import Blame, File
from checkers.reading import content_of, system_file, unobserved
from checkers.words import plain, quoted

MOUNTINFO = b"/proc/1/mountinfo"
FSTAB = b"/etc/fstab"
LIMIT = 1 << 20

_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system; `options` are those of the mount and of the file system together.

    `device` is the number of what it lies on, as `254:0`; `root` the directory of it that is seen.
    """

    point: bytes
    kind: str
    source: bytes
    options: frozenset[str]
    device: str
    root: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of fstab: what is mounted where at boot."""

    source: bytes
    point: bytes
    kind: str
    options: frozenset[str]


def spelt(field: bytes) -> bytes:
    """A field without its escapes, by which blanks stand in it as octal numbers (fstab(5))."""
    return _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), field)


def _options(*fields: bytes) -> frozenset[str]:
    return frozenset(
        option.decode("utf-8", "surrogateescape")
        for field in fields
        for option in field.split(b",")
        if option
    )


def _mount(before: list[bytes], after: list[bytes]) -> Mount:
    """One line of mountinfo by its words before and after the hyphen (proc(5))."""
    kind, source, inner = after[:3]
    return Mount(
        spelt(before[4]),
        kind.decode("utf-8", "surrogateescape"),
        spelt(source),
        _options(before[5], inner),
        before[2].decode("utf-8", "surrogateescape"),
        spelt(before[3]),
    )


def mounts(host: str) -> Asking[tuple[Mount, ...]]:
    """Everything that is mounted on a host, in the order in which it was."""
    content = yield from system_file(host, MOUNTINFO, LIMIT)
    found = []
    for line in content.split(b"\n"):
        if not line:
            continue
        left, separator, right = line.partition(b" - ")
        before, after = left.split(b" "), right.split(b" ")
        if not separator or len(before) < 6 or len(after) < 3:
            raise unobserved(f"{plain(MOUNTINFO)} of {host} holds {quoted(line, 60)}")
        found.append(_mount(before, after))
    if not any(mount.point == b"/" for mount in found):
        raise unobserved(f"nothing was seen to be mounted on {host}, not even its root")
    return tuple(found)


def mounted_at(found: tuple[Mount, ...], point: bytes) -> Mount | None:
    """What is mounted at a place; of several on top of each other the uppermost."""
    return next((mount for mount in reversed(found) if mount.point == point), None)


def fstab(host: str) -> Asking[tuple[Entry, ...]]:
    """The lines of fstab that mean something; none where there is no such file."""
    seen = yield from ask(File(host, FSTAB, limit=LIMIT))
    if seen.type is None and seen.why in GONE:
        return ()
    if seen.type is not None and seen.type != "file":
        raise unobserved(f"{plain(FSTAB)} is a {seen.type}, not a file", Blame.HOST)
    entries = []
    for line in content_of(FSTAB, seen).split(b"\n"):
        fields = line.split()
        if len(fields) < 3 or fields[0].startswith(b"#"):
            continue
        options = _options(fields[3]) if len(fields) > 3 else frozenset({"defaults"})
        kind = fields[2].decode("utf-8", "surrogateescape")
        point = spelt(fields[1])
        entries.append(Entry(spelt(fields[0]), point.rstrip(b"/") or b"/", kind, options))
    return tuple(entries)
