"""The processes of a unit: those in its control group, as the kernel has them (cgroups(7))."""

from __future__ import annotations

from collections.abc import Callable

from checkers.check import Asking, ask_all
from checkers.linux._attributes import GONE
from checkers.linux._kernel import kernels_own
from checkers.model import Blame, Directory, File, FileResult
from checkers.reading import content_of, unobserved
from checkers.words import plain

TOP = b"/sys/fs/cgroup"
SLICE = b".slice"
PEOPLE = b"user.slice"
LIMIT = 1 << 18
MOST_GROUPS = 2000
"""Groups that are looked into; a host that has more of them was made so on purpose."""


def numbers_in(host: str, unit: str) -> Asking[frozenset[int]]:
    """The numbers of the processes in a unit's group and in those below it; none without a group.

    Raises `NotObserved` where the tree of groups is not the kernel's own.
    """
    yield from _demand_kernels_own(host)
    below = yield from _inner(host, [TOP], _holds_services)
    # A group's name gets an underscore in front where it might mean something to the kernel.
    likely = [top + b"/" + name for top in (TOP, *below) for name in _spellings(unit)]
    looks = yield from ask_all(*(File(host, path) for path in likely))
    own = [path for path, seen in zip(likely, looks, strict=True) if _is_group(path, seen)]
    if not own:
        return frozenset()
    groups = [*own, *(yield from _inner(host, own, lambda _: True))]
    paths = [group + b"/cgroup.procs" for group in groups]
    lists = yield from ask_all(*(File(host, path, limit=LIMIT) for path in paths))
    found: set[int] = set()
    for path, seen in zip(paths, lists, strict=True):
        if seen.type is None and seen.why in GONE:  # the group has just ended
            continue
        words = content_of(path, seen).split()
        if not all(word.isdigit() for word in words):
            raise unobserved(f"{plain(path)} of {host} holds other things than numbers")
        found |= {int(word) for word in words}
    return frozenset(found)


def _holds_services(name: bytes) -> bool:
    """Whether a group may hold services of the system; what people run comes and goes elsewhere."""
    return name.endswith(SLICE) and name != PEOPLE


def _is_group(path: bytes, seen: FileResult) -> bool:
    if seen.type == "directory":
        return True
    if seen.type is None and seen.why in GONE:
        return False
    raise unobserved(f"{plain(path)} cannot be looked at: {seen.why or seen.type}")


def _spellings(unit: str) -> tuple[bytes, bytes]:
    return unit.encode(), b"_" + unit.encode()


def _demand_kernels_own(host: str) -> Asking[None]:
    """Root can mount files of their own over the kernel's."""
    found = yield from kernels_own(host)
    tops = [(mount.kind, mount.root) for mount in found if mount.point == TOP]
    over = [
        mount.point
        for mount in found
        if mount.point == b"/sys/fs" or mount.point.startswith(TOP + b"/")
    ]
    if tops != [("cgroup2", b"/")] or over:
        where = plain(over[0] if over else TOP)
        raise unobserved(f"{where} of {host} is not the kernel's own tree of groups", Blame.HOST)


def _inner(host: str, tops: list[bytes], wanted: Callable[[bytes], bool]) -> Asking[list[bytes]]:
    """All groups below several ones of which the names are wanted, down to the lowest."""
    found: list[bytes] = []
    pending = tops
    while pending:
        listings = yield from ask_all(*(Directory(host, path) for path in pending))
        inner = []
        for path, listing in zip(pending, listings, strict=True):
            if listing.entries is None or listing.truncated:
                why = listing.why or "too many names"
                raise unobserved(f"{plain(path)} cannot be listed: {why}")
            inner += [
                path + b"/" + entry.name
                for entry in listing.entries
                if entry.type == "directory" and wanted(entry.name)
            ]
        found += inner
        pending = inner
        if len(found) > MOST_GROUPS:
            raise unobserved(f"{host} has too many control groups", Blame.HOST)
    return found
