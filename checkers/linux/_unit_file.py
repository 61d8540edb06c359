"""Files of systemd's units, read as data as systemd reads them (systemd.syntax(7))."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

NAME = re.compile(r"(?P<prefix>[A-Za-z0-9:_.\\-]+)(?P<at>@(?P<instance>[A-Za-z0-9:_.\\@-]*))?")
KINDS = frozenset(
    (
        "automount",
        "device",
        "mount",
        "path",
        "scope",
        "service",
        "slice",
        "socket",
        "swap",
        "target",
        "timer",
    )
)
"""What the name of a unit ends with."""
_SPECIFIERS = re.compile(r"%(.)")
_TRUE = frozenset(("1", "yes", "y", "true", "t", "on"))


class BadUnitFile(ValueError):
    """A mistake for which systemd takes nothing of the file; the text says which."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A line of a unit file: `[section]`, `key=value`."""

    section: str
    key: str
    value: str


def parse(content: bytes) -> tuple[Setting, ...]:
    """The settings of a file, in order. Raises `BadUnitFile`; lines without `=` mean nothing."""
    section, found = "", []
    for line in _joined(content.decode("utf-8", "surrogateescape").split("\n")):
        if line.startswith("["):
            if not line.endswith("]"):
                raise BadUnitFile(f"the section `{line}` has no end")
            section = line[1:-1]
            continue
        key, equals, value = line.partition("=")
        if equals and section:
            found.append(Setting(section, key.strip(), value.strip()))
    return tuple(found)


def _joined(lines: Iterable[str]) -> Iterable[str]:
    """Lines without comments, with those that end in a backslash joined to the next."""
    begun = ""
    for line in lines:
        text = line.lstrip(" \t").rstrip("\r")
        if text.startswith(("#", ";")):
            continue
        if (len(text) - len(text.rstrip("\\"))) % 2:
            begun += text[:-1] + " "
            continue
        yield (begun + text).strip()
        begun = ""
    if begun:
        yield begun.strip()


def values(settings: Iterable[Setting], section: str, *keys: str) -> tuple[str, ...]:
    """Every value of a list, or of several that are emptied together by an empty value."""
    found: list[str] = []
    for each in settings:
        if each.section == section and each.key in keys:
            found = [*found, each.value] if each.value else []
    return tuple(found)


def last(settings: Iterable[Setting], section: str, key: str) -> str:
    """The value that counts of a setting that has but one; empty where there is none."""
    found = [each.value for each in settings if (each.section, each.key) == (section, key)]
    return found[-1] if found else ""


def is_true(value: str) -> bool:
    """Whether a value means yes."""
    return value.lower() in _TRUE


def kind_of(name: str) -> str:
    """`service` of `ssh.service`; empty where the name is none of a unit."""
    stem, _, kind = name.rpartition(".")
    return kind if kind in KINDS and NAME.fullmatch(stem) else ""


def template_of(name: str) -> str:
    """`getty@.service` of `getty@tty1.service`; empty for a unit that is no instance."""
    stem, _, kind = name.rpartition(".")
    prefix, at, instance = stem.partition("@")
    return f"{prefix}@.{kind}" if at and instance else ""


def instance_of(template: str, name: str) -> str:
    """The instance of another template that is called like `name`."""
    prefix, _, kind = template.rpartition("@")
    return f"{prefix}@{name.rpartition('.')[0].partition('@')[2]}{kind}"


def expanded(name: str, text: str) -> str:
    """A unit's name with the specifiers in it written out; empty where one is not known here."""
    stem = name.rpartition(".")[0]
    prefix, _, instance = stem.partition("@")
    known = {"i": instance, "n": name, "N": stem, "p": prefix, "%": "%"}
    if any(letter not in known for letter in _SPECIFIERS.findall(text)):
        return ""
    return _SPECIFIERS.sub(lambda found: known[found[1]], text)


def drop_in_names(name: str) -> tuple[str, ...]:
    """The names of a unit's folders of drop-ins, without `.d`, the nearest first."""
    stem, _, kind = name.rpartition(".")
    if "@" in stem:
        return (name, template_of(name) or name, kind)
    parts = stem.split("-")
    shorter = [f"{'-'.join(parts[:count])}-.{kind}" for count in range(len(parts) - 1, 0, -1)]
    return (name, *shorter, kind)
