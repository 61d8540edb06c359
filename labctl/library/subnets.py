"""Subnets as values: what templates may ask of one, and how a free one is found in a pool."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TRIES = 64
"""Draws before the free places of a crowded pool are counted out; part of the algorithm."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """An IPv4 or IPv6 subnet; as text `10.1.2.0/24`.

    Templates use `.network .prefixlen .netmask .broadcast .host(n)`.
    """

    cidr: str

    def _network(self) -> Network:
        return ipaddress.ip_network(self.cidr)

    def __str__(self) -> str:
        return self.cidr

    @property
    def network(self) -> str:
        """Its first address, `10.1.2.0`."""
        return str(self._network().network_address)

    @property
    def prefixlen(self) -> int:
        """The length of its prefix in bits, 24."""
        return self._network().prefixlen

    @property
    def netmask(self) -> str:
        """Its mask, `255.255.255.0`."""
        return str(self._network().netmask)

    @property
    def broadcast(self) -> str:
        """Its broadcast address; raises `ValueError` for IPv6, which has none."""
        network = self._network()
        if network.version == 6:
            raise ValueError(f"{self.cidr} is an IPv6 subnet and has no broadcast address")
        return str(network.broadcast_address)

    def host(self, number: int) -> str:
        """The usable address with this number: 1 is the first, -1 the last.

        Never the network's own address (in IPv6 the subnet-router anycast address, RFC 4291) nor
        the broadcast address; a /31 has two usable addresses (RFC 3021) and a /32 or /128 one.
        Raises `ValueError` where there is no such address.
        """
        network = self._network()
        first, count = 1, network.num_addresses - (2 if network.version == 4 else 1)
        if network.max_prefixlen - network.prefixlen <= 1:
            first, count = 0, network.num_addresses
        if isinstance(number, bool) or not isinstance(number, int):
            raise ValueError(f"host(n) takes a whole number, not {number!r}")  # noqa: TRY004
        if number == 0 or abs(number) > count:
            raise ValueError(f"{self.cidr} has the hosts 1 to {count}; there is no host({number})")
        offset = first + (number - 1 if number > 0 else count + number)
        return str(network.network_address + offset)


@dataclass(frozen=True, slots=True)
class Pool:
    """All subnets of length `prefix` within `of`, by index.

    Of a pool of four or more, the first and the last are left out: a subnet that begins with the
    pool's own network address, or ends with its broadcast address, is a trap that no lab means.
    """

    of: Network
    prefix: int

    @property
    def _margin(self) -> int:
        return 1 if self.prefix - self.of.prefixlen >= 2 else 0

    @property
    def size(self) -> int:
        """How many subnets it holds."""
        return int(2 ** (self.prefix - self.of.prefixlen)) - 2 * self._margin

    def at(self, index: int) -> Network:
        """The subnet with this index, from 0."""
        step = 2 ** (self.of.max_prefixlen - self.prefix)
        first = int(self.of.network_address) + (index + self._margin) * step
        return type(self.of)((first, self.prefix))

    def blocked(self, taken: Iterable[Network]) -> list[tuple[int, int]]:
        """The ranges of indexes (first, last) that overlap `taken`: in order, not overlapping."""
        step = 2 ** (self.of.max_prefixlen - self.prefix)
        base = int(self.of.network_address) + self._margin * step
        ranges = []
        for other in taken:
            if other.version != self.of.version or not other.overlaps(self.of):
                continue
            first = (int(other.network_address) - base) // step
            last = (int(other.broadcast_address) - base) // step
            if last >= 0 and first < self.size:
                ranges.append((max(first, 0), min(last, self.size - 1)))
        return _merged(sorted(ranges))


def choose(pool: Pool, taken: list[Network], below: Callable[[int], int]) -> Network | None:
    """A subnet of `pool` that overlaps none of `taken`, or None if there is none.

    `below(n)` draws a whole number from 0 to n - 1. Up to `TRIES` subnets are drawn and the first
    free one is taken, so that a taken subnet elsewhere in the pool changes nothing; in a pool so
    full that all of them fail, the free ones are counted and one of those is drawn.
    """
    for _ in range(TRIES):
        network = pool.at(below(pool.size))
        if not any(_overlap(network, other) for other in taken):
            return network
    blocked = pool.blocked(taken)
    free = pool.size - sum(last - first + 1 for first, last in blocked)
    if free < 1:
        return None
    index = below(free)
    for first, last in blocked:
        if index < first:
            break
        index += last - first + 1
    return pool.at(index)


def _overlap(one: Any, other: Any) -> bool:
    return bool(one.version == other.version and one.overlaps(other))


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in ranges:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
