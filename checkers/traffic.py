"""What is seen on the wire, and what is asked and answered about DHCP servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checkers.probe import Probe


@dataclass(frozen=True, slots=True)
class Sighting:
    """A frame of a `Flow`, as it was seen at the port of `host` on `network`.

    `towards` is true when the fabric was handing it to the host, false when it came from the
    host. `source` and `destination` are the addresses in the frame at that place, so that
    translation on the way shows.
    """

    host: str
    network: str
    towards: bool
    source: str
    destination: str


@dataclass(frozen=True, slots=True)
class DhcpReply:
    """A message of a DHCP server's, as it came (RFC 2131).

    `address` is what it offers (yiaddr), `relay` the agent that passed it on (giaddr, else
    0.0.0.0), `sender` the hardware address that the frame came from. `options` are numbers with
    their bytes, as in RFC 2132, those that were split joined again (RFC 3396).
    """

    address: str
    relay: str
    sender: str
    options: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class DiscoverResult:
    """What came of looking for a DHCP server: the offers, and the answer to a request if one was.

    `mac` is the client's hardware address that was used. `answer` is the acknowledgement or the
    refusal of the first offer; None where it was not taken up, or nothing came.
    """

    mac: str
    offers: tuple[DhcpReply, ...]
    answer: DhcpReply | None = None
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Discover(Probe[DiscoverResult]):
    """Look for DHCP servers from `host`, as a client with a hardware address of its own.

    `port` is the hardware address of the interface to ask on. `mac` is the client's; an empty one
    stands for one that is drawn: the same for equal probes of a session, another in every session.
    `asks` is an address to ask for (option 50). Offers are taken for `wait` seconds, or until
    `linger` seconds after the first. With `take` the first is requested, and released at once
    afterwards; else no address is taken.
    """

    port: str
    mac: str = ""
    asks: str = ""
    take: bool = False
    wait: float = 6.0
    linger: float = 1.0
    kind: Literal["discover"] = "discover"
