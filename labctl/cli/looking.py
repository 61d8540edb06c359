"""`labctl sessions`, `labctl show` and `labctl tasks`: reading, without changing anything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from rich.text import Text

    from labctl.cli.screen import Screen
    from labctl.sessions.views import SessionView
    from labctl.store import SessionFilter

STATES = (
    "created",
    "starting",
    "running",
    "paused",
    "submitting",
    "submitted",
    "stopped",
    "withdrawn",
    "void",
)


@click.command()
@click.option("--all", "every", is_flag=True, help="Also those that have no hosts any more.")
@click.option("--lab", help="Those of this lab.")
@click.option("--candidate", help="Those of this candidate.")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="In this state.")
@as_json
@pass_settings
def sessions(
    settings: Settings,
    lab: str | None,
    candidate: str | None,
    states: tuple[str, ...],
    *,
    every: bool,
    as_json: bool,
) -> None:
    """List sessions: those that have hosts, or all."""
    from labctl.centre.candidates import names
    from labctl.cli.settling import tell_half_done, tell_over
    from labctl.cli.words import is_over
    from labctl.sessions.views import session_views

    screen = settings.screen
    with settings.controller() as controller:
        wanted = _filter(lab, candidate, states, every=every)
        found = session_views(controller.store, wanted, names(controller))
    if as_json:
        screen.json(found)
    elif found:
        columns = ("CODE", "CANDIDATE", "LAB", "STATE", ">MARKS", "OUTCOME")
        screen.table(columns, [_row(screen, each) for each in found])
    else:
        narrowed = every or states or lab or candidate
        more = "" if narrowed else " `labctl sessions --all` lists those that ended."
        screen.say(f"No such session.{more}" if narrowed else f"No session has hosts.{more}")
    tell_half_done(settings, [each.code for each in found if each.half_done])
    tell_over(settings, [each.code for each in found if is_over(each)])


def _filter(
    lab: str | None, candidate: str | None, states: tuple[str, ...], *, every: bool
) -> SessionFilter:
    from labctl.sessions.record import LIVE, State
    from labctl.store import SessionFilter

    chosen = states or (() if every else (*LIVE, State.CREATED))
    return SessionFilter(candidate=candidate, lab=lab, states=tuple(chosen))


def _row(screen: Screen, each: SessionView) -> tuple[str | Text, ...]:
    from labctl.cli.words import marks, rest_of, sign

    state, who = sign(each.state), f"{each.candidate} {each.name}".rstrip()
    if rest := rest_of(each):
        state.append(f" {rest.removesuffix(' left')}")
    if each.run is None:
        return each.code, who, each.lab, state, "", sign("held") if each.held else ""
    shown = each.run.counts or each.held
    outcome = sign(each.run.outcome) if shown else screen.text("so far", "dim")
    told = marks(each.run.marks, each.run.available)
    return each.code, who, each.lab, state, told, outcome


@click.command()
@click.argument("session")
@click.option("--log", is_flag=True, help="Show the whole log of the session too.")
@as_json
@pass_settings
def show(settings: Settings, session: str, *, log: bool, as_json: bool) -> None:
    """Show one session: tasks, expected and found, hosts."""
    from labctl.centre.candidates import named
    from labctl.cli.session_sheet import sheet
    from labctl.cli.settling import settle
    from labctl.sessions.views import session_detail

    settings.when_interrupted = "What is half done is settled by the next command."
    with settings.controller() as controller:
        controller.store.session(session)  # a wrong name first, before anything is settled
        settle(settings, controller, session)
        detail = named(controller, session_detail(controller, session))
    if as_json:
        settings.screen.json(detail)
        return
    sheet(settings.screen, detail, log=log)


@click.command()
@click.argument("session")
@as_json
@pass_settings
def tasks(settings: Settings, session: str, *, as_json: bool) -> None:
    """Show the candidate's task sheet.

    Where the output is no terminal it is written as Markdown.
    """
    from labctl.cli.words import markdown
    from labctl.sessions.task_sheet import sheet_of

    with settings.controller() as controller:
        text = sheet_of(controller, session)
    screen = settings.screen
    if as_json:
        screen.json({"session": session, "markdown": text})
    elif sys.stdout.isatty():
        screen.show(markdown(text))
    else:
        screen.line(text.rstrip("\n"))
