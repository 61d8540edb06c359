"""The check type `tls`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar

from cryptography import x509
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, NotObserved, failed
from checkers.findings import Findings
from checkers.lab_names import FileOnHost, HostName
from checkers.matchers import Matcher
from checkers.model import (
    Failure,
    File,
    FileResult,
    Observation,
    Phase,
    Program,
    ProgramResult,
    Subject,
    Verdict,
)
from checkers.network._ip import HostAddress
from checkers.network._witness import ANSWERED_ELSEWHERE, why_nothing_left
from checkers.reading import unobserved
from checkers.web._certificates import called, days, is_for, key_of, names_of, why_untrusted
from checkers.web._fetch import Site, reach, usable_url
from checkers.web._handshake import Handshake, Version, program, understood
from checkers.words import listed, plain, quoted

_LARGEST_CA = 1 << 16


def _server_name(text: str) -> str:
    usable_url(f"https://{_in_url(text)}/")
    return text


def _in_url(name: str) -> str:
    return f"[{name}]" if ":" in name else name


ServerName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$", to_lower=True),
    AfterValidator(_server_name),
]


class Tls(CheckType):
    """A server speaks TLS with the versions and the certificate that are expected.

        tls: {name: shop.lab, offers: [TLSv1.2, TLSv1.3], refuses: [TLSv1.0, TLSv1.1]}
        tls: {name: shop.lab, ca: "web:/srv/ca/ca.crt", names: [shop.lab, www.shop.lab]}
        tls: {name: mail.lab, port: 993, days_left: {min: 30}, strength: {min: 112}}

    A handshake is made from the check's `from:` host with the server `name` (port 443 unless said
    otherwise), which is looked up as that host would, or is at `address`. At least one of these is
    to be expected:

    - `offers` and `refuses`: versions, each tried by itself, that the server takes or turns down.
    - `ca`: a file `HOST:/PATH` on a host of the lab that holds the certificate of one authority, in
      PEM. What the server sends has to lead from its own certificate to that one: signed, in date,
      for `name`, with the intermediate ones. The authority's own certificate does not do. `ca_days`
      is a matcher for the days that the authority's certificate is valid in all.
    - `names`: DNS names or addresses that the certificate is for, by its subject alternative names;
      a wildcard stands for one label.
    - `issuer`: matcher for the common name of who issued the certificate.
    - `days_left` and `days`: matchers for the days until it expires, and for those it is valid in
      all. `strength`: matcher for the strength of its key in bits: RSA with 2048 has 112, with 3072
      and an elliptic curve of 256 have 128. `key_type` is `rsa`, `ec` or `ed25519`, `key_bits` its
      size.

    The handshake must have been seen at the host that has the address (or at `at`, as in `ping`),
    unless a host is asked about its own server: then the verdict is flagged.

    Error: curl did not run properly or could not offer a version; no answer came and nothing shows
    that a request left; certificates were sent that cannot be read.
    """

    kind: ClassVar[str] = "tls"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    name: ServerName
    port: int = Field(default=443, ge=1, le=65535)
    address: HostAddress | None = None
    at: HostName | None = None
    offers: tuple[Version, ...] = ()
    refuses: tuple[Version, ...] = ()
    ca: FileOnHost | None = None
    ca_days: Matcher | None = None
    names: tuple[ServerName, ...] = ()
    issuer: Matcher | None = None
    days_left: Matcher | None = None
    days: Matcher | None = None
    key_type: Matcher | None = None
    key_bits: Matcher | None = None
    strength: Matcher | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Tls:
        wanted = (self.offers, self.refuses, self.names, self.ca)
        if not any(wanted) and not any(
            matcher is not None for _, matcher in self._about_certificate()
        ):
            raise ValueError("say what is expected: `offers`, `refuses`, `ca`, `names`, …")
        if self.ca_days is not None and self.ca is None:
            raise ValueError("`ca_days` needs `ca`, the authority's certificate")
        if both := set(self.offers) & set(self.refuses):
            raise ValueError(f"{listed(sorted(both))} cannot be both offered and refused")
        return self

    def _about_certificate(self) -> tuple[tuple[str, Matcher | None], ...]:
        return (
            ("the issuer", self.issuer),
            ("days until the certificate expires", self.days_left),
            ("days that the certificate is valid in all", self.days),
            ("the kind of key", self.key_type),
            ("the bits of the key", self.key_bits),
            ("the strength of the key in bits", self.strength),
        )

    @property
    def _said(self) -> str:
        return plain(f"{_in_url(self.name)}:{self.port}")

    def run(self, subject: Subject) -> Check:
        """Make a handshake with every version, and one for each that is asked about."""
        url = f"https://{_in_url(self.name)}:{self.port}/"
        site = yield from reach(subject, url, self.address, self.at)
        if isinstance(site, Verdict):
            return site
        versions = (*self.offers, *self.refuses)
        asked = (program(site, url), *(program(site, url, version) for version in versions))
        seen = yield asked
        shakes = []
        for one in seen:
            shaken = yield from self._shaken(site, one)
            if isinstance(shaken, Verdict):
                return shaken
            shakes.append(shaken)
        first, *others = shakes
        if not first.version:
            expected, found = f"a TLS server at {self._said}", f"{self._said}: {first.trouble}"
            return failed(expected=expected, found=found, flags=site.flags)
        findings = Findings(flags=list(site.flags))
        for version, shaken in zip(versions, others, strict=True):
            self._judge_version(findings, version, shaken)
        self._judge_certificate(findings, first, seen[0].at)
        if self.ca is not None:
            yield from self._judge_chain(findings, first, seen[0].at)
        return findings.verdict()

    def _shaken(self, site: Site, seen: Observation) -> Asking[Handshake | Verdict]:
        """What came of one handshake; a verdict where it was with another than the right host."""
        if not isinstance(seen.result, ProgramResult) or not isinstance(seen.probe, Program):
            raise NotObserved(seen.failure or Failure("not observed"))
        shaken, sightings = understood(seen.probe.argv, seen.result), seen.result.sightings
        if shaken.version or shaken.refused:
            elsewhere = "" if site.flags else site.end.trouble(sightings)
            if elsewhere:
                expected, flags = f"a TLS server at {self._said}", (ANSWERED_ELSEWHERE,)
                return failed(expected=expected, found=elsewhere, flags=flags)
        elif shaken.timed_out and not (site.end.own or site.end.left(sightings)):
            return replace(shaken, trouble=(yield from why_nothing_left(site.end)))
        return shaken

    def _judge_version(self, findings: Findings, version: Version, shaken: Handshake) -> None:
        wanted = version in self.offers
        if shaken.version:
            found = f"{version} accepted, with {plain(shaken.cipher)}"
        else:
            found = f"{version} refused" if shaken.refused else f"{version}: {shaken.trouble}"
        ok = bool(shaken.version) if wanted else shaken.refused
        expected = f"{version} {'accepted' if wanted else 'refused'} by {self._said}"
        findings.note(ok, expected=expected, found=found)

    def _judge_certificate(self, findings: Findings, shaken: Handshake, at: float) -> None:
        own = shaken.certificates[0]
        key = key_of(own)
        valid, left = days(own, at)
        found: tuple[str | float, ...] = (
            called(own.issuer), round(left, 1), round(valid, 1), key.kind, key.bits, key.strength
        )  # fmt: skip
        for (said, matcher), value in zip(self._about_certificate(), found, strict=True):
            if matcher is not None:
                findings.compare(said, matcher, value)
        names = names_of(own)
        missing = [name for name in self.names if not is_for(names, name)]
        if self.names:
            findings.note(
                not missing,
                expected=f"a certificate for {listed(map(plain, self.names))}",
                found=f"one for {listed(map(quoted, names), none='no name at all')}",
            )

    def _judge_chain(self, findings: Findings, shaken: Handshake, at: float) -> Asking[None]:
        assert self.ca is not None
        host, _, path = self.ca.partition(":")
        (seen,) = yield (File(host, path.encode(), limit=_LARGEST_CA),)
        if not isinstance(seen.result, FileResult):
            raise NotObserved(seen.failure or Failure("not observed"))
        expected = f"a certificate that leads to the authority in {plain(self.ca)}"
        root = _only_certificate(seen.result)
        if isinstance(root, str):
            findings.miss(expected=expected, found=f"{plain(self.ca)} {root}")
            return
        why = why_untrusted(shaken.certificates, root, self.name, at)
        good = f"one that leads to {quoted(called(root.subject))}"
        findings.note(not why, expected=expected, found=why or good)
        if self.ca_days is not None:
            valid = round(days(root, at)[0], 1)
            findings.compare("days that the authority is valid in all", self.ca_days, valid)


def _only_certificate(result: FileResult) -> x509.Certificate | str:
    """The one certificate in a file, or why there is none."""
    if result.type != "file":
        return f"is not there ({result.why})" if result.type is None else f"is a {result.type}"
    if result.content is None or (not result.content and result.size):
        raise unobserved("the content of the authority's file was not read")
    if result.truncated:
        return "is too long for a certificate"
    try:
        found = x509.load_pem_x509_certificates(result.content)
    except ValueError:
        return "holds no certificate in PEM"
    return found[0] if len(found) == 1 else f"holds {len(found)} certificates instead of one"
