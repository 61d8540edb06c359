"""`labctl check` and `labctl submit`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.marking import Marking
    from labctl.sessions.controller import Controller
    from labctl.sessions.grading import Progress
    from labctl.sessions.side_by_side import Outcome


def marking_json(session: str, marking: Marking, stands: str = "") -> dict[str, Any]:
    """A run's marking as JSON; without what it comes to where `stands` says what keeps it back."""
    from labctl.cli.screen import plain_json
    from labctl.sessions.record import WITHOUT_OUTCOME

    found: dict[str, Any] = plain_json(marking)
    if stands:
        found |= {"outcome": stands, "reason": WITHOUT_OUTCOME[stands], "criteria": {}}
    return {"session": session} | found


@click.command()
@click.argument("session")
@as_json
@pass_settings
def check(settings: Settings, session: str, *, as_json: bool) -> None:
    """Look at the work of a running session.

    Nothing is handed in and nobody is disturbed. What cannot be looked at while people work, or
    counts only after a restart, is left to the hand-in.
    """
    settings.when_interrupted = "Nothing was recorded; the session goes on."
    from labctl.cli.settling import settle
    from labctl.cli.verdicts import line_of, show_marking
    from labctl.cli.words import marks
    from labctl.sessions.checking import check as look
    from labctl.sessions.record import standing

    screen = settings.screen
    with settings.controller() as controller:
        controller.store.session(session)
        settle(settings, controller, session)
        with screen.bar() as bar:
            marking = look(controller, session, _counting(bar.step) if screen.live else _silent)
        stands = standing(controller.store.session(session))
    if as_json:
        screen.json(marking_json(session, marking, stands))
        return
    show_marking(screen, marking)
    waiting = sum(line_of(each).status == "later" for each in marking.checks)
    more = f"; {waiting} more checks run at hand-in" if waiting else ""
    screen.show("", f"So far {marks(marking.marks, marking.available)} marks{more}.")


def _silent(_result: object) -> None:
    """Show no progress."""


def _counting(step: Any) -> Progress:
    done = 0

    def one(_result: object) -> None:
        nonlocal done
        done += 1
        step(f"{done} checks done", done)

    return one


@click.command()
@click.argument("sessions", nargs=-1, required=True, metavar="SESSION...")
@click.option("--declared", is_flag=True, help="With the candidate's declaration of authenticity.")
@as_json
@pass_settings
def submit(settings: Settings, sessions: tuple[str, ...], *, declared: bool, as_json: bool) -> int:
    """Take work in: freeze the hosts, capture them, grade, record.

    May be given again while an error is open: the hosts are kept until `labctl stop`. With
    `--declared` the declaration is shown, on a terminal it has to be confirmed, and it is recorded
    which text it was.
    """
    settings.when_interrupted = "The next command goes on with the hand-in."
    from labctl.cli.settling import settle
    from labctl.sessions.record import standing
    from labctl.sessions.suspending import suspensions

    screen = settings.screen
    with settings.controller() as controller:
        names = tuple(dict.fromkeys(sessions))
        for session in names:
            controller.store.session(session)
        text = _declared(settings, controller, names) if declared else ""
        settled = [each for session in names for each in settle(settings, controller, session)]
        # A hand-in that was cut off is finished by now: it is shown, and not graded once more.
        # So is one whose time is over.
        ended = [each for each in settled if each.verb in ("submit", "time")]
        finished = {each.session for each in ended if not each.problem}
        outcomes = submit_all(screen, controller, names, finished, declared=text)
        stands = {name: standing(controller.store.session(name)) for name in names}
        suspended = {name for name in names if suspensions(controller.store.events(name))}
    if as_json:
        screen.json(
            [
                marking_json(each.name, each.value, stands[each.name])
                for each in outcomes
                if each.value is not None
            ]
        )
    else:
        _show(screen, outcomes, stands, suspended)
    for each in outcomes:
        if each.error is not None:
            screen.error(f"{each.name}: {each.error.message}", each.error.hint)
    return max((each.error.exit_code for each in outcomes if each.error), default=0)


def _declared(settings: Settings, controller: Controller, sessions: tuple[str, ...]) -> str:
    """The declaration, once the candidate has confirmed it; that is one candidate's alone."""
    from labctl.declaration import declaration
    from labctl.errors import UsageError

    if len(sessions) > 1:
        raise UsageError("A declaration is one candidate's.", "Hand in one session at a time.")
    text = declaration()
    candidate = controller.store.session(sessions[0]).candidate
    settings.screen.say(f"{candidate}, session {sessions[0]}:\n\n{text}")
    if sys.stdin.isatty() and not click.confirm("Do you declare this?", err=True):
        raise UsageError("Nothing was handed in: the declaration was not confirmed.")
    return text


def submit_all(
    screen: Screen,
    controller: Controller,
    sessions: tuple[str, ...],
    finished: Container[str],
    *,
    declared: str = "",
) -> tuple[Outcome[Marking], ...]:
    """Submit sessions side by side, with a line for each of them on the screen.

    Of those that are `finished` the marking is read back, and what was `declared` is added.
    """
    from labctl.cli.board import Board, counted
    from labctl.cli.starting import named_on
    from labctl.sessions import record
    from labctl.sessions.declaring import declare
    from labctl.sessions.results import recorded
    from labctl.sessions.side_by_side import side_by_side
    from labctl.sessions.submission import submit as hand_in

    before = controller.tell
    with Board(screen) as board:
        controller.tell = tell = named_on(controller, board)

        def one(code: str) -> Marking:
            if code in finished:
                if declared:
                    declare(controller, code, declared)
                return recorded(controller, code)
            total, done, lock = 0, 0, threading.Lock()

            def progress(_result: object) -> None:
                nonlocal done, total
                with lock:
                    done += 1
                    total = total or len(record.load(controller.store, code).plan.checks)
                if screen.live:
                    tell(code, counted(done, total))

            tell(code, "taking the work in")
            return hand_in(controller, code, progress, declared=declared)

        try:
            return side_by_side(controller, sessions, one)
        finally:
            controller.tell = before


def _show(
    screen: Screen,
    outcomes: tuple[Outcome[Marking], ...],
    stands: Mapping[str, str],
    suspended: Container[str],
) -> None:
    """One session in full; of several a line each.

    `stands` is what keeps an outcome back, `suspended` are the sessions with a suspended check.
    """
    from labctl.cli.verdicts import show_marking
    from labctl.cli.words import marks, sign
    from labctl.sessions.record import WITHOUT_OUTCOME

    graded = [(each.name, each.value) for each in outcomes if each.value is not None]
    if len(outcomes) == 1:
        for name, marking in graded:
            show_marking(screen, marking)
            outcome = sign(stands[name] or marking.outcome)
            reason = WITHOUT_OUTCOME.get(stands[name]) or marking.reason
            told = f", {marks(marking.marks, marking.available)} marks, {reason}"
            screen.show("", screen.text("Recommended: ") + outcome + told)
            if marking.outcome == "undetermined":
                screen.say(
                    f"`labctl submit {name}` looks again, for as long as the hosts are kept."
                )
            if name in suspended:
                screen.say(f"`labctl remark {name} --scheme LAB` marks by a lab that is mended.")
            screen.say(f"`labctl evidence {name}` writes it down, `labctl stop {name}` removes")
            screen.say("the hosts. The assessor decides.")
        return
    rows = [
        (
            name,
            marks(marking.marks, marking.available),
            sign(stands[name] or marking.outcome),
            WITHOUT_OUTCOME.get(stands[name]) or marking.reason,
        )
        for name, marking in graded
    ]
    screen.table(("CODE", ">MARKS", "RECOMMENDED", "BECAUSE"), rows)
    if graded:
        screen.say("`labctl show CODE` tells why.")
