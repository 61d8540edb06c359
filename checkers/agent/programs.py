"""Our own programs, run in a host's network namespace with the least rights that they need.

A program runs as an account without rights, in the observer's own file tree, with no variable of
anybody's in its environment. Only the programs in `ALLOWED` can be asked for.
"""

from __future__ import annotations

import os
import shutil
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any, NoReturn

from . import system
from .hosts import Host
from .jobs import Job

TABLES = (system.CAP_NET_ADMIN, system.CAP_NET_RAW, system.CAP_DAC_READ_SEARCH)
"""What listing the kernel's older tables takes; the file with their names is root's alone."""

ALLOWED: dict[str, tuple[int, ...]] = {
    "bridge": (),
    "conntrack": (system.CAP_NET_ADMIN,),
    "curl": (),
    "cvtsudoers": (),
    "dig": (),
    "ip": (),
    "ip6tables-legacy-save": TABLES,
    "ip6tables-save": (system.CAP_NET_ADMIN, system.CAP_NET_RAW),
    "iptables-legacy-save": TABLES,
    "iptables-save": (system.CAP_NET_ADMIN, system.CAP_NET_RAW),
    "nft": (system.CAP_NET_ADMIN,),
    "openssl": (),
    "ping": (system.CAP_NET_RAW,),
    "psql": (),
    "ssh": (),
    "sshpass": (),
    "ss": (system.CAP_SYS_PTRACE, system.CAP_DAC_READ_SEARCH),
    "sysctl": (),
    "tc": (),
    "traceroute": (system.CAP_NET_RAW,),
    "uname": (),
}
"""The programs that may be asked for, and the capabilities that each one keeps."""

NAMED = ("uname",)
"""The programs that also enter the namespace in which the host's name is set."""

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}


class NotAllowed(Exception):
    """A program that is not on the list, or is not installed in the observer."""


def in_network(network: int, capabilities: tuple[int, ...]) -> None:
    """Enter a network namespace for good and give up everything but `capabilities`."""
    system.setns(network, system.CLONE_NEWNET)
    system.become_nobody(capabilities)
    system.die_with_parent()  # again: a change of account takes the wish back (prctl(2))


def job(host: Host, probe: dict[str, Any], nonce: str) -> Job:
    """The job that runs a `program` probe; raises `NotAllowed`."""
    name = probe["argv"][0]
    path = shutil.which(name, path=ENVIRONMENT["PATH"]) if name in ALLOWED else None
    if path is None:
        known = ", ".join(sorted(ALLOWED))
        raise NotAllowed(f"the observer has no program `{name}` (it has {known})")
    argv = [argument.replace("{nonce}", nonce) for argument in probe["argv"]]
    given = urlsafe_b64decode(probe.get("stdin", ""))
    return Job(_body(host, path, argv), float(probe["timeout"]), stdin=given)


def _body(host: Host, path: str, argv: list[str]) -> Callable[[], None]:
    name = os.path.basename(path)

    def body() -> NoReturn:
        if name in NAMED:
            system.setns(host.names, system.CLONE_NEWUTS)
        in_network(host.network, ALLOWED[name])
        os.chdir("/")
        os.execve(path, argv, ENVIRONMENT)

    return body
