"""One TLS handshake by `curl`: which version came of it, and the certificates that were sent.

Old versions are offered in earnest: with security level 0, since at its usual level OpenSSL would
not sign what TLS 1.0 and 1.1 ask for, and everything would look refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from pydantic import BaseModel, ConfigDict, TypeAdapter

from checkers.model import Blame, Flow, Program, ProgramResult
from checkers.reading import structured, unobserved, whole
from checkers.web._curl import CONNECT_SECONDS, SECONDS, TROUBLES
from checkers.web._fetch import Site
from checkers.words import plain

Version = Literal["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
"""A version of TLS, called as nginx and OpenSSL call it."""

REFUSING = (35, 56)
"""Ends of curl that follow an alert or a closed connection in a handshake (curl(1))."""

_AFTER = (1, 8, 18, 52, 55, 56, 63)
"""Ends that come after a good handshake with something that speaks no HTTP."""

_HELLO = re.compile(rb"^\* TLSv1\.\d \(OUT\), TLS handshake, Client hello \(1\):$")
_MADE = re.compile(rb"^\* SSL connection using (TLSv1(?:\.\d)?) / (\S+)$")
_PEM = re.compile(
    r"^-----BEGIN CERTIFICATE-----$.*?^-----END CERTIFICATE-----$", re.MULTILINE | re.DOTALL
)
_MOST_CERTIFICATES = 10


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    exitcode: int
    num_certs: int
    certs: str = ""


_REPORT = TypeAdapter(_Report)


@dataclass(frozen=True, slots=True)
class Handshake:
    """How a handshake ended: `version` and `cipher` where it succeeded, else `trouble`.

    `refused` says that the other side answered an offer by refusing it. `certificates` are those
    sent, the server's own first.
    """

    version: str = ""
    cipher: str = ""
    certificates: tuple[x509.Certificate, ...] = ()
    trouble: str = ""
    refused: bool = False
    timed_out: bool = False


def program(site: Site, url: str, version: Version | None = None) -> Program:
    """The curl command line that offers `version`, or every version, to the site."""
    at = f"[{site.address}]" if ":" in site.address else site.address
    named = f"[{site.host}]" if ":" in site.host else site.host
    number = version.removeprefix("TLSv") if version else ""
    range_ = [f"--tlsv{number}", "--tls-max", number] if number else ["--tlsv1.0"]
    argv = (
        "curl", "-q", "-sS", "-v", "--head", "--http1.1", "--noproxy", "*", "--globoff",
        "--proto", "=https", "--max-time", str(SECONDS), "--connect-timeout", str(CONNECT_SECONDS),
        *range_, "--ciphers", "DEFAULT:@SECLEVEL=0", "--insecure",
        "-w", "%{stderr}%{json}", "--connect-to", f"{named}::{at}:", "--url", url,
    )  # fmt: skip
    flow = Flow("tcp", site.address, site.port)
    return Program(site.subject.source, argv, timeout=SECONDS + 4.0, flow=flow)


def understood(argv: tuple[str, ...], result: ProgramResult) -> Handshake:
    """Read curl's output; raises `NotObserved` for an end that says nothing about the server."""
    whole(argv, result)
    lines = result.stderr.splitlines()
    if not lines or not lines[-1].startswith(b"{"):
        raise unobserved(f"`curl` ended with {result.exit} and no report")
    report = structured(argv, lines[-1], _REPORT)
    if report.exitcode != result.exit:
        raise unobserved(f"`curl` ended with {result.exit} and reports {report.exitcode}")
    own = _curls_own(lines[:-1])
    made = [found for line in own if (found := _MADE.match(line))]
    if made and result.exit in {0, 28, *_AFTER}:
        version = made[0][1].decode()
        return Handshake(
            "TLSv1.0" if version == "TLSv1" else version,
            made[0][2].decode("ascii", "replace"),
            _certificates(report),
        )
    offered = any(_HELLO.match(line) for line in own)
    if result.exit in TROUBLES and (offered or result.exit not in REFUSING):
        refused = offered and result.exit in REFUSING
        return Handshake(
            trouble=TROUBLES[result.exit], refused=refused, timed_out=result.exit == 28
        )
    said = plain(b" ".join(own[-2:]))
    raise unobserved(f"`curl` ended with {result.exit}, without offering TLS: {said}")


def _curls_own(lines: list[bytes]) -> list[bytes]:
    """The lines before the request: what comes after it holds words of the server's."""
    for number, line in enumerate(lines):
        if line.startswith((b"> ", b"< ")):
            return lines[:number]
    return lines


def _certificates(report: _Report) -> tuple[x509.Certificate, ...]:
    # curl prints names in certificates as they are, line ends and all: a name might hold what
    # looks like a certificate. Then there is one more of them than curl counted.
    found = _PEM.findall(report.certs.replace("\r\n", "\n"))
    if len(found) != report.num_certs or not found:
        raise unobserved("the certificates cannot be told apart", Blame.HOST)
    try:
        return tuple(
            x509.load_pem_x509_certificate(one.encode()) for one in found[:_MOST_CERTIFICATES]
        )
    except ValueError as problem:
        raise unobserved(f"a certificate cannot be read: {problem}", Blame.HOST) from problem
