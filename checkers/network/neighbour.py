"""The check type `neighbour`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from checkers.check import Check, CheckType
from checkers.findings import Findings
from checkers.lab_names import HostName, NetworkName
from checkers.model import Subject
from checkers.network._ip import HostAddress, InterfaceName, Mac, by_network, links, port_on
from checkers.network._routes import Neighbour as Row
from checkers.network._routes import neighbours
from checkers.words import listed, plain

_UNKNOWN = {"FAILED", "INCOMPLETE"}


class Neighbour(CheckType):
    """A host knows the hardware address of a neighbour (ARP, or NDP for IPv6).

        neighbour: {address: 192.168.4.1, mac: "02:00:00:00:02:01", permanent: true}
        neighbour: {address: 192.168.4.1, of: r1, network: lan-a}
        neighbour: {address: 192.168.4.66, absent: true}

    The hardware address is given by `mac`, or by `of`: that of the lab's host on `network`. `dev`
    or `network` says on which interface the entry must stand, `permanent` that it must be one that
    was set by hand and does not expire. An entry whose address was asked for in vain is none.

    Error: the table cannot be read, or the lab puts no such host on the network.
    """

    kind: ClassVar[str] = "neighbour"

    address: HostAddress
    mac: Mac | None = None
    of: HostName | None = None
    dev: InterfaceName | None = None
    network: NetworkName | None = None
    permanent: bool | None = None
    absent: bool = False

    @model_validator(mode="after")
    def _expects_something(self) -> Neighbour:
        if self.absent and (self.mac or self.of or self.permanent is not None):
            raise ValueError("`absent` goes with `address`, and `dev` or `network`, alone")
        if not self.absent and (self.mac is None) == (self.of is None):
            raise ValueError("give either `mac` or `of`")
        if self.of is not None and self.network is None:
            raise ValueError("`of` needs the `network` that both hosts are on")
        if self.dev is not None and self.network is not None:
            raise ValueError("give either `dev` or `network`")
        return self

    def run(self, subject: Subject) -> Check:
        """Compare the kernel's table with what is expected."""
        dev = self.dev
        findings = Findings()
        if self.network is not None:
            found_links = yield from links(subject.host)
            place = by_network(subject, subject.host, self.network, found_links)
            if place.link is None:
                findings.miss(expected=f"{self.address} on {self.network}", found=place.trouble)
                return findings.verdict()
            dev = place.link.master or place.link.ifname
        rows = yield from neighbours(subject.host)
        rows = tuple(
            row
            for row in rows
            if row.dst == self.address
            and (dev is None or row.dev == dev)
            and not _UNKNOWN & set(row.state)
            and row.lladdr
        )
        where = f" on {plain(dev)}" if dev else ""
        shown = listed(_said(row) for row in rows) if rows else f"no entry for {self.address}"
        if self.absent:
            expected = f"no entry for {self.address}{where}"
            findings.note(not rows, expected=expected, found=shown)
            return findings.verdict()
        mac = self._mac(subject)
        kind = {True: " permanent", False: " learnt", None: ""}[self.permanent]
        findings.note(
            bool(rows) and all(self._fits(row, mac) for row in rows),
            expected=f"{self.address} at{kind} {mac}{where}",
            found=shown,
        )
        return findings.verdict()

    def _mac(self, subject: Subject) -> str:
        if self.mac is not None:
            return self.mac
        assert self.of is not None
        assert self.network is not None
        return port_on(subject, self.of, self.network).mac.lower()

    def _fits(self, row: Row, mac: str) -> bool:
        lasting = "PERMANENT" in row.state
        return (row.lladdr or "").lower() == mac and self.permanent in (None, lasting)


def _said(row: Row) -> str:
    kind = "permanent " if "PERMANENT" in row.state else ""
    return f"{row.dst} at {kind}{plain(row.lladdr or '')} on {plain(row.dev)}"
