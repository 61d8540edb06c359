"""What a host's kernel says in /proc and /sys, taken only where nothing covers it.

In a virtual machine the observer has both mounted for itself (see checkers/agent/hosts.py); that
nothing is mounted over the machine's own is looked at all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from checkers.check import Asking, ask_all
from checkers.linux._attributes import GONE
from checkers.linux._mounts import Mount, mounted_at, mounts
from checkers.model import Blame, Directory, DirectoryResult, File, FileResult
from checkers.probe import Probe
from checkers.reading import content_of, unobserved
from checkers.words import plain, quoted

T = TypeVar("T")

LIMIT = 1 << 16
"""Bytes of a file of the kernel's; most are shorter than a page."""
USUAL = (
    b"/sys/fs/",
    b"/sys/kernel/",
    b"/sys/firmware/efi/efivars",
    b"/proc/sys/fs/binfmt_misc",
    b"/proc/fs/nfsd",
)
"""Where every host mounts more of its kernel's file systems."""


def kernels_own(host: str) -> Asking[tuple[Mount, ...]]:
    """What is mounted on a host, if its /proc and /sys are the kernel's.

    Root can mount files of their own over the kernel's; then nothing is observed.
    """
    found = yield from mounts(host)
    wrong = []
    for point, kind in ((b"/proc", "proc"), (b"/sys", "sysfs")):
        top = mounted_at(found, point)
        if top is None or top.kind != kind or top.root != b"/":
            wrong.append(point)
    wrong += [
        mount.point
        for mount in found
        if mount.point.startswith((b"/proc/", b"/sys/")) and not mount.point.startswith(USUAL)
    ]
    if wrong:
        raise unobserved(f"{plain(wrong[0])} of {host} is not the kernel's own", Blame.HOST)
    return found


def names(host: str, *folders: bytes) -> Asking[list[tuple[bytes, ...]]]:
    """The names in each of these directories; `NotObserved` where one cannot be listed."""
    seen = yield from _asked(Directory(host, folder) for folder in folders)
    return [_entries(folder, each) for folder, each in zip(folders, seen, strict=True)]


def _asked(probes: Iterable[Probe[T]]) -> Asking[tuple[T, ...]]:
    """The answers; no round is made for no questions."""
    every = tuple(probes)
    return (yield from ask_all(*every)) if every else ()


def _entries(folder: bytes, seen: DirectoryResult) -> tuple[bytes, ...]:
    if seen.entries is None or seen.truncated:
        raise unobserved(f"{plain(folder)} cannot be listed: {seen.why or 'too many names'}")
    return tuple(entry.name for entry in seen.entries)


def texts(host: str, *paths: bytes) -> Asking[list[bytes]]:
    """What stands in each of these files; `NotObserved` where one is not there, or empty."""
    seen = yield from _asked(File(host, path, limit=LIMIT) for path in paths)
    return [filled(path, each).strip() for path, each in zip(paths, seen, strict=True)]


def filled(path: bytes, seen: FileResult) -> bytes:
    """The content of a file of the kernel's that always says something."""
    if content := content_of(path, seen):
        return content
    raise unobserved(f"{plain(path)} is empty")


def texts_if_any(
    host: str, *paths: bytes, empty: Collection[bytes] = ()
) -> Asking[list[bytes | None]]:
    """What stands in each of these files, as it is; None for one that is not there.

    Those in `empty` the kernel leaves empty where it has nothing to say.
    """
    seen = yield from _asked(File(host, path, limit=LIMIT) for path in paths)
    return [_text(path, each, empty=path in empty) for path, each in zip(paths, seen, strict=True)]


def _text(path: bytes, seen: FileResult, empty: bool) -> bytes | None:  # ours
    if _gone(path, seen):
        return None
    if empty and seen.type == "file" and seen.content == b"" and not seen.truncated:
        return b""
    return filled(path, seen)


def targets(host: str, *paths: bytes) -> Asking[list[bytes | None]]:
    """Where each of these links leads, as it is written; None for one that is not there."""
    seen = yield from _asked(File(host, path, follow=False) for path in paths)
    return [_target(path, each) for path, each in zip(paths, seen, strict=True)]


def _target(path: bytes, seen: FileResult) -> bytes | None:
    if _gone(path, seen):
        return None
    if seen.type != "link" or not seen.target:
        raise unobserved(f"{plain(path)} is no link, as it should be")
    return seen.target


def _gone(path: bytes, seen: FileResult) -> bool:
    if seen.type is None and seen.why not in GONE:
        raise unobserved(f"{plain(path)} cannot be looked at: {seen.why or 'no reason given'}")
    return seen.type is None


def number(path: bytes, text: bytes) -> int:
    """A whole number that stands in a file."""
    if not text.strip().isdigit():
        raise unobserved(f"{plain(path)} holds {quoted(text.strip(), 40)}, which is no number")
    return int(text)
