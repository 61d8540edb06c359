"""`labctl reopen`: a hand-in is opened again."""

from __future__ import annotations

import click

from labctl.cli.settings import Settings, pass_settings


@click.command()
@click.argument("session")
@click.option("--reason", required=True, help="Why it has to be; it is recorded.")
@click.option("--minutes", type=click.IntRange(1, 1440), help="So many more; after the deadline.")
@pass_settings
def reopen(settings: Settings, session: str, reason: str, minutes: int | None) -> None:
    """Open a hand-in again, so that the candidate can go on.

    The hosts go on as they are. What was graded stays on record, and the next hand-in takes its
    place. The clock goes on where it stood at the hand-in; after the deadline, say how many minutes
    there are.
    """
    settings.when_interrupted = "The next command takes it back, and the session stays handed in."
    from labctl.centre.roles import Act
    from labctl.centre.staff import permit
    from labctl.cli.settling import settle
    from labctl.cli.words import clock, left
    from labctl.sessions.reopening import reopen as open_again
    from labctl.warden.running import ensure_warden

    with settings.controller() as controller:
        controller.store.session(session)
        permit(controller, Act.REOPEN)
        settle(settings, controller, session)
        found = open_again(controller, session, reason, (minutes or 0) * 60)
        ensure_warden(controller)
    if found.deadline:
        settings.screen.say(f"Time is up at {clock(found.deadline)}, {left(found.deadline)}.")
