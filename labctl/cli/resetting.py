"""`labctl reset`: one host anew."""

from __future__ import annotations

import click

from labctl.cli.settings import Settings, as_json, pass_settings


@click.command()
@click.argument("session")
@click.argument("host")
@click.option("--reason", required=True, help="Why; it stands in the session's log.")
@click.option("--fault", is_flag=True, help="A fault of the machinery: give the time back.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@pass_settings
def reset(
    settings: Settings,
    session: str,
    host: str,
    *,
    reason: str,
    fault: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make one host of a session anew, as it was at the start.

    What the candidate did there is gone from it. A snapshot of its disk is kept until the session
    is stopped, and the log says who did it and why.
    """
    settings.when_interrupted = "The next command finishes the reset."
    from labctl.cli.settling import settle
    from labctl.sessions.resetting import reset as make_anew

    with settings.controller() as controller:
        controller.store.session(session)
        settle(settings, controller, session)
        if not yes:
            click.confirm(
                f"What was done on {host} of {session} goes away. Reset it?", abort=True, err=True
            )
        kept = make_anew(controller, session, host, reason, fault=fault)
    if as_json:
        settings.screen.json({"code": session, "host": host, "snapshot": kept})
    else:
        told = f"What was on it is kept as {kept}." if kept else "Nothing of it could be kept."
        settings.screen.say(f"{host} is as it was at the start. {told}")
