"""`labctl capture`: what the hosts were like at the hand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from labctl.capture.model import JudgedFile
    from labctl.cli.screen import Screen
    from labctl.sessions.capturing import Kept


@click.command()
@click.argument("session")
@click.argument("host", required=False)
@as_json
@pass_settings
def capture(settings: Settings, session: str, host: str | None, *, as_json: bool) -> None:
    """Show what the hosts were like at the hand-in.

    Without a HOST: which hosts there are, what could not be had, and the files that the assessor
    is to judge. With a HOST all of it: addresses, routes, firewall, sockets, processes, services,
    users, packages, mounts, and the files that are not as in the image.
    """
    from labctl.capture.model import to_json
    from labctl.capture.sheet import sheet
    from labctl.sessions.capturing import captured, host_of

    screen = settings.screen
    with settings.controller() as controller:
        found = captured(controller, session)
    if host is None:
        _overview(screen, found, as_json=as_json)
        return
    one = host_of(found, host)
    if as_json:
        import json

        screen.json(json.loads(to_json(one)))
        return
    for line in sheet(one).rstrip("\n").split("\n"):
        screen.line(line)


def _overview(screen: Screen, found: Kept, *, as_json: bool) -> None:
    from labctl.capture.sheet import processes_of
    from labctl.cli.words import clock

    if as_json:
        screen.json(_plain(found))
        return
    rows = [
        (
            each.host,
            str(processes_of(each)),
            str(len(each.packages)),
            str(each.listed),
            "; ".join(f"{gap.what}: {gap.why}" for gap in each.gaps) or "nothing",
        )
        for each in found.hosts
    ]
    screen.table(("HOST", ">PROCESSES", ">PACKAGES", ">FILES", "COULD NOT BE HAD"), rows)
    for judged in found.judged:
        _show_judged(screen, judged)
    screen.say(f"Taken {clock(found.at)}, in {found.seconds:g} s.")
    if found.after:
        screen.warn(f"It was taken after: {', '.join(found.after)}. Hosts may have moved by then.")


def _show_judged(screen: Screen, judged: JudgedFile) -> None:
    from labctl.capture.files import is_text
    from labctl.cli.words import plural

    screen.line("")
    content = judged.content
    told = judged.why if content is None else plural(judged.size, "byte")
    screen.line(f"{judged.task}/{judged.aspect}: {judged.host}:{judged.path} ({told})")
    if content is None:
        return
    if judged.why:
        screen.line(f"    {judged.why}")
    if not is_text(content):
        screen.line("    no text; `labctl evidence` writes it as a file")
        return
    for line in content.decode().rstrip("\n").split("\n"):
        screen.line(f"    {line}")


def _plain(found: Kept) -> dict[str, object]:
    from labctl.capture.sheet import processes_of

    return {
        "at": found.at,
        "seconds": found.seconds,
        "after": found.after,
        "hosts": [
            {
                "host": each.host,
                "processes": processes_of(each),
                "packages": len(each.packages),
                "files": each.listed,
                "gaps": each.gaps,
            }
            for each in found.hosts
        ],
        "judged": [
            {
                "task": each.task,
                "aspect": each.aspect,
                "host": each.host,
                "path": each.path,
                "bytes": each.size,
                "text": None if each.content is None else each.content.decode(errors="replace"),
                "why": each.why,
            }
            for each in found.judged
        ],
    }
