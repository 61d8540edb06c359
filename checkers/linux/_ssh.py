"""One attempt to log in by OpenSSH's own client, and what it says about the server.

The server may print whatever it likes before the client's last line, and only there: what the
client itself says at its end is told by its place and its exit status, never by looking for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from checkers.model import Flow, Program, ProgramResult
from checkers.reading import NOT_RUN, unobserved
from checkers.traffic import Sighting
from checkers.words import plain

SECONDS = 10.0
CONNECT_SECONDS = 4
CLIENT_FAILED = 255
WRONG_PASSWORD = 5

_DENIED = re.compile(rb"[^\n]*: Permission denied \((?P<methods>[A-Za-z0-9@.,-]*)\)\.")
_TROUBLES = (
    (rb"ssh: connect to host .*: (?P<why>.*)", "{why}"),
    (
        rb"(kex_exchange_identification: .*|Connection (closed|reset) by .*)",
        "it closes connections",
    ),
    (rb"(Received disconnect|Disconnected) from .*", "it ends the connection"),
    (rb"Connection timed out during banner exchange", "it does not speak SSH"),
    (rb"Connection to .* port .* timed out", "no answer in time"),
    (rb"Unable to negotiate with .*: (?P<why>no matching [a-z ]*)found.*", "{why}"),
    (rb".*[Ii]nvalid format.*|.*error in libcrypto.*", ""),
)
_PROPOSAL = b"debug2: peer server KEXINIT proposal"
_LIST = re.compile(
    rb"debug2: (?P<what>KEX algorithms|host key algorithms|ciphers [cs]to[cs]|MACs [cs]to[cs]): "
    rb"(?P<names>[A-Za-z0-9@.,_+-]*)"
)


@dataclass(frozen=True, slots=True)
class Login:
    """Whom to log in as, where, and by what: a private key or a password, or nothing at all."""

    source: str
    user: str
    to: str
    port: int
    key: bytes = b""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended.

    `methods` are those that the server goes on offering where it refused, None where it did not.
    `status` is that of the remote command where it was run. `trouble` says why there was no
    authentication at all. `algorithms` are all that the server proposed.
    """

    methods: frozenset[str] | None = None
    status: int | None = None
    trouble: str = ""
    algorithms: frozenset[str] = frozenset()
    sightings: tuple[Sighting, ...] = ()


def program(login: Login) -> Program:
    """The command line; every word of it is one argument, and the secret is its input."""
    options = {
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "GlobalKnownHostsFile": "/dev/null",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "IdentityAgent": "none",
        "IdentitiesOnly": "yes",
        "GSSAPIAuthentication": "no",
        "NumberOfPasswordPrompts": "1",
    }
    head: tuple[str, ...] = ()
    if login.password:
        head = ("sshpass", "-d0")
        options["PreferredAuthentications"] = "password,keyboard-interactive"
        options["PubkeyAuthentication"] = "no"
    elif login.key:
        options |= {"BatchMode": "yes", "PreferredAuthentications": "publickey"}
        options["IdentityFile"] = "/dev/stdin"
    else:
        options |= {"BatchMode": "yes", "PreferredAuthentications": "none"}
    # Without -n the remote command would be handed the secret as its input.
    argv = [*head, "ssh", "-vv", "-n", "-T", "-F", "/dev/null"]
    for name, value in options.items():
        argv += ["-o", f"{name}={value}"]
    argv += ["-p", str(login.port), "-l", login.user, "--", login.to, "true"]
    flow = Flow("tcp", login.to, login.port)
    secret = login.key or (f"{login.password}\n".encode() if login.password else b"")
    return Program(login.source, tuple(argv), SECONDS + 5, flow, secret)


def understood(result: ProgramResult) -> Attempt:
    """Read the client's output; raises `NotObserved` for an end that says nothing of the server."""
    lines = [line.rstrip(b"\r") for line in result.stderr.rstrip(b"\n").split(b"\n")]
    if result.exit in NOT_RUN or result.truncated or not result.stderr:
        raise unobserved(f"`ssh` ended with {result.exit}")
    if not any(line.startswith(b"OpenSSH_") for line in lines[:3]):
        raise unobserved(f"`ssh` ended with {result.exit}: {plain(lines[-1])}")
    algorithms = _algorithms(lines)
    if result.exit not in (CLIENT_FAILED, WRONG_PASSWORD):
        if not algorithms or not any(b"debug1: Exit status" in line for line in lines):
            raise unobserved(f"`ssh` ended with {result.exit}: {plain(lines[-1])}")
        return Attempt(None, result.exit, "", algorithms, result.sightings)
    denied = _DENIED.fullmatch(lines[-1])
    if denied:
        methods = frozenset(denied["methods"].decode().split(",")) - {""}
        if not algorithms:
            raise unobserved("`ssh` was refused without having spoken to a server")
        return Attempt(methods, None, "", algorithms, result.sightings)
    for pattern, said in _TROUBLES:
        found = re.fullmatch(pattern, lines[-1])
        if found and said:
            why = found.groupdict().get("why") or b""
            trouble = said.format(why=plain(why.strip(), 80))
            return Attempt(None, None, trouble, algorithms, result.sightings)
    raise unobserved(f"`ssh` ended with {result.exit}: {plain(lines[-1])}")


def _algorithms(lines: list[bytes]) -> frozenset[str]:
    """What the server proposed: the first lists after the client's own remark that they follow."""
    if _PROPOSAL not in lines:
        return frozenset()
    found: set[str] = set()
    seen: set[bytes] = set()
    for line in lines[lines.index(_PROPOSAL) + 1 :]:
        match = _LIST.fullmatch(line)
        if match and match["what"] not in seen:
            seen.add(match["what"])
            found |= set(match["names"].decode().split(","))
        elif not line.startswith(b"debug2: "):
            break
    return frozenset(found - {""})
