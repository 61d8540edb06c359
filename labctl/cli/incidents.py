"""`labctl void`, `note`, `notice` and `suspend`: what goes wrong in a room, and is put right."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labctl.cli.screen import Screen
    from labctl.sessions.controller import Controller
    from labctl.sessions.incidents import Kind
    from labctl.sessions.remarking import Remarked
    from labctl.sessions.side_by_side import Outcome
    from labctl.store import SessionRecord

KINDS = ("note", "assistance", "malpractice")

CREDIT = click.option(
    "--credit",
    type=click.IntRange(0, 120),
    default=0,
    metavar="MINUTES",
    help="Give so much time back for reading it.",
)

several = click.argument("sessions", nargs=-1, required=True, metavar="SESSION...")


@click.command()
@several
@click.option("--reason", required=True, help="Why; it stands in the session's log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_settings
def void(
    settings: Settings, sessions: tuple[str, ...], *, reason: str, yes: bool, as_json: bool
) -> int:
    """Make sessions void: they do not count.

    For the wrong lab, the wrong person, a fault of the machinery. The record stays, the hosts go. A
    void session is not marked or decided on, and uses no attempt. It stays void.
    """
    settings.when_interrupted = "The next command goes on with it."
    from labctl.centre.roles import Act
    from labctl.centre.staff import permit
    from labctl.cli.settling import settle
    from labctl.sessions.side_by_side import side_by_side
    from labctl.sessions.voiding import void as make_void

    with settings.controller() as controller:
        names = tuple(dict.fromkeys(sessions))
        found = [controller.store.session(name) for name in names]
        permit(controller, Act.VOID)
        for name in names:
            settle(settings, controller, name)
        if not yes:
            _confirm(found)
        outcomes = side_by_side(controller, names, lambda code: make_void(controller, code, reason))
    if as_json:
        settings.screen.json([{"code": each.name, "void": each.error is None} for each in outcomes])
    return _ended(settings.screen, outcomes, "is void; its record stays, and it uses no attempt.")


def _confirm(found: list[SessionRecord]) -> None:
    """Ask, on a terminal: nothing makes a void session count again."""
    if not sys.stdin.isatty():
        return
    names = ", ".join(f"{each.candidate} ({each.code})" for each in found)
    click.confirm(f"Void for good, and the hosts removed: {names}?", abort=True, err=True)


def _ended(screen: Screen, outcomes: Sequence[Outcome[Any]], told: str) -> int:
    """Say how it went with each; the highest exit code of them."""
    for each in outcomes:
        if each.error is None:
            screen.say(f"{each.name} {told}")
        else:
            screen.error(f"{each.name}: {each.error.message}", each.error.hint)
    return max((each.error.exit_code for each in outcomes if each.error), default=0)


@click.command()
@click.argument("session")
@click.option("--kind", type=click.Choice(KINDS), help="What it is (default: note).")
@click.option("--text", help="What happened, in words; codes for people, never names.")
@click.option("--lift", is_flag=True, help="Release a result that a suspicion holds.")
@click.option("--reason", help="Why it is released.")
@pass_settings
def note(
    settings: Settings,
    session: str,
    *,
    kind: str | None,
    text: str | None,
    lift: bool,
    reason: str | None,
) -> None:
    """Mark this moment of a session with a note.

    An assistance is help that you gave in words; consoles, files and resets are noted by
    themselves. Suspected malpractice holds the result back, and stops nothing.

    \b
    labctl note CODE --text "the fire door was open for a minute"
    labctl note CODE --kind malpractice --text "a phone under the desk"
    labctl note CODE --lift --reason "it was the neighbour's"
    """  # noqa: D301  # click wants the backspace itself: it keeps the lines as they are
    from labctl.sessions.incidents import lift as release
    from labctl.sessions.incidents import note as write

    if lift and (text or kind or not reason):
        raise click.UsageError("`--lift` goes with `--reason`, and with nothing else.")
    if not lift and (reason or not text):
        raise click.UsageError("Say what happened with `--text`; `--reason` is for `--lift`.")
    with settings.controller() as controller:
        if lift:
            release(controller, session, reason or "")
            settings.screen.say(f"The result of {session} is not held any more.")
            return
        event = write(controller, session, cast("Kind", kind or "note"), text or "")
    held = "; its result is held" if kind == "malpractice" else ""
    settings.screen.say(f"Noted in {session} as event {event.sequence}{held}.")


@click.command()
@several
@click.option("--text", required=True, help="What the candidates are told.")
@CREDIT
@pass_settings
def notice(settings: Settings, sessions: tuple[str, ...], *, text: str, credit: int) -> int:
    """Tell the candidates of sessions something, such as a correction.

    It stands at the top of their task sheets (`labctl tasks`), and in the record. `labctl sitting
    notice` tells a whole room.
    """
    from labctl.sessions.incidents import notice as give
    from labctl.sessions.side_by_side import side_by_side

    with settings.controller() as controller:
        names = tuple(dict.fromkeys(sessions))
        for name in names:
            controller.store.session(name)
        outcomes = side_by_side(
            controller, names, lambda code: give(controller, code, text, credit * 60)
        )
    return _ended(settings.screen, outcomes, "has it on the task sheet.")


@click.command()
@click.argument("sessions", nargs=-1, metavar="[SESSION]...")
@click.option("--lab", help="Every session of this lab, in place of those named.")
@click.option("--check", required=True, metavar="TASK/CHECK", help="The check that is faulty.")
@click.option("--reason", required=True, help="Why; it stands in the sessions' logs.")
@click.option("--lift", is_flag=True, help="Let it count again.")
@as_json
@pass_settings
def suspend(
    settings: Settings,
    sessions: tuple[str, ...],
    *,
    lab: str | None,
    check: str,
    reason: str,
    lift: bool,
    as_json: bool,
) -> int:
    """Suspend a faulty check: nobody loses a mark by it.

    It is open, and so is what needs it; the outcome is undetermined until `labctl remark --scheme`
    marks by a lab in which it is mended. Work that was handed in is marked again at once. Sessions
    that are started later have the check as the lab has it then.
    """
    if bool(sessions) == bool(lab):
        raise click.UsageError("Name the sessions, or give `--lab`.")
    from labctl.sessions.remarking import mark_again
    from labctl.sessions.side_by_side import side_by_side
    from labctl.sessions.suspending import sessions_of
    from labctl.sessions.suspending import suspend as change

    with settings.controller() as controller:
        names = tuple(dict.fromkeys(sessions))
        if lab:
            names = sessions_of(controller, lab, check, lift=lift)
        for name in names:
            controller.store.session(name)

        def one(code: str) -> Remarked | None:
            change(controller, code, check, reason, lift=lift)
            return mark_again(controller, code)

        outcomes = side_by_side(controller, names, one)
        rows = [_row(controller, each) for each in outcomes if each.error is None]
    if as_json:
        settings.screen.json(rows)
    elif rows:
        _tell(settings.screen, rows)
    for each in outcomes:
        if each.error is not None:
            settings.screen.error(f"{each.name}: {each.error.message}", each.error.hint)
    return max((each.error.exit_code for each in outcomes if each.error), default=0)


def _row(controller: Controller, each: Outcome[Remarked | None]) -> dict[str, str | None]:
    """What it comes to in a session: the outcomes before and after, none where nothing is graded.

    `note` says what is left to do.
    """
    from labctl.sessions.record import standing
    from labctl.sessions.suspending import to_mark_again

    store, code, marked = controller.store, each.name, each.value
    stands = standing(store.session(code))
    return {
        "code": code,
        "candidate": store.session(code).candidate,
        "before": (stands or marked.before) if marked else None,
        "after": (stands or marked.after) if marked else None,
        "note": " ".join(to_mark_again(code, store.runs(code), store.events(code))),
    }


def _tell(screen: Screen, rows: list[dict[str, str | None]]) -> None:
    from labctl.cli.words import sign

    screen.table(
        ("CODE", "CANDIDATE", "BEFORE", "AFTER"),
        [
            (
                each["code"] or "",
                each["candidate"] or "",
                sign(each["before"]) if each["before"] else "not graded",
                sign(each["after"]) if each["after"] else "",
            )
            for each in rows
        ],
    )
    for each in rows:
        if each["note"]:
            screen.warn(f"{each['code']}: {each['note']}.")
