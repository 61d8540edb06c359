"""The check type `firewall`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from checkers.check import Asking, Check, CheckType, NotObserved, ask_all
from checkers.findings import Findings
from checkers.lab_names import HostName
from checkers.model import Phase, Subject
from checkers.network._ip import HostAddress, Link
from checkers.network._refusals import Refusals, like_a_closed_port, refusals
from checkers.network._tries import Attempt, Protocol, Try, outcome
from checkers.network._witness import (
    ANSWERED_ELSEWHERE,
    FarEnd,
    every_host_up,
    far_end_among,
    hindrance,
    why_nothing_left,
)
from checkers.reading import unobserved

MOST = 24
"""Attempts in one check; the agent makes as many at the same time."""

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
      has the address, or not to leave the firewall that asks itself. Where it is not the firewall
      that stops it (no route, nobody who answers for the address or for that of the next router)
      nothing was shown, and the check fails. On the firewall itself there must be no answer, or a
      refusal by a rule. A port that is only closed refuses too (TCP by a reset, UDP by the error
      "port unreachable"), so where nothing listens just that is no denial; any other error is.
    - `deny_by: drop` wants silence, `deny_by: reject` an error or a reset; without it either does.
      Errors that are held back, since Linux sends one a second, are asked for once more.
    - `at` is as in `ping`: the host that must be reached where an address is translated.

    Say by `needs` that the network as such works, and put what must be allowed into the same check
    or before it: a router that forwards nothing denies everything. Have something listen on the
    firewall's own ports that are to be denied.

    Error: a host of the lab cannot be observed; nothing shows that an attempt was made; a port of
    the firewall on which nothing listens refuses as a closed one does, and a rule of the firewall's
    does so too; a UDP service of the firewall says nothing.
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
        made = yield from _attempted((*allowed, *denied), ends)
        findings = Findings()
        for each in made[: len(allowed)]:
            _allowed(findings, each, subject.host)
        kept_out = yield from self._once_more(made[len(allowed) :], subject.host)
        unclear = [each for each in kept_out if _own_refusal(each, subject.host)]
        by_whom = yield from refusals(subject.host, unclear)
        untold: NotObserved | None = None
        for each in kept_out:
            try:
                trouble = yield from _not_denied(each, subject.host, by_whom)
            except NotObserved as problem:  # no reason to forget what does not hold elsewhere
                untold = untold or problem
            else:
                self._denied(findings, each, trouble)
        if untold and not findings.failing:
            raise untold
        return findings.verdict()

    def _once_more(self, denied: list[Attempt], wall: str) -> Asking[list[Attempt]]:
        """Ask again, one at a time, where silence may be an error that was held back.

        Linux sends errors to one host in a burst of six and then one a second (icmp(7)), so that
        of many refusals at a time some are not heard. The first that stays silent ends it.
        """
        found = list(denied)
        for number, made in enumerate(denied):
            matters = self.deny_by == "reject" or (
                made.tried.protocol == "udp" and wall in made.end.hosts
            )
            if not (matters and made.found.state == "silent" and made.came_to(wall)):
                continue
            if wall not in made.end.hosts and made.arrived:
                continue
            (found[number],) = yield from _attempted((made.tried,), [made.end])
            if found[number].found.state == "silent":
                break
        return found

    def _denied(self, findings: Findings, made: Attempt, trouble: str) -> None:
        tried = made.tried
        how = {"drop": " without an answer", "reject": " with an error"}.get(self.deny_by or "", "")
        silent = made.found.state == "silent"
        said = "no answer" if silent else made.refused
        if not trouble and self.deny_by and silent != (self.deny_by == "drop"):
            trouble = f"{tried.said}: {said}"
        found = trouble or f"{tried.source} denied {tried.said} ({said})"
        expected = f"{tried.source} denied {tried.said}{how}"
        findings.note(not trouble, expected=expected, found=found)


def _attempted(tries: tuple[Try, ...], ends: list[FarEnd]) -> Asking[list[Attempt]]:
    """Make these attempts at the same time."""
    results = yield from ask_all(*(each.probe() for each in tries))
    return [
        Attempt(tried, end, outcome(tried, result))
        for tried, end, result in zip(tries, ends, results, strict=True)
    ]


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


def _own_refusal(made: Attempt, wall: str) -> bool:
    """Whether the firewall refused for an address of its own, as a closed port would."""
    return wall in made.end.hosts and made.came_to(wall) and like_a_closed_port(made)


def _not_denied(made: Attempt, wall: str, by_whom: Refusals) -> Asking[str]:
    """Why an attempt was not denied by the firewall, in words for the candidate; else empty."""
    tried, found, itself = made.tried, made.found, wall in made.end.hosts
    if made.nowhere:
        return f"{tried.said}: {made.nowhere}, so nothing was shown"
    if found.state == "open":
        return f"{tried.said} answers {tried.source}"
    if not itself and made.arrived:
        return f"{tried.said}: the request of {tried.source} gets through to {made.end.said}"
    if tried.source == wall:
        return (yield from _let_out(made))
    if not made.came_to(wall):
        return (yield from _not_shown(made, wall))
    if not itself:
        return ""
    if found.state == "silent" and tried.protocol == "udp":
        raise unobserved(f"silence of {tried.said} does not tell whether {wall} took the request")
    if by_whom.by_a_rule(made):
        return ""
    return f"{tried.said} is not denied: {made.refused}, and nothing listens there"


def _let_out(made: Attempt) -> Asking[str]:
    """Why the firewall did not keep itself from asking, in words for the candidate; else empty.

    What a rule on the way out drops is not seen on the wire; nor is what cannot be sent at all.
    """
    tried, found = made.tried, made.found
    if made.left:
        return f"{tried.said}: the request leaves {tried.source}"
    if found.forbidden or found.state == "closed":
        return ""
    why = yield from hindrance(made.end)
    return f"{tried.said}: {why}, so nothing was shown" if why else ""


def _not_shown(made: Attempt, wall: str) -> Asking[str]:
    """Words for a request that never came to the firewall; not observed if it was never made.

    Of a next hop that does not answer, the end tells too little: the kernel's three seconds of
    asking for it and the probe's own three end in either order.
    """
    tried, found = made.tried, made.found
    if made.left:
        why = f"the request of {tried.source} never came to {wall}"
    elif found.state == "silent" or found.unanswered_hop:
        why = yield from why_nothing_left(made.end)
    elif found.state == "refused":
        why = found.detail
    else:
        raise unobserved(f"nothing shows that {tried.source} asked for {tried.said}")
    return f"{tried.said}: {why}, so nothing was shown"
