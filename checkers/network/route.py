"""The check type `route`."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from checkers.check import Check, CheckType
from checkers.findings import Findings
from checkers.lab_names import NetworkName
from checkers.model import Subject
from checkers.network._ip import (
    AnyNetwork,
    HostAddress,
    InterfaceName,
    by_network,
    links,
    owned,
)
from checkers.network._routes import Chosen, Hop, route_to, table
from checkers.network._routes import Route as Row
from checkers.words import listed, plain


def _destination(text: str) -> str:
    if text in {"default", "0.0.0.0/0", "::/0"}:
        return "::/0" if text == "::/0" else "default"
    return str(ip_network(text))


Destination = Annotated[str, AfterValidator(_destination)]
"""A network with its prefix, an address, or `default` (IPv4; write `::/0` for IPv6's)."""


class Route(CheckType):
    """Packets to a network take the expected next hop.

        route: {to: 10.2.0.0/24, via: 192.168.4.1}
        route: {to: default, via: 192.168.4.1, network: lan-a}
        route: {to: 10.9.0.0/16, absent: true}

    Two things have to agree: a routing table has the route, and the kernel, asked about addresses
    within `to`, really takes it (a more specific route or a policy rule may win). `via` is the
    gateway, `dev` the interface by name, `network` the one that the lab put on that network,
    `metric` the route's metric. With `exact: false` any route will do that takes packets there,
    such as the default route. Where several hops share the load all of them must be as expected.
    For `default`, addresses of the documentation ranges are asked about.
    Routes that discard or refuse are no routes: with `absent: true` they may be there.

    Error: the tables cannot be read, or show nothing at all.
    """

    kind: ClassVar[str] = "route"

    to: Destination
    via: HostAddress | None = None
    dev: InterfaceName | None = None
    network: NetworkName | None = None
    metric: int | None = Field(default=None, ge=0)
    exact: bool = True
    absent: bool = False

    @model_validator(mode="after")
    def _expects_something(self) -> Route:
        hop = (self.via, self.dev, self.network, self.metric)
        if self.absent and (any(value is not None for value in hop) or not self.exact):
            raise ValueError("`absent` goes with `to` alone")
        if not self.absent and all(value is None for value in hop):
            raise ValueError("say where the route leads: `via`, `dev` or `network`")
        if self.dev is not None and self.network is not None:
            raise ValueError("give either `dev` or `network`")
        if self.metric is not None and not self.exact:
            raise ValueError("`metric` needs the route itself, so it goes with `exact: true`")
        return self

    @property
    def _prefix(self) -> AnyNetwork:
        return ip_network("0.0.0.0/0" if self.to == "default" else self.to)

    def run(self, subject: Subject) -> Check:
        """Read the tables, ask for the kernel's decision, and compare both."""
        version = self._prefix.version
        rows = yield from table(subject.host, version)
        own = [row for row in rows if row.type == "unicast"]
        same = [row for row in own if row.leads_to(version) == self._prefix]
        findings = Findings()
        if self.absent:
            found = listed(row.described for row in same) if same else "no such route"
            findings.note(not same, expected=f"no route to {self.to}", found=found)
            return findings.verdict()
        found_links = yield from links(subject.host)
        dev = self.dev
        if self.network is not None:
            place = by_network(subject, subject.host, self.network, found_links)
            if place.link is None:
                findings.miss(expected=self._wanted(), found=place.trouble)
                return findings.verdict()
            dev = place.link.master or place.link.ifname
        if self.exact:
            self._compare_rows(findings, same, dev)
        taken = [str(at.ip) for link in found_links for at in link.addresses]
        seen: set[str] = set()
        for address in self._samples(taken, own):
            chosen = yield from route_to(subject.host, address)
            if chosen.described not in seen:
                self._compare_choice(findings, address, chosen, dev)
            seen.add(chosen.described)
        if owned(found_links, self._prefix.network_address) and self._prefix.num_addresses == 1:
            findings.miss(expected=self._wanted(), found=f"{self.to} is its own address")
        return findings.verdict()

    def _wanted(self) -> str:
        parts = [f"via {self.via}"] if self.via else []
        parts += [f"on {plain(self.dev)}"] if self.dev else []
        parts += [f"on {self.network}"] if self.network else []
        parts += [f"with metric {self.metric}"] if self.metric is not None else []
        return f"the route to {self.to} {' '.join(parts)}"

    def _compare_rows(self, findings: Findings, same: list[Row], dev: str | None) -> None:
        right = [row for row in same if self._fits(row, dev) and self._metric_fits(row)]
        shown = (
            listed(f"{row.described}{_metric(row)}" for row in same) if same else "no such route"
        )
        findings.note(bool(right), expected=self._wanted(), found=shown)

    def _compare_choice(
        self, findings: Findings, address: str, chosen: Chosen, dev: str | None
    ) -> None:
        right = (
            chosen.route is not None
            and chosen.route.type == "unicast"
            and self._fits(chosen.route, dev)
        )
        findings.note(
            right,
            expected=self._wanted(),
            found=f"packets to {address} "
            + (f"go {chosen.described}" if chosen.route else f"meet {chosen.refusal}"),
        )

    def _fits(self, row: Row, dev: str | None) -> bool:
        return all(self._hop_fits(hop, dev) for hop in row.hops)

    def _hop_fits(self, hop: Hop, dev: str | None) -> bool:
        if {"dead", "linkdown"} & set(hop.flags):
            return False
        return (self.via is None or hop.address == self.via) and (dev is None or hop.dev == dev)

    def _metric_fits(self, row: Row) -> bool:
        return self.metric is None or row.metric == self.metric

    def _samples(self, taken: list[str], rows: list[Row]) -> list[str]:
        """Addresses to ask the kernel about: two of the prefix that are not the host's own."""
        prefix = self._prefix
        if prefix.prefixlen == 0:
            every = _FAR_AWAY[prefix.version]
            return [one for one in every if not _covered(one, rows)][:2] or list(every[:2])
        if prefix.num_addresses <= 2:
            return [str(address) for address in prefix if str(address) not in taken]
        ends = ((prefix[1], prefix[2], prefix[3]), (prefix[-2], prefix[-3], prefix[-4]))
        taken = [*taken, str(prefix[0]), str(prefix[-1])]
        free = [[str(one) for one in end if str(one) not in taken] for end in ends]
        return list(dict.fromkeys(end[0] for end in free if end))


_FAR_AWAY = {
    4: ("192.0.2.1", "203.0.113.254", "198.51.100.77"),
    6: ("2001:db8::1", "2001:db8:ffff:ffff::1"),
}
"""Addresses of the documentation ranges (RFC 5737, RFC 3849) that stand for everywhere else."""


def _covered(address: str, rows: list[Row]) -> bool:
    """Whether the lab itself uses the range: a route for no more than a /8 leads there."""
    far = ip_address(address)
    prefixes = [row.leads_to(far.version) for row in rows]
    return any(prefix and prefix.prefixlen >= 8 and far in prefix for prefix in prefixes)


def _metric(row: Row) -> str:
    return f" with metric {row.metric}" if row.metric else ""
