"""Who runs a command: the account of the operating system, never a name that somebody gives.

`$LOGNAME` and `$USER`, which `getpass.getuser` believes, are whatever the caller sets them to.
"""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass

from labctl.errors import UsageError

ROOT = 0
GROUP = "labctl"
"""Who may ask a machine's server is an account in it."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account on this machine: its name and its number (uid)."""

    name: str
    uid: int


def group_number() -> int | None:
    """The number of the group `labctl`; None where this machine has none."""
    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None


def current_account() -> Account:
    """The account behind the real user id of this process.

    Under `sudo` that is root's. A number that no account has any more is called `uid 1234`.
    """
    uid = os.getuid()
    try:
        return Account(pwd.getpwuid(uid).pw_name, uid)
    except KeyError:
        return Account(f"uid {uid}", uid)


def find_account(name: str) -> Account:
    """The account called `name`; raises `UsageError` if this machine has none."""
    try:
        return Account(name, pwd.getpwnam(name).pw_uid)
    except KeyError:
        raise UsageError(
            f"This machine has no account `{name}`.",
            f"Staff act under their own accounts: make one first, with `adduser {name}` as root.",
        ) from None
