"""`labctl tui` and `labctl thaw`: watching sessions, and letting frozen hosts go on."""

from __future__ import annotations

import sys

import click

from labctl.cli.settings import Settings, pass_settings


@click.command()
@pass_settings
def tui(settings: Settings) -> None:
    """Watch all sessions on one screen, with marks and reasons."""
    from labctl.errors import UsageError
    from tui.app import run

    if not sys.stdout.isatty():
        raise UsageError("The screen needs a terminal.", "`labctl sessions` prints the list.")
    with settings.controller() as controller:
        run(controller)


@click.command()
@click.argument("session")
@pass_settings
def thaw(settings: Settings, session: str) -> None:
    """Let hosts go on that were frozen.

    The warden freezes the host that has written most when the server's disk is nearly full.
    """
    from labctl.cli.settling import settle
    from labctl.sessions.entering import thaw as let_go_on

    with settings.controller() as controller:
        controller.store.session(session)
        settle(settings, controller, session)
        let_go_on(controller, session)
        settings.screen.say(f"The hosts of {session} go on.")
