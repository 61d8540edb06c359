"""`labctl sitting register`, `begin`, `pause`, `resume` and `notice`: what is done in the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labctl.cli.incidents import CREDIT
from labctl.cli.settings import Settings, as_json, library_option, pass_settings

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.sessions.controller import Controller
    from labctl.sittings.acting import Acted, Outcome
    from labctl.sittings.beginning import Begun

SITTING = click.argument("code", metavar="SITTING")
CANDIDATES = click.argument("candidates", nargs=-1, metavar="[CANDIDATE]...")
PRESENCES = ("present", "late", "absent")


@click.command()
@SITTING
@CANDIDATES
@click.argument("presence", type=click.Choice(PRESENCES), metavar="present|late|absent")
@click.option("--identity-checked", is_flag=True, help="Their identity was checked, by you.")
@as_json
@pass_settings
def register(
    settings: Settings,
    code: str,
    candidates: tuple[str, ...],
    *,
    presence: str,
    identity_checked: bool,
    as_json: bool,
) -> None:
    """Write into the register who is there.

    Without candidates it is everybody of whom the register says nothing yet.

    \b
    labctl sitting register SITTING C107 absent
    labctl sitting register SITTING present --identity-checked
    """  # noqa: D301  # click wants the backspace itself: it keeps the lines as they are
    from labctl.sittings.model import Presence
    from labctl.sittings.register import register as write

    screen = settings.screen
    with settings.controller() as controller:
        seats = write(controller, code, candidates, Presence(presence), identity=identity_checked)
    if as_json:
        screen.json(seats)
        return
    seen = ", identity checked" if identity_checked else ""
    screen.say(f"{presence}{seen}: {', '.join(seat.candidate for seat in seats)}")


@click.command()
@SITTING
@CANDIDATES
@click.option(
    "--beyond-limit", is_flag=True, help="Go on where the policy allows no more attempts."
)
@click.option("--reason", default="", help="Why it may go beyond; it stands in the log.")
@library_option
@as_json
@pass_settings
def begin(
    settings: Settings,
    code: str,
    candidates: tuple[str, ...],
    *,
    beyond_limit: bool,
    reason: str,
    as_json: bool,
) -> int:
    """Start everybody who is there, or one who comes late.

    Who has a session already is left alone: after anything went wrong, type it again.
    """
    if beyond_limit != bool(reason):
        raise click.UsageError("`--beyond-limit` and `--reason` go together.")
    settings.when_interrupted = (
        f"What was half up is undone. `labctl sitting begin {code}` goes on with the others."
    )
    from labctl.cli.settling import settle
    from labctl.sittings.reading import demand_known
    from labctl.warden.running import ensure_warden

    with settings.controller() as controller:
        demand_known(controller, code)  # a wrong name first, before anything is settled
        settle(settings, controller)
        begun = _begin(settings, controller, code, candidates, reason)
        if any(each.session for each in begun.started):
            ensure_warden(controller)
        _tell_begun(settings, controller, begun, as_json=as_json)
    return max((each.exit_code for each in begun.started), default=0)


def _begin(
    settings: Settings,
    controller: Controller,
    code: str,
    candidates: tuple[str, ...],
    beyond_limit: str,
) -> Begun:
    """Begin, with a line for each candidate while the hosts come up."""
    from labctl.cli.board import Board
    from labctl.cli.starting import named_on
    from labctl.sittings.beginning import begin as start_all

    with Board(settings.screen) as board:
        controller.tell = named_on(controller, board)
        try:
            return start_all(controller, code, candidates, beyond_limit)
        finally:
            controller.tell = settings.screen.tell


def _tell_begun(settings: Settings, controller: Controller, begun: Begun, *, as_json: bool) -> None:
    from labctl.cli.starting import tell_of_people, tell_started, warn_of_labs
    from labctl.sessions.starting import StartRequest
    from labctl.sittings.views import sitting_view

    screen = settings.screen
    view = sitting_view(controller, begun.sitting)
    found = view.sitting
    names = tuple(each.candidate for each in begun.started)
    labs = dict.fromkeys(found.seat_of(each).lab for each in names)
    requests = [StartRequest(lab, (), found.mode) for lab in labs]
    warn_of_labs(settings, controller, requests)
    tell_of_people(settings, controller, names)
    if as_json:
        screen.json(begun)
    else:
        tell_started(settings, controller, begun.started, as_json=False)
    if begun.already:
        screen.say(f"Begun before: {', '.join(begun.already)}.")
    if begun.unknown and found.mode == "assessment":
        screen.warn(
            f"Nobody has checked the identity of {', '.join(begun.unknown)}: "
            f"`labctl sitting register {found.code} CANDIDATE... present --identity-checked`."
        )
    stand = {each.seat.candidate for each in view.seats if each.state == "paused"}
    if paused := [each for each in names if each in stand]:
        screen.warn(
            f"The room stands, and so does the clock of {', '.join(paused)}: "
            f"`labctl sitting resume {found.code}` lets everybody go on."
        )
    beyond = [each.seat.candidate for each in view.seats if each.beyond]
    if beyond:
        screen.warn(
            f"The room is booked until {found.until}, and the time of {', '.join(beyond)} ends "
            "after that."
        )


@click.command()
@SITTING
@click.option("--reason", required=True, help="Why; in the log, so no names in it.")
@as_json
@pass_settings
def pause(settings: Settings, code: str, *, reason: str, as_json: bool) -> int:
    """Stop every clock in the room, and freeze all hosts.

    For a fire alarm. Consoles are ended, and what is not saved in them is lost. One session that
    cannot be paused keeps no other from it. Until `sitting resume` nobody begins, and whoever is on
    the way is paused once they are up.
    """
    settings.when_interrupted = f"Type it again: `labctl sitting pause {code}` pauses the others."
    from labctl.cli.settling import tell_settled
    from labctl.sessions.recovery import stand_still
    from labctl.sittings.pausing import pause as stop_all
    from labctl.sittings.reading import demand_known

    with settings.controller(lambda _code, _line: None) as controller:
        demand_known(controller, code)
        tell_settled(settings, stand_still(controller))
        acted = stop_all(controller, code, reason)
    return _ended(settings.screen, acted, "paused, the clock stands", as_json=as_json)


@click.command()
@SITTING
@CANDIDATES
@click.option("--all", "every", is_flag=True, help="Also who was paused for another reason.")
@as_json
@pass_settings
def resume(
    settings: Settings, code: str, candidates: tuple[str, ...], *, every: bool, as_json: bool
) -> int:
    """Let everybody go on, or those named.

    Everybody is whom `sitting pause` has stopped. Who was paused for another reason (a rest break,
    a server that went down) goes on when named.
    """
    if candidates and every:
        raise click.UsageError("Name candidates, or give `--all`.")
    settings.when_interrupted = "What had not begun to run again is still paused."
    from labctl.cli.settling import tell_settled
    from labctl.errors import UsageError
    from labctl.sessions.recovery import stand_still
    from labctl.sittings.pausing import resume as go_on
    from labctl.sittings.reading import demand_known
    from labctl.warden.running import ensure_warden

    with settings.controller(lambda _code, _line: None) as controller:
        demand_known(controller, code)
        tell_settled(settings, stand_still(controller))
        acted = go_on(controller, code, candidates, everybody=every)
        ensure_warden(controller)
    ended = _ended(settings.screen, acted, "running", as_json=as_json)
    if acted.outcomes:
        return ended
    if not acted.left:
        settings.screen.say(f"Nobody was paused. `labctl sitting begin {code}` begins the others.")
        return ended
    settings.screen.error(
        "Nobody goes on.",
        f"`labctl sitting resume {code} CANDIDATE...` lets those go on who are there, `--all` all.",
    )
    return UsageError.exit_code


@click.command()
@SITTING
@click.argument("text")
@CREDIT
@click.option("--lab", help="Only those who work at this lab.")
@as_json
@pass_settings
def notice(
    settings: Settings, code: str, text: str, *, credit: int, lab: str | None, as_json: bool
) -> int:
    """Tell everybody in the room something, such as a correction.

    It stands at the top of every task sheet, also of those who begin later, who are given no time
    back: they read it from the beginning.
    """
    settings.when_interrupted = "Type it again: nobody is told twice, or given the time twice."
    from labctl.sittings.notices import notice as tell_all

    with settings.controller() as controller:
        acted = tell_all(controller, code, text, credit * 60, lab)
    told = "has it on the task sheet"
    if not acted.outcomes and not as_json:
        settings.screen.say("Nobody works yet; who begins has it on the task sheet.")
    return _ended(settings.screen, acted, told, as_json=as_json)


def _ended(screen: Screen, acted: Acted, told: str, *, as_json: bool) -> int:
    """Say what came of it for each; the highest exit code of them."""
    if as_json:
        screen.json(acted)
    for each in acted.outcomes:
        if each.problem:
            screen.error(f"{each.candidate} ({each.session}): {each.problem}", each.hint)
        elif not as_json:
            screen.say(f"{each.candidate} ({each.session}): {told}{_rest(each)}")
    for candidate, why in acted.left.items():
        screen.warn(f"{candidate} is left as it is: {why}.")
    return acted.exit_code


def _rest(found: Outcome) -> str:
    from labctl.cli.words import span

    left = "" if found.remaining is None else f", {span(found.remaining)} left"
    return f"{left}; {found.note}" if found.note else left
