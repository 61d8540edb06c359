"""What `ip -j` says, in typed form, and where an interface of the plan is now."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
)
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, TypeAdapter

from checkers.check import Asking
from checkers.model import Port, Program, Subject
from checkers.reading import structured, succeeded, unobserved
from checkers.words import plain

AnyAddress = IPv4Address | IPv6Address
AnyInterface = IPv4Interface | IPv6Interface
AnyNetwork = IPv4Network | IPv6Network


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Address(_Row):
    """An address on an interface."""

    family: str = ""
    local: str = ""
    prefixlen: int = 0
    scope: str = ""
    tentative: bool = False
    dadfailed: bool = False

    @property
    def interface(self) -> AnyInterface | None:
        """The address with its mask; None for a family that is not IP."""
        if self.family not in {"inet", "inet6"}:
            return None
        return ip_interface(f"{self.local}/{self.prefixlen}")

    @property
    def usable(self) -> bool:
        """False while, or since, the kernel holds another host to have the address."""
        return not (self.tentative or self.dadfailed)


class _Info(_Row):
    info_kind: str | None = None


class Link(_Row):
    """An interface as the kernel shows it."""

    ifindex: int
    ifname: str
    flags: tuple[str, ...]
    mtu: int
    address: str = ""
    operstate: str = ""
    master: str | None = None
    link: str | None = None
    link_netnsid: int | None = None
    linkinfo: _Info = _Info()
    addr_info: tuple[Address, ...] = ()

    @property
    def could_be_a_port(self) -> bool:
        """Hardware, or the end of a cable whose other end is in another network namespace.

        What a host can make up for itself (a bridge, a tunnel, a pair of its own) is neither,
        whatever its hardware address.
        """
        if self.linkinfo.info_kind == "veth":
            return self.link_netnsid is not None
        return self.linkinfo.info_kind is None and self.link is None

    @property
    def name(self) -> str:
        """The interface's name, safe to show."""
        return plain(self.ifname)

    @property
    def up(self) -> bool:
        """Switched on, with a carrier."""
        return {"UP", "LOWER_UP"} <= set(self.flags) and "NO-CARRIER" not in self.flags

    @property
    def state(self) -> str:
        """The kernel's word for both together (Linux, networking/operstates), in lower case."""
        return self.operstate.lower()

    @property
    def loopback(self) -> bool:
        """Whether it is the host's loopback interface."""
        return "LOOPBACK" in self.flags

    @property
    def addresses(self) -> tuple[AnyInterface, ...]:
        """Its usable addresses, link-local ones included."""
        return tuple(
            found.interface
            for found in self.addr_info
            if found.interface is not None and found.usable
        )


_LINKS = TypeAdapter(tuple[Link, ...])
ADDRESSES = ("ip", "-j", "-d", "addr")
"""The program that lists interfaces and addresses; every check asks for it in the same words."""


def links_of(output: bytes) -> tuple[Link, ...]:
    """The interfaces in the output of `ADDRESSES`; every host has at least its loopback."""
    links = structured(ADDRESSES, output, _LINKS)
    if not any(link.loopback for link in links):
        raise unobserved("`ip -j addr` shows no loopback interface, which every host has")
    return links


def links(host: str) -> Asking[tuple[Link, ...]]:
    """The interfaces of a host."""
    output = yield from succeeded(Program(host, ADDRESSES))
    return links_of(output)


def owned(found: tuple[Link, ...], address: AnyAddress) -> bool:
    """Whether a host answers to an address, on whichever interface it stands."""
    return any(own.ip == address for link in found for own in link.addresses)


def on_a_port(found: tuple[Link, ...], address: AnyAddress) -> bool:
    """Whether an address stands on an interface other than the loopback one."""
    return owned(tuple(link for link in found if not link.loopback), address)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interface was looked for: what it is called, and the link if it is there.

    `trouble` says why there is none, or why it is not what it should be.
    """

    said: str
    link: Link | None
    trouble: str = ""


def _with_mac(found: tuple[Link, ...], mac: str) -> Link | None:
    """The port with a hardware address: not what is built on it, or made up, with the same one."""
    same = [link for link in found if link.address.lower() == mac.lower()]
    own = [link for link in same if link.could_be_a_port]
    return min(own, key=lambda link: link.ifindex, default=None)


def _named(found: tuple[Link, ...], name: str) -> Link | None:
    return next((link for link in found if link.ifname == name), None)


def port_on(subject: Subject, host: str, network: str) -> Port:
    """The plan's port of a host on a network; not observed where the lab has none."""
    for port in subject.named(host).ports:
        if port.network == network:
            return port
    raise unobserved(f"the lab puts {host} on no network called {network}")


def by_network(subject: Subject, host: str, network: str, found: tuple[Link, ...]) -> Place:
    """The interface of `host` on `network`, whatever it is called by now."""
    port = port_on(subject, host, network)
    link = _with_mac(found, port.mac)
    if link is None:
        return Place(port.interface, None, f"{host} has no interface on {network} any more")
    return Place(link.name, link)


def by_name(subject: Subject, host: str, name: str, found: tuple[Link, ...]) -> Place:
    """The interface of `host` that is called `name`.

    A name that the plan gave belongs to the interface with the plan's hardware address: another
    that took the name is not it.
    """
    named = _named(found, name)
    port = next((port for port in subject.named(host).ports if port.interface == name), None)
    if port is None:
        return Place(name, named, "" if named else f"{host} has no interface {name}")
    link = _with_mac(found, port.mac)
    if link is None:
        return Place(
            name, None, f"no interface has the hardware address {port.mac} that {name} came with"
        )
    if link.ifname != name:
        return Place(name, None, f"{name} has been renamed to {link.name}")
    return Place(name, link)


def with_master(found: tuple[Link, ...], link: Link) -> tuple[Link, ...]:
    """A port and, if it was made part of a bridge or bond, that one: both are on its network."""
    master = _named(found, link.master) if link.master else None
    return (link,) if master is None else (link, master)


# --------------------------------------------------------------------------- parameters


def _host_address(text: str) -> str:
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.scope_id:
        raise ValueError("write the address without `%` and an interface")
    return str(address)


def _address_with_mask(text: str) -> str:
    if "/" not in text:
        raise ValueError(f"write the mask too, such as {text}/24")
    return str(ip_interface(text))


def _mac(text: str) -> str:
    return text.lower().replace("-", ":")


HostAddress = Annotated[str, AfterValidator(_host_address)]
"""An IPv4 or IPv6 address, in its usual spelling."""

MaskedAddress = Annotated[str, AfterValidator(_address_with_mask)]
"""An address with the length of its prefix."""

Mac = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$"),
    AfterValidator(_mac),
]
"""A hardware address, in lower case with colons."""

InterfaceName = Annotated[str, StringConstraints(pattern=r"^[^\s/]{1,15}$")]
