"""Owner, group, mode and access control lists: what `file` and `directory` have in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from checkers.findings import Findings
from checkers.linux._accounts import Accounts
from checkers.linux._acl import Acl, BadAcl, Entry, Wanted, letters, of_mode, parse, wanted
from checkers.model import FileResult
from checkers.reading import unobserved
from checkers.words import plain, size

KINDS = {
    "file": "a regular file",
    "directory": "a directory",
    "link": "a symbolic link",
    "fifo": "a FIFO (named pipe)",
    "socket": "a socket",
    "block": "a block device",
    "char": "a character device",
}
"""The types of files, in words."""

GONE = ("no such file", "a part of the path is not a directory")
"""What the reader says where a path leads to nothing; anything else is not the same as absent."""


def _path(text: str) -> str:
    if "\0" in text or not text.startswith("/"):
        raise ValueError(f"`{text}` is not an absolute path")
    return text


Path = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_path)]
"""An absolute path on the host."""


def _octal(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Octal = Annotated[
    str,
    BeforeValidator(_octal),
    StringConstraints(pattern=r"^0?[0-7]{3,4}$"),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": "^0?[0-7]{3,4}$"}, {"type": "integer"}]}
    ),
]
"""A mode in octal digits, as chmod(1) takes it; best written in quotation marks."""


class ModeRange(BaseModel):
    """At least and at most these bits of a mode."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: Octal | None = None
    max: Octal | None = None

    @model_validator(mode="after")
    def _has_an_end(self) -> ModeRange:
        if self.min is None and self.max is None:
            raise ValueError("give `min`, `max` or both")
        return self


def _entry(text: str) -> str:
    try:
        wanted(text)
    except BadAcl as problem:
        raise ValueError(str(problem)) from problem
    return text


AclEntries = Annotated[
    tuple[Annotated[str, AfterValidator(_entry)], ...], Field(min_length=1, max_length=50)
]
"""Entries in setfacl's notation, such as `g:team:rwx`."""


class Attributes(BaseModel):
    """What is expected of the attributes of a file or directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str | None = Field(default=None, min_length=1)
    group: str | None = Field(default=None, min_length=1)
    mode: Octal | ModeRange | None = None
    acl: AclEntries | None = None

    @property
    def expects_attributes(self) -> bool:
        """Whether any of them is given."""
        return any(value is not None for value in (self.owner, self.group, self.mode, self.acl))


def compare(
    attributes: Attributes, findings: Findings, name: str, found: FileResult, known: Accounts
) -> None:
    """Compare owner, group, mode and access control lists; `name` is the path in words."""
    for role, expected, number, named in (
        ("owner", attributes.owner, found.uid, known.user_name(found.uid)),
        ("group", attributes.group, found.gid, known.group_name(found.gid)),
    ):
        if expected is None:
            continue
        wanted_number = known.uid(expected) if role == "owner" else known.gid(expected)
        missing = "" if wanted_number is not None else f" (there is no {role} {plain(expected)})"
        findings.note(
            wanted_number == number,
            expected=f"{role} {plain(expected)} of {name}",
            found=f"{role} {plain(named)}{missing}",
        )
    if attributes.mode is not None:
        findings.note(
            mode_fits(attributes.mode, found.mode),
            expected=f"mode {spoken_mode(attributes.mode)} of {name}",
            found=f"mode {found.mode:04o}",
        )
    for text in attributes.acl or ():
        compare_entry(wanted(text), findings, name, found, known)


def mode_fits(expected: str | ModeRange, mode: int) -> bool:
    """Whether a mode is exactly, or within, what is expected."""
    if isinstance(expected, str):
        return mode == int(expected, 8)
    least = int(expected.min or "0", 8)
    most = int(expected.max or "7777", 8)
    return mode & least == least and mode & ~most == 0


def spoken_mode(expected: str | ModeRange) -> str:
    """A mode in words: `2770`, `with no bit beyond 0750`."""
    if isinstance(expected, str):
        return f"{int(expected, 8):04o}"
    parts = [f"with at least the bits {expected.min}"] if expected.min else []
    parts += [f"with no bit beyond {expected.max}"] if expected.max else []
    return " and ".join(parts)


def compare_entry(
    entry: Wanted, findings: Findings, name: str, found: FileResult, known: Accounts
) -> None:
    """Compare the effective rights of one entry of an access control list."""
    expected = f"{plain(entry.text)} on {name}"
    number: int | None = None
    if entry.who:
        number = known.uid(entry.who) if entry.kind == "u" else known.gid(entry.who)
        if number is None:
            what = "user" if entry.kind == "u" else "group"
            findings.miss(expected=expected, found=f"there is no {what} {plain(entry.who)}")
            return
    acl = _default_list(found) if entry.default else _list(found)
    rights = acl.rights(entry.kind, number) if acl else None
    findings.note(
        rights == entry.rights,
        expected=expected,
        found="no such entry" if rights is None else f"{letters(rights)} (effective)",
    )


def _list(found: FileResult) -> Acl:
    entries = _parsed(found.acl) if found.acl is not None else of_mode(found.mode)
    return Acl(entries, found.uid, found.gid)


def _default_list(found: FileResult) -> Acl | None:
    if found.default_acl is None:
        return None
    # What is made in there gets the directory's group only where the set-group-id bit says so; its
    # owner is whoever makes it.
    gid = found.gid if found.mode & 0o2000 else -1
    return Acl(_parsed(found.default_acl), -1, gid)


def _parsed(attribute: bytes) -> tuple[Entry, ...]:
    try:
        return parse(attribute)
    except BadAcl as problem:
        raise unobserved(str(problem)) from problem


def described(found: FileResult) -> str:
    """What stands at a path, in words: `a regular file of 24 bytes`, `nothing (no such file)`."""
    if found.type is None:
        return f"nothing ({plain(found.why) or 'it is not there'})"
    if found.type == "file":
        return f"a regular file of {size(found.size)}"
    if found.type == "link":
        return f"a symbolic link to {plain(found.target or b'')}"
    return KINDS[found.type]
