"""One attempt to get from a host to an address, by TCP, UDP or ICMP, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from checkers.model import Connect, ConnectResult, Program, ProgramResult
from checkers.network._witness import FarEnd
from checkers.network.ping import echo, understood
from checkers.reading import unobserved, whole
from checkers.traffic import Sighting
from checkers.words import clean

Protocol = Literal["tcp", "udp", "icmp"]
ECHOES = 2


@dataclass(frozen=True, slots=True)
class Try:
    """What is tried: from the host `source` to the address `to`, and to `port` unless ICMP."""

    source: str
    to: str
    protocol: Protocol
    port: int | None = None
    at: str | None = None

    @property
    def said(self) -> str:
        """What is asked for, in words: `port 22 of 10.2.0.10`, `echo of 10.2.0.10`."""
        if self.protocol == "icmp":
            return f"echo of {self.to}"
        return f"{'UDP ' if self.protocol == 'udp' else ''}port {self.port} of {self.to}"

    def probe(self) -> Program | Connect:
        """The probe that makes the attempt."""
        if self.port is None or self.protocol == "icmp":
            return echo(self.source, self.to, ECHOES)
        if self.protocol == "udp":
            return Connect(self.source, self.to, self.port, send=b"{nonce}", protocol="udp")
        return Connect(self.source, self.to, self.port)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and the frames of it that were seen.

    `open` was answered, `closed` refused by somebody, `silent` not answered at all, `refused` told
    to be impossible or forbidden (`detail` says how).
    """

    state: Literal["open", "closed", "silent", "refused"]
    detail: str
    sightings: tuple[Sighting, ...]

    @property
    def forbidden(self) -> bool:
        """Whether a rule somewhere said no, and not a missing route."""
        words = ("prohibited", "not permitted", "filtered", "rule that refuses")
        return self.state == "refused" and any(word in self.detail.lower() for word in words)

    @property
    def unanswered_hop(self) -> bool:
        """Whether it may have ended so because the next hop was asked for and did not answer."""
        words = ("no route to that host", "Destination Host Unreachable")
        return self.state == "refused" and any(word in self.detail for word in words)


_CONNECTED: dict[str, Literal["open", "closed", "silent", "refused"]] = {
    "open": "open",
    "closed": "closed",
    "filtered": "silent",
    "unreachable": "refused",
}


def outcome(tried: Try, result: object) -> Outcome:
    """Read the answer of a probe; raises `NotObserved` for what is no answer of it."""
    if isinstance(result, ConnectResult):
        state = _CONNECTED[result.outcome]
        return Outcome(state, clean(result.detail, 80), result.sightings)
    probe = tried.probe()
    if not isinstance(probe, Program) or not isinstance(result, ProgramResult):
        raise unobserved(f"{tried.said} was asked for by something else")
    pinged = understood(whole(probe.argv, result), tried.to, tried.source)
    if pinged.answered:
        return Outcome("open", "", result.sightings)
    if pinged.refused:
        return Outcome("refused", f"{tried.source} {pinged.refused} it", result.sightings)
    if pinged.complaints:
        return Outcome("refused", "; ".join(pinged.complaints), result.sightings)
    return Outcome("silent", "", result.sightings)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was made: what was tried, where it had to arrive, and how it ended."""

    tried: Try
    end: FarEnd
    found: Outcome

    @property
    def nowhere(self) -> str:
        """Why there is nothing to arrive at, in words for the candidate; empty where there is."""
        own = f"{self.tried.to} is an address of {self.tried.source} itself"
        return self.end.nobody or (own if self.end.own else "")

    @property
    def arrived(self) -> bool:
        """Whether the request was seen at the far end."""
        return self.end.witnessed(self.found.sightings)

    @property
    def left(self) -> bool:
        """Whether it was seen to leave the asking host."""
        return self.end.left(self.found.sightings)

    @property
    def trouble(self) -> str:
        """Why an answer does not count, in words for the candidate; empty if it does."""
        return self.end.trouble(self.found.sightings)

    def came_to(self, host: str) -> bool:
        """Whether the request itself, not its answer, was handed to a host."""
        return any(
            seen.host == host and seen.towards and ip_address(seen.source) in self.end.from_
            for seen in self.found.sightings
        )

    @property
    def answered(self) -> bool:
        """Whether a frame of an answer was handed to the asking host."""
        return any(seen.host == self.tried.source and seen.towards for seen in self.found.sightings)

    @property
    def refused(self) -> str:
        """How it was refused, in words: a refusal of TCP without a reset is an ICMP error."""
        tcp = self.tried.protocol == "tcp" and self.left
        if tcp and self.found.state == "closed" and not self.answered:
            return "refused by an ICMP error"
        return self.found.detail or "refused"

    @property
    def why_not(self) -> str:
        """Why it was not answered, in words for the candidate."""
        if self.nowhere:
            return self.nowhere
        if self.arrived:
            said = "and is refused" if self.found.state == "closed" else "but no answer comes back"
            return f"it arrives at {self.end.said}, {said}"
        if self.found.state == "closed":
            return f"refused before it arrives at {self.end.said}"
        if self.found.state == "refused":
            return self.found.detail
        return "no answer" if self.left else f"nothing left {self.end.source}"
