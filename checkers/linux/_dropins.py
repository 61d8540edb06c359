"""Folders of small files that a program reads together, as systemd and kmod do.

A file in an earlier folder stands for all of its name in later ones. They are read in the order of
their names, wherever they lie.
"""

from __future__ import annotations

from dataclasses import dataclass

from checkers.check import Asking, ask_all
from checkers.linux._attributes import GONE
from checkers.model import Directory, DirectoryResult, File, FileResult
from checkers.reading import content_of, unobserved
from checkers.words import plain

SUFFIX = b".conf"
LIMIT = 1 << 18
MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class DropIn:
    """One file that counts, and what stands in it."""

    path: bytes
    content: bytes

    @property
    def said(self) -> str:
        """Its path, safe to show."""
        return plain(self.path)


def drop_ins(host: str, *folders: bytes) -> Asking[tuple[DropIn, ...]]:
    """The files that count in these folders, the first folder before the others."""
    listings = yield from ask_all(*(Directory(host, folder) for folder in folders))
    found: dict[bytes, bytes] = {}
    for folder, listing in zip(folders, listings, strict=True):
        for name in _names(folder, listing):
            found.setdefault(name, folder + b"/" + name)
    if len(found) > MOST_FILES:
        raise unobserved(f"there are too many files in {plain(folders[0])} and its like")
    paths = [found[name] for name in sorted(found)]
    if not paths:
        return ()
    seen = yield from ask_all(*(File(host, path, limit=LIMIT) for path in paths))
    return tuple(DropIn(path, _content(path, each)) for path, each in zip(paths, seen, strict=True))


def _names(folder: bytes, listing: DirectoryResult) -> tuple[bytes, ...]:
    if listing.entries is None and listing.why in GONE and not listing.truncated:
        return ()
    if listing.entries is None or listing.truncated:
        raise unobserved(f"{plain(folder)} cannot be listed: {listing.why or 'too many names'}")
    names = (entry.name for entry in listing.entries)
    return tuple(name for name in names if name.endswith(SUFFIX) and not name.startswith(b"."))


def _content(path: bytes, seen: FileResult) -> bytes:
    """What stands in a file; nothing in a link that leads nowhere, or to /dev/null."""
    if (seen.type is None and seen.why in GONE) or seen.type == "char":
        return b""
    return content_of(path, seen)
