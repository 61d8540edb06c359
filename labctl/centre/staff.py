"""Who is on the staff, with which roles, and whether what somebody sets out to do is permitted.

While nobody is on record everything is permitted, as on the machine of a single assessor. From the
first entry on, an act wants a role that may do it. Root is always a technician, and so can always
mend the staff: whoever is root on the server can do anything there, and the log says who did it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from labctl.centre.account import ROOT, Account, find_account
from labctl.centre.roles import MAY, Act, Role
from labctl.errors import NotPermitted, UnknownName, UsageError
from labctl.served import served
from labctl.store import Event, Person, Store
from labctl.store.chain import damaged

if TYPE_CHECKING:
    from labctl.sessions.controller import Controller

PREFIX = "staff:"
"""Before an account in the table of people; no candidate's code has a colon."""

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the staff; `name` is empty where it was erased. `since` is UTC."""

    account: str
    uid: int
    roles: tuple[Role, ...]
    since: str
    name: str = ""

    def is_account(self, account: Account) -> bool:
        """Whether this is that account: by name and by number, since either may be given anew."""
        return (self.account, self.uid) == (account.name, account.uid)


def members(store: Store) -> dict[str, Member]:
    """Account → member, for everybody who is on the staff now."""
    found = _members(store)
    if not found:
        return {}
    names = store.names()
    return {
        account: replace(each, name=names.get(PREFIX + account, ""))
        for account, each in found.items()
    }


def _members(store: Store) -> dict[str, Member]:
    """What the log adds up to; `StoreError` for a damaged one, so that nothing is permitted."""
    found: dict[str, Member] = {}
    for event in store.centre_events("staff"):
        try:
            _apply(found, event)
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(event) from error
    return {account: found[account] for account in sorted(found)}


def _apply(found: dict[str, Member], event: Event) -> None:
    account = str(event.data["account"])
    if event.kind == "staff.added":
        found[account] = Member(account, int(event.data["uid"]), _roles(event), event.at)
    elif event.kind == "staff.changed":
        found[account] = replace(found[account], roles=_roles(event))
    else:
        del found[account]


def _roles(event: Event) -> tuple[Role, ...]:
    return tuple(Role(each) for each in event.data["roles"])


# --------------------------------------------------------------------------- what is permitted


def roles_of(account: Account, staff: Mapping[str, Member]) -> frozenset[Role]:
    """The roles of an account; root is a technician whatever is on record."""
    member = staff.get(account.name)
    own = frozenset(member.roles) if member and member.is_account(account) else frozenset()
    return own | {Role.TECHNICIAN} if account.uid == ROOT else own


def may(controller: Controller, act: Act) -> bool:
    """Whether the one who runs the command may do this."""
    staff = _members(controller.store)
    return not staff or bool(roles_of(controller.account, staff) & MAY[act])


def roles_for(controller: Controller, act: Act) -> tuple[Role, ...]:
    """The roles by which the one who runs the command may do this; none while there is no staff."""
    staff = _members(controller.store)
    own = roles_of(controller.account, staff) & MAY[act] if staff else frozenset()
    return tuple(role for role in Role if role in own)


def permit(controller: Controller, act: Act) -> None:
    """Raise `NotPermitted` unless the one who runs the command may do this."""
    if may(controller, act):
        return
    staff, account = _members(controller.store), controller.account
    member, roles = staff.get(account.name), sorted(roles_of(account, staff))
    if member is not None and not member.is_account(account):
        who = (
            f"the account `{account.name}` on the staff has the number {member.uid}, "
            f"yours is {account.uid}"
        )
    elif roles:
        who = f"`{account.name}` is {' and '.join(roles)}"
    else:
        who = f"`{account.name}` is not on the staff"
    needed = " or ".join(sorted(MAY[act]))
    raise NotPermitted(
        f"You may not {act}: {who}, and this takes the role {needed}.",
        f"`labctl staff list` shows who may. Root can always change the staff: "
        f"`sudo env LABCTL_HOME={controller.home} labctl staff --help`.",
    )


def demand_staff(controller: Controller) -> None:
    """Raise `NotPermitted` for one without any role, where somebody is on the staff."""
    staff = _members(controller.store)
    if staff and not roles_of(controller.account, staff):
        raise NotPermitted(
            f"`{controller.account.name}` is not on the staff.",
            "A technician adds you with `labctl staff add`.",
        )


# --------------------------------------------------------------------------- changes


@served
def add(controller: Controller, account: str, name: str, roles: Sequence[Role]) -> Member:
    """Put somebody on the staff; raises `UsageError` for an account that is not there or is."""
    permit(controller, Act.STAFF)
    last = _last(controller.store)
    found = find_account(account)
    _demand_roles(roles)
    full = " ".join(name.split())
    if not full or len(full) > LONGEST_NAME or not full.isprintable():
        raise UsageError("Give the person's name.", 'For example `--name "Amy Jones"`.')
    if account in _members(controller.store):
        raise UsageError(
            f"`{account}` is on the staff already.",
            f"`labctl staff role {account}` changes the roles.",
        )
    data = {"account": account, "uid": found.uid, "roles": _sorted(roles)}
    person = Person(PREFIX + account, full)
    controller.store.record(
        "staff.added", data, controller.actor, people=[person], expect_sequence=last
    )
    return members(controller.store)[account]


@served
def change(
    controller: Controller, account: str, *, more: Sequence[Role], fewer: Sequence[Role]
) -> Member:
    """Give somebody roles and take others; raises `UsageError` where none would be left."""
    permit(controller, Act.STAFF)
    last = _last(controller.store)
    member = _member(controller, account)
    roles = (set(member.roles) | set(more)) - set(fewer)
    if not roles:
        raise UsageError(
            f"`{account}` would have no role left.", f"`labctl staff remove {account}` ends it."
        )
    if roles != set(member.roles):
        data = {"account": account, "roles": _sorted(roles)}
        controller.store.record("staff.changed", data, controller.actor, expect_sequence=last)
    return members(controller.store)[account]


@served
def remove(controller: Controller, account: str) -> None:
    """Take somebody off the staff; the name stays, since the record still names the account."""
    permit(controller, Act.STAFF)
    last = _last(controller.store)
    _member(controller, account)
    data = {"account": account}
    controller.store.record("staff.removed", data, controller.actor, expect_sequence=last)


def _last(store: Store) -> int:
    """The number of the log's last event: a change is recorded only on what it was decided on."""
    return len(store.centre_events())


def _member(controller: Controller, account: str) -> Member:
    staff = _members(controller.store)
    if account not in staff:
        raise UnknownName("member of staff", account, staff, "labctl staff list")
    return staff[account]


def _demand_roles(roles: Collection[Role]) -> None:
    if not roles:
        raise UsageError("Name a role.", f"There are: {', '.join(Role)}.")


def _sorted(roles: Collection[Role]) -> list[str]:
    """Roles in the order of the table, each once."""
    return [role.value for role in Role if role in roles]
