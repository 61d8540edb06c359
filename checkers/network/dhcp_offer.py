"""The check type `dhcp_offer`."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from checkers.check import Asking, Check, CheckType, ask, ask_all
from checkers.findings import Findings
from checkers.lab_names import NetworkName
from checkers.matchers import Matcher
from checkers.model import Phase, Subject
from checkers.network._ip import Link, Mac, by_network, port_on
from checkers.network._leases import ACK, Address4, Offered, Pool, read
from checkers.network._witness import every_host_up
from checkers.reading import unobserved
from checkers.traffic import Discover, DiscoverResult
from checkers.words import listed, plain

WAIT = 12.0
"""Seconds for a first offer: a server may try for three whether an address is in use, and several
clients may be asking."""
QUIET = 20.0
"""Seconds in which nothing more must come where others are not to answer: time for a server that
first tries six addresses for other clients, three seconds each, as dnsmasq may."""
WAIT_IN_TURN = 24.0
"""Seconds where several clients ask at once, whom a server may try addresses for in turn."""


def _mask(text: str) -> str:
    return str(IPv4Network(f"0.0.0.0/{text.removeprefix('/')}").netmask)


Mask = Annotated[str, BeforeValidator(str), AfterValidator(_mask)]
"""A mask: 255.255.255.0, /24 or 24."""

Addresses = Annotated[
    tuple[Address4, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1, max_length=8),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]
        }
    ),
]


class DhcpOffer(CheckType):
    """A DHCP server offers the right address and settings to a client on a network.

        dhcp_offer: {network: lan, pool: {first: 10.1.0.100, last: 10.1.0.199}, router: 10.1.0.1}
        dhcp_offer: {network: lan, mac: "02:00:00:12:34:56", address: 10.1.0.20}
        dhcp_offer: {network: lan, dns: [10.1.0.5], domain: lab.example, lease: {min: 3600}}
        dhcp_offer: {network: guests, none: true}

    `host:` is the server, `from:` a host on `network` that the candidate cannot enter (`access:
    none`). From that host's interface the examiner asks as a client of its own (DISCOVER), with
    the hardware address `mac` or one that is drawn, and takes nothing; with `take: true` it also
    requests what it was offered, which must be acknowledged, and releases it at once.

    - `address` is the one address to be offered, as for a reservation; give its `mac`.
    - `pool` are the addresses from `first` to `last`, without those of `not` (addresses or
      subnets). Besides a client without a wish, others ask for the first and the last address that
      no host of the lab uses, and must be offered just these, and for the ones next to the pool
      and those taken out, which nobody may be offered. A server should grant a wish that it can
      (RFC 2131, 4.3.1), and the usual ones do.
    - `mask`, `router` and `dns` (in this order) are exact; `domain`, `hostname` and `lease` (in
      seconds) take matchers.
    - `servers: 1` wants offers from one server alone, for instance where a second must not answer.
    - `none: true` wants no offer at all.

    What holds of one offer must hold of all, since a client may take any. At least one must be seen
    on the wire to come from `host:`, the server itself or its relay. The client waits twelve
    seconds for an answer; with `none` and `servers` twenty, since a server may be slow.

    Error: a host that is needed cannot be observed, `from:` is not on the network or can be
    entered, or nothing shows that the client's question was sent.
    """

    kind: ClassVar[str] = "dhcp_offer"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR
    asks_from: ClassVar[bool] = True

    network: NetworkName
    mac: Mac | None = None
    address: Address4 | None = None
    pool: Pool | None = None
    mask: Mask | None = None
    router: Addresses | None = None
    dns: Addresses | None = None
    domain: Matcher | None = None
    hostname: Matcher | None = None
    lease: Matcher | None = None
    servers: int | None = Field(default=None, ge=1, le=16)
    take: bool = False
    none: bool = False

    @model_validator(mode="after")
    def _expects_something(self) -> DhcpOffer:
        wanted = self.model_fields_set - {"network", "mac", "none"}
        if self.none and wanted:
            raise ValueError("`none` goes with `network` and `mac` alone")
        if not self.none and not wanted:
            raise ValueError("say what is to be offered: `pool`, `address`, `router`, `dns` …")
        if self.address and self.pool:
            raise ValueError("give either `address` or `pool`")
        if self.pool and (self.mac or self.take):
            raise ValueError("`pool` asks with several hardware addresses: leave `mac` and `take`")
        if self.mac and int(self.mac[:2], 16) & 1:
            raise ValueError(f"`{self.mac}` is the address of a group, not of a client")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask for an address as a client would, and compare what is offered."""
        port = _trusted_port(subject, self.network)
        found = yield from every_host_up(subject)
        first = Discover(
            subject.source,
            port,
            self.mac or "",
            take=self.take,
            wait=QUIET if self.none else WAIT,
            linger=QUIET if self.servers else 1.0,
        )
        result = yield from ask(first)
        findings = Findings()
        self._seen(findings, subject, result, found[subject.host])
        if not self.none and result.offers:
            results = [result]
            if self.pool and not findings.failing:
                results += yield from self._ask_for(findings, self.pool, first, found, result)
            for each in results:
                self._compare(findings, each)
            if self.servers is not None:
                self._count(findings, self.servers, result)
        return findings.verdict()

    def _seen(
        self,
        findings: Findings,
        subject: Subject,
        result: DiscoverResult,
        own: tuple[Link, ...],
    ) -> None:
        """Who was asked and who answered, by the frames on the wire."""
        server, source = subject.host, subject.source
        _must_have_left(source, result)
        arrived = any(seen.host == server and seen.towards for seen in result.sightings)
        offers = listed(sorted({f"{o.address} from {plain(o.sender)}" for o in result.offers}))
        if self.none:
            found = f"an offer of {offers}" if offers != "none" else ""
            self._silent(findings, subject, own, arrived=arrived, found=found)
            return
        addresses = {str(address.ip) for link in own for address in link.addresses}
        answered = any(
            seen.host == server and not seen.towards and seen.source in addresses
            for seen in result.sightings
        )
        expected = f"an offer from {server} on {self.network}"
        if not result.offers:
            where = f"which reached {server}" if arrived else f"which did not reach {server}"
            findings.miss(expected=expected, found=f"no answer to the client's question, {where}")
        else:
            other = f"offers of {offers}, none of which {server} sent"
            findings.note(answered, expected=expected, found=expected if answered else other)

    def _silent(
        self,
        findings: Findings,
        subject: Subject,
        own: tuple[Link, ...],
        *,
        arrived: bool,
        found: str,
    ) -> None:
        """Nobody may have answered, although the server was asked where it is on the network."""
        server, expected = subject.host, f"no offer on {self.network}"
        on_it = any(port.network == self.network for port in subject.named(server).ports)
        if found:
            findings.miss(expected=expected, found=found)
        elif arrived or not on_it:
            said = f"no offer, though {server if arrived else 'the network'} was asked"
            findings.hold(expected=expected, found=said)
        else:
            place = by_network(subject, server, self.network, own)
            if place.link is not None and place.link.up:
                raise unobserved(f"nothing shows that {server} was asked on {self.network}")
            down = f"{server} is not connected to {self.network}, so nothing was shown"
            findings.miss(expected=expected, found=down)

    def _ask_for(
        self,
        findings: Findings,
        pool: Pool,
        first: Discover,
        found: dict[str, tuple[Link, ...]],
        earlier: DiscoverResult,
    ) -> Asking[list[DiscoverResult]]:
        """Ask for the ends of the pool, and for what is outside; returns the answers."""
        used = frozenset(
            str(address.ip)
            for links in found.values()
            for link in links
            for address in link.addresses
        )
        offered = {offer.address for offer in earlier.offers}
        edges = [edge for edge in pool.edges(used) if edge not in offered]
        wishes = [*edges, *(each for each in pool.near() if each not in used)]
        results = yield from ask_all(
            *(Discover(first.host, first.port, asks=each, wait=WAIT_IN_TURN) for each in wishes)
        )
        for wish, result in zip(wishes, results, strict=True):
            _must_have_left(first.host, result)
            got = listed(sorted({offer.address for offer in result.offers}))
            if wish in edges:
                findings.note(
                    all(offer.address == wish for offer in result.offers) and got != "none",
                    expected=f"{wish} offered to a client that asks for it",
                    found=f"{got} offered to one that asks for {wish}",
                )
            elif not result.offers:
                # Some servers are silent to such a wish; then nothing wrong was offered.
                findings.hold(expected=pool.said, found=f"nothing offered for {wish}")
        return list(results)

    def _compare(self, findings: Findings, result: DiscoverResult) -> None:
        """Compare every offer, and the acknowledgement, with what is expected."""
        every: list[tuple[Offered | None, str]] = [
            (read(offer), "offer") for offer in result.offers
        ]
        if self.take:
            reply = result.answer
            ack = read(reply, ACK) if reply else None
            same = ack is not None and any(
                o is not None and o.address == ack.address for o, _ in every
            )
            said = "acknowledged" if same else "refused" if reply else "not answered"
            findings.note(same, expected="a request acknowledged", found=f"a request {said}")
            if ack is not None:
                every.append((ack, "acknowledgement"))
        for offered, what in every:
            if offered is None:
                said = f"an {what} that is not well formed"
                findings.miss(expected=f"a well-formed {what} (RFC 2131)", found=said)
            else:
                self._compare_one(findings, offered)

    def _compare_one(self, findings: Findings, offered: Offered) -> None:
        by = f" (by {offered.server})"
        if self.address is not None:
            ok = offered.address == self.address
            client = f" to {self.mac}" if self.mac else ""
            said = f"{offered.address} offered{'' if ok else by}"
            findings.note(ok, expected=f"{self.address} offered{client}", found=said)
        if self.pool is not None:
            said = f"{offered.address}{'' if self.pool.holds(offered.address) else by}"
            ok = self.pool.holds(offered.address)
            findings.note(ok, expected=self.pool.said, found=f"an offer of {said}")
        if self.mask is not None:
            ok = offered.mask == self.mask
            said = f"mask {offered.mask or 'none'}"
            findings.note(ok, expected=f"mask {self.mask}", found=said)
        for name, wanted, found in (
            ("router", self.router, offered.routers),
            ("name server", self.dns, offered.dns),
        ):
            if wanted is not None:
                said = f"{name} {listed(found)}"
                findings.note(wanted == found, expected=f"{name} {listed(wanted)}", found=said)
        if self.domain is not None:
            findings.compare("domain", self.domain, offered.domain)
        if self.hostname is not None:
            findings.compare("host name", self.hostname, offered.hostname)
        if self.lease is not None:
            findings.compare("seconds of lease", self.lease, offered.lease)

    def _count(self, findings: Findings, wanted: int, result: DiscoverResult) -> None:
        offers = [read(offer) for offer in result.offers]
        names = {offer.server for offer in offers if offer is not None}
        findings.note(
            len(names) == wanted,
            expected=f"{wanted} server{'' if wanted == 1 else 's'} answering",
            found=f"answers from {listed(sorted(names))}",
        )


def _trusted_port(subject: Subject, network: str) -> str:
    """The hardware address to ask on; a host that can be entered could answer itself."""
    source = subject.named(subject.source)
    if source.name == subject.host or source.access != "none":
        raise unobserved("the check needs a `from:` host that the candidate cannot enter")
    return port_on(subject, source.name, network).mac.lower()


def _must_have_left(source: str, result: DiscoverResult) -> None:
    if not any(seen.host == source and not seen.towards for seen in result.sightings):
        raise unobserved(f"nothing shows that {source} asked for an address")
