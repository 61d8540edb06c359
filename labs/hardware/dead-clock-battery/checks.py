"""Whom systemd-timesyncd asks: its settings, read as it reads them (timesyncd.conf(5))."""

from __future__ import annotations

from collections.abc import Iterator

from checkers.check import Asking, Check, ask, failed, passed
from checkers.model import Directory, File, Subject
from checkers.words import listed, plain

MAIN = b"/etc/systemd/timesyncd.conf"
MORE = b"/etc/systemd/timesyncd.conf.d"


def asks(subject: Subject, server: str) -> Check:
    """The only server that it asks is `server`: as NTP=, or as FallbackNTP= where no other is."""
    named: dict[str, list[str]] = {"NTP": [], "FallbackNTP": []}
    for path in (yield from _files(subject.host)):
        found = yield from ask(File(subject.host, path, limit=1 << 16))
        text = (found.content or b"").decode("utf-8", "replace") if found.type == "file" else ""
        for key, value in _settings(text):
            if key in named:  # an empty one takes back what was named before
                named[key] = [*named[key], *value.split()] if value else []
    key = "NTP" if named["NTP"] or not named["FallbackNTP"] else "FallbackNTP"
    verdict = passed if set(named[key]) == {server} else failed
    return verdict(
        expected=f"NTP={server}",
        found=f"{key}={listed((plain(each) for each in named[key]), none='nothing')}",
    )


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """What is set in the section [Time]; elsewhere it would not count."""
    section = ""
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if key.startswith("[") and key.endswith("]"):
            section = key
        elif equals and section == "[Time]":
            yield key, value


def _files(host: str) -> Asking[list[bytes]]:
    more = yield from ask(Directory(host, MORE))
    names = sorted(entry.name for entry in more.entries or () if entry.name.endswith(b".conf"))
    return [MAIN, *(MORE + b"/" + name for name in names)]
