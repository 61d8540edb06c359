"""What a host's files say of kernel modules (modprobe.d(5), modules-load.d(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from checkers.check import Asking
from checkers.linux._dropins import DropIn, drop_ins
from checkers.linux._kernel import texts

MODPROBE = (
    b"/etc/modprobe.d",
    b"/run/modprobe.d",
    b"/usr/local/lib/modprobe.d",
    b"/lib/modprobe.d",
)
LOAD = (
    b"/etc/modules-load.d",
    b"/run/modules-load.d",
    b"/usr/local/lib/modules-load.d",
    b"/usr/lib/modules-load.d",
)
COMMAND_LINE = b"/proc/cmdline"
BLACKLISTS = ("modprobe.blacklist", "module_blacklist")
LOADS = ("modules_load", "modules-load", "rd.modules_load", "rd.modules-load")
NOTHING = ("true", "false", "nologin", ":")
"""Programs that do nothing in a module's place."""

_CONTINUED = re.compile(r"\\\n")


@dataclass(frozen=True, slots=True)
class Rules:
    """Where a module is blacklisted, what stands in for it, and where its loading is asked for.

    Each is the place in words, empty for none. `instead` is the command that modprobe runs in the
    module's place, `barred` where that does nothing.
    """

    blacklisted: str
    instead: str
    barred: str
    at_boot: str


def same_spelling(name: str) -> str:
    """A module's name as the kernel has it: `-` and `_` are the same to modprobe."""
    return name.replace("-", "_")


def rules(host: str, name: str) -> Asking[Rules]:
    """All that is said of one module."""
    (line,) = yield from texts(host, COMMAND_LINE)
    options = list(_options(line.decode("utf-8", "replace")))
    files = yield from drop_ins(host, *MODPROBE)
    loads = yield from drop_ins(host, *LOAD)
    said = list(_commands(files))
    listed = [where for where, words in said if _is(words, "blacklist", name, exact=True)]
    installs = [(where, words) for where, words in said if _is(words, "install", name)]
    where, words = installs[0] if installs else ("", [])
    command = " ".join(words[2:]).partition(" #")[0].strip()
    barred = len(command.split()) == 1 and command.rpartition("/")[2] in NOTHING
    listed += ["the kernel's command line"] if _named(options, BLACKLISTS, name) else []
    asked = [each.said for each in loads if name in _loaded(each)]
    asked += ["the kernel's command line"] if _named(options, LOADS, name) else []
    return Rules(
        blacklisted=next(iter(listed), ""),
        instead=command,
        barred=where if barred else "",
        at_boot=next(iter(asked), ""),
    )


def _commands(files: tuple[DropIn, ...]) -> Iterator[tuple[str, list[str]]]:
    """Every line that is no comment, in words, with the file that it stands in."""
    for each in files:
        text = _CONTINUED.sub("", each.content.decode("utf-8", "replace"))
        for line in text.split("\n"):
            words = line.split()
            if words and not words[0].startswith("#"):
                yield each.said, words


def _is(words: list[str], command: str, name: str, *, exact: bool = False) -> bool:
    """Whether a line gives this command for a module; `install` takes patterns."""
    if words[0] != command or len(words) < 2:
        return False
    given = same_spelling(words[1])
    return given == name if exact else fnmatchcase(name, given)


def _loaded(file: DropIn) -> set[str]:
    """The modules that a file of modules-load.d names, one a line."""
    lines = (line.strip() for line in file.content.decode("utf-8", "replace").split("\n"))
    return {same_spelling(line) for line in lines if line and line[0] not in "#;"}


def _options(line: str) -> Iterator[tuple[str, str]]:
    for word in line.split():
        key, _, value = word.partition("=")
        yield key, value


def _named(options: list[tuple[str, str]], keys: tuple[str, ...], name: str) -> bool:
    return any(
        key in keys and name in map(same_spelling, value.split(",")) for key, value in options
    )
