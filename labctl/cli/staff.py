"""`labctl staff`: who is on the staff, and with which roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labctl.centre.roles import Act, Role
from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from labctl.centre.staff import Member

ROLES = click.Choice([role.value for role in Role])


@click.group()
def staff() -> None:
    """Say who is on the staff, and with which roles.

    While nobody is, everything is permitted to whoever can run labctl. From the first member on,
    what changes something takes a role that may do it, and the record names who did it by the
    account of the operating system.

    \b
    assessor     runs sittings, takes work in, marks it again
    iqa          samples and marks again, approves labs
    verifier     reads everything, changes nothing
    invigilator  starts sessions, opens consoles, takes work in
    technician   keeps the machines running, changes the staff; root always is one
    """  # noqa: D301  # click wants the backspace itself: it keeps the lines as they are


@staff.command()
@click.argument("account")
@click.option("--name", required=True, help="The person's name; it can be erased.")
@click.option("--role", "roles", type=ROLES, multiple=True, required=True, help="May be repeated.")
@as_json
@pass_settings
def add(
    settings: Settings, account: str, *, name: str, roles: tuple[str, ...], as_json: bool
) -> None:
    """Put somebody on the staff.

    ACCOUNT is one of this machine's, under which that person logs in.
    """
    from labctl.centre import staff as people

    screen = settings.screen
    with settings.controller() as controller:
        first = not people.members(controller.store)
        member = people.add(controller, account, name, [Role(each) for each in roles])
        own = people.may(controller, Act.STAFF)
    if as_json:
        screen.json(member)
    else:
        screen.say(f"{account} is {_told(member)}.")
    if first:
        screen.warn("From now on, what changes something takes a role that may do it.")
    if not own:
        screen.warn("Changing the staff takes a technician, which root always is.")


@staff.command("list")
@as_json
@pass_settings
def list_staff(settings: Settings, *, as_json: bool) -> None:
    """Show who is on the staff."""
    from labctl.centre.staff import members
    from labctl.cli.words import clock

    screen = settings.screen
    with settings.controller() as controller:
        found = members(controller.store)
    if as_json:
        screen.json(list(found.values()))
        return
    if not found:
        screen.say("Nobody is on the staff: everything is permitted to whoever can run labctl.")
        return
    rows = [
        (each.account, str(each.uid), each.name, ", ".join(each.roles), clock(each.since))
        for each in found.values()
    ]
    screen.table(("ACCOUNT", ">UID", "NAME", "ROLES", "SINCE"), rows)


@staff.command()
@click.argument("account")
@click.option("--add", "more", type=ROLES, multiple=True, help="A role to give.")
@click.option("--remove", "fewer", type=ROLES, multiple=True, help="A role to take.")
@as_json
@pass_settings
def role(
    settings: Settings,
    account: str,
    *,
    more: tuple[str, ...],
    fewer: tuple[str, ...],
    as_json: bool,
) -> None:
    """Give somebody roles, or take them."""
    from labctl.centre import staff as people

    if not more and not fewer:
        raise click.UsageError("Say which role to `--add` or to `--remove`.")
    if set(more) & set(fewer):
        raise click.UsageError("A role cannot be given and taken at once.")
    with settings.controller() as controller:
        member = people.change(
            controller,
            account,
            more=[Role(each) for each in more],
            fewer=[Role(each) for each in fewer],
        )
    if as_json:
        settings.screen.json(member)
    else:
        settings.screen.say(f"{account} is {_told(member)}.")


@staff.command()
@click.argument("account")
@pass_settings
def remove(settings: Settings, account: str) -> None:
    """Take somebody off the staff.

    What they did stays on record under the account, and the name with it until `labctl people
    erase` is given `staff:` and the account.
    """
    from labctl.centre import staff as people

    screen = settings.screen
    with settings.controller() as controller:
        people.remove(controller, account)
        nobody = not people.members(controller.store)
    screen.say(f"{account} is not on the staff any more.")
    if nobody:
        screen.warn("Nobody is on the staff now: everything is permitted again.")


def _told(member: Member) -> str:
    return " and ".join(member.roles)
