"""`labctl sitting prepare`: is there room for everybody, and does every seat work?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.sittings.capacity import Forecast, LabForecast, Need
    from labctl.sittings.preparing import Prepared, Tried

FOUND_PROBLEMS = 1


@click.command()
@click.argument("code", metavar="SITTING")
@click.option(
    "--pre-flight", is_flag=True, help="Try every seat: start it, grade it untouched, remove it."
)
@library_option
@as_json
@pass_settings
def prepare(settings: Settings, code: str, *, pre_flight: bool, as_json: bool) -> int:
    """Look whether a sitting can be held.

    How many seats fit on this server, by what is free now and what each lab may take. No clock
    runs, and a pre-flight is nobody's attempt. Exits with 1 if seats must wait or one has failed.
    """
    settings.when_interrupted = "What was tried is noted; `labctl gc` removes what is left of it."
    from labctl.sittings.preparing import prepare as look

    screen = settings.screen

    def progress(tried: Tried) -> None:
        screen.say(f"{tried.label}: {tried.problem or 'fine'}")

    with settings.controller(lambda _code, _line: None) as controller:
        found = look(controller, code, pre_flight=pre_flight, progress=progress)
    if as_json:
        screen.json(found)
    else:
        _show(screen, found)
    return 0 if found.ok else FOUND_PROBLEMS


def _show(screen: Screen, found: Prepared) -> None:
    room = found.forecast
    rows = [_row(each) for each in room.labs]
    screen.table(("LAB", ">SEATS", ">MEMORY", ">DISK", ">FIT AT MOST", "SHORT OF"), rows)
    screen.show("", _forecast(room))
    if room.short_of == "processors":
        screen.say(
            "Processors that are busy now count as taken: ask again while nothing else runs."
        )
    for each in found.tried:
        if each.problem:
            screen.error(f"{each.label} ({each.candidate}, {each.lab}): {each.problem}", each.cure)
    if found.tried and not any(each.problem for each in found.tried):
        screen.say(f"Every seat that was tried works: {len(found.tried)} of {_seats(found)}.")
    elif not found.tried:
        screen.say("No seat has been tried yet: `--pre-flight` tries them all.")
    for warning in found.warnings:
        screen.warn(f"{warning}.")


def _seats(found: Prepared) -> int:
    return len(found.sitting.seats)


def _row(lab: LabForecast) -> tuple[str, ...]:
    need = lab.need
    kind = " (VMs)" if lab.provider == "libvirt" else ""
    return (
        f"{lab.lab}{kind}",
        str(lab.seats),
        _size(need.memory),
        _size(need.disk),
        str(lab.most),
        lab.short_of,
    )


def _size(value: int | None) -> str:
    if value is None:
        return "unknown"
    return f"{value / 2**30:.1f} GiB" if value >= 2**30 else f"{value / 2**20:.0f} MiB"


def _forecast(room: Forecast) -> str:
    """How many fit, in a line, and what the others wait for."""
    free = f"Free here: {_free(room.free)}."
    if not room.wait:
        return f"All {room.fit} fit at once. {free}"
    return f"{room.fit} fit at once, {room.wait} must wait for {room.short_of}. {free}"


def _free(free: Need) -> str:
    return (
        f"{_size(free.memory)} of memory, {_size(free.disk)} of disk, "
        f"{free.processors:.1f} processors"
    )
