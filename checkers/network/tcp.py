"""The check type `tcp`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from checkers.check import Asking, Check, CheckType, ask, failed
from checkers.findings import Findings
from checkers.lab_names import HostName
from checkers.matchers import Matcher
from checkers.model import Connect, ConnectResult, Phase, Subject
from checkers.network._ip import HostAddress, Link, by_network, links
from checkers.network._witness import ANSWERED_ELSEWHERE, FarEnd, every_host_up, far_end
from checkers.reading import unobserved
from checkers.words import clean

State = Literal["open", "closed", "filtered"]
States = Annotated[
    tuple[State, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1, max_length=2),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["open", "closed", "filtered"]},
                {"type": "array", "items": {"enum": ["open", "closed", "filtered"]}, "minItems": 1},
            ]
        }
    ),
]
"""One of the states, or two of which either is right."""


class Tcp(CheckType):
    """A TCP port is open, closed or filtered, as seen from another host.

        tcp: {to: 10.2.0.10, port: 22}
        tcp: {to: 10.2.0.10, port: 23, state: [closed, filtered]}
        tcp: {port: 25, banner: {matches: "220 .*"}}      # with `host:` and `from:`

    The connection is tried from the check's `from:` host. Without `to` it goes to an address of the
    check's `host:` on a network that both are on. `state` is `open` (default); `closed`: refused by
    the far end itself; `filtered`: no answer, or refused by something before the far end; a list
    means either. What counts is seen on the wire: an open or closed port only if the request
    reached the host that has the address, a filtered one only if it left the asking host or was
    refused there. For a port that is not open every host of the lab must be running, since one that
    is stopped has no open ports either. `banner` is what the far side sends first, within three
    seconds. With `own_address: true` the request must have arrived with an address of the asking
    host, so that no translation (NAT) helped. `at` is as in `ping`.

    Error: a host that is needed cannot be observed, or nothing shows that a connection was tried.
    """

    kind: ClassVar[str] = "tcp"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    to: HostAddress | None = None
    port: int = Field(ge=1, le=65535)
    state: States = ("open",)
    banner: Matcher | None = None
    own_address: bool = False
    at: HostName | None = None

    @model_validator(mode="after")
    def _banner_of_what(self) -> Tcp:
        if (self.banner is not None or self.own_address) and self.state != ("open",):
            raise ValueError("`banner` and `own_address` need a port that is open")
        return self

    def run(self, subject: Subject) -> Check:
        """Try to connect, see what came of it and who was reached."""
        to = self.to or (yield from address_of(subject))
        if to is None:
            said = f"port {self.port} of {subject.host} {' or '.join(self.state)}"
            return failed(expected=said, found=f"{subject.host} has no address to connect to")
        end = yield from far_end(subject, to, self.at)
        read = 0 if self.banner is None else 4096
        result = yield from ask(Connect(subject.source, to, self.port, read=read))
        if self.state != ("open",):
            yield from every_host_up(subject)
        findings = Findings()
        expected = f"port {self.port} of {to} {' or '.join(self.state)}"
        state, said = self._seen(end, result)
        if state == "faked":
            findings.flags.append(ANSWERED_ELSEWHERE)
        seen = f", seen at {end.said}" if state in {"open", "closed"} else ""
        findings.note(state in self.state, expected=expected, found=said + seen)
        if self.own_address and state == "open" and end.translated(result.sightings):
            own = f"a request from {end.source}'s own address"
            findings.miss(expected=own, found=end.translated(result.sightings))
        if self.banner is not None and state == "open":
            findings.compare("a banner of", self.banner, result.received)
        return findings.verdict()

    def _seen(self, end: FarEnd, result: ConnectResult) -> tuple[str, str]:
        """The port's state, with the wire taken into account, and words for it."""
        at = f"port {self.port} of {end.address}"
        detail = f" ({clean(result.detail, 80)})" if result.detail else ""
        reached = end.witnessed(result.sightings)
        if result.outcome == "open":
            trouble = end.trouble(result.sightings)
            return ("faked", f"{at}: {trouble}") if trouble else ("open", f"{at} is open")
        if end.own or (self.state != ("open",) and end.nobody):
            why = end.nobody or f"{end.address} is an address of {end.source} itself"
            return "unknown", f"{why}, so nothing was shown"
        if end.nobody:
            return "unreachable", f"{at} cannot be reached: {end.nobody}"
        if result.outcome == "closed" and reached:
            return "closed", f"{at} is closed"
        if result.outcome == "closed":
            return "filtered", f"{at} is refused before the request reaches {end.said}"
        if result.outcome == "unreachable":
            rule = "prohibited" in result.detail or "not permitted" in result.detail
            return ("filtered" if rule else "unreachable"), f"{at} cannot be reached{detail}"
        return self._silent(end, result, at)

    def _silent(self, end: FarEnd, result: ConnectResult, at: str) -> tuple[str, str]:
        if end.left(result.sightings):
            return "filtered", f"no answer from {at}"
        if self.state != ("open",):
            raise unobserved(f"no answer from {at}, but nothing shows that {end.source} asked")
        return "silent", f"no answer from {at}; the request did not even leave {end.source}"


def address_of(subject: Subject) -> Asking[str | None]:
    """An address of the check's host, if it can be on a network that the asking host is on."""
    if subject.source == subject.host:
        raise unobserved("the check needs `to:`, or a `from:` host other than its `host:`")
    found = yield from links(subject.host)
    near = {port.network for port in subject.named(subject.source).ports}
    ports = sorted(subject.named(subject.host).ports, key=lambda port: port.network not in near)
    for port in ports:
        place = by_network(subject, subject.host, port.network, found)
        addresses = _global(place.link)
        if addresses:
            return addresses[0]
    return None


def _global(link: Link | None) -> list[str]:
    every = link.addresses if link else ()
    return [str(found.ip) for found in every if not found.ip.is_link_local]
