"""`labctl sitting`: planned, looked at and ended; what is done in between is in `sitting_acts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labctl.cli.room_kit import kit
from labctl.cli.settings import Settings, as_json, library_option, pass_settings
from labctl.cli.sitting_acts import begin, notice, pause, register, resume
from labctl.cli.sitting_prepare import prepare
from labctl.cli.words import plural

if TYPE_CHECKING:
    from labctl.store import Mode


@click.group()
def sitting() -> None:
    """Run a sitting: a room, a time, labs, and the people there.

    \b
    labctl sitting new --day 2026-03-14 --start 09:30 --until 12:00 --room "R 12" \\
                       --lab static-routing --cohort 2026-A
    labctl sitting prepare SITTING --pre-flight     the day before: is there room, does all work
    labctl sitting kit SITTING DIR                  to print: slips, register, task sheets
    labctl sitting register SITTING C107 absent     then, for all others: register SITTING present
    labctl sitting begin SITTING                    everybody who is there
    labctl sitting begin SITTING C109               somebody who comes late
    labctl sitting pause SITTING --reason "fire alarm"
    labctl sitting resume SITTING
    labctl sitting show SITTING                     the register, and every clock
    labctl sitting end SITTING                      when nobody works any more
    """  # noqa: D301  # click wants the backspace itself: it keeps the lines as they are


@sitting.command()
@click.option("--day", required=True, metavar="DAY", help="As `2026-03-14`.")
@click.option("--start", "begins", required=True, metavar="TIME", help="As `09:30`.")
@click.option("--until", required=True, metavar="TIME", help="The end of the room's booking.")
@click.option("--room", required=True, help="Which room.")
@click.option(
    "--lab", "labs", multiple=True, metavar="LAB", help="May be repeated: dealt out in turn."
)
@click.option("--cohort", default="", metavar="NAME", help="Everybody on the roster who is in it.")
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="CODE[=LAB]",
    help="A candidate's code; may be repeated. With a lab: works at that one.",
)
@click.option("--staff", multiple=True, metavar="ACCOUNT", help="Who is there; may be repeated.")
@click.option("--practice", is_flag=True, help="Practice: hints, and check-my-work.")
@library_option
@as_json
@pass_settings
def new(
    settings: Settings,
    *,
    day: str,
    begins: str,
    until: str,
    room: str,
    labs: tuple[str, ...],
    cohort: str,
    candidates: tuple[str, ...],
    staff: tuple[str, ...],
    practice: bool,
    as_json: bool,
) -> None:
    """Plan a sitting.

    Extra time and other access arrangements are those of the roster. Whoever would not be done
    when the booking of the room ends is named.
    """
    from labctl.sittings.planning import SittingRequest, plan_sitting

    mode: Mode = "practice" if practice else "assessment"
    request = SittingRequest(day, begins, until, room, labs, candidates, cohort, staff, mode)
    screen = settings.screen
    with settings.controller() as controller:
        planned = plan_sitting(controller, request)
    if as_json:
        screen.json(planned)
    else:
        found = planned.sitting
        screen.line(found.code)
        screen.say(
            f"{found.code}: {plural(len(found.seats), 'seat')} in {found.room} on {found.day}, "
            f"{found.begins} to {found.until}. `labctl sitting prepare {found.code}` comes next."
        )
    for each in planned.warnings:
        screen.warn(f"{each}.")


@sitting.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that are over.")
@as_json
@pass_settings
def list_sittings(settings: Settings, *, every: bool, as_json: bool) -> None:
    """List sittings: those that are to come or under way, or all."""
    from labctl.cli.words import sign
    from labctl.sittings.model import OVER
    from labctl.sittings.reading import listed

    screen = settings.screen
    with settings.controller() as controller:
        all_of_them = listed(controller)
    found = [each for each in all_of_them.sittings if every or each.stage not in OVER]
    for code in all_of_them.damaged:
        screen.warn(f"Sitting {code} cannot be read: `labctl audit` says where it is damaged.")
    if as_json:
        screen.json(found)
        return
    if not found:
        more = "" if every else " `labctl sitting list --all` lists those that are over."
        screen.say(f"No sitting is planned.{more}")
        return
    rows = [
        (
            each.code,
            each.day,
            each.begins,
            each.room,
            ", ".join(each.labs),
            str(len(each.seats)),
            sign(each.stage),
        )
        for each in found
    ]
    screen.table(("CODE", "DAY", "BEGINS", "ROOM", "LABS", ">SEATS", "STAGE"), rows)


@sitting.command()
@click.argument("code", metavar="SITTING")
@click.option("--log", is_flag=True, help="Show the whole log of the sitting too.")
@as_json
@pass_settings
def show(settings: Settings, code: str, *, log: bool, as_json: bool) -> None:
    """Show the register and the clocks of a sitting."""
    from labctl.centre.candidates import names
    from labctl.cli.sitting_sheet import sheet
    from labctl.sittings.views import sitting_view

    with settings.controller() as controller:
        view = sitting_view(controller, code, names(controller))
    if as_json:
        settings.screen.json(view)
    else:
        sheet(settings.screen, view, log=log)


@sitting.command()
@click.argument("code", metavar="SITTING")
@as_json
@pass_settings
def end(settings: Settings, code: str, *, as_json: bool) -> None:
    """End a sitting: what became of everybody is sealed.

    Only when nobody works any more, and the register says of everybody whether they were there.
    Hosts stay until `labctl stop`; marking goes on as before.
    """
    from labctl.cli.sitting_sheet import sheet
    from labctl.sittings.ending import end as seal

    screen = settings.screen
    with settings.controller() as controller:
        view = seal(controller, code)
    if as_json:
        screen.json(view)
        return
    sheet(screen, view, log=False)
    screen.say(f"Sitting {code} has ended; its log is sealed by")
    screen.say(view.head)
    if codes := " ".join(view.sitting.sessions):
        screen.say(f"`labctl stop {codes}` removes the hosts.")


@sitting.command()
@click.argument("code", metavar="SITTING")
@click.option("--reason", required=True, help="Why; in the log, so no names in it.")
@as_json
@pass_settings
def cancel(settings: Settings, code: str, *, reason: str, as_json: bool) -> None:
    """Call a sitting off that nobody has begun. Its log stays."""
    from labctl.sittings.cancelling import cancel as call_off

    with settings.controller() as controller:
        found = call_off(controller, code, reason)
    if as_json:
        settings.screen.json(found)
    else:
        settings.screen.say(f"Sitting {code} is cancelled.")


for _command in (prepare, kit, register, begin, pause, resume, notice):
    sitting.add_command(_command)
