"""The invigilator's sheet: who is ready when, and what to do when something happens. No names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from labctl.roomkit.model import Place, Room, in_order
from labctl.roomkit.page import page


@dataclass(frozen=True, slots=True)
class Situation:
    """Something that happens: what people do, and then what is typed, in order.

    In a command `SITTING` is the sitting's code; what else is in capitals is put in by hand.
    """

    what: str
    do: str
    commands: tuple[str, ...] = ()


EMERGENCIES = (
    Situation(
        "Fire alarm",
        "People first. If you pass the keyboard, stop all clocks, then leave; nobody takes "
        "anything along. Once all are back: compare the register, then let everybody go on. If "
        "there was no time to type, stop the clocks as soon as you can, and give back what was "
        "lost.",
        (
            'labctl sitting pause SITTING --reason "fire alarm"',
            "labctl sitting resume SITTING",
            'labctl extend SESSION --minutes N --reason "fire alarm"',
        ),
    ),
    Situation(
        "Power cut, or the server is down",
        "Nobody loses time: the clocks stand as of the last sign of life. Keep everybody in their "
        "seats and write down the time. When the server is back, let each go on when they are "
        "ready. What was not saved on a machine is lost: note who says so.",
        ("labctl sitting show SITTING", "labctl sitting resume SITTING CANDIDATE"),
    ),
    Situation(
        "One machine does not answer",
        "Write down the time, and call the assessor or the technician: only they may make it anew.",
        ('labctl reset SESSION HOST --fault --reason "WHAT HAPPENED"',),
    ),
)
"""What leaves no time to look anything up."""

COURSE = (
    Situation(
        "Everybody comes in",
        "Compare each proof of identity with the register, and tick both columns on paper. Then "
        "write down who is absent, and after that all the others at once.",
        (
            "labctl sitting register SITTING CANDIDATE absent",
            "labctl sitting register SITTING present --identity-checked",
        ),
    ),
    Situation(
        "All are seated: begin",
        "Each clock begins when that candidate's machines are up. Who is absent is left out. Type "
        "it again if it is interrupted: nobody is begun twice.",
        ("labctl sitting begin SITTING",),
    ),
    Situation(
        "Somebody comes late",
        "They have their whole time from then on. Look whether they finish while the room is free.",
        (
            "labctl sitting register SITTING CANDIDATE late --identity-checked",
            "labctl sitting begin SITTING CANDIDATE",
        ),
    ),
    Situation(
        "Somebody needs a rest break",
        "Let them save first. The clock stands until they are back; their machines are frozen.",
        ('labctl pause SESSION --reason "rest break"', "labctl resume SESSION"),
    ),
    Situation(
        "The task has a mistake",
        "Call the assessor. Everybody is told the same, in writing, and gets the time back.",
        ('labctl sitting notice SITTING "TEXT" --credit MINUTES',),
    ),
    Situation(
        "You suspect that somebody cheats",
        "Stop nothing, take nothing away, and say nothing aloud. Note what you saw, without names.",
        ('labctl note SESSION --kind malpractice --text "WHAT YOU SAW"',),
    ),
    Situation(
        "Somebody is ill, or leaves for good",
        "Hand in what is there. It can be opened again until it is released.",
        ("labctl submit SESSION",),
    ),
    Situation(
        "All are ready: end",
        "It is refused while somebody still works, and says who.",
        ("labctl sitting end SITTING",),
    ),
)
"""What happens at any sitting, in the order in which it does."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One lab, or one candidate with extra time: the time allowed, and when it is up."""

    title: str
    allowed: timedelta
    finish: datetime
    places: tuple[Place, ...]


def invigilator(room: Room, places: tuple[Place, ...]) -> bytes:
    """The sheet. Finishes are those of whoever begins on time and is not interrupted."""
    walked = in_order(places)
    late = [place for place in walked if place.finish(room.starts) > room.until]
    return page(
        "invigilator.html.j2",
        room,
        ordinary=_by_lab(room, tuple(place for place in walked if not place.extra)),
        extra=_by_lab(room, tuple(place for place in walked if place.extra), each=True),
        late=late,
        breaks=[place for place in walked if place.access and not _only_time(place)],
        sessions=[place for place in walked if place.session],
        emergencies=[_filled(each, room.sitting) for each in EMERGENCIES],
        course=[_filled(each, room.sitting) for each in COURSE],
        count=len(places),
    )


def _by_lab(room: Room, places: tuple[Place, ...], *, each: bool = False) -> list[Timing]:
    """Those who have the same lab and the same time; every seat by itself where `each`."""
    found: dict[tuple[str, timedelta, str], list[Place]] = {}
    for place in places:
        key = (place.title, place.allowed, place.label if each else "")
        found.setdefault(key, []).append(place)
    timings = [
        Timing(title, allowed, some[0].finish(room.starts), tuple(some))
        for (title, allowed, _), some in found.items()
    ]
    return sorted(timings, key=lambda timing: timing.finish) if each else timings


def _only_time(place: Place) -> bool:
    return place.access == f"{place.extra} % extra time"


def _filled(situation: Situation, sitting: str) -> Situation:
    commands = tuple(each.replace("SITTING", sitting) for each in situation.commands)
    return Situation(situation.what, situation.do, commands)
