"""POSIX access control lists: the kernel's form, setfacl's notation, and effective rights.

The attribute `system.posix_acl_access` is a version (32 bits, 2) and then entries of a tag and
permissions (16 bits each) and an id (32 bits), little-endian (the kernel's
`include/uapi/linux/posix_acl_xattr.h`; meaning: acl(5)). The mask bounds what named users, named
groups and the owning group may do: those are their *effective* rights.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

VERSION = 2
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_KNOWN = {USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER}

_SPEC = re.compile(
    r"(?P<default>(?:d|default):)?(?P<kind>u|user|g|group|m|mask|o|other):"
    r"(?P<who>[^:\s]*):(?P<rights>[r-][w-][x-]|[0-7]|[rwx]{1,3}|-)"
)


class BadAcl(ValueError):
    """An attribute or a text that is no access control list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: tag, permissions (4 read, 2 write, 1 execute) and the id of USER and GROUP."""

    tag: int
    rights: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """An expected entry in setfacl's notation, such as `g:team:rwx` or `d:u:amy:r-x`.

    `kind` is `u`, `g`, `m` or `o`; `who` a name or number, empty for the owner, the owning group,
    mask and others.
    """

    text: str
    default: bool
    kind: str
    who: str
    rights: int


def parse(attribute: bytes) -> tuple[Entry, ...]:
    """The entries of a raw attribute; raises `BadAcl`."""
    if len(attribute) < 4 or (len(attribute) - 4) % 8:
        raise BadAcl(f"an access control list cannot have {len(attribute)} bytes")
    if struct.unpack_from("<I", attribute)[0] != VERSION:
        raise BadAcl("an access control list of an unknown version")
    entries = tuple(
        Entry(tag, rights & 7, number)
        for tag, rights, number in struct.iter_unpack("<HHI", attribute[4:])
    )
    if any(entry.tag not in _KNOWN for entry in entries):
        raise BadAcl("an access control list with an entry of an unknown kind")
    return entries


def of_mode(mode: int) -> tuple[Entry, ...]:
    """The three entries that a file without an access control list has."""
    return (
        Entry(USER_OBJ, mode >> 6 & 7),
        Entry(GROUP_OBJ, mode >> 3 & 7),
        Entry(OTHER, mode & 7),
    )


def wanted(text: str) -> Wanted:
    """Read setfacl's notation; raises `BadAcl`. `X` is not understood: write the rights out."""
    found = _SPEC.fullmatch(text.strip())
    if found is None:
        raise BadAcl(f"`{text}` is no entry such as `g:team:rwx` or `d:u:amy:r-x`")
    kind = found["kind"][0]
    if found["who"] and kind in "mo":
        raise BadAcl(f"`{text}`: mask and others have no name")
    return Wanted(text, bool(found["default"]), kind, found["who"], _rights(found["rights"]))


def _rights(text: str) -> int:
    if text.isdigit():
        return int(text)
    return sum(bit for letter, bit in (("r", 4), ("w", 2), ("x", 1)) if letter in text)


def letters(rights: int) -> str:
    """Rights as `rwx`, `r-x`."""
    return "".join(
        letter if rights & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1))
    )


@dataclass(frozen=True, slots=True)
class Acl:
    """A list with the owner and group of its file, so that whose right is whose can be told."""

    entries: tuple[Entry, ...]
    uid: int
    gid: int

    @property
    def mask(self) -> int:
        """The most that named entries and the owning group may do."""
        return next((entry.rights for entry in self.entries if entry.tag == MASK), 7)

    def _first(self, tag: int) -> int | None:
        return next((entry.rights for entry in self.entries if entry.tag == tag), None)

    def rights(self, kind: str, number: int | None) -> int | None:
        """The effective rights of an entry; None where there is no such entry.

        `number` is a user's or group's id, None for the entries without a name. A user that is the
        file's owner has the owner's rights, and a group that owns the file the owning group's: both
        are ways to give somebody rights.
        """
        if kind == "u":
            return self._of_user(number)
        if kind == "g":
            return self._of_group(number)
        return self._first(MASK if kind == "m" else OTHER)

    def _of_user(self, uid: int | None) -> int | None:
        if uid is None or uid == self.uid:
            return self._first(USER_OBJ)
        named = (e.rights for e in self.entries if e.tag == USER and e.id == uid)
        found = next(named, None)
        return None if found is None else found & self.mask

    def _of_group(self, gid: int | None) -> int | None:
        found = [e.rights for e in self.entries if e.tag == GROUP and e.id == gid]
        owning = self._first(GROUP_OBJ)
        if (gid is None or gid == self.gid) and owning is not None:
            found.append(owning)
        if not found:
            return None
        granted = 0
        for rights in found:
            granted |= rights
        return granted & self.mask
