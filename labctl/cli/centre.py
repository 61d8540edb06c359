"""`labctl centre`: setting it up, and its own log."""

from __future__ import annotations

import click

from labctl.cli.founding import init
from labctl.cli.settings import Settings, as_json, pass_settings


@click.group()
def centre() -> None:
    """Set up the centre, and read what is on record about it."""


centre.add_command(init)


@centre.command()
@as_json
@pass_settings
def log(settings: Settings, *, as_json: bool) -> None:
    """Show the centre's log: staff, rosters, people erased, labs approved.

    `labctl audit` says whether it is as it was written.
    """
    from labctl.cli.words import clock
    from labctl.sessions.timeline import event_views

    screen = settings.screen
    with settings.controller() as controller:
        events = controller.store.centre_events()
    if as_json:
        screen.json(events)
    elif events:
        rows = [(clock(each.at), each.actor, each.what) for each in event_views(events)]
        screen.table(("WHEN", "WHO", "WHAT"), rows)
    else:
        screen.say("Nothing is on record about the centre yet.")
