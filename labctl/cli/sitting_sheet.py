"""What `labctl sitting show` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labctl.cli.words import clock, left, plural, sign, span
from labctl.sessions.clock import NOTICED

if TYPE_CHECKING:
    from rich.text import Text

    from labctl.cli.screen import Screen
    from labctl.sittings.views import SeatView, SittingView


def sheet(screen: Screen, view: SittingView, *, log: bool) -> None:
    """Show a sitting, its log only if it is asked for."""
    found = view.sitting
    title = screen.text(
        f"{found.code}  {found.day}, {found.begins} to {found.until}, {found.room}  ", "bold"
    )
    screen.show(title + sign(found.stage))
    about = [found.mode, ", ".join(found.labs), plural(len(found.seats), "seat")]
    about += [f"cohort {found.cohort}"] if found.cohort else []
    about += [f"staff: {', '.join(found.staff)}"] if found.staff else []
    screen.show("; ".join(about))
    for each in view.cut_off:
        told = f"! cut off, or in the middle of it: {each.what}, {clock(each.at)} by {each.actor}"
        screen.show(screen.text(told, "red"))
    screen.show("")
    several = len(found.labs) > 1
    columns = ("SEAT", "CANDIDATE", *(("LAB",) if several else ()), "REGISTER", "SESSION", "STATE")
    screen.table(
        (*columns, ">LEFT", "NOTES"), [_row(screen, each, several=several) for each in view.seats]
    )
    screen.show("", _counted(view))
    if log:
        screen.show("")
        rows = [(clock(each.at), each.actor, each.what) for each in view.timeline]
        screen.table(("WHEN", "WHO", "WHAT"), rows)


def _row(screen: Screen, each: SeatView, *, several: bool) -> tuple[str | Text, ...]:
    seat = each.seat
    entry = sign(seat.entry.presence)
    if seat.entry.identity_by:
        entry.append(", ID")
    state = sign(each.state) if each.state else screen.text("")
    lab = (seat.lab,) if several else ()
    who = f"{seat.candidate} {each.name}".rstrip()
    session, notes = seat.session or "", ", ".join(_notes(each))
    return (seat.label, who, *lab, entry, session, state, _rest(each), notes)


def _rest(each: SeatView) -> str:
    """The time that is left, as long as there is any to work."""
    if each.clock is None:
        return ""
    if each.clock.phase == "paused":
        return span(each.clock.remaining)
    return left(each.clock.deadline).removesuffix(" left")


def _notes(each: SeatView) -> list[str]:
    found = []
    if each.clock is not None and each.clock.extra_percent:
        found.append(f"+{each.clock.extra_percent} %")
    if each.clock is not None and each.clock.credited:
        found.append(f"+{_short(each.clock.credited)}")
    if each.clock is not None and each.clock.extended:
        found.append(f"extended {_short(each.clock.extended)}")
    if each.paused:
        found.append(f"stood {_short(each.paused)}")
    if each.void:
        found.append(f"void: {', '.join(each.void)}")
    if each.held:
        found.append("held")
    incidents = [one for one in each.incidents if one.kind != NOTICED]
    if incidents:
        found.append(plural(len(incidents), "incident"))
    if each.reached_in:
        found.append(f"assistance: {each.reached_in}")
    if each.beyond:
        found.append("ends after the booking")
    if each.problem:
        found.append(f"the record is damaged: {each.problem}")
    return found


def _short(value: int) -> str:
    """A time in seconds: `42 s`, `3 min`."""
    return span(value) if value >= 60 else f"{value} s"


def _counted(view: SittingView) -> str:
    presences = [each.seat.entry.presence.value for each in view.seats]
    order = ("present", "late", "absent", "expected")
    told = [f"{presences.count(each)} {each}" for each in order if each in presences]
    begun = sum(1 for each in view.seats if each.seat.session)
    return f"{', '.join(told)}; {plural(begun, 'session')} begun."
