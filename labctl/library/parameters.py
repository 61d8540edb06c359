r"""Drawing every candidate's own values from the session's seed, the same for ever.

The algorithm, which a later version of this program must not change for format version 1:

- A *stream* belongs to (format version, lab id, seed, parameter's name). Its block number k is the
  SHA-256 of the JSON text ``["labctl-parameters",VERSION,LAB,SEED,NAME,k]`` (no blanks, ASCII with
  ``\u`` escapes), read as a big-endian number of 256 bits; k counts 0, 1, 2 …
- *below(n)*, for n up to 2**128, takes the next block b; where b >= 2**256 - (2**256 mod n) it
  takes the one after (that keeps all results equally likely), else the result is b mod n.
- ``int [a, b]`` is a + below(b - a + 1); ``choice`` the item with index below(length); ``sample``
  takes the item with index below(length of what is left) out, ``count`` times, in that order;
  ``token n`` is n letters of `ALPHABET`, each with index below(length).
- ``subnet``: see `subnets.choose`. The subnets of a lab are drawn widest first (shortest prefix),
  in the file's order where prefixes are equal, each avoiding those before it.

Since each parameter has a stream of its own, adding one changes no other, but for a subnet that
would overlap one drawn before it. Python's `random` is not used: its algorithms may change.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labctl.library.format import FORMAT_VERSION, Parameter
from labctl.library.subnets import Network, Pool, Subnet, choose

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
"""Letters and digits of tokens: without 0, O, o, 1, l and I, which are read for each other."""

_BLOCK = 1 << 256


class NoRoom(ValueError):
    """The pool of the subnet parameter `name` holds no subnet that is still free."""

    def __init__(self, name: str) -> None:
        super().__init__("no subnet of this size is left in the pool")
        self.name = name


@dataclass(slots=True)
class Stream:
    """The endless random numbers of one parameter."""

    lab: str
    seed: int
    name: str
    count: int = 0

    def below(self, limit: int) -> int:
        """The next whole number from 0 to `limit` - 1."""
        while True:
            block = self._block()
            if block < _BLOCK - _BLOCK % limit:
                return block % limit

    def _block(self) -> int:
        label = ["labctl-parameters", FORMAT_VERSION, self.lab, self.seed, self.name, self.count]
        self.count += 1
        text = json.dumps(label, separators=(",", ":"))
        return int.from_bytes(hashlib.sha256(text.encode("ascii")).digest(), "big")


def draw(parameters: Mapping[str, Parameter], lab: str, seed: int) -> dict[str, Any]:
    """The values of all parameters, in the file's order; subnets as `Subnet`.

    Raises `NoRoom` if a subnet cannot be placed, and `ValueError` if a parameter breaks a rule of
    `faults`.
    """
    subnets = draw_subnets(parameters, lab, seed)
    return {
        name: subnets[name] if name in subnets else draw_one(parameter, Stream(lab, seed, name))
        for name, parameter in parameters.items()
    }


def draw_one(parameter: Parameter, stream: Stream) -> Any:
    """The value of a parameter that is no subnet."""
    if parameter.integer is not None:
        low, high = parameter.integer
        return low + stream.below(high - low + 1)
    if parameter.choice is not None:
        return parameter.choice[stream.below(len(parameter.choice))]
    if parameter.sample is not None:
        left = list(parameter.sample.source)
        return [left.pop(stream.below(len(left))) for _ in range(parameter.sample.count)]
    if parameter.token is not None:
        return "".join(ALPHABET[stream.below(len(ALPHABET))] for _ in range(parameter.token))
    raise ValueError("a subnet is drawn together with the others")


def draw_subnets(parameters: Mapping[str, Parameter], lab: str, seed: int) -> dict[str, Subnet]:
    """All subnets of a lab, none overlapping another; raises `NoRoom`."""
    pools = {
        name: Pool(ipaddress.ip_network(parameter.subnet.of), parameter.subnet.prefix)
        for name, parameter in parameters.items()
        if parameter.subnet is not None
    }
    taken: list[Network] = []
    drawn: dict[str, Subnet] = {}
    for name, pool in sorted(pools.items(), key=lambda item: item[1].prefix):
        network = choose(pool, taken, Stream(lab, seed, name).below)
        if network is None:
            raise NoRoom(name)
        taken.append(network)
        drawn[name] = Subnet(str(network))
    return drawn


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a parameter breaks: where inside it, what is wrong, what would be right."""

    path: tuple[str | int, ...]
    message: str
    hint: str = ""


def faults(parameter: Parameter) -> list[Fault]:
    """What is wrong with a parameter of the right shape; empty if it can be drawn."""
    if parameter.subnet is not None:
        return _subnet_faults(parameter)
    if parameter.integer is not None:
        low, high = parameter.integer
        if low > high:
            return [Fault(("int",), "the range is empty", f"Write `[{high}, {low}]`.")]
    if parameter.choice is not None:
        return _repeated(parameter.choice, ("choice",))
    if parameter.sample is not None:
        return _sample_faults(parameter.sample.source, parameter.sample.count)
    return []


def _sample_faults(source: list[str | int], count: int) -> list[Fault]:
    found = _repeated(source, ("sample", "from"))
    if count > len(source):
        hint = f"Ask for at most {len(source)}, or list more."
        found.append(Fault(("sample", "count"), f"{count} of {len(source)} cannot be drawn", hint))
    for index, item in enumerate(source):
        if not str(item) or any(letter.isspace() for letter in str(item)):
            hint = "Scripts get the list joined by blanks."
            found.append(Fault(("sample", "from", index), "a blank inside an item", hint))
    return found


def _repeated(items: list[Any], path: tuple[str | int, ...]) -> list[Fault]:
    seen: set[str] = set()
    found = []
    for index, item in enumerate(items):
        if str(item) in seen:
            found.append(Fault((*path, index), f"`{item}` stands here twice", "Remove one."))
        seen.add(str(item))
    return found


def _subnet_faults(parameter: Parameter) -> list[Fault]:
    assert parameter.subnet is not None
    text, prefix = parameter.subnet.of, parameter.subnet.prefix
    place = ("subnet", "of")
    try:
        pool = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return [Fault(place, f"`{text}` is no subnet", "Write one such as `10.0.0.0/8`.")]
    if str(pool) != text:
        return [Fault(place, f"`{text}` is not how a subnet is written", f"Write `{pool}`.")]
    if pool.is_multicast or pool.is_loopback or pool.is_unspecified:
        return [Fault(place, f"hosts cannot have addresses of `{text}`", "Use `10.0.0.0/8`.")]
    if not pool.prefixlen <= prefix <= pool.max_prefixlen:
        hint = f"Write a number from {pool.prefixlen} to {pool.max_prefixlen}."
        return [Fault(("subnet", "prefix"), f"/{prefix} does not fit into `{text}`", hint)]
    return []
