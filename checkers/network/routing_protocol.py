"""The check type `routing_protocol`."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from checkers.check import Asking, Check, CheckType
from checkers.findings import INSIDE_ONLY, Findings
from checkers.lab_names import HostName, NetworkName
from checkers.model import Flow, Phase, Program, Subject
from checkers.network import _ospf
from checkers.network._ip import HostAddress, by_network, links, owned, port_on
from checkers.network._routes import Route, route_to, table
from checkers.reading import answer, good_output, unobserved
from checkers.traffic import Sighting
from checkers.words import listed, plain


def _area(value: Any) -> Any:
    """An area as a number or in dotted form, in dotted form."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"`{value}` is no area, such as 1 or 0.0.0.1")  # noqa: TRY004
    text = str(value)
    return str(IPv4Address(int(text) if text.isdigit() else text))


Area = Annotated[
    str,
    BeforeValidator(_area),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}),
]


def _prefix(value: Any) -> Any:
    network = ip_network(value)
    if network.version != 4:
        raise ValueError(f"`{value}` is no IPv4 network; OSPF version 2 carries no other")
    return str(network)


Prefix = Annotated[str, BeforeValidator(_prefix), WithJsonSchema({"type": "string"})]


class RoutingProtocol(CheckType):
    """A router takes part in OSPF: with its neighbours, by what it learns, or by its silence.

        routing_protocol: {protocol: ospf, neighbour: core, network: backbone, area: 0}
        routing_protocol: {protocol: ospf, learned: [10.2.0.0/24], route_type: inter-area}
        routing_protocol: {protocol: ospf, silent: [lan-a]}

    Three questions, of which one check may put several:

    - `neighbour`: the check's `host` and the lab's host of this name are full neighbours on
      `network`, which both are on, in the `area` given (a number or dotted). Of the two, the one
      that the candidate cannot enter is asked (`access: none`; it needs FRR); the other one has to
      have the `router_id`. Where candidates can enter both, the neighbour is asked and the verdict
      is flagged as seen from inside only.
    - `learned`: the kernel of `host` has a route to each of these networks that OSPF put there,
      takes it, and has no other route to the same network beside it, such as a static one that was
      left over. `via` is the next hop. `route_type` is `intra-area`, `inter-area` or `external`,
      as FRR on `host` says: let `host` be a router that the candidate cannot enter, and it shows
      how the candidate's routers announce a network; on a candidate's own it is flagged.
    - `silent`: on these networks (the lab's names) `host` neither sends OSPF packets nor listens
      for them, as with passive interfaces. The fabric is watched for `watch` seconds (11, one more
      than OSPF's usual hello interval); in that time `host` must be seen to send some on another
      network, or nothing is shown.

    In each case some program on `host` must take in OSPF packets. OSPF takes time to settle: give
    the check a `retry` of two dead intervals or more.

    Error: a router that has to be asked does not run FRR's OSPF, or an output is not understood.
    """

    kind: ClassVar[str] = "routing_protocol"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    protocol: Literal["ospf"]
    neighbour: HostName | None = None
    network: NetworkName | None = None
    area: Area | None = None
    router_id: HostAddress | None = None
    learned: Annotated[tuple[Prefix, ...], Field(min_length=1, max_length=20)] | None = None
    via: HostAddress | None = None
    route_type: Literal["intra-area", "inter-area", "external"] | None = None
    silent: Annotated[tuple[NetworkName, ...], Field(min_length=1, max_length=10)] | None = None
    watch: int = Field(default=11, ge=2, le=60)

    @model_validator(mode="after")
    def _expects_something(self) -> RoutingProtocol:
        if self.neighbour is None and self.learned is None and self.silent is None:
            raise ValueError("say what is expected: `neighbour`, `learned` or `silent`")
        if (self.neighbour is None) != (self.network is None):
            raise ValueError("`neighbour` and `network` go together")
        if self.neighbour is None and (self.area is not None or self.router_id is not None):
            raise ValueError("`area` and `router_id` go with `neighbour`")
        if self.learned is None and (self.via is not None or self.route_type is not None):
            raise ValueError("`via` and `route_type` go with `learned`")
        if self.silent is None and "watch" in self.model_fields_set:
            raise ValueError("`watch` goes with `silent`")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask the trusted side, the kernel and the wire, in this order."""
        findings = Findings()
        if not (yield from _ospf.listens(subject.host)):
            findings.miss(
                expected=f"{subject.host} takes part in OSPF",
                found=f"no program on {subject.host} takes in OSPF packets",
            )
            return findings.verdict()
        if self.neighbour is not None:
            yield from self._compare_neighbour(findings, subject)
        if self.learned is not None:
            yield from self._compare_routes(findings, subject)
        if self.silent is not None:
            yield from self._compare_silence(findings, subject)
        return findings.verdict()

    # ------------------------------------------------------------------- neighbours

    def _compare_neighbour(self, findings: Findings, subject: Subject) -> Asking[None]:
        assert self.neighbour is not None
        assert self.network is not None
        pair = (subject.host, self.neighbour)
        for name in pair:
            port_on(subject, name, self.network)
        trusted = [name for name in reversed(pair) if subject.named(name).access == "none"]
        asked = trusted[0] if trusted else self.neighbour
        other = pair[0] if asked == pair[1] else pair[1]
        if not trusted:
            findings.flags.append(INSIDE_ONLY)
        own = yield from links(other)
        place = by_network(subject, other, self.network, own)
        addresses = {str(at.ip) for at in place.link.addresses} if place.link else set()
        rows = yield from _ospf.adjacent(asked)
        here = [row for row in rows if row.address in addresses]
        expected = f"{subject.host} and {self.neighbour} as full OSPF neighbours on {self.network}"
        if not here:
            found = f"{asked} has no OSPF neighbour on {self.network} with an address of {other}"
            findings.miss(expected=expected, found=place.trouble or found)
            return
        self._compare_adjacency(findings, expected, here[0], asked, other)

    def _compare_adjacency(
        self, findings: Findings, expected: str, row: _ospf.Adjacent, asked: str, other: str
    ) -> None:
        found = f"{asked} holds {other} to be in the state {plain(row.state)}"
        findings.note(row.full, expected=expected, found=found)
        if self.area is not None:
            findings.note(
                _dotted(row.area) == self.area,
                expected=f"in area {self.area}",
                found=f"in area {plain(row.area)}",
            )
        if self.router_id is not None:
            findings.note(
                row.router_id == self.router_id,
                expected=f"{other} with the router ID {self.router_id}",
                found=f"the router ID {plain(row.router_id)}",
            )

    # ------------------------------------------------------------------- routes

    def _compare_routes(self, findings: Findings, subject: Subject) -> Asking[None]:
        assert self.learned is not None
        found_links = yield from links(subject.host)
        rows = yield from table(subject.host, 4)
        for prefix in self.learned:
            network = ip_network(prefix)
            same = [row for row in rows if row.type == "unicast" and row.leads_to(4) == network]
            right = bool(same) and all(self._fits(row) for row in same)
            shown = listed(_said(row) for row in same) if same else "no such route"
            wanted = f"a route to {prefix} learned by OSPF{self._hop}"
            findings.note(right, expected=wanted, found=f"{prefix}: {shown}")
            sample = network[1] if network.num_addresses > 2 else network[0]
            if not right or owned(found_links, sample):
                continue
            chosen = yield from route_to(subject.host, str(sample))
            hops = {hop.said for row in same for hop in row.hops}
            taken = {hop.said for hop in chosen.route.hops} if chosen.route else set()
            findings.note(
                bool(taken) and taken <= hops,
                expected=f"packets to {prefix} take it",
                found=f"packets to {sample} go {chosen.described}",
            )
        if self.route_type is not None:
            yield from self._compare_types(findings, subject)

    @property
    def _hop(self) -> str:
        return f" via {self.via}" if self.via else ""

    def _fits(self, row: Route) -> bool:
        hops = all(self.via is None or hop.address == self.via for hop in row.hops)
        dead = any({"dead", "linkdown"} & set(hop.flags) for hop in row.hops)
        return row.protocol == "ospf" and hops and not dead

    def _compare_types(self, findings: Findings, subject: Subject) -> Asking[None]:
        assert self.learned is not None
        if subject.named(subject.host).access != "none":
            findings.flags.append(INSIDE_ONLY)
        rows = yield from _ospf.learned(subject.host)
        for prefix in self.learned:
            kind = rows[prefix].kind if prefix in rows else "not known to OSPF"
            findings.note(
                kind == self.route_type,
                expected=f"{prefix} {self.route_type}",
                found=f"{prefix} {plain(kind)}",
            )

    # ------------------------------------------------------------------- silence

    def _compare_silence(self, findings: Findings, subject: Subject) -> Asking[None]:
        assert self.silent is not None
        places = {name: port_on(subject, subject.host, name) for name in self.silent}
        own = yield from links(subject.host)
        taken = yield from _ospf.groups(subject.host)
        trusted = [host.name for host in subject.hosts if host.access == "none"]
        # Only time has to pass: a host that nobody can tamper with counts the seconds.
        argv = ("ping", "-n", "-q", "-i", "1", "-c", str(self.watch), "127.0.0.1")
        clock = Program(
            trusted[0] if trusted else subject.host,
            argv,
            timeout=self.watch + 8.0,
            flow=Flow("ospf", _ospf.ALL_ROUTERS),
        )
        result = yield from answer(clock)
        if b"%d packets transmitted" % self.watch not in good_output(argv, result):
            raise unobserved("the time in which the fabric is watched did not pass")
        sent = {seen.network for seen in result.sightings if _from(seen, subject.host)}
        others = sorted(sent - set(places))
        findings.note(
            bool(others),
            expected=f"{subject.host} speaks OSPF elsewhere",
            found=f"{subject.host} sends OSPF packets on {listed(others, none='no other network')}",
        )
        for name in places:
            link = by_network(subject, subject.host, name, own).link
            listening = link is not None and _ospf.ALL_ROUTERS in taken.get(link.ifname, ())
            acts = ["sends OSPF packets"] if name in sent else []
            acts += ["listens for OSPF neighbours"] if listening else []
            found = f"{subject.host} {' and '.join(acts)} on {name}"
            findings.note(
                not acts,
                expected=f"no OSPF of {subject.host}'s on {name}",
                found=found if acts else f"none on {name}",
            )


def _from(seen: Sighting, host: str) -> bool:
    return seen.host == host and not seen.towards


def _said(row: Route) -> str:
    who = {
        "ospf": "by OSPF",
        "kernel": "by its own interface",
        "": "set by hand",  # `ip` leaves out what it itself sets
        "static": "a static route",
    }.get(row.protocol, f"of {plain(row.protocol)}")
    return f"{row.described} ({who})"


def _dotted(area: str) -> str:
    """FRR prints `0.0.0.1`, and with a remark for some kinds of area: `0.0.0.1 [Stub]`."""
    return area.split(maxsplit=1)[0] if area.split() else area
