"""What a host's systemd starts at boot: all that `default.target` asks for (bootup(7)).

A unit is started if it is asked for by one that is: by a link in its folder `.wants`, `.requires`
or `.upholds`, or by a line of its file. Where a unit's `[Install]` section names another, nothing
follows from that until `systemctl enable` makes the link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checkers.check import Asking
from checkers.linux._attributes import GONE
from checkers.linux._unit_file import expanded, kind_of
from checkers.linux._units import Unit, UnitFiles, by_scripts, is_out_of_use, looked_at, units
from checkers.model import Blame
from checkers.reading import unobserved
from checkers.words import listed, plain

FIRST = "default.target"
FOLDERS = (".wants", ".requires", ".upholds")
LINES = frozenset(("Unit", key) for key in ("Wants", "Requires", "BindsTo", "Upholds"))
TARGETS = ".target"


@dataclass(frozen=True, slots=True)
class AtBoot:
    """Whether a unit is started at boot, and in words by what, or why not."""

    started: bool
    said: str


@dataclass
class _Walk:
    """Units that are started, and those that still are to be looked into; `told` says by what."""

    files: UnitFiles
    goal: str
    scripts: tuple[str, ...]
    told: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def add(self, found: Mapping[str, str]) -> None:
        for name, said in found.items():
            self.told.setdefault(self.files.real_name(name), said)

    def next(self) -> list[str]:
        """Targets first: mostly it is one of them that asks for a service."""
        waiting = sorted(set(self.told) - self.done)
        return [name for name in waiting if name.endswith(TARGETS)] or waiting


def at_boot(files: UnitFiles, goal: Unit) -> Asking[AtBoot]:
    """Whether the unit `goal` is started at boot."""
    if goal.trouble:
        return AtBoot(started=False, said=goal.trouble)
    scripts: tuple[str, ...] = ()
    if not files.place_of(goal.name):
        scripts = yield from by_scripts(files.host, goal.name.rpartition(".")[0])
    walk = _Walk(files, goal.name, scripts)
    walk.add({FIRST: "it is where booting leads"})
    while goal.name not in walk.told and (names := walk.next()):
        found = yield from units(files, names)
        if not walk.done and not found:
            raise unobserved(f"{files.host} has no {FIRST}", Blame.HOST)
        walk.done |= set(names)
        walk.add((yield from _asked_for(walk, [unit for unit in found if not unit.trouble])))
    if goal.name in walk.told:
        return AtBoot(started=True, said=walk.told[goal.name])
    return AtBoot(started=False, said=_why_not(walk))


def _asked_for(walk: _Walk, every: list[Unit]) -> Asking[dict[str, str]]:
    """What units ask for when they are started, each with the place where it is asked for."""
    found: dict[str, str] = {}
    folders = [path for unit in every for path in _links(walk.files, unit.name)]
    looks = yield from looked_at(walk.files.host, folders)
    for path, seen in zip(folders, looks, strict=True):
        name = path.rpartition(b"/")[2].decode()
        # A link may lead nowhere: it is by its own name that it asks for a unit.
        gone = seen.type is None and seen.why in GONE
        if kind_of(name) and (gone or not is_out_of_use(path, seen)):
            found[name] = f"{plain(path)} starts it"
    for unit in every:
        for each in unit.settings:
            for word in each.value.split() if (each.section, each.key) in LINES else ():
                if kind_of(name := expanded(unit.name, word)):
                    found.setdefault(name, f"{unit.name} asks for it by {each.key}=")
        if unit.name in walk.scripts:
            found[walk.goal] = f"its script's start links start it with {unit.name}"
    return found


def _links(files: UnitFiles, name: str) -> list[bytes]:
    """The links in a unit's folders; anything else in them means nothing to systemd."""
    paths = [path for suffix in FOLDERS for path in files.drop_ins(name, suffix)]
    return [path for path in paths if _type(files, path) == "link"]


def _type(files: UnitFiles, path: bytes) -> str:
    folder, _, name = path.rpartition(b"/")
    return files.folders[folder][name.decode()]


def _why_not(walk: _Walk) -> str:
    """What there is in place of a good link: one that is none, or in the folder of another unit."""
    names = walk.files.names_of(walk.goal)
    idle = []
    for folder, entries in walk.files.folders.items():
        owner, dot, suffix = folder.rpartition(b"/")[2].decode().rpartition(".")
        for name in sorted(names & set(entries)) if dot + suffix in FOLDERS else ():
            if entries[name] != "link":
                return f"{plain(folder)}/{name} is no link, so that it means nothing"
            if walk.files.real_name(owner) in walk.done:
                return f"{plain(folder)}/{name} is taken out of use"
            idle.append(plain(owner))
    if idle:
        return f"{walk.goal} is asked for by {listed(idle)} alone, and booting starts none of that"
    return f"nothing that is started at boot asks for {walk.goal}"
