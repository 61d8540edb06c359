"""The check type `http`."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from checkers.check import Check
from checkers.findings import Findings
from checkers.matchers import Matcher
from checkers.model import Subject, Verdict
from checkers.web._curl import Response
from checkers.web._fetch import HeaderName, OverHttp, fetch
from checkers.words import plain


class Http(OverHttp):
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

    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] = "GET"
    status: Matcher = 200
    body: Matcher | None = None
    headers: dict[HeaderName, Matcher] = Field(default_factory=dict)
    follow: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Http:
        if self.method == "HEAD" and self.body is not None:
            raise ValueError("the answer to HEAD has no body")
        return self

    def run(self, subject: Subject) -> Check:
        """Look the name up, make the request, and compare its answer."""
        site = yield from self.reach(subject)
        if isinstance(site, Verdict):
            return site
        request = replace(site.request(self.url), follow=self.follow, method=self.method)
        response = yield from fetch(site, request)
        if isinstance(response, Verdict):
            return response
        return self._judged(Findings(flags=list(site.flags)), response)

    def _judged(self, findings: Findings, response: Response) -> Verdict:
        said = plain(self.url)
        findings.compare(f"{said} with status", self.status, response.status)
        for name, wanted in self.headers.items():
            value = (response.headers or {}).get(name)
            findings.compare(f"the header {name} of {said}", wanted, value)
        if self.body is not None:
            findings.compare(f"the body of {said}", self.body, response.body)
        return findings.verdict()
