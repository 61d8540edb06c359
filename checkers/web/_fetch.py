"""What all checks of a web server share: where it is, asking it, and whether it was the right one.

    site = yield from self.reach(subject)            # a Site, or the verdict that there is none
    answer = yield from fetch(site, site.request("http://web.lab/"))

Each request is made by the examiner's own curl in the asking host's network, and has to be seen at
the far end (see `checkers.network._witness`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from checkers.check import Asking, CheckType, ask_all, failed
from checkers.findings import OWN_HOST_ONLY
from checkers.lab_names import HostName
from checkers.model import Phase, ProgramResult, Subject, Verdict
from checkers.network._ip import HostAddress
from checkers.network._names import resolve
from checkers.network._witness import ANSWERED_ELSEWHERE, FarEnd, far_end, why_nothing_left
from checkers.reading import whole
from checkers.web._curl import Request, Response, program, understood
from checkers.words import plain


def usable_url(text: str) -> str:
    """`text`, if it is an URL of HTTP without blanks and accounts; raises `ValueError`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as problem:
        raise ValueError(f"`{text}` is no URL: {problem}") from problem
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(f"`{text}` is no URL that begins with http:// or https://")
    if parts.username is not None or any(ord(letter) <= 32 for letter in text):
        raise ValueError("an URL here has neither blanks nor a user's name in it")
    return text


Url = Annotated[str, StringConstraints(max_length=2000), AfterValidator(usable_url)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", to_lower=True)]


@dataclass(frozen=True, slots=True)
class Site:
    """A web server by the name and port that an URL gives it, and where its requests arrive."""

    subject: Subject
    host: str
    port: int
    address: str
    end: FarEnd
    verify: bool

    def request(self, url: str) -> Request:
        """A plain GET of an URL of this site."""
        return Request(url, self.host, self.port, self.address, verify=self.verify)

    @property
    def flags(self) -> tuple[str, ...]:
        """What an assessor should know of every verdict about it."""
        own = self.end.own and self.subject.source == self.subject.host
        return (OWN_HOST_ONLY,) if own else ()


class OverHttp(CheckType):
    """Base of the check types that ask a web server for something."""

    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    url: Url
    address: HostAddress | None = None
    verify: bool = True
    at: HostName | None = None

    def reach(self, subject: Subject) -> Asking[Site | Verdict]:
        """Find out where requests for `url` go; a verdict where its name leads nowhere."""
        return (yield from reach(subject, self.url, self.address, self.at, verify=self.verify))


def port_of(url: str) -> int:
    """The port that an URL leads to."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def reach(
    subject: Subject, url: str, address: str | None, at: str | None, *, verify: bool = True
) -> Asking[Site | Verdict]:
    """Where requests for `url` go from the asking host: to `address`, or as the name resolves."""
    host = urlsplit(url).hostname or ""
    if address is None:
        found, trouble = yield from _look_up(subject, host)
        if not found:
            return failed(expected=f"an answer from {plain(url)}", found=trouble)
        address = found
    end = yield from far_end(subject, address, at)
    return Site(subject, host, port_of(url), address, end, verify)


def _look_up(subject: Subject, host: str) -> Asking[tuple[str, str]]:
    """The address of an URL's host and why there is none, one of them empty."""
    try:
        return str(ip_address(host)), ""
    except ValueError:
        found = yield from resolve(subject.source, host)
    return (found.addresses[0], "") if found.addresses else ("", found.trouble)


def fetch(site: Site, request: Request) -> Asking[Response | Verdict]:
    """One request's answer; the verdict that there is none, or not from the right host."""
    (answer,) = yield from fetch_all(site, request)
    said = plain(request.url)
    if not answer.trouble:
        return answer
    flags = (ANSWERED_ELSEWHERE,) if answer.elsewhere else ()
    found = answer.trouble if answer.elsewhere else f"{said}: {answer.trouble}"
    return failed(expected=f"an answer from {said}", found=found, flags=flags)


def fetch_all(site: Site, *requests: Request) -> Asking[tuple[Response, ...]]:
    """The answers to several requests in one round, each with its `trouble` if there is none."""
    probes = tuple(program(site.subject.source, request) for request in requests)
    results = yield from ask_all(*probes)
    answers = []
    for probe, result in zip(probes, results, strict=True):
        whole(probe.argv, result)
        answers.append((yield from _counted(site, understood(probe.argv, result), result)))
    return tuple(answers)


def _counted(site: Site, response: Response, result: ProgramResult) -> Asking[Response]:
    """`response`, if it came from the right host; not observed where no request left."""
    end = site.end
    if response.trouble:
        if response.timed_out and not (end.own or end.left(result.sightings)):
            why = yield from why_nothing_left(end)
            return replace(response, trouble=why)
        return response
    if site.flags:
        return response
    trouble = end.trouble(result.sightings)
    return replace(response, trouble=trouble, elsewhere=True) if trouble else response
