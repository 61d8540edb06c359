"""The rules of sudo of a host: its files read from beside, parsed by sudo's own parser.

The files are collected as sudo 1.9 does it (sudoers(5), and tried): a file of another owner than
root, or that others may write to, is left out; so is, in a folder that is included, a name with a
dot in it or a `~` at its end. What is collected goes to `cvtsudoers` in one piece, with a last rule
of our own by which a whole answer is known.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from checkers.check import Asking, ask, ask_all
from checkers.linux._attributes import GONE
from checkers.model import Directory, File, FileResult, Program, ProgramResult
from checkers.reading import content_of, structured, unobserved, whole
from checkers.words import plain, quoted

SUDOERS = b"/etc/sudoers"
LIMIT = 1 << 20
DEEPEST = 8
MOST_FILES = 200

JSON = ("cvtsudoers", "-c", "/dev/null", "-e", "-f", "json", "-s", "defaults")
TABLE = ("cvtsudoers", "-c", "/dev/null", "-e", "-f", "csv")
END = "labctl.end"
_LAST = f"{END} ALL = /{END}\n".encode()

_INCLUDE = re.compile(rb'[ \t]*[@#]include(?P<dir>dir)?[ \t]+(?P<path>"[^"]*"|(\\.|[^\s\\])+)\s*')
_ERROR = re.compile(rb"(?:stdin|<stdin>|-):(?P<line>[0-9]+):[0-9]+: (?P<what>.*)")
# cvtsudoers 1.9.13 writes these options without the braces that JSON wants round them.
_BARE = re.compile(rb'^( +)("[a-z]+": (?:"[^"]*"|[0-9]+))(,?)$', re.MULTILINE)


class Member(BaseModel):
    """One word of a list of users, hosts or run-as users; exactly one kind of name is set."""

    model_config = ConfigDict(frozen=True, extra="allow")

    username: str | None = None
    userid: int | None = None
    usergroup: str | None = None
    usergid: int | None = None
    hostname: str | None = None
    negated: bool = False


class Command(BaseModel):
    """A command as a rule names it: a path and a pattern of arguments, or `ALL`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    command: str = ""
    negated: bool = False

    @property
    def has_digest(self) -> bool:
        """Whether the program's file has to have a certain digest."""
        return bool(self.model_extra)


class Grant(BaseModel):
    """Commands that are allowed under the same conditions."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    runasusers: tuple[Member, ...] | None = None
    runasgroups: tuple[Member, ...] | None = None
    options: tuple[dict[str, bool | int | str], ...] = Field(default=(), alias="Options")
    commands: tuple[Command, ...] = Field(default=(), alias="Commands")

    @property
    def authenticate(self) -> bool | None:
        """Whether a password is asked for; None where the rule does not say."""
        found = [bool(each["authenticate"]) for each in self.options if "authenticate" in each]
        return found[-1] if found else None


class Rule(BaseModel):
    """One rule: who, where, and what."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    users: tuple[Member, ...] = Field(alias="User_List")
    hosts: tuple[Member, ...] = Field(alias="Host_List")
    grants: tuple[Grant, ...] = Field(alias="Cmnd_Specs")


class _Policy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    rules: tuple[Rule, ...] = Field(default=(), alias="User_Specs")


@dataclass(frozen=True, slots=True)
class Default:
    """A setting, and whom it is for: `scope` is empty or user, host, runas, command."""

    scope: str
    binding: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Sudoers:
    """The rules of a host in order, or the `trouble` for which sudo cannot use them."""

    rules: tuple[Rule, ...] = ()
    defaults: tuple[Default, ...] = ()
    ignored: tuple[str, ...] = ()
    trouble: str = ""


@dataclass
class _Collected:
    """Lines with the file and number that each came from, and files that were left out."""

    host: str
    lines: list[tuple[bytes, int, bytes]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    files: int = 0
    trouble: str = ""


def sudoers(host: str) -> Asking[Sudoers]:
    """Read the rules of a host."""
    main = yield from ask(File(host, SUDOERS, limit=LIMIT))
    wrong = _insecure(main)
    if main.type is None or wrong:
        why = wrong or f"is not there ({main.why})"
        return Sudoers(trouble=f"{plain(SUDOERS)} {why}, so that sudo does nothing")
    collected = _Collected(host)
    yield from _collect(collected, SUDOERS, content_of(SUDOERS, main), 0)
    if collected.trouble:
        return Sudoers(trouble=collected.trouble)
    text = b"".join(line + b"\n" for _, _, line in collected.lines) + _LAST
    parsed, table = yield from ask_all(
        Program(host, JSON, stdin=text), Program(host, TABLE, stdin=text)
    )
    mistake = _mistake(parsed, collected) or _mistake(table, collected)
    if mistake:
        return Sudoers(trouble=mistake, ignored=tuple(collected.ignored))
    return Sudoers(_rules(parsed), _defaults(table), tuple(collected.ignored))


def _insecure(found: FileResult, what: Literal["file", "directory"] = "file") -> str:
    """Why sudo does not use a file or folder; empty if it does."""
    if found.type is None:
        return ""
    if found.type != what:
        return f"is a {found.type}"
    if found.uid != 0:
        return f"is owned by the user with number {found.uid}, not root"
    if found.mode & 0o002:
        return f"can be written to by everybody (mode {found.mode:04o})"
    if found.mode & 0o020 and found.gid != 0:
        return f"can be written to by the group with number {found.gid}"
    return ""


def _collect(into: _Collected, path: bytes, content: bytes, depth: int) -> Asking[None]:
    """Take the lines of a file, with those of the files that it includes in their place."""
    into.files += 1
    if depth > DEEPEST or into.files > MOST_FILES:
        into.trouble = f"{plain(path)} is included too deeply, or one of too many files"
        return
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    continued = False
    for number, line in enumerate(lines, 1):
        found = None if continued else _INCLUDE.fullmatch(line)
        if found is None:
            into.lines.append((path, number, line))
        else:
            target = _target(into.host, path, found["path"])
            if found["dir"]:
                yield from _include_folder(into, target, depth)
            else:
                yield from _include(into, target, depth)
            into.lines.append((path, number, b""))
        comment = not continued and line.lstrip(b" \t").startswith(b"#")
        continued = line.endswith(b"\\") and not comment
    if continued:
        into.trouble = f"{plain(path)} ends in the middle of a line"


def _target(host: str, path: bytes, written: bytes) -> bytes:
    bare = written.strip(b'"') if written.startswith(b'"') else re.sub(rb"\\(.)", rb"\1", written)
    bare = bare.replace(b"%h", host.encode())
    return bare if bare.startswith(b"/") else path.rpartition(b"/")[0] + b"/" + bare


def _include(into: _Collected, path: bytes, depth: int) -> Asking[None]:
    found = yield from ask(File(into.host, path, limit=LIMIT))
    yield from _take(into, path, found, depth)


def _include_folder(into: _Collected, path: bytes, depth: int) -> Asking[None]:
    path = path.rstrip(b"/") or b"/"
    folder = yield from ask(File(into.host, path))
    if folder.type is None and folder.why not in GONE:
        raise unobserved(f"{plain(path)} cannot be looked for: {folder.why or 'no reason given'}")
    if folder.type is None:
        return
    wrong = _insecure(folder, "directory")
    if wrong:
        into.ignored.append(f"{quoted(path)} (it {wrong})")
        return
    listing = yield from ask(Directory(into.host, path))
    if listing.entries is None or listing.truncated:
        raise unobserved(f"{plain(path)} cannot be listed: {listing.why or 'too many names'}")
    names = [entry.name for entry in listing.entries]
    for name in names:
        if b"." in name or name.endswith(b"~"):
            into.ignored.append(f"{quoted(path + b'/' + name)} (it skips such a name)")
    used = [name for name in names if b"." not in name and not name.endswith(b"~")]
    paths = [path + b"/" + name for name in used]
    if not paths:
        return
    looks = yield from ask_all(*(File(into.host, each, limit=LIMIT) for each in paths))
    for each, found in zip(paths, looks, strict=True):
        if found.type in (None, "file"):  # sudo passes over folders and such in silence
            yield from _take(into, each, found, depth)


def _take(into: _Collected, path: bytes, found: FileResult, depth: int) -> Asking[None]:
    if found.type is None and found.why not in GONE:
        raise unobserved(f"{plain(path)} cannot be looked for: {found.why or 'no reason given'}")
    wrong = _insecure(found) or ("" if found.type else "is not there")
    if wrong:
        into.ignored.append(f"{quoted(path)} (it {wrong})")
        return
    yield from _collect(into, path, content_of(path, found), depth + 1)


def _mistake(result: ProgramResult, collected: _Collected) -> str:
    """The first line that sudo's parser does not understand, in words; empty if there is none."""
    if result.exit == 0:
        return ""
    found = _ERROR.match(result.stderr)
    if result.exit != 1 or found is None:
        said = plain(result.stderr.strip())
        raise unobserved(f"`cvtsudoers` ended with {result.exit}: {said}")
    number = int(found["line"]) - 1
    what = plain(found["what"].strip(), 60)
    if number >= len(collected.lines):
        return f"the rules of sudo break off in the middle ({what})"
    path, line, text = collected.lines[number]
    return f"{plain(path)} has a mistake in line {line} ({what}): {quoted(text, 60)}"


def _rules(result: ProgramResult) -> tuple[Rule, ...]:
    whole(JSON, result)
    text = _BARE.sub(rb"\1{ \2 }\3", result.stdout)
    # Only within a list of options are such lines without braces.
    policy = structured(JSON, _options_only(result.stdout, text), TypeAdapter(_Policy))
    rules = policy.rules
    if not rules or rules[-1].users != (Member(username=END),):
        raise unobserved("`cvtsudoers` did not print all rules")
    return rules[:-1]


def _options_only(before: bytes, after: bytes) -> bytes:
    """The mended lines where they stand in a list of options, the others as they were."""
    lines = []
    inside = False
    for old, new in zip(before.split(b"\n"), after.split(b"\n"), strict=True):
        lines.append(new if inside else old)
        if old.strip() == b'"Options": [':
            inside = True
        elif old.strip().startswith(b"]"):
            inside = False
    return b"\n".join(lines)


def _defaults(result: ProgramResult) -> tuple[Default, ...]:
    whole(TABLE, result)
    rows = list(_rows(result.stdout))
    if not any(row[:2] == ["rule", END] for row in rows):
        raise unobserved("`cvtsudoers` did not print all settings")
    return tuple(
        Default(row[0].removeprefix("defaults").lstrip("_"), row[1], row[2], row[4])
        for row in rows
        if row[0].startswith("defaults") and row[0] != "defaults_type"
    )


def _rows(output: bytes) -> Iterator[list[str]]:
    text = output.decode("utf-8", "surrogateescape")
    try:
        for row in csv.reader(io.StringIO(text), strict=True):
            if len(row) >= 5:
                yield row
    except csv.Error as problem:
        raise unobserved(f"`cvtsudoers` printed what cannot be understood: {problem}") from problem
