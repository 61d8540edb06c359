"""What FRR's `vtysh` says of OSPF, in typed form."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from checkers.check import Asking, ask
from checkers.model import Inside, Program
from checkers.reading import good_output, structured, succeeded

PROTOCOL_NUMBER = 89
"""OSPF's number among the protocols that IP carries (RFC 2328, appendix A.1)."""

ALL_ROUTERS = "224.0.0.5"
"""The group that every OSPF router listens to on a broadcast network (RFC 2328, appendix A.1)."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Adjacent(_Row):
    """A neighbour on one network, as its other side sees it."""

    address: str = Field(alias="ifaceAddress")
    area: str = Field(alias="areaId")
    state: str = Field(alias="nbrState")
    router_id: str = ""

    @property
    def full(self) -> bool:
        """Whether both have the same view of the network; `2-Way` and the rest have not."""
        return self.state.partition("/")[0] == "Full"


class _Neighbours(_Row):
    neighbors: dict[str, tuple[Adjacent, ...]]


class Learned(_Row):
    """A row of OSPF's own routing table; `type` is `N`, `N IA`, `N E1` or `N E2` for networks."""

    type: str = Field(alias="routeType")

    @property
    def kind(self) -> str:
        """How it was learnt, as labs say it."""
        return _KINDS.get(self.type.strip(), self.type.strip())


_KINDS = {"N": "intra-area", "N IA": "inter-area", "N E1": "external", "N E2": "external"}
_NEIGHBOURS = TypeAdapter(_Neighbours)
_LEARNED = TypeAdapter(dict[str, Learned])


def _vtysh(host: str, command: str) -> Asking[bytes]:
    probe = Inside(host, ("vtysh", "-c", command))
    result = yield from ask(probe)
    return good_output(probe.argv, result)


def adjacent(host: str) -> Asking[tuple[Adjacent, ...]]:
    """The OSPF neighbours of `host`, as its own daemon lists them."""
    command = "show ip ospf neighbor detail json"
    output = yield from _vtysh(host, command)
    found = structured(("vtysh", "-c", command), output, _NEIGHBOURS)
    return tuple(
        row.model_copy(update={"router_id": router_id})
        for router_id, rows in found.neighbors.items()
        for row in rows
    )


def learned(host: str) -> Asking[dict[str, Learned]]:
    """OSPF's own routing table of `host`, by destination."""
    command = "show ip ospf route json"
    output = yield from _vtysh(host, command)
    return structured(("vtysh", "-c", command), output, _LEARNED)


def listens(host: str) -> Asking[bool]:
    """Whether some program of `host` takes OSPF packets, by the kernel's own list of sockets."""
    output = yield from succeeded(Program(host, ("ss", "-n", "-l", "-w")))
    rows = [line.split() for line in output.decode("utf-8", "replace").splitlines()[1:]]
    ends = {row[3].rpartition(":")[2] for row in rows if len(row) > 3}
    return str(PROTOCOL_NUMBER) in ends


class _Group(_Row):
    address: str = ""
    link: str = ""


class _Membership(_Row):
    ifname: str
    maddr: tuple[_Group, ...] = ()


_MEMBERSHIPS = TypeAdapter(tuple[_Membership, ...])


def groups(host: str) -> Asking[dict[str, frozenset[str]]]:
    """The multicast addresses that each interface of `host` takes, by the kernel."""
    argv = ("ip", "-j", "maddr", "show")
    output = yield from succeeded(Program(host, argv))
    rows = structured(argv, output, _MEMBERSHIPS)
    return {row.ifname: frozenset(one.address for one in row.maddr) for row in rows}
