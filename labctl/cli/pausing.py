"""`labctl pause`, `resume` and `extend`: what people do to sessions' clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from labctl.sessions.clock import Clock
    from labctl.sessions.controller import Controller
    from labctl.sessions.side_by_side import Outcome, ValueT

SESSIONS = click.argument("sessions", nargs=-1, required=True, metavar="SESSION...")
REASON = click.option("--reason", required=True, help="Why; in the log, so no names in it.")


@click.command()
@SESSIONS
@REASON
@as_json
@pass_settings
def pause(settings: Settings, sessions: tuple[str, ...], *, reason: str, as_json: bool) -> int:
    """Stop sessions' clocks and freeze their hosts.

    For a rest break or an alarm. Consoles are ended, and what is not saved in them is lost: let
    people save first. Nobody gets in until `labctl resume`. A paused session can be handed in.
    """
    settings.when_interrupted = "The clocks stand; the next command freezes what is not frozen."
    from labctl.cli.words import span
    from labctl.sessions.pausing import pause as stop_clock

    def done(clock: Clock) -> str:
        return f"paused, {span(clock.remaining.total_seconds())} left; the clock stands"

    def act(controller: Controller, code: str) -> Clock:
        return stop_clock(controller, code, reason)

    return _for_each(settings, sessions, act, lambda clock: clock, done, as_json=as_json)


@click.command()
@SESSIONS
@as_json
@pass_settings
def resume(settings: Settings, sessions: tuple[str, ...], *, as_json: bool) -> int:
    """Let paused sessions go on: hosts first, then the clock."""
    settings.when_interrupted = "What had not begun to run again is still paused."
    from labctl.cli.words import span
    from labctl.sessions.pausing import Resumed
    from labctl.sessions.pausing import resume as go_on
    from labctl.warden.running import ensure_warden

    def done(found: Resumed) -> str:
        lost = ""
        if found.restarted:
            names = ", ".join(found.restarted)
            lost = f"; {names} had stopped, and what was not saved there is gone"
        return f"running, {span(found.clock.remaining.total_seconds())} left{lost}"

    ended = _for_each(settings, sessions, go_on, lambda found: found.clock, done, as_json=as_json)
    with settings.controller() as controller:
        ensure_warden(controller)
    return ended


@click.command()
@SESSIONS
@click.option("--minutes", type=click.IntRange(1, 1440), required=True, help="How many more.")
@REASON
@as_json
@pass_settings
def extend(
    settings: Settings, sessions: tuple[str, ...], *, minutes: int, reason: str, as_json: bool
) -> int:
    """Give sessions more time, running or paused.

    It is added to the time of the whole session: one that is 3 minutes over has 7 left of 10.
    """
    from labctl.cli.words import span
    from labctl.sessions.pausing import extend as give

    def done(clock: Clock) -> str:
        return f"{minutes} min more, {span(clock.remaining.total_seconds())} left"

    def act(controller: Controller, code: str) -> Clock:
        return give(controller, code, minutes * 60, reason)

    return _for_each(settings, sessions, act, lambda clock: clock, done, as_json=as_json)


def _for_each(
    settings: Settings,
    sessions: tuple[str, ...],
    act: Callable[[Controller, str], ValueT],
    clock_in: Callable[[ValueT], Clock],
    told: Callable[[ValueT], str],
    *,
    as_json: bool,
) -> int:
    """Do it to every session, and say what came of each; one that fails costs no other."""
    from labctl.cli.screen import plain_json
    from labctl.cli.settling import tell_settled
    from labctl.sessions.clock_view import clock_view
    from labctl.sessions.recovery import stand_still
    from labctl.sessions.side_by_side import side_by_side

    names = tuple(dict.fromkeys(sessions))
    with settings.controller(lambda _code, _line: None) as controller:
        for code in names:
            controller.store.session(code)
        for code in names:
            tell_settled(settings, stand_still(controller, code))
        outcomes: tuple[Outcome[ValueT], ...] = side_by_side(
            controller, names, lambda code: act(controller, code)
        )
    found: list[dict[str, Any]] = []
    for each in outcomes:
        if each.error is not None:
            settings.screen.error(f"{each.name}: {each.error.message}", each.error.hint)
        elif each.value is not None:
            found.append({"code": each.name} | plain_json(clock_view(clock_in(each.value))))
            if not as_json:
                settings.screen.say(f"{each.name}: {told(each.value)}")
    if as_json:
        settings.screen.json(found)
    return max((each.error.exit_code for each in outcomes if each.error), default=0)
