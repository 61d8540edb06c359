"""The check type `traceroute`."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo

from checkers.check import Asking, Check, CheckType, ask_all, failed, passed
from checkers.lab_names import HostName, LabNames, demand
from checkers.model import Flow, Phase, Program, ProgramResult, Subject, Verdict
from checkers.network._ip import ADDRESSES, HostAddress, links_of
from checkers.network._witness import ANSWERED_ELSEWHERE, FarEnd, far_end
from checkers.reading import answer, good_output, unobserved
from checkers.words import plain

_HEAD = re.compile(rb"^traceroute to \S+ \([0-9A-Fa-f.:]+\), \d+ hops max, \d+ byte packets")
_HOP = re.compile(
    rb"^ ?(?P<number>\d+)  (?:\*|(?P<by>[0-9A-Fa-f.:]+)  [\d.]+ ms(?: (?P<mark>!\S*))?)\s*$",
    re.MULTILINE,
)
_REFUSED = (b"connect: Network is unreachable", b"connect: No route to host")
ANY = "*"
_ADDRESS = re.compile(r"[0-9.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")


def _hop(text: str, info: ValidationInfo) -> str:
    if not re.fullmatch(r"\*|[0-9A-Fa-f.:]+|[A-Za-z0-9][A-Za-z0-9-]*", text):
        raise ValueError(f"`{text}` is neither an address, nor a host of the lab, nor `*`")
    if text != ANY and isinstance(info.context, LabNames) and not _ADDRESS.fullmatch(text):
        demand("host", text, info.context.hosts)
    return text


Hop = Annotated[
    str, AfterValidator(_hop), Field(description="An address, a host of the lab, or `*`.")
]
"""A router on the way: one of its addresses, its name in the lab, or `*` for any that answers."""


class Traceroute(CheckType):
    """Packets take the expected way.

        traceroute: {to: 10.2.0.10, hops: [192.168.4.1, 10.9.0.2]}
        traceroute: {to: 10.2.0.10, hops: [r1, r2]}

    `hops` are the routers between the asking host and `to`, in order and complete, `to` itself
    left out: each an address, the name of a host of the lab (any address that it has counts, since
    a router may answer with any of its own), or `*` for any that answers. UDP packets are sent, and
    must have been seen on the wire at the host that has `to` (or at `at`, as in `ping`).

    Error: a host that is needed cannot be observed, or the output is not that of traceroute.
    """

    kind: ClassVar[str] = "traceroute"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    to: HostAddress
    hops: tuple[Hop, ...] = Field(min_length=1, max_length=20)
    at: HostName | None = None

    def run(self, subject: Subject) -> Check:
        """Trace the way and compare it hop by hop."""
        end = yield from far_end(subject, self.to, self.at)
        allowed = yield from self._allowed(subject)
        most = len(self.hops) + 3
        argv = ("traceroute", "-n", "-q", "1", "-w", "1", "-m", str(most), self.to)
        flow = Flow("udp", self.to)
        result = yield from answer(Program(subject.source, argv, timeout=most + 8.0, flow=flow))
        expected = f"{subject.source} reaches {self.to} through {', '.join(self.hops)}"
        if result.exit == 1 and result.stderr.strip() in _REFUSED:
            return failed(expected=expected, found=f"{subject.source} has no route to {self.to}")
        way = understood(result, subject.source)
        return self._judged(expected, way, allowed, end, result)

    def _judged(
        self,
        expected: str,
        way: tuple[str | None, ...],
        allowed: tuple[frozenset[str] | None, ...],
        end: FarEnd,
        result: ProgramResult,
    ) -> Verdict:
        said = ", ".join(hop or "no answer" for hop in way)
        right = len(way) == len(allowed) + 1 and all(
            hop is not None and (wanted is None or hop in wanted)
            for hop, wanted in zip(way, allowed, strict=False)
        )
        if not right or way[-1] != self.to:
            return failed(expected=expected, found=f"the way {said}")
        trouble = end.trouble(result.sightings)
        if trouble:
            return failed(expected=expected, found=trouble, flags=(ANSWERED_ELSEWHERE,))
        return passed(expected=expected, found=f"the way {said}, seen at {end.said}")

    def _allowed(self, subject: Subject) -> Asking[tuple[frozenset[str] | None, ...]]:
        """For each hop the addresses that count; None where any does."""
        names = tuple(dict.fromkeys(hop for hop in self.hops if _is_name(hop)))
        for name in names:
            if all(host.name != name for host in subject.hosts):
                raise unobserved(f"the lab has no host called {name}")
        own: dict[str, frozenset[str]] = {}
        if names:
            results = yield from ask_all(*(Program(name, ADDRESSES) for name in names))
            for name, result in zip(names, results, strict=True):
                found = links_of(good_output(ADDRESSES, result))
                own[name] = frozenset(str(at.ip) for link in found for at in link.addresses)
        return tuple(
            None if hop == ANY else own.get(hop) or frozenset({str(ip_address(hop))})
            for hop in self.hops
        )


def _is_name(hop: str) -> bool:
    if hop == ANY:
        return False
    try:
        ip_address(hop)
    except ValueError:
        return True
    return False


def understood(result: ProgramResult, source: str) -> tuple[str | None, ...]:
    """The addresses on the way in order, None where nothing answered; strict about the output."""
    lines = result.stdout.splitlines()
    hops = list(_HOP.finditer(result.stdout))
    numbers = [int(hop["number"]) for hop in hops]
    proper = (
        result.exit == 0
        and lines
        and _HEAD.match(lines[0])
        and numbers == list(range(1, len(lines)))
        and numbers
    )
    if not proper:
        said = plain(result.stderr.strip() or result.stdout.strip())
        raise unobserved(
            f"traceroute from {source} ended with {result.exit}: {said or 'no output'}"
        )
    way = [str(ip_address(hop["by"].decode())) if hop["by"] else None for hop in hops]
    marks = b"".join(hop["mark"] or b"" for hop in hops)
    return (*way, None) if marks else tuple(way)
