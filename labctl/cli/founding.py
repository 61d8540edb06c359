"""`labctl centre init`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from labctl.centre.founding import Founded
    from labctl.cli.screen import Screen


@click.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The state directory (default: LABCTL_HOME; for root /var/lib/labctl/centre).",
)
@click.option("--systemd", is_flag=True, help="Make units: the server, and a backup every night.")
@as_json
@pass_settings
def init(settings: Settings, home: Path | None, *, systemd: bool, as_json: bool) -> None:
    """Set up the centre on this server.

    Makes the state directory, the record, the key, a policy to begin with, and what starts the
    server; as root for all accounts of the machine, with the group `labctl` for the staff. What is
    there is left as it is.
    """
    from labctl.centre.founding import init as set_up
    from labctl.sessions.controller import Controller

    settings.when_interrupted = "Type the command again: it goes on with what is missing."
    chosen = home.absolute() if home else _usual()
    with Controller(chosen, settings.libraries, settings.screen.tell) as controller:
        done = set_up(controller, systemd=systemd)
    if as_json:
        settings.screen.json(done)
        return
    _show(settings.screen, done, systemd=systemd)


def _usual() -> Path:
    from labctl.centre.founding import HOME
    from labctl.store.home import HOME_VARIABLE, home_path, machine_home

    named = os.environ.get(HOME_VARIABLE) or machine_home()
    return HOME if os.geteuid() == 0 and not named else home_path()


def _show(screen: Screen, done: Founded, *, systemd: bool) -> None:
    from labctl.cli.words import sign

    rows = [(each.what, sign(each.state), each.where) for each in done.steps]
    screen.table(("", "", ""), rows)
    screen.show("", f"Fingerprint of the key: {done.fingerprint}")
    screen.say("Write it on paper, and keep the paper where quality assurance keeps its own.")
    if any(each.state == "differs" for each in done.steps):
        screen.warn("what differs from what this labctl would make was left as it is")
    if systemd:
        screen.say("`systemctl daemon-reload && systemctl enable --now labctl labctl-backup.timer`")
    else:
        screen.say(f"`{done.home}/server start` starts the server.")
    if done.shared:
        screen.say(
            "`adduser ACCOUNT labctl` lets somebody use it; `labctl staff add` gives a role."
        )
