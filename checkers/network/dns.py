"""The check type `dns`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, ask, failed
from checkers.findings import OWN_HOST_ONLY, Findings
from checkers.lab_names import HostName
from checkers.matchers import Texts
from checkers.model import File, Phase, ProgramResult, Subject
from checkers.network._ip import HostAddress
from checkers.network._names import (
    RESOLVER,
    Reply,
    bare,
    name_servers,
    normal,
    question,
    understood,
)
from checkers.network._witness import ANSWERED_ELSEWHERE, FarEnd, far_end, why_nothing_left
from checkers.reading import answer, content_of
from checkers.words import listed, plain, quoted

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_*]([A-Za-z0-9_.:/*-]{0,252})$"),
    AfterValidator(bare),
]
"""A domain name; it cannot begin with a character that `dig` would take for an option."""

Kind = Literal["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", "CAA"]


class Dns(CheckType):
    """A name server answers a question as expected.

        dns: {server: 10.2.0.10, name: web.example.lab, answers: [10.2.0.10]}
        dns: {name: example.lab, type: MX, includes: ["10 mail.example.lab"]}
        dns: {server: 10.2.0.10, name: old.example.lab, status: NXDOMAIN}

    The question is put from the check's `from:` host to `server`; without one, to the first name
    server in that host's resolv.conf. `type` is A unless said otherwise. `answers` are all records
    of that type that may come back, in any order; `includes` are some that must. A name that leads
    to another (CNAME) is followed within the answer. `status` is NOERROR unless said otherwise, and
    then at least one record of the type must come. `authoritative` asks for the server's own
    knowledge, or for none. The question must have been seen at the host that has the server's
    address (or at `at`, as in `ping`), unless a host is asked about its own server: then the
    verdict is flagged.

    Error: the output is not that of dig, or no answer came and nothing shows that a question left.
    """

    kind: ClassVar[str] = "dns"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    server: HostAddress | None = None
    port: int = Field(default=53, ge=1, le=65535)
    name: Name
    type: Kind = "A"
    answers: Texts | None = None
    includes: Texts | None = None
    status: Literal["NOERROR", "NXDOMAIN", "REFUSED", "SERVFAIL"] = "NOERROR"
    authoritative: bool | None = None
    at: HostName | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Dns:
        if self.answers is not None and self.includes is not None:
            raise ValueError("give either `answers` or `includes`")
        wanted = (self.answers, self.includes, self.authoritative)
        if all(value is None for value in wanted) and "status" not in self.model_fields_set:
            raise ValueError("say what is expected: `answers`, `includes`, `status`, …")
        if self.status != "NOERROR" and (self.answers or self.includes):
            raise ValueError(f"an answer with the status {self.status} has no records")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask, and compare the answer."""
        expected = f"{self.type} of {plain(self.name)} {self._wanted()}"
        server = self.server or (yield from _first_server(subject.source))
        if server is None:
            return failed(expected=expected, found=f"{subject.source} has no name server set")
        end = yield from far_end(subject, server, self.at)
        argv = question(subject.source, server, self.name, self.type, self.port)
        result = yield from answer(argv)
        reply = understood(result)
        if not reply.status:
            found = yield from _no_answer(end, reply, result)
            return failed(expected=expected, found=found)
        findings = Findings()
        if self._witnessed(findings, subject, end, result, expected):
            self._compare(findings, reply, expected)
        return findings.verdict()

    def _wanted(self) -> str:
        if self.status != "NOERROR":
            return f"answered with {self.status}"
        if self.answers is not None:
            return f"exactly {listed(self.answers)}"
        return f"with {listed(self.includes)}" if self.includes else "answered with a record"

    def _witnessed(
        self,
        findings: Findings,
        subject: Subject,
        end: FarEnd,
        result: ProgramResult,
        expected: str,
    ) -> bool:
        if end.own and subject.source == subject.host:
            findings.flags.append(OWN_HOST_ONLY)
            return True
        trouble = end.trouble(result.sightings)
        if trouble:
            findings.flags.append(ANSWERED_ELSEWHERE)
            findings.miss(expected=expected, found=trouble)
        return not trouble

    def _compare(self, findings: Findings, reply: Reply, expected: str) -> None:
        found = reply.about(self.name, self.type)
        said = f"{reply.status}, {listed(map(quoted, sorted(found)), none='no record')}"
        right = reply.status == self.status
        if self.status == "NOERROR":
            right = right and bool(found)
        if self.answers is not None:
            right = right and found == {normal(self.type, text) for text in self.answers}
        if self.includes is not None:
            right = right and found >= {normal(self.type, text) for text in self.includes}
        findings.note(right, expected=expected, found=said)
        if self.authoritative is not None:
            own = "aa" in reply.flags
            findings.note(
                own == self.authoritative,
                expected="an authoritative answer" if self.authoritative else "no own knowledge",
                found="an authoritative answer" if own else "an answer that is not authoritative",
            )


def _first_server(source: str) -> Asking[str | None]:
    result = yield from ask(File(source, RESOLVER, limit=1 << 16))
    servers = name_servers(content_of(RESOLVER, result)) if result.type is not None else ()
    return servers[0] if servers else None


def _no_answer(end: FarEnd, reply: Reply, result: ProgramResult) -> Asking[str]:
    """Why there is no answer; not observed where nothing shows that a question was put."""
    if reply.silent and not (end.own or end.left(result.sightings)):
        return (yield from why_nothing_left(end))
    return f"the name server {end.address} does not answer ({reply.trouble})"
