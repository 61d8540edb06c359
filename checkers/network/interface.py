"""The check type `interface`."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import ClassVar

from pydantic import Field, model_validator

from checkers.check import Check, CheckType
from checkers.findings import Findings
from checkers.lab_names import NetworkName
from checkers.model import Subject
from checkers.network._ip import (
    AnyInterface,
    InterfaceName,
    Link,
    Mac,
    MaskedAddress,
    Place,
    by_name,
    by_network,
    links,
    with_master,
)
from checkers.words import listed, plain


class Interface(CheckType):
    """An interface has its addresses and is up.

        interface: {name: eth0, addresses: [192.168.4.1/24], up: true}
        interface: {network: lan-a, addresses: ["2001:db8:4::1/64"], only: true}

    The interface is named by `name`, or by `network`: then it is the one with the hardware address
    that the lab gave it there, whatever it is called now, and a bridge or bond that it was made
    part of stands for it. A name that the lab gave belongs to that interface alone; another that
    took the name does not count. `addresses` must all be there with these masks; with `only: true`
    no other of their kind (IPv4 or IPv6) may be, link-local ones apart. `up` is true unless said
    otherwise: an address on an interface that is down, or that the kernel found in use elsewhere,
    has no effect. `mtu` is in bytes, `mac` the hardware address.

    Error: the kernel's list cannot be read, or the lab puts the host on no such network.
    """

    kind: ClassVar[str] = "interface"

    name: InterfaceName | None = None
    network: NetworkName | None = None
    addresses: tuple[MaskedAddress, ...] = ()
    up: bool = True
    mac: Mac | None = None
    mtu: int | None = Field(default=None, ge=68, le=65535)
    only: bool = False

    @model_validator(mode="after")
    def _expects_something(self) -> Interface:
        if (self.name is None) == (self.network is None):
            raise ValueError("give either `name` or `network`")
        if self.only and not self.addresses:
            raise ValueError("`only` needs `addresses`")
        if not self.model_fields_set & {"addresses", "up", "mac", "mtu"} or (
            "addresses" in self.model_fields_set and not self.addresses
        ):
            raise ValueError("say what is expected: `addresses`, `up`, `mac` or `mtu`")
        return self

    def run(self, subject: Subject) -> Check:
        """Compare the kernel's view of the interface with what is expected."""
        found = yield from links(subject.host)
        place = self._place(subject, found)
        findings = Findings()
        if place.link is None:
            wanted = f"{listed(self.addresses)} on {place.said}" if self.addresses else place.said
            findings.miss(expected=wanted, found=place.trouble)
            return findings.verdict()
        on = (place.link,) if self.name else with_master(found, place.link)
        if self.addresses:
            self._compare_addresses(findings, place, on, found)
        self._compare_state(findings, on[-1], place)
        self._compare_rest(findings, place.link, place)
        return findings.verdict()

    def _place(self, subject: Subject, found: tuple[Link, ...]) -> Place:
        if self.name is not None:
            return by_name(subject, subject.host, self.name, found)
        assert self.network is not None
        return by_network(subject, subject.host, self.network, found)

    def _compare_addresses(
        self, findings: Findings, place: Place, on: tuple[Link, ...], every: tuple[Link, ...]
    ) -> None:
        wanted = [ip_interface(address) for address in self.addresses]
        there = [address for link in on for address in link.addresses]
        missing = [address for address in wanted if address not in there]
        families = {address.version for address in wanted}
        extra = [
            address
            for address in there
            if address not in wanted
            and address.version in families
            and not address.ip.is_link_local
        ]
        ok = not missing and not (self.only and extra)
        said = f"{listed(self.addresses)}{' alone' if self.only else ''} on {place.said}"
        shown = [str(address) for address in there if address in wanted or address in extra]
        found = listed(shown, none=f"no address on {place.said}")
        findings.note(ok, expected=said, found=found + _elsewhere(missing, on, every))

    def _compare_state(self, findings: Findings, link: Link, place: Place) -> None:
        state = "up" if link.up else "down"
        if "UP" in link.flags and not link.up:
            state = "switched on but without a carrier"
        wanted = "up" if self.up else "down"
        findings.note(
            link.up == self.up,
            expected=f"{place.said} {wanted}",
            found=f"{place.said} is {state}",
        )

    def _compare_rest(self, findings: Findings, link: Link, place: Place) -> None:
        if self.mtu is not None:
            findings.note(
                link.mtu == self.mtu,
                expected=f"an MTU of {self.mtu} on {place.said}",
                found=f"an MTU of {link.mtu}",
            )
        if self.mac is not None:
            findings.note(
                link.address.lower() == self.mac,
                expected=f"the hardware address {self.mac} on {place.said}",
                found=plain(link.address),
            )


def _elsewhere(missing: list[AnyInterface], on: tuple[Link, ...], every: tuple[Link, ...]) -> str:
    """Where a missing address stands instead, or why it does not count."""
    remarks = []
    for wanted in missing:
        for link in every:
            for row in link.addr_info:
                if row.interface is None or row.interface.ip != wanted.ip:
                    continue
                if link not in on:
                    remarks.append(f"{row.interface} stands on {link.name}")
                elif not row.usable:
                    why = "is in use by another host" if row.dadfailed else "is not usable yet"
                    remarks.append(f"{row.interface} {why}")
    return f" ({'; '.join(remarks)})" if remarks else ""
