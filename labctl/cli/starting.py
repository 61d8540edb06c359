"""`labctl start` and `labctl stop`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labctl.cli.board import Board
    from labctl.sessions.controller import Controller
    from labctl.sessions.starting import Started, StartRequest
    from labctl.sessions.views import SessionView
    from labctl.store import Mode


@click.command()
@click.argument("lab")
@click.argument("more", nargs=-1, metavar="[ID]...")
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="ID",
    help="A candidate's code; may be given more than once, or followed by more codes.",
)
@click.option(
    "--candidates-file",
    type=click.File(encoding="utf-8"),
    help="Candidates' codes from a file, one a line; `-` reads them from stdin.",
)
@click.option("--cohort", metavar="NAME", help="Everybody on the roster who is in this cohort.")
@click.option("--practice", is_flag=True, help="Practice: hints, and check-my-work.")
@click.option(
    "--extra-time",
    type=click.IntRange(0, 100),
    metavar="PERCENT",
    help="So much more time for these candidates (default: what the roster gives each).",
)
@click.option("--seed", type=click.IntRange(min=0), help="This seed for all (default: drawn).")
@click.option(
    "--beyond-limit", is_flag=True, help="Go on where the policy allows no more attempts."
)
@click.option("--reason", default="", help="Why it may go beyond; it stands in the log.")
@library_option
@as_json
@pass_settings
def start(
    settings: Settings,
    lab: str,
    more: tuple[str, ...],
    candidates: tuple[str, ...],
    *,
    candidates_file: Any,
    cohort: str | None,
    extra_time: int | None,
    seed: int | None,
    practice: bool,
    beyond_limit: bool,
    reason: str,
    as_json: bool,
) -> int:
    """Start a lab for one or more candidates, a session each.

    \b
    labctl start static-routing --candidate amy --candidate bilal
    """  # noqa: D301  # click wants the backspace itself: it keeps the lines as they are
    if beyond_limit != bool(reason):
        raise click.UsageError("`--beyond-limit` and `--reason` go together.")
    settings.when_interrupted = (
        "What was half up is undone. `labctl sessions` lists the sessions that run."
    )
    from labctl.centre.candidates import codes_of_cohort
    from labctl.cli.settling import settle
    from labctl.sessions.starting import StartRequest
    from labctl.warden.running import ensure_warden

    named = (*candidates, *more, *_from_file(candidates_file))
    with settings.controller() as controller:
        if cohort is not None:
            named += codes_of_cohort(controller, cohort)
        mode: Mode = "practice" if practice else "assessment"
        request = StartRequest(lab, named, mode, seed, reason, extra_time)
        settle(settings, controller)
        started = _start(settings, controller, request)
        warn_of_labs(settings, controller, [request])
        tell_of_people(settings, controller, named)
        if any(each.session for each in started):
            ensure_warden(controller)
        tell_started(settings, controller, started, as_json=as_json)
    return max((each.exit_code for each in started), default=0)


def tell_of_people(settings: Settings, controller: Controller, named: tuple[str, ...]) -> None:
    """Say who has access arrangements, and who is not on the roster though there is one."""
    from labctl.centre.candidates import candidates
    from labctl.errors import NotPermitted

    try:
        known = {each.code: each for each in candidates(controller)}
    except NotPermitted:
        return
    for code in named:
        if code in known and known[code].access:
            settings.screen.say(f"{code} has access arrangements: {known[code].access}")
    strangers = [code for code in named if code not in known]
    if known and strangers:
        settings.screen.warn(f"Not on the roster: {', '.join(strangers)}.")


def warn_of_labs(
    settings: Settings, controller: Controller, requests: Sequence[StartRequest]
) -> None:
    """Say what should be known of labs that are to assess somebody, of each level once."""
    levels = {controller.library.lab(each.lab).header.level: each for each in requests}
    for request in levels.values():
        _warn_of_dates(settings, controller, request)
    for request in requests:
        _warn_of_approval(settings, controller, request)


def _warn_of_approval(settings: Settings, controller: Controller, request: StartRequest) -> None:
    """Say that nobody has approved the lab as it is, where it is to assess somebody."""
    from labctl.centre.approvals import lacking

    if request.mode == "practice" or controller.policy.approved_labs == "off":
        return
    why = lacking(controller.store, controller.library.lab(request.lab))
    if why:
        settings.screen.warn(f"{why} `labctl labs approve {request.lab}` does.")


def _warn_of_dates(settings: Settings, controller: Controller, request: StartRequest) -> None:
    """Say which qualifications of the lab's level can no longer be registered for or awarded.

    A warning: it may be somebody who is registered already, and nothing stops practice.
    """
    if request.mode == "practice":
        return
    lab = controller.library.lab(request.lab)
    today = datetime.now(UTC).date()
    for line in lab.around.catalogue.passed_dates(lab.header.level, today):
        settings.screen.warn(f"{line}.")


def _from_file(file: Any) -> list[str]:
    if file is None:
        return []
    lines = (line.partition("#")[0].strip() for line in file)
    return [line for line in lines if line]


def _start(
    settings: Settings, controller: Controller, request: StartRequest
) -> tuple[Started, ...]:
    """Start them, with a line for each candidate while they come up."""
    from labctl.cli.board import Board
    from labctl.sessions.starting import start as begin

    with Board(settings.screen) as board:
        controller.tell = named_on(controller, board)
        try:
            return begin(controller, request)
        finally:
            controller.tell = settings.screen.tell


def named_on(controller: Controller, board: Board) -> Any:
    """A controller's `tell` that writes to the board, each session with its candidate."""
    names: dict[str, str] = {}

    def tell(code: str, line: str) -> None:
        if code and code not in names:
            names[code] = f"{code} ({controller.store.session(code).candidate})"
        board.say(names.get(code, ""), line)

    return tell


def tell_started(
    settings: Settings, controller: Controller, started: tuple[Started, ...], *, as_json: bool
) -> None:
    """Say how starts went; one problem of several candidates is told once."""
    from labctl.cli.words import left, sign
    from labctl.sessions.views import view

    screen = settings.screen
    codes = [each.session for each in started if each.session]
    views = {code: view(controller.store.session(code), None) for code in codes}
    if as_json:
        screen.json([_json(each, views) for each in started])
    elif codes:
        rows = [
            (each.code, each.candidate, sign(each.state), str(each.seed), left(each.deadline))
            for each in views.values()
        ]
        screen.table(("CODE", "CANDIDATE", "STATE", ">SEED", "TIME"), rows)
    problems: dict[tuple[str, str], list[str]] = {}
    for each in started:
        if each.session is None:
            problems.setdefault((each.problem, each.hint), []).append(each.candidate)
    for (problem, hint), names in problems.items():
        screen.error(f"{', '.join(names)}: not started. {problem}", hint)
    if codes and not as_json:
        screen.say(f"`labctl tasks {codes[0]}` shows the task sheet, `labctl submit {codes[0]}`")
        screen.say("takes the work in, `labctl stop` removes the hosts.")


def _json(started: Started, views: dict[str, SessionView]) -> dict[str, Any]:
    from labctl.cli.screen import plain_json

    if started.session is None:
        told = {"candidate": started.candidate, "problem": started.problem, "hint": started.hint}
        return {"code": None} | told
    found: dict[str, Any] = plain_json(views[started.session])
    return found


@click.command()
@click.argument("sessions", nargs=-1, metavar="[SESSION]...")
@click.option("--all", "every", is_flag=True, help="Every session that has hosts.")
@click.option("--yes", is_flag=True, help="Do not ask, even if nothing was handed in.")
@click.option("--discard", is_flag=True, help="Keep no disks, though the policy wants them kept.")
@click.option("--reason", default="", help="Why they need not be kept; it stands in the log.")
@as_json
@pass_settings
def stop(
    settings: Settings,
    sessions: tuple[str, ...],
    *,
    every: bool,
    yes: bool,
    discard: bool,
    reason: str,
    as_json: bool,
) -> int:
    """Remove sessions' hosts.

    The record stays; work that was not handed in is lost. Where the centre's policy says how long
    disks are kept after a hand-in, they are kept first.
    """
    if discard != bool(reason):
        raise click.UsageError("`--discard` and `--reason` go together.")
    if bool(sessions) == every:
        raise click.UsageError("Name the sessions to stop, or give `--all`.")
    settings.when_interrupted = "The next command removes what is left of the hosts."
    from labctl.centre.roles import Act
    from labctl.centre.staff import permit
    from labctl.cli.settling import settle
    from labctl.cli.words import is_over
    from labctl.sessions.side_by_side import side_by_side
    from labctl.sessions.stopping import stop as remove

    screen = settings.screen
    with settings.controller() as controller:
        permit(controller, Act.STOP)
        settle(settings, controller)
        views = _to_stop(controller, sessions)
        if due := [each.code for each in views if is_over(each)]:
            for code in due:  # what is to be taken in is not lost
                settle(settings, controller, code)
            views = _to_stop(controller, sessions)
        if not yes:
            _confirm([each for each in views if each.state in ("running", "paused", "submitting")])
        names = [each.code for each in views]
        outcomes = side_by_side(controller, names, lambda code: remove(controller, code, reason))
    if as_json:
        screen.json([{"code": each.name, "stopped": each.error is None} for each in outcomes])
    for each in outcomes:
        if each.error is not None:
            screen.error(each.error.message, each.error.hint)
    if not outcomes:
        screen.say("No session has hosts.")
    for one in views:
        if one.state in ("stopped", "withdrawn"):
            screen.say(f"{one.code}: has no hosts any more; it is {one.state}.")
    return max((each.error.exit_code for each in outcomes if each.error), default=0)


def _to_stop(controller: Controller, sessions: tuple[str, ...]) -> list[SessionView]:
    """The named sessions (all that have hosts, if none is named); raises `UnknownName`."""
    from labctl.sessions.record import LIVE, State
    from labctl.sessions.views import session_views, view
    from labctl.store import SessionFilter

    if not sessions:
        states = (*LIVE, State.CREATED)
        return list(session_views(controller.store, SessionFilter(states=states)))
    return [view(controller.store.session(code), None) for code in dict.fromkeys(sessions)]


def _confirm(running: list[SessionView]) -> None:
    """Ask, on a terminal, before work is lost that nobody handed in."""
    if not running or not sys.stdin.isatty():
        return
    names = ", ".join(f"{each.candidate} ({each.code})" for each in running)
    question = f"Nothing was handed in yet by {names}. Remove the hosts, and the work in them?"
    if not click.confirm(question, err=True):
        raise click.Abort
