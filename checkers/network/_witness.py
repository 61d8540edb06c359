"""Who must have seen a request, so that an answer counts as having come from the far end.

A host that the candidate can enter may answer in another's place: with the address on its loopback
interface, or by translating it. So a request has to be *seen on the wire* at the far end:

- A host without access for the candidate has the address: at that host.
- Exactly one host of the candidate's has it on an interface other than the loopback one: at that.
- Nobody has it so, or two of them do: nowhere; an answer cannot be said to be the right one's.
- The asking host has it itself: nothing was asked over the network, so it is no answer.

Where a lab means something else (an address on a loopback interface, a translated one, two hosts
that share it), the check names the host that has to be reached: `at`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from checkers.check import Asking, ask_all
from checkers.model import Program, Subject
from checkers.network._ip import ADDRESSES, AnyAddress, Link, links_of, on_a_port, owned
from checkers.network._routes import neighbours, route_to
from checkers.reading import good_output, unobserved
from checkers.traffic import Sighting
from checkers.words import listed


@dataclass(frozen=True, slots=True)
class FarEnd:
    """Where a request to an address has to arrive.

    `hosts` are those at whose ports it must be seen; where there is none, `nobody` says why.
    `named` is true where the check itself named the host: the request may then arrive under
    another address. `own` says that the asking host has the address itself, and `from_` are all of
    that host's addresses.
    """

    address: AnyAddress
    source: str
    hosts: tuple[str, ...]
    nobody: str = ""
    named: bool = False
    own: bool = False
    from_: tuple[AnyAddress, ...] = ()

    def witnessed(self, sightings: tuple[Sighting, ...]) -> bool:
        """Whether the request arrived there, addressed as it was sent unless the host is named."""
        return bool(self.arrivals(sightings))

    def arrivals(self, sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
        """The frames of the request that arrived there."""
        return tuple(seen for seen in sightings if self._arrived(seen))

    def _arrived(self, seen: Sighting) -> bool:
        return (
            seen.towards
            and seen.host in self.hosts
            and seen.host != self.source
            and ip_address(seen.source) != self.address
            and (self.named or ip_address(seen.destination) == self.address)
        )

    def translated(self, sightings: tuple[Sighting, ...]) -> str:
        """Words for a request that arrived under an address not the asking host's; else empty."""
        others = {
            seen.source
            for seen in self.arrivals(sightings)
            if ip_address(seen.source) not in self.from_
        }
        if not others:
            return ""
        return (
            f"{self.said} is asked from {listed(sorted(others))}, which is no address of "
            f"{self.source}: something on the way translates it"
        )

    def left(self, sightings: tuple[Sighting, ...]) -> bool:
        """Whether the request was seen to leave the asking host."""
        return any(seen.host == self.source and not seen.towards for seen in sightings)

    @property
    def said(self) -> str:
        """The far end in words: `pc2`, `r1 or r2`."""
        return " or ".join(self.hosts) or "another host"

    def trouble(self, sightings: tuple[Sighting, ...]) -> str:
        """Why an answer does not count, in words for the candidate; empty if it does."""
        if self.own:
            return f"{self.address} is an address of {self.source} itself"
        if self.nobody:
            return f"answered, but {self.nobody}"
        if self.witnessed(sightings):
            return ""
        return (
            f"answered, but the request never reached {self.said}: "
            f"something on the way answers in its place"
        )


ANSWERED_ELSEWHERE = "answered by something other than the far end"
"""The flag of verdicts about an answer that nobody at the far end was seen to be asked for."""


def far_end(subject: Subject, to: str, at: str | None = None) -> Asking[FarEnd]:
    """Find out who has to witness a request from `subject.source` to the address `to`.

    `at` is the host that the check names, if it does. Hosts of the candidate's are asked only if no
    other has the address: one that is down is then no hindrance.
    """
    source = subject.source
    trusted = [host.name for host in subject.hosts if host.access == "none"]
    first = [source] if at else [source, *(name for name in trusted if name != source)]
    known = yield from links_of_all(first)
    end = _decided(subject, to, at, known)
    if end is not None:
        return end
    entered = [h.name for h in subject.hosts if h.access != "none" and h.name != source]
    known |= yield from links_of_all(entered)
    return far_end_among(subject, to, known, at)


def far_end_among(
    subject: Subject, to: str, links: dict[str, tuple[Link, ...]], at: str | None = None
) -> FarEnd:
    """The same where the interfaces of every host are known already."""
    end = _decided(subject, to, at, links)
    if end is not None:
        return end
    address = ip_address(to)
    entered = [h.name for h in subject.hosts if h.access != "none" and h.name != subject.source]
    second = _owners(entered, address, links)
    mine = _addresses(links[subject.source])
    if len(second.on_ports) == 1:
        return FarEnd(address, subject.source, second.on_ports, from_=mine)
    why = _why_nobody(address, second)
    return FarEnd(address, subject.source, (), nobody=why, from_=mine)


def _decided(
    subject: Subject, to: str, at: str | None, links: dict[str, tuple[Link, ...]]
) -> FarEnd | None:
    """The far end, where the asking host and those that nobody enters decide it."""
    address, source = ip_address(to), subject.source
    trusted = [host.name for host in subject.hosts if host.access == "none"]
    mine = _addresses(links[source])
    if address in mine:
        return FarEnd(address, source, (), own=True, from_=mine)
    if at is not None:
        if at == source or all(host.name != at for host in subject.hosts):
            raise unobserved(f"`at: {at}` names no other host of the lab than the one that asks")
        return FarEnd(address, source, (at,), named=True, from_=mine)
    owners = _owners([name for name in trusted if name != source], address, links)
    return FarEnd(address, source, owners.all, from_=mine) if owners.all else None


def _addresses(found: tuple[Link, ...]) -> tuple[AnyAddress, ...]:
    return tuple(one.ip for link in found for one in link.addresses)


def _why_nobody(address: AnyAddress, owners: _Owners) -> str:
    if owners.on_ports:
        return f"{listed(owners.on_ports)} have the address {address} at the same time"
    if owners.all:
        return f"{listed(owners.all)} has the address {address} on its loopback interface only"
    return f"no host has the address {address}"


@dataclass(frozen=True, slots=True)
class _Owners:
    all: tuple[str, ...]
    on_ports: tuple[str, ...]


def _owners(hosts: list[str], address: AnyAddress, links: dict[str, tuple[Link, ...]]) -> _Owners:
    """Which of `hosts` have an address, by the kernel's own list of each."""
    return _Owners(
        tuple(host for host in hosts if owned(links[host], address)),
        tuple(host for host in hosts if on_a_port(links[host], address)),
    )


def links_of_all(hosts: Iterable[str]) -> Asking[dict[str, tuple[Link, ...]]]:
    """The interfaces of each of these hosts; one that cannot be observed is an error."""
    names = list(dict.fromkeys(hosts))
    if not names:
        return {}
    results = yield from ask_all(*(Program(name, ADDRESSES) for name in names))
    return {
        name: links_of(good_output(ADDRESSES, result))
        for name, result in zip(names, results, strict=True)
    }


def every_host_up(subject: Subject) -> Asking[dict[str, tuple[Link, ...]]]:
    """Have every host of the lab observed: what is not reached must not merely be down.

    Returns their interfaces.
    """
    return (yield from links_of_all(host.name for host in subject.hosts))


def hindrance(end: FarEnd) -> Asking[str]:
    """What keeps the asking host from sending anything to the far end, in words; else empty.

    That nobody has the address, that there is no route, or that the next hop is asked for and does
    not answer.
    """
    if end.nobody:
        return end.nobody
    chosen = yield from route_to(end.source, str(end.address))
    if chosen.route is None:
        return f"{end.source} has {chosen.refusal} to {end.address}"
    hop = chosen.route.address or str(end.address)
    near = yield from neighbours(end.source)
    states = {state for found in near if found.dst == hop for state in found.state}
    if states & {"FAILED", "INCOMPLETE"}:
        return f"no host answers for {hop} on the network of {end.source}"
    return ""


def why_nothing_left(end: FarEnd) -> Asking[str]:
    """Why a request that got no answer was not even seen to leave, in words for the candidate.

    Where nothing hinders it nothing shows that a request was made: not observed.
    """
    why = yield from hindrance(end)
    if why:
        return why
    raise unobserved(
        f"no answer from {end.address}, but nothing shows that {end.source} asked for one"
    )
