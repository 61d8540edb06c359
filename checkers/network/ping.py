"""The check type `ping`."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from checkers.check import Check, CheckType, failed, passed
from checkers.lab_names import HostName
from checkers.model import Flow, Phase, Program, ProgramResult, Subject, Verdict
from checkers.network._ip import HostAddress
from checkers.network._witness import ANSWERED_ELSEWHERE, FarEnd, every_host_up, far_end
from checkers.reading import answer, unobserved
from checkers.words import listed, plain

WAIT = 4
"""Seconds that the last request waits: the kernel gives up finding a neighbour after three."""

INTERVAL = 0.2
"""Seconds between requests; the shortest that needs no privilege of its own."""

_SUMMARY = re.compile(
    rb"^(?P<sent>\d+) packets transmitted, (?P<received>\d+) received,"
    rb"(?: \+\d+ (?:duplicates|corrupted|errors),)* [\d.]+% packet loss",
    re.MULTILINE,
)
_REPLY = re.compile(
    rb"^\d+ bytes from (?P<by>[0-9A-Fa-f.:]+): icmp_seq=(?P<number>\d+) ttl=\d+ time=[\d.]+ ms$",
    re.MULTILINE,
)
_COMPLAINT = re.compile(
    rb"^From (?P<by>[0-9A-Fa-f.:]+)(?: \([^)]*\))?:? icmp_seq=\d+ (?P<text>.+)$", re.MULTILINE
)
_REFUSED = re.compile(rb"^ping: (?:connect|sendmsg|sendto): (?P<why>.+)$", re.MULTILINE)
_REFUSALS = {
    b"Network is unreachable": "has no route to",
    b"No route to host": "has a route that refuses",
    b"Permission denied": "has a route that refuses",
    b"Operation not permitted": "has a rule that refuses",
    b"Invalid argument": "has a route that discards what goes to",
    b"Cannot assign requested address": "has no address to reach it from:",
}


def percent(value: Any) -> Any:
    """`5%`, `5` or 5 as the number 5."""
    if isinstance(value, str):
        text = value.strip().removesuffix("%").strip()
        try:
            return float(text)
        except ValueError as problem:
            raise ValueError(f"`{value}` is no percentage, such as 5%") from problem
    return value


Percent = Annotated[
    float,
    BeforeValidator(percent),
    Field(ge=0, lt=100),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[0-9.]+ ?%?$"}]}),
]


@dataclass(frozen=True, slots=True)
class Pinged:
    """What `ping` reported: requests sent and properly answered, complaints from the way.

    `refused` is set where the asking host itself sent nothing, and says why.
    """

    sent: int
    answered: int
    complaints: tuple[str, ...] = ()
    refused: str = ""


class Ping(CheckType):
    """A host can be reached, or cannot, by ICMP echo.

        ping: {to: 10.2.0.10, count: 3, loss: 0%}
        ping: {to: 10.2.0.10, reachable: false}

    `count` requests (default 3) are sent from the check's `from:` host, 0.2 seconds apart, and at
    most `loss` percent of them may stay unanswered (default 0%). An answer counts only if the
    requests were seen on the wire at the host that has the address, so that nothing on the way
    can answer in its place; where that host has it on a loopback interface, or a translation leads
    to it, name it by `at`. With `own_address: true` they must have arrived there with an address
    of the asking host, so that no translation (NAT) helped. With `reachable: false` no request may
    be answered; every host of the lab must be running, one of them must have the address, and the
    requests must have left the asking host or have been refused there. A network that is not set up
    yet cannot be reached either: say by `needs` what has to work.

    Error: a host that is needed cannot be observed, the output is not that of ping, or (with
    `reachable: false`) nothing shows that a request was made.
    """

    kind: ClassVar[str] = "ping"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    to: HostAddress
    count: int = Field(default=3, ge=1, le=50)
    loss: Percent = 0.0
    reachable: bool = True
    own_address: bool = False
    at: HostName | None = None

    @model_validator(mode="after")
    def _loss_of_what(self) -> Ping:
        if not self.reachable and ("loss" in self.model_fields_set or self.own_address):
            raise ValueError("`loss` and `own_address` say nothing where no answer is wanted")
        return self

    def run(self, subject: Subject) -> Check:
        """Send the requests, and see who was asked and who answered."""
        end = yield from far_end(subject, self.to, self.at)
        result = yield from answer(echo(subject.source, self.to, self.count))
        pinged = understood(result, self.to, subject.source)
        if self.reachable:
            return self._reached(end, pinged, result)
        return (yield from self._not_reached(subject, end, pinged, result))

    def _reached(self, end: FarEnd, pinged: Pinged, result: ProgramResult) -> Verdict:
        limit = f" with at most {self.loss:g}% loss" if self.loss else ""
        own = " from its own address" if self.own_address else ""
        expected = f"{end.source} reaches {self.to}{own}{limit}"
        if pinged.answered == 0:
            return failed(expected=expected, found=_silence(pinged, end))
        trouble = end.trouble(result.sightings)
        if trouble:
            return failed(expected=expected, found=trouble, flags=(ANSWERED_ELSEWHERE,))
        if self.own_address and end.translated(result.sightings):
            return failed(expected=expected, found=end.translated(result.sightings))
        found = f"{pinged.answered} of {self.count} requests answered"
        lost = 100 * (1 - pinged.answered / self.count)
        if lost > self.loss:
            return failed(expected=expected, found=found)
        return passed(expected=expected, found=f"{found}, seen at {end.said}")

    def _not_reached(
        self, subject: Subject, end: FarEnd, pinged: Pinged, result: ProgramResult
    ) -> Generator[Any, Any, Verdict]:
        yield from every_host_up(subject)
        expected = f"{end.source} cannot reach {self.to}"
        if pinged.answered:
            found = f"{pinged.answered} of {self.count} requests answered"
            return failed(expected=expected, found=found)
        if end.own or end.nobody:
            why = end.nobody or f"{self.to} is an address of {end.source} itself"
            return failed(expected=expected, found=f"{why}, so nothing was shown")
        if not (pinged.refused or pinged.complaints or end.left(result.sightings)):
            raise unobserved(
                f"{end.source} got no answer from {self.to}, but nothing shows that it asked"
            )
        return passed(expected=expected, found=_silence(pinged, end))


def echo(source: str, to: str, count: int) -> Program:
    """The program that sends echo requests, each with the probe's nonce."""
    argv = ("ping", "-n", "-c", str(count), "-i", str(INTERVAL), "-W", str(WAIT))
    return Program(
        source,
        (*argv, "-s", "56", "-p", "{nonce}", to),
        timeout=count * INTERVAL + WAIT + 4,
        flow=Flow("icmp", to, nonce=True),
    )


def _silence(pinged: Pinged, end: FarEnd) -> str:
    if pinged.refused:
        return f"{end.source} {pinged.refused} {end.address}"
    said = f" ({'; '.join(pinged.complaints)})" if pinged.complaints else ""
    nowhere = f"; {end.nobody}" if end.nobody else ""
    return f"no answer to {pinged.sent} requests{said}{nowhere}"


def understood(result: ProgramResult, to: str, source: str) -> Pinged:
    """Read the output of ping (iputils); raises `NotObserved` for what is not that."""
    refusal = _REFUSED.search(result.stderr)
    if result.exit == 2 and refusal and refusal["why"] in _REFUSALS:
        return Pinged(0, 0, refused=_REFUSALS[refusal["why"]])
    summary = _SUMMARY.search(result.stdout)
    if result.exit not in (0, 1) or summary is None:
        said = plain(result.stderr.strip() or result.stdout.strip())
        raise unobserved(f"ping from {source} ended with {result.exit}: {said or 'no output'}")
    received = int(summary["received"])
    numbers = {
        reply["number"]
        for reply in _REPLY.finditer(result.stdout)
        if ip_address(reply["by"].decode()) == ip_address(to)
    }
    if len(numbers) > received or (received > 0) != (result.exit == 0):
        raise unobserved(f"ping from {source} contradicts itself (it ended with {result.exit})")
    return Pinged(int(summary["sent"]), len(numbers), _complaints(result.stdout))


def _complaints(output: bytes) -> tuple[str, ...]:
    texts = (
        f"{plain(found['by'])} says: {plain(found['text'])}"
        for found in _COMPLAINT.finditer(output)
    )
    return (listed(dict.fromkeys(texts), most=3),) if _COMPLAINT.search(output) else ()
