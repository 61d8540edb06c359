"""The check type `bridge`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from checkers.check import Asking, Check, CheckType
from checkers.findings import Findings
from checkers.lab_names import HostName, NetworkName
from checkers.model import Program, Subject
from checkers.network._ip import InterfaceName, Link, Place, by_name, by_network, links, port_on
from checkers.reading import answer, structured, unobserved
from checkers.words import listed, plain

TABLE = ("bridge", "-j", "fdb", "show")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    stp_state: int | None = None
    vlan_filtering: int | None = None


class _Info(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    info_kind: str | None = None
    info_data: _Data = _Data()


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    ifname: str
    linkinfo: _Info = _Info()


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    mac: str
    ifname: str
    state: str = ""


_ROWS = TypeAdapter(tuple[_Row, ...])
_ENTRIES = TypeAdapter(tuple[_Entry, ...])
DETAILS = ("ip", "-j", "-d", "link")


class Bridge(CheckType):
    """A Linux bridge joins the right interfaces, and has learnt who is where.

        bridge: {name: br0, networks: [lan-a, lan-b], only: true}
        bridge: {networks: [lan-a, lan-b], stp: true}
        bridge: {name: br0, ports: [eth0, eth1]}
        bridge: {networks: [lan-a, lan-b], learned: {pc1: lan-a, pc2: lan-b}}

    The bridge is the one called `name`, or, without a name, the one that has the interface to the
    first of `networks`. It and its ports must be up. `networks` must all be joined by it, each by
    the interface that the lab gave the host there, whatever it is called now; `ports` are names of
    interfaces. With `only: true` it may have no other ports. `stp` and `vlan_filtering` say whether
    they must be switched on. `learned` are hosts of the lab with the network that each is on: the
    bridge must have learnt the host's hardware address, from frames, on its port to that network.
    What was learnt is forgotten after five minutes of silence: have a check make traffic first, and
    name it in `needs`.

    Error: the kernel's lists cannot be read, or the lab puts a host on no such network.
    """

    kind: ClassVar[str] = "bridge"

    name: InterfaceName | None = None
    networks: tuple[NetworkName, ...] = ()
    ports: tuple[InterfaceName, ...] = ()
    only: bool = False
    stp: bool | None = None
    vlan_filtering: bool | None = None
    learned: dict[HostName, NetworkName] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _expects_something(self) -> Bridge:
        if not (self.networks or self.ports):
            raise ValueError("say what it joins: `networks` or `ports`")
        if self.name is None and not self.networks:
            raise ValueError("give the bridge's `name`, or the `networks` that it joins")
        return self

    def run(self, subject: Subject) -> Check:
        """Find the bridge, and compare its ports and what it has learnt."""
        found = yield from links(subject.host)
        findings = Findings()
        places = [by_network(subject, subject.host, each, found) for each in self.networks]
        bridge = self._bridge(findings, places, found)
        if bridge is None:
            return findings.verdict()
        places += [by_name(subject, subject.host, each, found) for each in self.ports]
        for what, place in zip((*self.networks, *self.ports), places, strict=True):
            self._compare_port(findings, bridge, what, place)
        findings.note(
            bridge.up,
            expected=f"{bridge.name} up",
            found=f"{bridge.name} is {'up' if bridge.up else 'down or has no port that is up'}",
        )
        self._compare_others(findings, bridge, places, found)
        if self.stp is not None or self.vlan_filtering is not None:
            yield from self._compare_settings(findings, subject.host, bridge)
        if self.learned:
            yield from self._compare_table(findings, subject, bridge, found)
        return findings.verdict()

    def _bridge(
        self, findings: Findings, places: list[Place], found: tuple[Link, ...]
    ) -> Link | None:
        name = self.name or (places[0].link.master if places[0].link else None)
        expected = self.name or f"a bridge with the interface to {self.networks[0]}"
        bridge = next((link for link in found if link.ifname == name), None)
        if bridge is not None and bridge.linkinfo.info_kind == "bridge":
            return bridge
        kind = bridge.linkinfo.info_kind or "plain interface" if bridge else ""
        if bridge is not None:
            said = f"{bridge.name} is a {plain(kind)}, not a bridge"
        elif self.name:
            said = f"no interface {self.name}"
        else:
            said = places[0].trouble or f"{places[0].said} is a port of no bridge"
        findings.miss(expected=f"the bridge {expected}" if self.name else expected, found=said)
        return None

    def _compare_port(self, findings: Findings, bridge: Link, what: str, place: Place) -> None:
        expected = f"{what} a port of {bridge.name}" if what in self.ports else f"{what} on it"
        link = place.link
        if link is None:
            findings.miss(expected=expected, found=place.trouble)
        elif link.master != bridge.ifname:
            of = f"a port of {plain(link.master)}" if link.master else "a port of no bridge"
            findings.miss(expected=expected, found=f"{link.name} is {of}")
        else:
            said = f"{link.name} is a port of {bridge.name}{'' if link.up else ', but down'}"
            findings.note(link.up, expected=expected, found=said)

    def _compare_others(
        self, findings: Findings, bridge: Link, places: list[Place], found: tuple[Link, ...]
    ) -> None:
        wanted = {place.link.ifname for place in places if place.link}
        others = [
            link.name
            for link in found
            if link.master == bridge.ifname and link.ifname not in wanted
        ]
        if self.only:
            said = f"also {listed(others)}" if others else f"no other port on {bridge.name}"
            findings.note(not others, expected=f"no other port on {bridge.name}", found=said)

    def _compare_settings(self, findings: Findings, host: str, bridge: Link) -> Asking[None]:
        result = yield from answer(Program(host, DETAILS))
        if result.exit != 0:
            raise unobserved(f"`ip link` on {host} ended with {result.exit}")
        rows = structured(DETAILS, result.stdout, _ROWS)
        data = next((row.linkinfo.info_data for row in rows if row.ifname == bridge.ifname), None)
        for what, wanted, value in (
            ("spanning tree", self.stp, data and data.stp_state),
            ("VLAN filtering", self.vlan_filtering, data and data.vlan_filtering),
        ):
            if wanted is None:
                continue
            if value is None:
                raise unobserved(f"`ip link` does not say whether {bridge.name} has {what} on")
            expected = f"{what} {'on' if wanted else 'off'}"
            findings.note(
                bool(value) == wanted, expected=expected, found=f"{what} {'on' if value else 'off'}"
            )

    def _compare_table(
        self, findings: Findings, subject: Subject, bridge: Link, found: tuple[Link, ...]
    ) -> Asking[None]:
        argv = (*TABLE, "br", bridge.ifname)
        result = yield from answer(Program(subject.host, argv))
        if result.exit != 0:
            raise unobserved(f"`bridge fdb` on {subject.host} ended with {result.exit}")
        entries = structured(argv, result.stdout or b"[]", _ENTRIES)
        for host, network in self.learned.items():
            mac = port_on(subject, host, network).mac.lower()
            port = by_network(subject, subject.host, network, found).link
            at = sorted(
                {
                    plain(entry.ifname)
                    for entry in entries
                    if entry.mac.lower() == mac and entry.state not in {"permanent", "static"}
                }
            )
            expected = f"{host} learnt on {network}"
            said = f"{host} learnt on {listed(at)}" if at else f"{host} not learnt"
            findings.note(port is not None and at == [port.name], expected=expected, found=said)
