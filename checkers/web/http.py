"""The check type `http`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, ask, failed
from checkers.findings import OWN_HOST_ONLY, Findings
from checkers.matchers import Matcher
from checkers.model import Phase, ProgramResult, Subject, Verdict
from checkers.network._ip import HostAddress
from checkers.network._names import resolve
from checkers.network._witness import (
    ANSWERED_ELSEWHERE,
    FarEnd,
    HostName,
    far_end,
    why_nothing_left,
)
from checkers.reading import whole
from checkers.web._curl import Request, Response, program, understood
from checkers.words import plain


def _url(text: str) -> str:
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


Url = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_url)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", to_lower=True)]


class Http(CheckType):
    """A web server answers a request as expected.

        http: {url: "http://web.example.lab/", body: {contains: Welcome}}
        http: {url: "http://10.2.0.10:8080/old", status: 301, headers: {location: {contains: /new}}}
        http: {url: "https://shop.lab/", address: 10.2.0.10, verify: false}

    The request is made from the check's `from:` host. The name in `url` is looked up as that host
    would, in its hosts file and with its name servers, or `address` is connected to whatever the
    name says. `status` (default 200), `body` and each of `headers` are any matcher; names of
    headers in any case. Redirects are followed only with `follow: true`, at most five and not to
    other names. `method` is GET unless said otherwise. With `verify: false` any certificate will
    do. Bodies of up to 1 MiB are taken, within 8 seconds. The request must have been seen at the
    host that has the address (or at `at`, as in `ping`), unless a host is asked about its own
    server: then the verdict is flagged.

    Error: curl did not run properly, or no answer came and nothing shows that a request left.
    """

    kind: ClassVar[str] = "http"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    url: Url
    address: HostAddress | None = None
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] = "GET"
    status: Matcher = 200
    body: Matcher | None = None
    headers: dict[HeaderName, Matcher] = Field(default_factory=dict)
    follow: bool = False
    verify: bool = True
    at: HostName | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Http:
        if self.method == "HEAD" and self.body is not None:
            raise ValueError("the answer to HEAD has no body")
        return self

    def run(self, subject: Subject) -> Check:
        """Look the name up, make the request, and compare its answer."""
        said = plain(self.url)
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        address = self.address
        if address is None:
            found = yield from self._look_up(subject, host)
            if not found[0]:
                return failed(expected=f"an answer from {said}", found=found[1])
            address = found[0]
        port = parts.port or (443 if parts.scheme == "https" else 80)
        request = Request(self.url, host, port, address, self.follow, self.verify, self.method)
        end = yield from far_end(subject, address, self.at)
        probe = program(subject.source, request)
        result = yield from ask(probe)
        whole(probe.argv, result)
        response = understood(probe.argv, result)
        if response.trouble:
            why = yield from _why(end, response, result)
            return failed(expected=f"an answer from {said}", found=f"{said}: {why}")
        return self._judged(subject, end, result, response)

    def _look_up(self, subject: Subject, host: str) -> Asking[tuple[str, str]]:
        """The address of the URL's host and why there is none, one of them empty."""
        try:
            return str(ip_address(host)), ""
        except ValueError:
            found = yield from resolve(subject.source, host)
        return (found.addresses[0], "") if found.addresses else ("", found.trouble)

    def _judged(
        self, subject: Subject, end: FarEnd, result: ProgramResult, response: Response
    ) -> Verdict:
        said = plain(self.url)
        findings = Findings()
        if end.own and subject.source == subject.host:
            findings.flags.append(OWN_HOST_ONLY)
        elif trouble := end.trouble(result.sightings):
            expected = f"an answer from {said}"
            return failed(expected=expected, found=trouble, flags=(ANSWERED_ELSEWHERE,))
        findings.compare(f"{said} with status", self.status, response.status)
        for name, wanted in self.headers.items():
            value = (response.headers or {}).get(name)
            findings.compare(f"the header {name} of {said}", wanted, value)
        if self.body is not None:
            findings.compare(f"the body of {said}", self.body, response.body)
        return findings.verdict()


def _why(end: FarEnd, response: Response, result: ProgramResult) -> Asking[str]:
    """Why there was no answer; not observed where nothing shows that a request was made."""
    if response.timed_out and not (end.own or end.left(result.sightings)):
        return (yield from why_nothing_left(end))
    return response.trouble
