"""Services of a host whose first process is sysvinit: their scripts and start links (init(8))."""

from __future__ import annotations

import re

from checkers.check import Asking, ask, ask_all
from checkers.model import Directory, File, FileResult
from checkers.reading import content_of, unobserved
from checkers.words import plain

INITTAB = b"/etc/inittab"
_DEFAULT_LEVEL = re.compile(rb"^[^#:]*:(?P<level>[0-6]):initdefault:", re.MULTILINE)


def has_script(host: str, name: str) -> Asking[bool]:
    """Whether the service's script is there."""
    script = yield from ask(File(host, f"/etc/init.d/{name}".encode()))
    return _executable(script)


def started_by_link(host: str, name: str) -> Asking[tuple[bool, str]]:
    """Whether a link of the default runlevel starts the service, and in words which, or why not."""
    inittab = yield from ask(File(host, INITTAB, limit=1 << 16))
    level = _DEFAULT_LEVEL.search(content_of(INITTAB, inittab))
    if level is None:
        raise unobserved(f"the inittab of {host} sets no default runlevel")
    folder = b"/etc/rc%s.d" % level["level"]
    listing = yield from ask(Directory(host, folder))
    if listing.entries is None or listing.truncated:
        raise unobserved(f"{plain(folder)} cannot be listed: {listing.why or 'too many names'}")
    link = re.compile(rb"S[0-9]{2}" + re.escape(name.encode()))
    names = [entry.name for entry in listing.entries if link.fullmatch(entry.name)]
    if not names:
        return False, f"no start link for {name} in {plain(folder)}"
    targets = yield from ask_all(*(File(host, folder + b"/" + each) for each in names))
    good = [each for each, found in zip(names, targets, strict=True) if _executable(found)]
    if good:
        return True, f"{plain(folder + b'/' + good[0])} starts it"
    return False, f"{plain(folder + b'/' + names[0])} leads to no executable script"


def _executable(found: FileResult) -> bool:
    return found.type == "file" and bool(found.mode & 0o100) and found.size > 0
