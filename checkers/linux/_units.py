"""The units that a host's systemd finds at boot, from its files (systemd.unit(5)).

What stands in /run is gone by then and does not count. Start scripts of sysvinit that no unit
stands in for become units, as systemd-sysv-generator(8) makes them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from checkers.check import Asking, ask_all
from checkers.linux._attributes import GONE
from checkers.linux._unit_file import (
    BadUnitFile,
    Setting,
    drop_in_names,
    instance_of,
    kind_of,
    parse,
    template_of,
)
from checkers.model import Blame, Directory, DirectoryEntry, DirectoryResult, File, FileResult
from checkers.reading import content_of, unobserved
from checkers.words import plain

OWN = b"/usr/lib/systemd/system"
LOCAL = b"/etc/systemd/system"
PATH = (
    b"/etc/systemd/system.control",
    LOCAL,
    b"/usr/local/lib/systemd/system",
    OWN,
)
"""Where units are looked for; what stands in the first of them counts."""
SCRIPTS = b"/etc/init.d"
LIMIT = 1 << 18
LONGEST_CHAIN = 16
"""Links from name to name that are followed."""

_START = re.compile(rb"S[0-9]{2}(?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by its real name: the file it is described in, its settings, or why it has none.

    `trouble` says why systemd can never start it; it is empty where it can.
    """

    name: str
    place: bytes
    settings: tuple[Setting, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class UnitFiles:
    """What is in the folders of units: names with their types, and where links lead.

    `folders` has the folders on `PATH` and those in them; `scripts` are start scripts.
    """

    host: str
    folders: Mapping[bytes, Mapping[str, str]]
    links: Mapping[bytes, bytes]
    scripts: frozenset[str]

    def place_of(self, name: str) -> bytes:
        """The first path that has this very name; empty where none has."""
        for folder in PATH:
            if name in self.folders.get(folder, {}):
                return folder + b"/" + name.encode()
        return b""

    def real_name(self, name: str) -> str:
        """The name of the unit that a name, perhaps an alias, stands for."""
        for _ in range(LONGEST_CHAIN):
            own, template = self.place_of(name), template_of(name)
            place = own or self.place_of(template)
            target = self.links.get(place)
            if target is None or posixpath.dirname(target) not in PATH:
                return name
            base = posixpath.basename(target).decode("utf-8", "replace")
            if kind_of(base) != kind_of(name) or base in (name, template):
                return name
            # A template without an instance stands for the instance that was asked for.
            name = instance_of(base, name) if "@." in base else base
        return name

    def names_of(self, real: str) -> frozenset[str]:
        """The name itself and every alias of it."""
        return self._aliases.get(real, frozenset()) | {real}

    @cached_property
    def _aliases(self) -> Mapping[str, frozenset[str]]:
        """The names that links give to each unit."""
        found: dict[str, frozenset[str]] = {}
        for place in self.links:
            name = posixpath.basename(place).decode()
            real = self.real_name(name)
            found[real] = found.get(real, frozenset()) | {name}
        return found

    def drop_ins(self, real: str, suffix: str) -> tuple[bytes, ...]:
        """The paths in the folders NAME`suffix` of a unit; of one name in several the first."""
        found: dict[str, bytes] = {}
        names = [each for name in sorted(self.names_of(real)) for each in drop_in_names(name)]
        for name in dict.fromkeys(names):
            for top in PATH:
                folder = top + b"/" + (name + suffix).encode()
                for entry in self.folders.get(folder, {}):
                    found.setdefault(entry, folder + b"/" + entry.encode())
        return tuple(found[entry] for entry in sorted(found))


def unit_files(host: str) -> Asking[UnitFiles]:
    """List the folders of units, and see where the links in the upper ones lead."""
    listings = yield from _lists(host, (*PATH, SCRIPTS))
    folders = {
        path: _entries(path, listing, needed=path in (LOCAL, OWN))
        for path, listing in zip((*PATH, SCRIPTS), listings, strict=True)
    }
    if not any(kind_of(name) for name in folders.get(OWN, {})):
        raise unobserved(f"{plain(OWN)} of {host} holds no units", Blame.HOST)
    inner = {
        path + b"/" + name.encode(): kind
        for path, entries in folders.items()
        for name, kind in entries.items()
        if path != SCRIPTS
        and kind in ("directory", "link")
        and name.endswith((".wants", ".requires", ".upholds", ".d"))
    }
    listings = yield from _lists(host, inner)
    folders |= {
        path: _entries(path, listing, needed=inner[path] == "directory")
        for path, listing in zip(inner, listings, strict=True)
    }
    scripts = frozenset(folders.pop(SCRIPTS, {}))
    links = [
        path + b"/" + name.encode()
        for path in PATH
        for name, kind in folders.get(path, {}).items()
        if kind == "link" and kind_of(name)
    ]
    looks = yield from looked_at(host, links, follow=False)
    targets = {path: _target(path, seen) for path, seen in zip(links, looks, strict=True)}
    return UnitFiles(host, folders, targets, scripts)


def looked_at(
    host: str, paths: Iterable[bytes], *, limit: int = 0, follow: bool = True
) -> Asking[tuple[FileResult, ...]]:
    """What stands at each of several paths."""
    probes = [File(host, path, limit, follow) for path in paths]
    if not probes:
        return ()
    return (yield from ask_all(*probes))


def _lists(host: str, paths: Iterable[bytes]) -> Asking[tuple[DirectoryResult, ...]]:
    probes = [Directory(host, path) for path in paths]
    if not probes:
        return ()
    return (yield from ask_all(*probes))


def _entries(path: bytes, listing: DirectoryResult, *, needed: bool = False) -> dict[str, str]:
    gone = listing.entries is None and listing.why in GONE
    if gone and not needed and not listing.truncated:
        return {}
    if listing.entries is None or listing.truncated:
        raise unobserved(f"{plain(path)} cannot be listed: {listing.why or 'too many names'}")
    return {_name(entry): entry.type for entry in listing.entries}


def _name(entry: DirectoryEntry) -> str:
    """A name as text; one that is none in ASCII is no unit's and no folder's of units."""
    return entry.name.decode("ascii", "replace")


def _target(path: bytes, seen: FileResult) -> bytes:
    """Where a link leads, as an absolute path in the spelling of merged systems."""
    if seen.type != "link" or not seen.target:
        raise unobserved(f"the link {plain(path)} was not read")
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), seen.target))
    return b"/usr" + joined if joined.startswith(b"/lib/") else joined


def units(files: UnitFiles, names: Iterable[str]) -> Asking[tuple[Unit, ...]]:
    """The units of these real names, with their drop-ins; those that do not exist are left out."""
    wanted = [name for name in names if _described(files, name)]
    places = [_described(files, name) for name in wanted]
    parts = [files.drop_ins(name, ".d") for name in wanted]
    scripts = dict.fromkeys(path for path in places if path.startswith(SCRIPTS))
    paths = dict.fromkeys([*places, *(path for each in parts for path in each)])
    read = [path for path in paths if path not in scripts]
    contents = yield from looked_at(files.host, read, limit=LIMIT)
    looks = yield from looked_at(files.host, scripts)
    seen = dict(zip([*read, *scripts], [*contents, *looks], strict=True))
    return tuple(
        _unit(name, place, seen[place], [(path, seen[path]) for path in own])
        for name, place, own in zip(wanted, places, parts, strict=True)
    )


def _described(files: UnitFiles, name: str) -> bytes:
    """The path that describes a unit: a file of its own, of its template, or a start script."""
    place = files.place_of(name) or files.place_of(template_of(name))
    stem, _, kind = name.rpartition(".")
    if not place and kind == "service" and stem in files.scripts:
        return SCRIPTS + b"/" + stem.encode()
    return place


def _unit(name: str, place: bytes, own: FileResult, parts: list[tuple[bytes, FileResult]]) -> Unit:
    if is_mask(own):
        return Unit(name, place, trouble=f"{name} is masked")
    if place.startswith(SCRIPTS):
        good = own.type == "file" and bool(own.mode & 0o111)
        return Unit(name, place, trouble="" if good else f"{plain(place)} is no executable script")
    if own.type is None:
        if own.why not in GONE:
            raise unobserved(f"{plain(place)} cannot be read: {own.why or 'no reason given'}")
        return Unit(name, place, trouble=f"{plain(place)} is a link that leads nowhere")
    try:
        settings = parse(content_of(place, own))
        for path, seen in parts:
            if path.endswith(b".conf") and not is_out_of_use(path, seen):
                settings += parse(content_of(path, seen))
    except BadUnitFile as problem:
        return Unit(name, place, trouble=f"{name} has a mistake: {plain(str(problem))}")
    return Unit(name, place, settings)


def is_mask(seen: FileResult) -> bool:
    """Whether a path takes a unit, or a part of one, out of use: /dev/null or an empty file."""
    return seen.type == "char" or (seen.type == "file" and not seen.size)


def is_out_of_use(path: bytes, seen: FileResult) -> bool:
    """Whether a link or a drop-in is masked or leads nowhere; raises `NotObserved` if unknown."""
    if seen.type is None and seen.why in GONE:
        return True
    if seen.type not in ("file", "char"):
        what = seen.type or seen.why or "no reason given"
        raise unobserved(f"{plain(path)} cannot be used: {what}", Blame.HOST)
    return is_mask(seen)


def by_scripts(host: str, name: str) -> Asking[tuple[str, ...]]:
    """The targets that start a start script: those of the runlevels that have a link to it."""
    folders = {b"/etc/rc%d.d" % level: level for level in (2, 3, 4, 5)}
    listings = yield from _lists(host, folders)
    found = set()
    for (path, level), listing in zip(folders.items(), listings, strict=True):
        for entry in _entries(path, listing, needed=True):
            link = _START.fullmatch(entry.encode())
            if link is not None and link["name"] == name.encode():
                found.add("graphical.target" if level == 5 else "multi-user.target")
    return tuple(sorted(found))
