"""The accounts of a host, from passwd(5), group(5) and shadow(5) read as data.

Read as the C library does: comments, blank and malformed lines and those of NIS (`+`, `-`) are left
out, and of two entries of one name the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from checkers.check import Asking, ask_all
from checkers.model import File
from checkers.reading import content_of, system_file
from checkers.words import plain

PASSWD = b"/etc/passwd"
GROUP = b"/etc/group"
SHADOW = b"/etc/shadow"
LIMIT = 4 << 20
REMEMBERED = 8
"""Files whose accounts are kept parsed: each of a host's checks reads the same two."""

_NUMBER = re.compile(rb"[0-9]{1,10}")
_HASH = re.compile(rb"\$(y|gy|7|6|5|1|2[abxy]|sha1|md5)\$[^:*!\s]{8,}|[./0-9A-Za-z]{13}")


@dataclass(frozen=True, slots=True)
class Account:
    """A line of passwd. `password` is its own field, `x` where the hash is in shadow."""

    name: str
    password: bytes
    uid: int
    gid: int
    comment: str
    home: str
    shell: str


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A line of group; `members` are those named in it."""

    name: str
    gid: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one host; shadow is there only where it was asked for."""

    users: Mapping[str, Account] = field(default_factory=dict)
    groups: Mapping[str, GroupEntry] = field(default_factory=dict)
    passwords: Mapping[str, bytes] | None = None

    def primary(self, user: Account) -> str:
        """The name of a user's primary group, or its number."""
        return self.group_name(user.gid)

    def groups_of(self, user: Account) -> set[str]:
        """The groups that a login of the user is in: the primary one and all that name it."""
        named = {group.name for group in self.groups.values() if user.name in group.members}
        return named | {self.primary(user)}

    def members_of(self, group: GroupEntry) -> set[str]:
        """The users that are in a group: those it names, if they exist, and by primary group."""
        named = {name for name in group.members if name in self.users}
        return named | {user.name for user in self.users.values() if user.gid == group.gid}

    def user_name(self, uid: int) -> str:
        """The name that a number is shown as, or the number."""
        names = (user.name for user in self.users.values() if user.uid == uid)
        return next(names, str(uid))

    def group_name(self, gid: int) -> str:
        """The name that a number is shown as, or the number."""
        return next((group.name for group in self.groups.values() if group.gid == gid), str(gid))

    def uid(self, name: str) -> int | None:
        """The number of a user given by name, or by the number itself."""
        if name in self.users:
            return self.users[name].uid
        return int(name) if name.isdigit() else None

    def gid(self, name: str) -> int | None:
        """The number of a group given by name, or by the number itself."""
        if name in self.groups:
            return self.groups[name].gid
        return int(name) if name.isdigit() else None

    def password_of(self, user: Account) -> str:
        """Whether a user can log in by password: `set`, `locked` or `none` (none is needed)."""
        stored = user.password
        if stored == b"x":
            stored = (self.passwords or {}).get(user.name, b"*")
        if not stored:
            return "none"
        return "set" if _HASH.fullmatch(stored) else "locked"


def _lines(content: bytes, fields: int) -> list[list[bytes]]:
    rows = []
    for line in content.split(b"\n"):
        parts = line.split(b":")
        if len(parts) == fields and parts[0] and parts[0][:1] not in b"#+-":
            rows.append(parts)
    return rows


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@lru_cache(maxsize=REMEMBERED)
def parse_users(content: bytes) -> Mapping[str, Account]:
    """The users in a passwd file."""
    users: dict[str, Account] = {}
    for name, password, uid, gid, comment, home, shell in _lines(content, 7):
        if _NUMBER.fullmatch(uid) and _NUMBER.fullmatch(gid):
            entry = Account(
                _text(name),
                password,
                int(uid),
                int(gid),
                _text(comment),
                _text(home),
                # An empty field means the standard shell (passwd(5)).
                _text(shell) or "/bin/sh",
            )
            users.setdefault(entry.name, entry)
    return users


@lru_cache(maxsize=REMEMBERED)
def parse_groups(content: bytes) -> Mapping[str, GroupEntry]:
    """The groups in a group file."""
    groups: dict[str, GroupEntry] = {}
    for name, _, gid, members in _lines(content, 4):
        if _NUMBER.fullmatch(gid):
            named = tuple(_text(member) for member in members.split(b",") if member)
            groups.setdefault(_text(name), GroupEntry(_text(name), int(gid), named))
    return groups


def parse_passwords(content: bytes) -> dict[str, bytes]:
    """The password fields in a shadow file, by user."""
    passwords: dict[str, bytes] = {}
    for row in _lines(content, 9):
        passwords.setdefault(_text(row[0]), row[1])
    return passwords


def accounts(host: str) -> Asking[Accounts]:
    """The users and groups of a host."""
    users, groups = yield from ask_all(
        File(host, PASSWD, limit=LIMIT), File(host, GROUP, limit=LIMIT)
    )
    return Accounts(parse_users(content_of(PASSWD, users)), parse_groups(content_of(GROUP, groups)))


def with_passwords(host: str, known: Accounts) -> Asking[Accounts]:
    """The same accounts with their passwords."""
    content = yield from system_file(host, SHADOW, LIMIT)
    return Accounts(known.users, known.groups, parse_passwords(content))


def shown(names: set[str]) -> list[str]:
    """Names in order and safe to show."""
    return sorted(plain(name, 40) for name in names)
