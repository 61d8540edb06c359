"""What a certificate says, and whether a chain of them leads to a certain authority.

The chain is verified by RFC 5280's rules for a server, without the stricter profile of public
authorities (CA/Browser Forum): an authority of one's own need not, for instance, name its key.
Signatures, keys, names and dates are held to what browsers take.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from checkers.words import quoted

_RSA_STRENGTH = ((15360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
"""Security in bits of RSA moduli, from the first size on (NIST SP 800-57 part 1, table 2)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key: its kind (`rsa`, `ec`, …), its size in bits, and its strength in bits."""

    kind: str
    bits: int
    strength: int


def key_of(certificate: x509.Certificate) -> Key:
    """The public key of a certificate; an unknown kind has no strength."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey):
        bits = key.key_size
        strength = next((value for least, value in _RSA_STRENGTH if bits >= least), 0)
        return Key("rsa" if isinstance(key, rsa.RSAPublicKey) else "dsa", bits, strength)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return Key("ec", key.curve.key_size, key.curve.key_size // 2)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return Key("ed25519", 256, 128)
    if isinstance(key, ed448.Ed448PublicKey):
        return Key("ed448", 456, 224)
    return Key("unknown", 0, 0)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names that a certificate is for: its subject alternative names alone (RFC 9525)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    names = extension.value
    dns = names.get_values_for_type(x509.DNSName)
    return (*dns, *map(str, names.get_values_for_type(x509.IPAddress)))


def is_for(names: tuple[str, ...], wanted: str) -> bool:
    """Whether one of `names` is `wanted`; `*.` stands for exactly one label (RFC 9525, 6.3)."""
    wanted = wanted.lower().removesuffix(".")
    parent = wanted.partition(".")[2]
    return any(
        name.lower() == wanted or (parent and name.lower() == f"*.{parent}") for name in names
    )


def called(name: x509.Name) -> str:
    """A subject or issuer in a word: its common name, or all of it."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def days(certificate: x509.Certificate, at: float) -> tuple[float, float]:
    """Days from the certificate's beginning to its end, and from `at` to its end."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    now = datetime.fromtimestamp(at, UTC)
    return (end - begin).total_seconds() / 86400, (end - now).total_seconds() / 86400


def out_of_date(certificate: x509.Certificate, at: float) -> str:
    """Why a certificate is not valid at a time, in words; empty if it is."""
    now = datetime.fromtimestamp(at, UTC)
    if now < certificate.not_valid_before_utc:
        return f"is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on"
    if now > certificate.not_valid_after_utc:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    return ""


def why_untrusted(
    chain: tuple[x509.Certificate, ...], root: x509.Certificate, name: str, at: float
) -> str:
    """Why a chain that was sent does not lead to `root`, in words; empty if it does.

    `name` is what the server was asked for, `at` the time, in seconds since 1970.
    """
    leaf = chain[0]
    for one in (*chain, root):
        if late := out_of_date(one, at):
            return f"the certificate of {quoted(called(one.subject))} {late}"
    if leaf == root:
        return "it is the authority's own certificate, not one that the authority has issued"
    if not is_for(names_of(leaf), name):
        return f"it is for {', '.join(map(quoted, names_of(leaf))) or 'no name at all'}"
    try:
        _verifier(root, name, at).verify(leaf, list(chain[1:]))
    except (verification.VerificationError, ValueError) as problem:
        text = str(problem)
        # This is said where no certificate that was sent is of the issuer.
        why = "" if "no interior errors" in text else f" ({quoted(text)})"
        return (
            f"it was issued by {quoted(called(leaf.issuer))}, and with the {len(chain) - 1} other "
            f"certificates that are sent it does not lead to {quoted(called(root.subject))}{why}"
        )
    return ""


def _verifier(root: x509.Certificate, name: str, at: float) -> verification.ServerVerifier:
    anything = verification.ExtensionPolicy.permit_all()
    agnostic = verification.Criticality.AGNOSTIC
    authority = anything.require_present(x509.BasicConstraints, agnostic, _is_authority)
    authority = authority.may_be_present(x509.KeyUsage, agnostic, _signs_certificates)
    server = anything.require_present(x509.SubjectAlternativeName, agnostic, None)
    server = server.may_be_present(x509.ExtendedKeyUsage, agnostic, _serves)
    builder = verification.PolicyBuilder().store(verification.Store([root]))
    builder = builder.time(datetime.fromtimestamp(at, UTC).replace(tzinfo=None))
    builder = builder.extension_policies(ca_policy=authority, ee_policy=server)
    try:
        return builder.build_server_verifier(x509.IPAddress(ip_address(name)))
    except ValueError:
        return builder.build_server_verifier(x509.DNSName(name))


def _is_authority(_: Any, __: Any, constraints: x509.BasicConstraints) -> None:
    if not constraints.ca:
        raise ValueError("an issuer on the way is no authority")


def _signs_certificates(_: Any, __: Any, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("an authority's key may not be used to sign certificates")


def _serves(_: Any, __: Any, usage: x509.ExtendedKeyUsage | None) -> None:
    allowed = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if usage is not None and not allowed & set(usage):
        raise ValueError("the certificate may not be used by a server")
