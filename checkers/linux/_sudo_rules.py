"""What the rules of sudo say about one command of one user, as sudoers(5) describes it.

The last rule that fits decides. An answer can be *unknown* (None): rules may ask for a digest, a
netgroup or an address, which are not looked at here; then the host's own sudo has the word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import PydanticSchemaGenerationError
from pydantic_core import SchemaError

from checkers.linux._accounts import Account, Accounts
from checkers.linux._sudoers import Command, Grant, Member, Rule, Sudoers
from checkers.linux.process import merged
from checkers.matchers import fits_pattern

Answer = bool | None
"""Yes, no, or unknown."""

Fits = Callable[[Member], Answer]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a command is allowed, whether for a password (None: unknown), and by which rule."""

    allowed: Answer
    password: Answer = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """A user who asks, on a host, to run something as another."""

    user: Account
    target: Account
    host: str
    known: Accounts

    def is_user(self, member: Member, who: Account) -> Answer:
        """Whether a word of a list of users means `who`."""
        if member.username is not None:
            return member.username in ("ALL", who.name)
        if member.userid is not None:
            return member.userid == who.uid
        if member.usergroup is not None:
            return member.usergroup in self.known.groups_of(who)
        if member.usergid is not None:
            gids = {self.known.gid(name) for name in self.known.groups_of(who)}
            return member.usergid in gids
        return None

    def is_here(self, member: Member) -> Answer:
        """Whether a word of a list of hosts means this one."""
        if member.hostname is None:
            return None
        name = member.hostname.lower()
        if name in ("all", self.host.lower()):
            return True
        if any(letter in name for letter in "*?["):
            return _glob(name, self.host.lower(), across=True)
        return None if name.partition(".")[0] == self.host.lower() else False


def decide(policy: Sudoers, asker: Asker, argv: Sequence[str]) -> Decision:
    """What the rules say about `argv`."""
    for rule, grant, command in _backwards(policy.rules):
        fits = _all(
            _listed(rule.users, lambda member: asker.is_user(member, asker.user)),
            _listed(rule.hosts, asker.is_here),
            _runs_as(grant, asker),
            command_fits(command, argv),
        )
        if fits is False:
            continue
        if fits is None:
            return Decision(allowed=None)
        if command.negated:
            return Decision(allowed=False, by=f"!{command.command}")
        asked = _password(policy, asker, grant, argv)
        return Decision(allowed=True, password=asked, by=command.command)
    return Decision(allowed=False)


def grants_of(policy: Sudoers, asker: Asker) -> Iterator[Command]:
    """Every command that some rule allows the user here, as whomever; negations are left out."""
    for rule in policy.rules:
        mine = _all(
            _listed(rule.users, lambda member: asker.is_user(member, asker.user)),
            _listed(rule.hosts, asker.is_here),
        )
        if mine is not False:
            for grant in rule.grants:
                yield from (command for command in grant.commands if not command.negated)


def _backwards(rules: Iterable[Rule]) -> Iterator[tuple[Rule, Grant, Command]]:
    for rule in reversed(tuple(rules)):
        for grant in reversed(rule.grants):
            for command in reversed(grant.commands):
                yield rule, grant, command


def _all(*answers: Answer) -> Answer:
    if False in answers:
        return False
    return None if None in answers else True


def _listed(members: Sequence[Member], fits: Fits) -> Answer:
    """Whether a list means something: the last word that fits decides."""
    for member in reversed(members):
        answer = fits(member)
        if answer is not False:
            return None if answer is None else not member.negated
    return False


def _runs_as(grant: Grant, asker: Asker) -> Answer:
    """Whether the rule lets a command be run as the target, with the target's own group."""
    if grant.runasusers is None:
        # With a group alone the user stays who they are; with neither it is the standard one.
        wanted = asker.user.uid if grant.runasgroups else 0
        return asker.target.uid == wanted
    if grant.runasusers == (Member(username=""),):
        return asker.target.uid == asker.user.uid
    return _listed(grant.runasusers, lambda member: asker.is_user(member, asker.target))


def command_fits(command: Command, argv: Sequence[str]) -> Answer:
    """Whether a rule's command means `argv`."""
    text = command.command
    if text == "ALL":
        return None if command.has_digest else True
    path, _, arguments = text.partition(" ")
    given = " ".join(argv[1:])
    if path.startswith("^"):
        found = _pattern(path, argv[0])
    elif path.endswith("/"):
        found = merged(path.encode()) == merged(argv[0].rpartition("/")[0].encode() + b"/")
    else:
        found = _glob(_merged(path), _merged(argv[0]), across=False)
    if found and arguments == '""':
        found = not given
    elif found and arguments.startswith("^"):
        found = _pattern(arguments, given)
    elif found and arguments:
        found = _glob(arguments, given, across=True)
    return None if found and command.has_digest else found


def _merged(path: str) -> str:
    return merged(path.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _pattern(pattern: str, text: str) -> Answer:
    bare = pattern.removeprefix("^").removesuffix("$")
    try:
        return fits_pattern(bare, text)
    except (SchemaError, PydanticSchemaGenerationError):
        return None


_BRACKET = re.compile(r"\[(?P<not>[!^]?)(?P<set>\]?[^\]]*)\]")


def _glob(pattern: str, text: str, *, across: bool) -> Answer:
    """fnmatch(3); with `across`, `*` and `?` also stand for a slash."""
    any_ = "(?s:.)" if across else "[^/]"
    parts = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        bracket = _BRACKET.match(pattern, at) if letter == "[" else None
        if letter == "\\" and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        elif letter == "*":
            parts.append(f"{any_}*")
        elif letter == "?":
            parts.append(any_)
        elif bracket:
            if ":" in bracket["set"]:  # a class of letters by name
                return None
            inner = bracket["set"].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
            parts.append(f"[{'^' if bracket['not'] else ''}{inner}]")
            at = bracket.end() - 1
        else:
            parts.append(re.escape(letter))
        at += 1
    return _pattern("".join(parts), text)


def _password(policy: Sudoers, asker: Asker, grant: Grant, argv: Sequence[str]) -> Answer:
    """Whether a password is asked for: the rule's own word, else the settings', the last first."""
    if asker.user.uid in (0, asker.target.uid):
        return False
    if grant.authenticate is not None:
        return grant.authenticate
    answer: Answer = True
    for default in policy.defaults:
        if default.name == "exempt_group" and default.value in asker.known.groups_of(asker.user):
            return False
        if default.name == "authenticate" and _concerns(
            default.scope, default.binding, asker, argv
        ):
            answer = default.value == "true"
    return answer


def _concerns(scope: str, binding: str, asker: Asker, argv: Sequence[str]) -> bool:
    """Whether a setting is for this user, host, target or command."""
    words = [word.strip() for word in binding.split(",")]
    if scope in ("user", "runas"):
        who = asker.user if scope == "user" else asker.target
        return bool(_listed([_member(word) for word in words], lambda m: asker.is_user(m, who)))
    if scope == "host":
        return asker.host in words or "ALL" in words
    if scope == "command":
        return any(command_fits(Command(command=word), argv) for word in words)
    return True


def _member(word: str) -> Member:
    negated = word.startswith("!")
    bare = word.lstrip("!")
    if bare.startswith("%#") and bare[2:].isdigit():
        return Member(usergid=int(bare[2:]), negated=negated)
    if bare.startswith("%"):
        return Member(usergroup=bare[1:], negated=negated)
    if bare.startswith("#") and bare[1:].isdigit():
        return Member(userid=int(bare[1:]), negated=negated)
    return Member(username=bare, negated=negated)
