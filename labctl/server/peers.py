"""Who is at the other end of a Unix socket: the account, as the kernel knows it."""

from __future__ import annotations

import pwd
import socket
import struct

from labctl.centre.account import Account
from labctl.centre.staff import demand_staff
from labctl.errors import NotPermitted
from labctl.sessions.controller import Controller

_CREDENTIALS = struct.Struct("3i")
"""`struct ucred`: process, user and group (unix(7), SO_PEERCRED)."""


def peer_of(line: socket.socket) -> Account:
    """The account of the process that connected; `NotPermitted` for a number without an account.

    It is the effective user at the time of `connect`, which no message can change.
    """
    found = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(found)
    return account_of(uid)


def account_of(uid: int) -> Account:
    """The account with that number; raises `NotPermitted` if this machine has none."""
    try:
        return Account(pwd.getpwuid(uid).pw_name, uid)
    except KeyError:
        raise NotPermitted(
            f"No account of this machine has the number {uid}, under which you ask.",
            "Log in under an account of your own.",
        ) from None


def demand_welcome(controller: Controller) -> None:
    """Raise `NotPermitted` unless whoever acts through `controller` may ask for anything at all."""
    demand_staff(controller)
