"""`labctl serve`: the warden and the socket, in one process that stays."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, library_option, pass_settings

if TYPE_CHECKING:
    from labctl.sessions.controller import Tell


@click.command()
@library_option
@pass_settings
def serve(settings: Settings) -> None:
    """Keep everybody's time, and serve commands.

    Takes work in at the deadline, looks after hosts, and does for the staff what takes Docker and
    the state directory: at the socket `run/serve.sock` in LABCTL_HOME, for the group `labctl`.
    Stays until Ctrl-C or `kill`. After `kill -9` or a power cut the next one goes on.
    """
    from labctl.server.running import serve as stay
    from labctl.sessions.controller import Controller

    with Controller.open(settings.libraries, _timed(settings)) as controller:
        try:
            stay(controller)
        except KeyboardInterrupt:
            settings.screen.say(
                "Ended. Sessions go on; what falls due is taken in by the next one."
            )


def _timed(settings: Settings) -> Tell:
    def tell(session: str, line: str) -> None:
        whose = f"{session}: " if session else ""
        settings.screen.say(f"{datetime.now().astimezone():%H:%M:%S} {whose}{line}")

    return tell
