"""Whether a refusal by a firewall's own address is a rule's doing or that of a port that is closed.

- A closed TCP port answers with a reset (RFC 9293, 3.5.2), a closed UDP port with the ICMP error
  "port unreachable" (RFC 1122, 4.1.3.1). Any other error is a rule's: an ICMP error in answer to
  TCP too.
- Where something listens, the port would not have refused: it was a rule.
- Where nothing listens, it was the port itself, unless there is a rule that sends just that; then
  the two cannot be told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from checkers.check import Asking, ask_all
from checkers.model import Blame, Program
from checkers.network._tries import Attempt, Try
from checkers.reading import good_output, structured, unobserved, whole

RULES = ("nft", "-j", "list", "ruleset")
_LISTENING: dict[str, tuple[str, ...]] = {
    "tcp": ("ss", "-H", "-l", "-t", "-n"),
    "udp": ("ss", "-H", "-l", "-u", "-n"),
}
_OLDER_RULE = re.compile(
    r"^-A .* -j (?:NFQUEUE .*|REJECT --reject-with (?P<how>\S+))$", re.MULTILINE
)
_ANY_ADDRESS = {4: ("0.0.0.0", "*"), 6: ("[::]", "*")}  # noqa: S104  # how `ss` writes any address
_RESET, _UNREACHABLE = "reset", "port-unreachable"
_EITHER = frozenset({_RESET, _UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Refusals:
    """What could have sent a refusal: `served` are the attempts at ports that something listens on.

    `rules` are the answers that some rule of the firewall's gives.
    """

    served: frozenset[Try] = frozenset()
    rules: frozenset[str] = frozenset()

    def by_a_rule(self, made: Attempt) -> bool:
        """Whether a rule refused; raises `NotObserved` where that cannot be told."""
        if not like_a_closed_port(made) or made.tried in self.served:
            return True
        sent = _RESET if made.tried.protocol == "tcp" else _UNREACHABLE
        if sent in self.rules:
            raise unobserved(
                f"{made.tried.said} refuses {made.tried.source}, and nothing listens there: "
                f"whether a rule or the closed port refused cannot be told",
                Blame.HOST,
            )
        return False


def like_a_closed_port(made: Attempt) -> bool:
    """Whether it was refused in the way in which a port refuses that nothing listens on."""
    if made.found.state != "closed":
        return False
    return made.tried.protocol == "udp" or made.answered


def refusals(wall: str, unclear: list[Attempt]) -> Asking[Refusals]:
    """Look at what listens on the firewall and, if that does not tell, at its rules."""
    if not unclear:
        return Refusals()
    protocols = sorted({made.tried.protocol for made in unclear})
    programs = [Program(wall, _LISTENING[protocol]) for protocol in protocols]
    results = yield from ask_all(*programs)
    local: dict[str, frozenset[str]] = {
        protocol: _local(program, whole(program.argv, result))
        for protocol, program, result in zip(protocols, programs, results, strict=True)
    }
    served = frozenset(made.tried for made in unclear if _serves(local, made))
    rules: frozenset[str] = frozenset()
    if any(made.tried not in served for made in unclear):
        rules = yield from _rules(wall, {made.end.address.version for made in unclear})
    return Refusals(served, rules)


def _local(program: Program, result: Any) -> frozenset[str]:
    """The local addresses and ports in a list of `ss`."""
    rows = [line.split() for line in result.stdout.decode("ascii", "replace").splitlines()]
    proper = all(len(row) > 4 and row[3].rpartition(":")[2].isdecimal() for row in rows)
    if result.exit != 0 or not proper:
        raise unobserved(
            f"`ss` on {program.host} ended with {result.exit} and what cannot be understood"
        )
    return frozenset(row[3] for row in rows)


def _serves(local: dict[str, frozenset[str]], made: Attempt) -> bool:
    tried, version = made.tried, made.end.address.version
    own = tried.to if version == 4 else f"[{tried.to}]"
    places = (*_ANY_ADDRESS[version], own)
    return any(f"{at}:{tried.port}" in local[tried.protocol] for at in places)


# --------------------------------------------------------------------------- rules


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    expr: tuple[dict[str, Any], ...] = ()


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    rule: _Rule = _Rule()


class _Ruleset(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    nftables: tuple[_Entry, ...]


_RULESET = TypeAdapter(_Ruleset)


def _rules(wall: str, versions: set[int]) -> Asking[frozenset[str]]:
    """What the rules of a host answer with, in nftables and in the kernel's older tables."""
    names = {4: "iptables-legacy-save", 6: "ip6tables-legacy-save"}
    older = [Program(wall, (names[version],)) for version in sorted(versions)]
    listed, *saved = yield from ask_all(Program(wall, RULES), *older)
    ruleset = structured(RULES, good_output(RULES, listed), _RULESET)
    found: set[str] = set()
    for entry in ruleset.nftables:
        for statement in entry.rule.expr:
            found |= _answers(statement)
    for program, result in zip(older, saved, strict=True):
        if whole(program.argv, result).exit != 0:
            raise unobserved(f"`{program.argv[0]}` on {wall} ended with {result.exit}")
        text = result.stdout.decode("utf-8", "replace")
        for rule in _OLDER_RULE.finditer(text):
            found |= _said(rule["how"])
    return frozenset(found)


def _answers(statement: dict[str, Any]) -> frozenset[str]:
    """What a statement of nftables can answer with that a closed port answers with too."""
    if "queue" in statement:
        return _EITHER
    if "reject" in statement:
        how = statement["reject"] or {}
        return _said(how.get("expr") if how.get("type") != "tcp reset" else "tcp reset")
    target = statement.get("xt") or {}
    by_target = target.get("type") == "target" and target.get("name") in {"REJECT", "NFQUEUE"}
    return _EITHER if by_target else frozenset()


def _said(how: str | None) -> frozenset[str]:
    """What `reject with …` sends, of what a closed port sends too; None says nothing of it."""
    if how is None:
        return _EITHER
    if "reset" in how:
        return frozenset({_RESET})
    return frozenset({_UNREACHABLE}) if "port-unreach" in how else frozenset()
