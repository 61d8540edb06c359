"""`labctl hands`: physical acts on a lab's hardware."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labctl.sessions.hands import OfferedAct


@click.command()
@click.argument("session")
@click.argument("acts", metavar="[ACT]...", nargs=-1)
@as_json
@pass_settings
def hands(settings: Settings, session: str, acts: tuple[str, ...], *, as_json: bool) -> None:
    """Do physical acts on a session's hardware, one after the other.

    Without an ACT it lists what can be asked for. What is done is done: a disk that was pulled has
    lost its data. Each act is in the session's log.
    """
    from labctl.cli.settling import settle
    from labctl.sessions.hands import hands as lend
    from labctl.sessions.hands import offered

    with settings.controller() as controller:
        controller.store.session(session)
        if not acts:
            _list(settings, offered(controller, session), as_json=as_json)
            return
        settle(settings, controller, session)
        for act in acts:
            settings.screen.say(lend(controller, session, act))


def _list(settings: Settings, acts: Sequence[OfferedAct], *, as_json: bool) -> None:
    """The acts that there are."""
    if as_json:
        settings.screen.json(acts)
    elif acts:
        rows = [(each.id, each.host, each.title) for each in acts]
        settings.screen.table(("ACT", "HOST", "WHAT IS DONE"), rows)
    else:
        settings.screen.say("There is nothing to lay hands on in this lab.")
