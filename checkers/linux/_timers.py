"""What the files of a timer of systemd say (systemd.timer(5))."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.check import Asking, ask
from checkers.linux._attributes import GONE
from checkers.linux._calendar import BadCalendar, Event, parse
from checkers.linux._time_span import seconds
from checkers.linux._unit_file import Setting, is_true, kind_of, last
from checkers.linux._units import Unit
from checkers.model import Blame, File
from checkers.reading import unobserved
from checkers.words import plain, quoted

SECTION = "Timer"
CALENDAR = "OnCalendar"
CHANGES = ("OnClockChange", "OnTimezoneChange")
SPANS = ("OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec")
LOCALTIME = b"/etc/localtime"
ZONES = b"/zoneinfo/"
UNIVERSAL = frozenset(("UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "UCT", "Universal", "Zulu"))
ACCURACY = 60.0
"""Seconds that a timer may be late unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class TimerSettings:
    """When a timer elapses and what it starts.

    `lines` are its calendar events as written, `wrong` the first that is none, in words; `others`
    are settings by which it elapses at no time of day. `late` is in seconds.
    """

    lines: tuple[str, ...]
    events: tuple[Event, ...]
    others: tuple[str, ...]
    wrong: str
    starts: str
    late: float
    persistent: bool


def settings_of(unit: Unit) -> TimerSettings:
    """The settings of a timer. Lines that systemd does not understand it leaves out."""
    lines, others = _triggers(unit.settings)
    events, good, wrong = [], [], ""
    for line in lines:
        try:
            events.append(parse(line))
            good.append(line)
        except BadCalendar as problem:
            wrong = wrong or f"; {quoted(line, 60)} is no time: {plain(str(problem))}"
    if others:
        wrong = f"; besides by {' and '.join(others)}{wrong}"
    accuracy = _span(unit, "AccuracySec")
    named = last(unit.settings, SECTION, "Unit")
    return TimerSettings(
        tuple(good),
        tuple(events),
        others,
        wrong,
        named if kind_of(named) else f"{unit.name.removesuffix('.timer')}.service",
        (ACCURACY if accuracy is None else accuracy) + (_span(unit, "RandomizedDelaySec") or 0.0),
        is_true(last(unit.settings, SECTION, "Persistent")),
    )


def _triggers(settings: tuple[Setting, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Calendar events, and other settings that start something; an empty one takes back all."""
    lines: list[str] = []
    others: dict[str, None] = {}
    for each in settings:
        if each.section != SECTION:
            continue
        if each.key in (CALENDAR, *SPANS) and not each.value:
            lines, others = [], {key: None for key in others if key in CHANGES}
        elif each.key == CALENDAR:
            lines.append(each.value)
        elif each.key in SPANS and seconds(each.value) is not None:
            others[f"{each.key}={plain(each.value, 30)}"] = None
        elif each.key in CHANGES:
            others.pop(each.key, None)
            if is_true(each.value):
                others[each.key] = None
    return tuple(lines), tuple(others)


def _span(unit: Unit, key: str) -> float | None:
    """The last span of a setting that is one."""
    found = [each.value for each in unit.settings if (each.section, each.key) == (SECTION, key)]
    spans = [span for text in found if (span := seconds(text)) is not None]
    return spans[-1] if spans else None


def demand_zone(host: str, zone: str) -> Asking[None]:
    """Raise `NotObserved` where a time zone that an event names is not the host's own."""
    if not zone:
        return
    seen = yield from ask(File(host, LOCALTIME, follow=False))
    own = "UTC"
    if seen.type == "link" and ZONES in (seen.target or b""):
        own = (seen.target or b"").partition(ZONES)[2].decode("ascii", "replace")
    elif seen.type is not None or seen.why not in GONE:
        raise unobserved(f"{plain(LOCALTIME)} names no time zone", Blame.HOST)
    if zone != own and not {zone.upper() if zone.lower() == "utc" else zone, own} <= UNIVERSAL:
        said = f"the timer names the time zone {plain(zone)}, and the host's own is {plain(own)}"
        raise unobserved(said, Blame.HOST)
