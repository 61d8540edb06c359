"""What a scenario of another tool comes to, before it is written as a lab."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labctl.errors import UsageError
from labctl.library.folder import Folder, LabFileEntry, read_folder

IMAGES = (
    (re.compile(r"frr|quagga|bird|router|vyos|crpd|xrd|srlinux|ceos", re.IGNORECASE), "router"),
    (re.compile(r"bind|named|dns", re.IGNORECASE), "dns-server"),
    (re.compile(r"nginx|apache|httpd|php|web", re.IGNORECASE), "web-server"),
    (re.compile(r"postgres|mysql|mariadb|database", re.IGNORECASE), "database-server"),
)
PLAIN = re.compile(r"(^|/)(base|alpine|debian|ubuntu|busybox|network-multitool|netshoot)\b")


@dataclass(frozen=True, slots=True)
class ImportedHost:
    """A host: its image here, its networks in the order of its interfaces, its set-up.

    `networks` may hold None where the scenario leaves an interface number out. `files` are copied
    into the host's own tree, by their paths there; `script` runs after that.
    """

    name: str
    image: str
    networks: tuple[str | None, ...]
    script: str = ""
    files: Mapping[str, LabFileEntry] = field(default_factory=dict)
    memory: str = ""
    cpus: str = ""
    sysctls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """A scenario: its hosts, and one line for everything that has no place in a lab.

    `mtus` holds the MTU (bytes, as text) of each network that has one of its own.
    """

    name: str
    title: str
    origin: str
    hosts: tuple[ImportedHost, ...]
    left_out: tuple[str, ...]
    mtus: Mapping[str, str] = field(default_factory=dict)


def image_for(name: str, available: Iterable[str]) -> tuple[str, str]:
    """The image that stands for another tool's, and what to say about it ("" for a plain one)."""
    known = set(available)
    for pattern, image in IMAGES:
        if pattern.search(name):
            chosen = image if image in known else "host"
            return chosen, "" if chosen == image else f"the image `{name}` became `host`"
    plain = not name or PLAIN.search(name)
    return "host", "" if plain else f"the image `{name}` became `host`: install what it brought"


def slug(text: str, taken: Iterable[str] = ()) -> str:
    """A name as lab files want it: lower-case letters, digits, dashes; not one of `taken`."""
    base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:28] or "x"
    base = base if base[0].isalpha() else f"n-{base}"
    used, name, number = set(taken), base, 2
    while name in used:
        name, number = f"{base}-{number}", number + 1
    return name


def files_below(folder: Path) -> dict[str, LabFileEntry]:
    """The files of a folder by their paths; empty if there is none. Raises `FolderFault`."""
    return dict(read_folder(folder).files) if folder.is_dir() else {}


def text_of(path: Path) -> str:
    """A text file of the scenario; raises `UsageError` if it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"`{path}` cannot be read: {error}") from error


def words(argv: Iterable[str]) -> str:
    """A command line for a script."""
    return shlex.join(argv)


def together(*parts: Mapping[str, LabFileEntry]) -> Folder:
    """Several trees of files as one; the later wins."""
    files: dict[str, LabFileEntry] = {}
    for part in parts:
        files |= part
    return Folder(dict(sorted(files.items())))
