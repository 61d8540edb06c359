"""The report: a JSON object whose form the brief gives."""

from __future__ import annotations

import json
from typing import Any

from checkers.check import Asking, Check, ask, failed, passed
from checkers.model import File, Subject
from checkers.reading import content_of, unobserved
from checkers.words import listed, plain

REPORT = b"/root/report.json"
GONE = ("no such file", "a part of the path is not a directory")
LARGEST = 1 << 16


def sensors(subject: Subject, wanted: list[str]) -> Check:
    """The sensors that are out of order are listed, in any order, and no others."""
    expected = listed(sorted(wanted))
    report, why = yield from _report(subject.host)
    if report is None:
        return failed(expected=expected, found=why)
    names = report.get("sensors")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return failed(expected=f"`sensors`: a list of {expected}", found="no list of names")
    named = sorted({name.strip() for name in names})
    found = listed(plain(name) for name in named)
    if named == sorted(wanted):
        return passed(expected=expected, found=found)
    return failed(expected=expected, found=found)


def part(subject: Subject, part_number: str, serial: str) -> Check:
    """The numbers of the part are those in its FRU data."""
    expected = f"part_number {part_number}, serial {serial}"
    report, why = yield from _report(subject.host)
    if report is None:
        return failed(expected=expected, found=why)
    given = [str(report.get(key, "nothing")).strip() for key in ("part_number", "serial")]
    found = f"part_number {plain(given[0])}, serial {plain(given[1])}"
    if given == [part_number, serial]:
        return passed(expected=expected, found=found)
    return failed(expected=expected, found=found)


def _report(host: str) -> Asking[tuple[dict[str, Any] | None, str]]:
    """The report, or None and what is wrong with it."""
    seen = yield from ask(File(host, REPORT, limit=LARGEST))
    name = plain(REPORT)
    if seen.type is None and seen.why not in GONE:
        raise unobserved(f"{name} cannot be looked for: {seen.why or 'no reason given'}")
    if seen.type != "file":
        return None, f"there is no file {name}"
    if seen.truncated:
        return None, f"{name} is far too long"
    try:
        report = json.loads(content_of(REPORT, seen))
    except (ValueError, RecursionError):
        return None, f"{name} is not JSON"
    return (report, "") if isinstance(report, dict) else (None, f"{name} is no JSON object")
