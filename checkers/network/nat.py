"""The check type `nat`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from checkers.check import Check, CheckType, ask
from checkers.findings import Findings
from checkers.lab_names import HostName
from checkers.model import Phase, Subject
from checkers.network._ip import HostAddress
from checkers.network._tries import Attempt, Try, outcome
from checkers.network._witness import ANSWERED_ELSEWHERE, every_host_up, far_end_among
from checkers.words import listed

OWN: Literal["own"] = "own"


class Nat(CheckType):
    """Addresses are translated on the way as they should be, by what the far side sees.

        nat: {to: 203.0.113.10, source: 203.0.113.1}                      # masquerade, by echo
        nat: {to: 203.0.113.10, port: 80, source: 203.0.113.1}            # by TCP
        nat: {to: 203.0.113.1, port: 8080, at: web, destination: 10.1.0.10}   # port forwarding
        nat: {to: 10.2.0.10, port: 22, source: own}                       # not translated

    `from:` asks `to`, with `port` by TCP and without by ICMP echo; `host:` is the translating
    router, which the request has to pass. It has to be answered, and to have been seen on the wire
    at the far end, which is the host that has the address `to`, or the one named by `at`.

    - `source` is the address that it must arrive *from*: of the router, or `own` for an address of
      the asking host itself.
    - `destination` is the address that it must arrive *for*, where the router forwards a port; it
      needs `at`.

    Frames are followed by what translation keeps, so that a program on the router that answers or
    fetches in another's place is not taken for a translation.

    Error: a host of the lab cannot be observed, or nothing shows that a request was made.
    """

    kind: ClassVar[str] = "nat"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    to: HostAddress
    port: int | None = Field(default=None, ge=1, le=65535)
    source: Annotated[HostAddress | Literal["own"], Field(union_mode="left_to_right")] | None = None
    destination: HostAddress | None = None
    at: HostName | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Nat:
        if self.source is None and self.destination is None:
            raise ValueError("say what the far side has to see: `source`, `destination` or both")
        if self.destination is not None and self.at is None:
            raise ValueError("`destination` needs `at`: the host that has to be reached")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask, and look at the addresses with which it arrives."""
        tried = Try(
            subject.source, self.to, "tcp" if self.port else "icmp", port=self.port, at=self.at
        )
        links = yield from every_host_up(subject)
        end = far_end_among(subject, self.to, links, self.at)
        result = yield from ask(tried.probe())
        made = Attempt(tried, end, outcome(tried, result))
        findings = Findings()
        expected = f"{tried.source} reaches {tried.said}"
        if made.found.state != "open":
            findings.miss(expected=expected, found=f"{tried.said}: {made.why_not}")
        elif made.trouble:
            findings.flags.append(ANSWERED_ELSEWHERE)
            findings.miss(expected=expected, found=f"{tried.said}: {made.trouble}")
        else:
            findings.hold(expected=expected, found=f"{tried.said} answers, seen at {end.said}")
            self._compare(findings, made, subject.host)
        return findings.verdict()

    def _compare(self, findings: Findings, made: Attempt, router: str) -> None:
        end = made.end
        if router not in (*end.hosts, end.source) and not made.came_to(router):
            said = f"a way past {router}"
            findings.miss(expected=f"a way through {router}", found=said)
        arrived = end.arrivals(made.found.sightings)
        sources = {ip_address(seen.source) for seen in arrived}
        targets = {ip_address(seen.destination) for seen in arrived}
        asked = f"asked from {listed(sorted(map(str, sources)))}"
        if self.source is not None:
            own = self.source == OWN
            ok = sources <= set(end.from_) if own else sources == {ip_address(self.source)}
            wanted = f"an address of {end.source}" if own else self.source
            findings.note(ok, expected=f"{end.said} asked from {wanted}", found=asked)
        if self.destination is not None:
            ok = targets == {ip_address(self.destination)}
            said = f"{end.said} asked for {self.destination}"
            found_for = f"asked for {listed(sorted(map(str, targets)))}"
            findings.note(ok, expected=said, found=found_for)
