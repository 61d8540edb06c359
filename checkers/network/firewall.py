"""The check type `firewall`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from checkers.check import Asking, Check, CheckType, ask_all
from checkers.findings import Findings
from checkers.model import Phase, Program, Subject
from checkers.network._ip import HostAddress, Link
from checkers.network._tries import Attempt, Protocol, Try, outcome
from checkers.network._witness import (
    ANSWERED_ELSEWHERE,
    FarEnd,
    HostName,
    every_host_up,
    far_end_among,
)
from checkers.reading import answer, unobserved

MOST = 24
"""Attempts in one check; the agent makes as many at the same time."""

ANY = ("0.0.0.0", "[::]", "*")  # noqa: S104  # how `ss` writes any address
Ports = Annotated[
    tuple[Annotated[int, Field(ge=1, le=65535)], ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, int) else value),
    Field(min_length=1, max_length=MOST),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 65535},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1, "maximum": 65535},
                    "minItems": 1,
                },
            ]
        }
    ),
]


class Passage(BaseModel):
    """Traffic from a host to an address; `from` is the check's where it is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: HostName | None = Field(default=None, alias="from")
    to: HostAddress
    port: Ports | None = None
    protocol: Protocol = "tcp"
    at: HostName | None = None

    @model_validator(mode="after")
    def _ports_of_what(self) -> Passage:
        if (self.protocol == "icmp") != (self.port is None):
            raise ValueError("`tcp` and `udp` need a `port`; `protocol: icmp` has none")
        return self

    def tries(self, source: str) -> tuple[Try, ...]:
        """An attempt for each port."""
        asker = self.from_ or source
        if self.port is None:
            return (Try(asker, self.to, self.protocol, at=self.at),)
        return tuple(Try(asker, self.to, self.protocol, port, self.at) for port in self.port)


class Firewall(CheckType):
    """A firewall lets through what it should and nothing else, tried from both its sides.

        firewall:
          allow:
            - {from: pc, to: 10.1.0.10, port: [80, 443]}
            - {from: pc, to: 10.1.0.10, protocol: icmp}
          deny:
            - {from: web, to: 10.2.0.10, port: 22}
            - {from: web, to: 10.2.0.10, port: 53, protocol: udp}

        firewall: {deny: [{from: pc, to: 10.1.0.1, port: 22}], deny_by: drop}

    `host:` is the firewall: the router in between, or the machine itself that has the address.
    `from` is the host that asks (the check's `from:` where it is left out), `to` an address, `port`
    one or several, `protocol` `tcp` (default), `udp` or `icmp` (echo); at most 24 attempts. What is
    asked for is followed on the wire.

    - Allowed means that it is answered by the host that has the address, so something must listen
      there. A UDP service need not understand the examiner's datagram: behind a firewall it is
      enough that it arrives.
    - Denied means that it is seen to arrive at the firewall and not to leave it for the host that
      has the address. Where it is not the firewall that stops it (no route, no such host) nothing
      was shown, and the check fails. On the firewall itself there must be no answer, or a refusal
      by a rule: a closed port on which nothing listens is not a denied one.
    - `deny_by: drop` wants silence, `deny_by: reject` an error or a reset; without it either does.
    - `at` is as in `ping`: the host that must be reached where an address is translated.

    Say by `needs` that the network as such works, and put what must be allowed into the same check
    or before it: a router that forwards nothing denies everything.

    Error: a host of the lab cannot be observed, or nothing shows that an attempt was made.
    """

    kind: ClassVar[str] = "firewall"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    allow: tuple[Passage, ...] = ()
    deny: tuple[Passage, ...] = ()
    deny_by: Literal["drop", "reject"] | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Firewall:
        count = sum(len(each.port or (0,)) for each in (*self.allow, *self.deny))
        if not count:
            raise ValueError("say what is to be allowed or denied: `allow`, `deny`")
        if count > MOST:
            raise ValueError(f"{count} attempts are too many for one check: at most {MOST}")
        if self.deny_by and not self.deny:
            raise ValueError("`deny_by` needs something in `deny`")
        both = {each.model_dump_json() for each in self.allow} & {
            each.model_dump_json() for each in self.deny
        }
        if both:
            raise ValueError("the same cannot be allowed and denied")
        return self

    def run(self, subject: Subject) -> Check:
        """Make all attempts at once, and judge each by its end and its frames."""
        links = yield from every_host_up(subject)
        allowed = [each for passage in self.allow for each in passage.tries(subject.source)]
        denied = [each for passage in self.deny for each in passage.tries(subject.source)]
        ends = [_end(subject, each, links) for each in (*allowed, *denied)]
        results = yield from ask_all(*(each.probe() for each in (*allowed, *denied)))
        made = [
            Attempt(tried, end, outcome(tried, result))
            for tried, end, result in zip((*allowed, *denied), ends, results, strict=True)
        ]
        findings = Findings()
        for each in made[: len(allowed)]:
            _allowed(findings, each, subject.host)
        listening = yield from _listening(subject.host, made[len(allowed) :])
        for each in made[len(allowed) :]:
            self._denied(findings, each, _not_denied(each, subject.host, listening))
        return findings.verdict()

    def _denied(self, findings: Findings, made: Attempt, trouble: str) -> None:
        tried = made.tried
        how = {"drop": " without an answer", "reject": " with an error"}.get(self.deny_by or "", "")
        silent = made.found.state == "silent"
        said = "no answer" if silent else made.found.detail or "refused"
        if not trouble and self.deny_by and silent != (self.deny_by == "drop"):
            trouble = f"{tried.said}: {said}"
        found = trouble or f"{tried.source} denied {tried.said} ({said})"
        expected = f"{tried.source} denied {tried.said}{how}"
        findings.note(not trouble, expected=expected, found=found)


def _end(subject: Subject, tried: Try, links: dict[str, tuple[Link, ...]]) -> FarEnd:
    if all(host.name != tried.source for host in subject.hosts):
        raise unobserved(f"the lab has no host called {tried.source}")
    asked = Subject(subject.host, tried.source, subject.hosts)
    return far_end_among(asked, tried.to, links, tried.at)


def _allowed(findings: Findings, made: Attempt, wall: str) -> None:
    tried, answered = made.tried, made.found.state == "open"
    expected = f"{tried.source} reaches {tried.said}"
    behind = tried.protocol == "udp" and wall not in (*made.end.hosts, tried.source)
    if answered and made.trouble:
        findings.flags.append(ANSWERED_ELSEWHERE)
        findings.miss(expected=expected, found=f"{tried.said}: {made.trouble}")
    elif answered or (behind and made.arrived):
        findings.hold(expected=expected, found=f"{expected}, seen at {made.end.said}")
    else:
        said = f"{tried.source} does not reach {tried.said}: {made.why_not}"
        findings.miss(expected=expected, found=said)


def _not_denied(made: Attempt, wall: str, listening: frozenset[str]) -> str:
    """Why an attempt was not denied by the firewall, in words for the candidate; else empty."""
    tried, found, itself = made.tried, made.found, wall in made.end.hosts
    if made.nowhere:
        return f"{tried.said}: {made.nowhere}, so nothing was shown"
    if found.state == "open":
        return f"{tried.said} answers {tried.source}"
    if not itself and made.arrived:
        return f"{tried.said}: the request of {tried.source} gets through to {made.end.said}"
    if tried.source == wall and (found.forbidden or made.left):
        return ""
    if not made.came_to(wall):
        return _not_shown(made, wall)
    if not itself:
        return ""
    if found.state == "silent" and tried.protocol == "udp":
        raise unobserved(f"silence of {tried.said} does not tell whether {wall} took the request")
    served = any(f"{at}:{tried.port}" in listening for at in (*ANY, tried.to, f"[{tried.to}]"))
    by_a_rule = found.state == "closed" and served
    if found.state in {"silent", "refused"} or by_a_rule:
        return ""
    return f"{tried.said} is not denied: {found.detail or 'closed'}, and nothing listens there"


def _not_shown(made: Attempt, wall: str) -> str:
    """Words for a request that never came to the firewall; not observed if it was never made."""
    tried = made.tried
    if made.found.state == "refused":
        return f"{tried.said}: {made.found.detail}, so nothing was shown"
    if not made.left:
        raise unobserved(f"nothing shows that {tried.source} asked for {tried.said}")
    return f"{tried.said}: the request of {tried.source} never came to {wall}, so nothing was shown"


def _listening(wall: str, denied: list[Attempt]) -> Asking[frozenset[str]]:
    """Where something listens for TCP (address:port), if resets of a rule's have to be told."""
    if not any(each.found.state == "closed" and wall in each.end.hosts for each in denied):
        return frozenset()
    program = Program(wall, ("ss", "-H", "-l", "-t", "-n"))
    result = yield from answer(program)
    rows = [line.split() for line in result.stdout.decode("ascii", "replace").splitlines()]
    proper = all(len(row) > 4 and row[3].rpartition(":")[2].isdecimal() for row in rows)
    if result.exit != 0 or not proper:
        raise unobserved(f"`ss` on {wall} ended with {result.exit} and what cannot be understood")
    return frozenset(row[3] for row in rows)
