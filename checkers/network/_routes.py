"""Routes and neighbours as `ip -j` shows them, in typed form."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from pydantic import BaseModel, ConfigDict, TypeAdapter

from checkers.check import Asking
from checkers.model import Program
from checkers.network._ip import AnyNetwork
from checkers.reading import answer, good_output, structured, succeeded, unobserved
from checkers.words import plain


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Via(_Row):
    """A gateway of the other family."""

    host: str


class Hop(_Row):
    """Where a route sends packets: a gateway (None: straight to the network) and an interface."""

    gateway: str | None = None
    via: Via | None = None
    dev: str = ""
    flags: tuple[str, ...] = ()

    @property
    def address(self) -> str | None:
        """The gateway's address, of whichever family."""
        return self.via.host if self.via else self.gateway

    @property
    def said(self) -> str:
        """The hop in words: `via 192.168.4.1 on eth0`."""
        on = f"on {plain(self.dev)}" if self.dev else ""
        way = f"via {plain(self.address)}" if self.address else "directly"
        dead = " (which is down)" if {"dead", "linkdown"} & set(self.flags) else ""
        return f"{way} {on}{dead}".strip()


class Route(Hop):
    """A row of a routing table, or the answer to `ip route get`."""

    dst: str = ""
    type: str = "unicast"
    table: str = "main"
    protocol: str = ""
    metric: int = 0
    nexthops: tuple[Hop, ...] = ()

    @property
    def hops(self) -> tuple[Hop, ...]:
        """Where it sends packets: one hop, or several that share the load."""
        return self.nexthops or (self,)

    def leads_to(self, version: int) -> AnyNetwork | None:
        """The network that it is for; None where the destination is no prefix."""
        every = "0.0.0.0/0" if version == 4 else "::/0"
        try:
            return ip_network(every if self.dst == "default" else self.dst)
        except ValueError:
            return None

    @property
    def described(self) -> str:
        """The route in words: `via 192.168.4.1 on eth0`, `a blackhole`."""
        if self.type != "unicast":
            return f"a route of the type {plain(self.type)}"
        return " and ".join(hop.said for hop in self.hops)


class Neighbour(_Row):
    """A row of the neighbour table (ARP or NDP)."""

    dst: str
    dev: str = ""
    lladdr: str | None = None
    state: tuple[str, ...] = ()


_ROUTES = TypeAdapter(tuple[Route, ...])
_NEIGHBOURS = TypeAdapter(tuple[Neighbour, ...])

_REFUSALS = {
    "Network is unreachable": "no route",
    "No route to host": "a route that refuses (unreachable)",
    "Permission denied": "a route that refuses (prohibit)",
    "Invalid argument": "a route that discards it (blackhole)",
}


def table(host: str, version: int) -> Asking[tuple[Route, ...]]:
    """Every row of every routing table of a host, for one version of IP."""
    argv = ("ip", "-j", f"-{version}", "route", "show", "table", "all")
    output = yield from succeeded(Program(host, argv))
    return structured(argv, output, _ROUTES)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the kernel does with a packet: the route it takes, or why it takes none."""

    route: Route | None
    refusal: str = ""

    @property
    def described(self) -> str:
        """The decision in words."""
        return self.route.described if self.route else self.refusal


def route_to(host: str, address: str) -> Asking[Chosen]:
    """The kernel's own decision about packets to `address`, policy rules included."""
    argv = ("ip", "-j", "route", "get", address)
    result = yield from answer(Program(host, argv))
    said = result.stderr.decode("utf-8", "replace").strip()
    reason = said.removeprefix("RTNETLINK answers: ")
    if result.exit == 2 and reason != said and reason in _REFUSALS:
        return Chosen(None, _REFUSALS[reason])
    rows = structured(argv, good_output(argv, result), _ROUTES)
    if len(rows) != 1:
        raise unobserved(f"`ip route get` shows {len(rows)} routes instead of one")
    return Chosen(rows[0])


def neighbours(host: str) -> Asking[tuple[Neighbour, ...]]:
    """The neighbour table of a host."""
    argv = ("ip", "-j", "neigh", "show")
    output = yield from succeeded(Program(host, argv))
    return structured(argv, output, _NEIGHBOURS)
