"""What a DHCP server's message says, in typed form (RFC 2132), and addresses of a pool."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from checkers.traffic import DhcpReply
from checkers.words import listed

MASK, ROUTER, DNS, HOST, DOMAIN, LEASE, MESSAGE, SERVER = 1, 3, 6, 12, 15, 51, 53, 54
OFFER, ACK = 2, 5
_ADDRESSES = {MASK, ROUTER, DNS, 42, 28, SERVER}
_NUMBERS = {LEASE, 58, 59}
_TEXTS = {HOST, DOMAIN}


def _address(text: str) -> str:
    return str(IPv4Address(text))


Address4 = Annotated[str, AfterValidator(_address)]
"""An IPv4 address, in its usual spelling."""


def _block(text: str) -> str:
    return str(IPv4Network(text)).removesuffix("/32")


Block = Annotated[str, AfterValidator(_block)]
"""An IPv4 address, or a subnet such as 10.1.0.0/28."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer or an acknowledgement: what it says of each thing, None for what it leaves out.

    `server` is the address by which the server names itself, `lease` is in seconds.
    """

    address: str
    server: str
    mask: str | None
    routers: tuple[str, ...]
    dns: tuple[str, ...]
    domain: str | None
    hostname: str | None
    lease: int | None


def read(reply: DhcpReply, kind: int = OFFER) -> Offered | None:
    """What a message says; None where it is not one of the kind, or is not well formed."""
    options = dict(reply.options)
    if options.get(MESSAGE) != bytes((kind,)) or ip_address(reply.address).is_unspecified:
        return None
    server, mask = _addresses(options, SERVER), _addresses(options, MASK)
    if server is None or mask is None or len(server) != 1 or len(mask) > 1:
        return None
    lease = options.get(LEASE)
    if lease is not None and len(lease) != 4:
        return None
    return Offered(
        reply.address,
        server[0],
        mask[0] if mask else None,
        _addresses(options, ROUTER) or (),
        _addresses(options, DNS) or (),
        _text(options, DOMAIN),
        _text(options, HOST),
        None if lease is None else int.from_bytes(lease, "big"),
    )


def _addresses(options: dict[int, bytes], code: int) -> tuple[str, ...] | None:
    """The addresses in an option: none where it is not there, None where its length is wrong."""
    value = options.get(code, b"")
    if len(value) % 4:
        return None
    return tuple(str(IPv4Address(value[at : at + 4])) for at in range(0, len(value), 4))


def _text(options: dict[int, bytes], code: int) -> str | None:
    value = options.get(code, b"").rstrip(b"\0").decode("utf-8", "surrogateescape")
    return value.removesuffix(".") or None


# --------------------------------------------------------------------------- pools


class Pool(BaseModel):
    """Addresses from `first` to `last`, without those of `not`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    first: Address4
    last: Address4
    not_: Annotated[
        tuple[Block, ...],
        BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
        Field(max_length=16),
    ] = Field(default=(), alias="not")

    @model_validator(mode="after")
    def _holds_something(self) -> Pool:
        if IPv4Address(self.first) > IPv4Address(self.last):
            raise ValueError(f"{self.first} stands behind {self.last}: write the lower one first")
        if not self.holds(self.first) or not self.holds(self.last):
            raise ValueError("`first` and `last` belong to the pool: `not` cannot take them out")
        return self

    def holds(self, address: str) -> bool:
        """Whether an address belongs to the pool."""
        found = IPv4Address(address)
        within = IPv4Address(self.first) <= found <= IPv4Address(self.last)
        return within and not any(found in IPv4Network(block) for block in self.not_)

    def edges(self, used: frozenset[str]) -> tuple[str, ...]:
        """The lowest and the highest of its addresses that nobody uses; none where all are used."""
        lowest, highest = int(IPv4Address(self.first)), int(IPv4Address(self.last))
        most = len(used) + 1 + sum(IPv4Network(block).num_addresses for block in self.not_)
        up = range(lowest, min(highest, lowest + most) + 1)
        down = range(highest, max(lowest, highest - most) - 1, -1)
        found = []
        for numbers in (up, down):
            free = (str(IPv4Address(number)) for number in numbers)
            found += [next((each for each in free if self.holds(each) and each not in used), None)]
        return tuple(dict.fromkeys(each for each in found if each))

    def near(self) -> tuple[str, ...]:
        """Addresses that do not belong to it, though they are next to it or taken out of it."""
        before, after = IPv4Address(self.first) - 1, IPv4Address(self.last) + 1
        taken = [IPv4Network(block)[0] for block in self.not_]
        found = [str(each) for each in (before, after, *taken) if not self.holds(str(each))]
        return tuple(dict.fromkeys(found))

    @property
    def said(self) -> str:
        """The pool in words: `an address from 10.1.0.100 to 10.1.0.199`."""
        out = f", without {listed(self.not_)}" if self.not_ else ""
        return f"an address from {self.first} to {self.last}{out}"
