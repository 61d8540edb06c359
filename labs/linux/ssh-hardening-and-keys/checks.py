"""Tries to get in, with the OpenSSH client of a host that the candidate cannot enter.

What counts is how a real attempt ends: with a session, with a refusal by the server, or with no
server at all.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

from checkers.check import Check, ask, failed, passed
from checkers.findings import Findings
from checkers.model import Blame, Inside, ProgramResult, Subject
from checkers.reading import NOT_RUN, unobserved
from checkers.words import listed, plain, quoted

Asking = Generator[Any, Any, Any]

ASKED = ("env", "SSH_ASKPASS=/usr/local/bin/answer", "SSH_ASKPASS_REQUIRE=force")
"""ssh(1) then gets passwords from a program, here always the one password of this lab."""
COMMON = ("-n", "-F", "none", "-o", "ConnectTimeout=5", "-o", "IdentitiesOnly=yes")
METHODS = {"password", "publickey", "keyboard-interactive", "hostbased", "gssapi-with-mic"}


def _attempt(subject: Subject, to: str, user: str, *options: str) -> Asking:
    """One attempt from the check's `from:` host to log in and run `id -un`."""
    argv = (*ASKED, "ssh", *COMMON, *options, f"{user}@{to}", "id -un")
    result = yield from ask(Inside(subject.source, argv, cwd="/root", timeout=30.0))
    if result.exit in NOT_RUN:
        raise unobserved(f"ssh could not be run on {subject.source}", Blame.MACHINERY)
    return result


def _with_key(key: str) -> tuple[str, ...]:
    """The key alone, and the server only if it is the one that the desk has known all along."""
    known = ("-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes")
    return ("-i", f"/root/.ssh/{key}", *known, "-o", "PreferredAuthentications=publickey")


def _with_password(methods: str) -> tuple[str, ...]:
    anybody = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
    return (*anybody, "-o", "PubkeyAuthentication=no", "-o", f"PreferredAuthentications={methods}")


def _said(result: ProgramResult) -> str:
    """How an attempt ended, in words."""
    if result.exit == 0:
        return f"let in, as {quoted(result.stdout.strip())}"
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    return quoted(plain(lines[-1])) if lines else f"ssh ended with {result.exit}"


def enters(subject: Subject, to: str, user: str, prints: str = "") -> Check:
    """The user gets in with their key, and the session prints what it should."""
    result = yield from _attempt(subject, to, user, *_with_key(user))
    wanted = prints or user
    right = result.exit == 0 and result.stdout.decode("utf-8", "replace").strip() == wanted
    what = f"a session that prints {quoted(wanted)}" if prints else "a session"
    return (passed if right else failed)(
        expected=f"{what} for {user} with the key of {user}", found=_said(result)
    )


def refused(subject: Subject, to: str, user: str, key: str) -> Check:
    """The server answers, and lets nobody in as this user with this key."""
    result = yield from _attempt(subject, to, user, *_with_key(key))
    right = result.exit != 0 and b"Permission denied" in result.stderr
    return (passed if right else failed)(
        expected=f"{user} refused with the key of {key}", found=_said(result)
    )


def keys_only(subject: Subject, to: str, users: list[str]) -> Check:
    """Nobody is asked for a password, and the right password lets nobody in."""
    findings = Findings()
    for user in users:
        offer = yield from _attempt(subject, to, user, "-v", *_with_password("none"))
        lines = re.findall(rb"Authentications that can continue: (\S+)", offer.stderr)
        offered = set(lines[-1].decode("ascii", "replace").split(",")) if lines else set()
        findings.note(
            offered == {"publickey"},
            expected=f"{user} offered public keys alone",
            found=f"{user} offered {listed(sorted(offered & METHODS))}" if lines else _said(offer),
        )
        result = yield from _attempt(
            subject, to, user, *_with_password("password,keyboard-interactive")
        )
        findings.note(
            result.exit != 0 and b"Permission denied" in result.stderr,
            expected=f"{user} refused with the right password",
            found=_said(result),
        )
    return findings.verdict()
