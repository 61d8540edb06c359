"""Whether a PAM module is used for a service so that it counts, and with which options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from checkers.check import Asking, ask, ask_all
from checkers.linux._attributes import GONE
from checkers.model import Blame, Directory, File, FileResult
from checkers.reading import content_of, unobserved
from checkers.words import plain

DEEPEST = 8
LIMIT = 1 << 18

OPTIONS_OF: Mapping[str, Mapping[str, str | int]] = {
    "pwquality": {
        "difok": 1,
        "minlen": 8,
        "dcredit": 0,
        "ucredit": 0,
        "lcredit": 0,
        "ocredit": 0,
        "minclass": 0,
        "maxrepeat": 0,
        "maxsequence": 0,
        "maxclassrepeat": 0,
        "gecoscheck": 0,
        "dictcheck": 1,
        "usercheck": 1,
        "enforcing": 1,
        "retry": 1,
    },
    "faillock": {"deny": 3, "fail_interval": 900, "unlock_time": 600, "root_unlock_time": 600},
}
"""The options of each module and the values they have where nothing sets them (pwquality.conf(5),
faillock.conf(5) of Debian 12)."""

_SERVICES = {"pwquality": ("passwd", "password"), "faillock": ("login", "auth")}
_FILES = {"pwquality": b"/etc/security/pwquality.conf", "faillock": b"/etc/security/faillock.conf"}
_PLACES = tuple(
    f"/usr/lib/{machine}-linux-gnu/security".encode() for machine in ("x86_64", "aarch64")
)
_SETTING = re.compile(rb"\s*(?P<name>[a-z_]+)\s*(?:=\s*(?P<value>[^\s#]*))?\s*(#.*)?")
_LINE = re.compile(
    rb"-?(?P<type>[a-z]+)\s+(?P<control>\[[^\]]*\]|\S+)\s+(?P<module>\S+)(?P<options>.*)"
)


@dataclass(frozen=True, slots=True)
class Module:
    """How a module is used: `trouble` where it is not in force, else every option's value."""

    trouble: str = ""
    place: str = ""
    options: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Line:
    place: bytes
    control: bytes
    module: bytes
    options: tuple[bytes, ...]


def options_of(host: str, module: Literal["pwquality", "faillock"]) -> Asking[Module]:
    """Find a module in the stack of its service and read its options."""
    service, kind = _SERVICES[module]
    name = f"pam_{module}.so".encode()
    lines = yield from _stack(host, f"/etc/pam.d/{service}".encode(), kind.encode(), 0)
    used = [line for line in lines if line.module.rpartition(b"/")[2] == name]
    counting = [line for line in used if _counts(line)]
    if not used:
        return Module(f"the {kind} stack of {service} does not use it")
    if not counting:
        return Module(f"{plain(used[0].place)} uses it, but its word does not count ({kind})")
    files = yield from ask_all(*(File(host, place + b"/" + name) for place in _PLACES))
    for found in files:
        if found.type != "file" and not (found.type is None and found.why in GONE):
            raise unobserved(f"whether pam_{module} is installed cannot be seen", Blame.HOST)
    if not any(found.size for found in files):
        return Module(f"{plain(counting[0].place)} uses it, but it is not installed")
    options: dict[str, str | int] = dict(OPTIONS_OF[module])
    texts = yield from _settings(host, module)
    given = [word for text in texts for word in text.split(b"\n")]
    own = [option for line in counting for option in line.options]
    for text in (*given, *own):
        match = _SETTING.fullmatch(text)
        if match and match["name"].decode() in options:
            options[match["name"].decode()] = _value(match["value"])
    return Module("", plain(counting[0].place), options)


def _value(text: bytes | None) -> str | int:
    if text is None:
        return 1
    return int(text) if re.fullmatch(rb"-?[0-9]{1,9}", text) else text.decode("ascii", "replace")


def _counts(line: _Line) -> bool:
    """Whether a refusal by the module is one of the stack's (pam.conf(5))."""
    control = line.control.strip(b"[]").lower()
    if not line.control.startswith(b"["):
        return control in (b"required", b"requisite")
    actions = dict(pair.split(b"=", 1) for pair in control.split() if b"=" in pair)
    bad = (actions.get(b"auth_err"), actions.get(b"authtok_err"), actions.get(b"default"))
    return any(action in (b"bad", b"die") for action in bad)


def _stack(host: str, path: bytes, kind: bytes, depth: int) -> Asking[list[_Line]]:
    """The lines of one type for a service, with those that it includes in their place."""
    found = yield from ask(File(host, path, limit=LIMIT))
    content = _content(path, found)
    if depth > DEEPEST:
        raise unobserved(f"{plain(path)} is included too deeply")
    lines: list[_Line] = []
    for raw in content.replace(b"\\\n", b" ").split(b"\n"):
        text = raw.partition(b"#")[0].strip()
        words = text.split()
        match = _LINE.fullmatch(text)
        if len(words) == 2 and words[0] == b"@include":
            lines += yield from _stack(host, b"/etc/pam.d/" + words[1], kind, depth + 1)
        elif match and match["type"].lower() == kind:
            if match["control"] in (b"include", b"substack"):
                inner = b"/etc/pam.d/" + match["module"]
                lines += yield from _stack(host, inner, kind, depth + 1)
            else:
                options = tuple(match["options"].split())
                lines.append(_Line(path, match["control"], match["module"], options))
    return lines


def _content(path: bytes, found: FileResult) -> bytes:
    if found.type is None and found.why in GONE:
        return b""
    return content_of(path, found)


def _settings(host: str, module: str) -> Asking[list[bytes]]:
    """The module's files of settings, in the order in which they are read."""
    main = _FILES[module]
    found = yield from ask(File(host, main, limit=LIMIT))
    texts = [_content(main, found)]
    if module != "pwquality":
        return texts
    folder = main + b".d"
    listing = yield from ask(Directory(host, folder))
    if (listing.entries is None and listing.why not in GONE) or listing.truncated:
        raise unobserved(f"{plain(folder)} cannot be listed: {listing.why or 'too many names'}")
    names = [entry.name for entry in listing.entries or () if entry.name.endswith(b".conf")]
    if names:
        paths = [folder + b"/" + name for name in names]
        looks = yield from ask_all(*(File(host, path, limit=LIMIT) for path in paths))
        texts = [_content(path, look) for path, look in zip(paths, looks, strict=True)] + texts
    return texts
