"""Certificates as the check type `tls` judges them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from checkers.web._certificates import called, days, is_for, key_of, names_of, why_untrusted

NOW = datetime(2026, 5, 1, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
CA_KEY = ec.generate_private_key(ec.SECP256R1())
USAGE = {
    "digital_signature": True, "content_commitment": False, "key_encipherment": False,
    "data_encipherment": False, "key_agreement": False, "key_cert_sign": False, "crl_sign": False,
    "encipher_only": False, "decipher_only": False,
}  # fmt: skip


def made(
    subject: str,
    issuer: str,
    *extensions: x509.ExtensionType,
    key: Any = KEY,
    by: Any = CA_KEY,
    start: int = -1,
    end: int = 90,
) -> x509.Certificate:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), 7)
    builder = builder.not_valid_before(NOW + timedelta(start)).not_valid_after(NOW + timedelta(end))
    for one in extensions:
        builder = builder.add_extension(one, critical=False)
    return builder.sign(by, hashes.SHA256())


AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
NAMES = x509.SubjectAlternativeName(
    [x509.DNSName("shop.lab"), x509.DNSName("*.shop.lab"), x509.IPAddress(ip_address("10.0.0.1"))]
)
ROOT = made("CA", "CA", AUTHORITY, key=CA_KEY)
LEAF = made("shop", "CA", NAMES)


def why(*chain: x509.Certificate, root: x509.Certificate = ROOT, name: str = "shop.lab") -> str:
    return why_untrusted(chain, root, name, NOW.timestamp())


def test_a_chain_that_leads_to_the_authority() -> None:
    assert why(LEAF) == ""
    assert why(LEAF, name="www.shop.lab") == ""
    assert why(LEAF, name="10.0.0.1") == ""
    assert why(LEAF, ROOT) == ""


def test_an_authority_between() -> None:
    between = made("Between", "CA", AUTHORITY, key=KEY)
    leaf = made("shop", "Between", NAMES, by=KEY)
    assert why(leaf, between) == ""
    assert "it does not lead to" in why(leaf)
    assert "basicConstraints" in why(leaf, made("Between", "CA", NAMES, key=KEY))


@pytest.mark.parametrize(
    "leaf, said",
    [
        (made("shop", "CA", NAMES, start=-9, end=-1), "expired on 2026-04-30"),
        (made("shop", "CA", NAMES, start=1), "only from 2026-05-02"),
        (made("shop", "CA"), "for no name at all"),
        (made("shop", "CA", x509.SubjectAlternativeName([x509.DNSName("x.lab")])), '"x.lab"'),
        (made("shop", "CA", NAMES, by=KEY), "does not lead to"),
        (
            made("shop", "CA", NAMES, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])),
            "does not lead to",
        ),
        (ROOT, "the authority's own certificate"),
    ],
)
def test_certificates_that_are_not_trusted(leaf: x509.Certificate, said: str) -> None:
    assert said in why(leaf)


def test_a_root_that_may_not_sign() -> None:
    root = made("CA", "CA", AUTHORITY, x509.KeyUsage(**USAGE), key=CA_KEY)
    assert "does not lead to" in why(LEAF, root=root)
    assert "does not lead to" in why(LEAF, root=made("CA", "CA", key=CA_KEY))


@pytest.mark.parametrize(
    "key, kind, bits, strength",
    [
        (rsa.generate_private_key(65537, 2048), "rsa", 2048, 112),
        (rsa.generate_private_key(65537, 1024), "rsa", 1024, 80),
        (ec.generate_private_key(ec.SECP384R1()), "ec", 384, 192),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519", 256, 128),
        (ed448.Ed448PrivateKey.generate(), "ed448", 456, 224),
        (x25519.X25519PrivateKey.generate(), "unknown", 0, 0),
    ],
)
def test_keys(key: Any, kind: str, bits: int, strength: int) -> None:
    found = key_of(made("shop", "CA", key=key))
    assert (found.kind, found.bits, found.strength) == (kind, bits, strength)


def test_names() -> None:
    assert names_of(LEAF) == ("shop.lab", "*.shop.lab", "10.0.0.1")
    assert is_for(names_of(LEAF), "WWW.shop.lab")
    assert not is_for(names_of(LEAF), "a.b.shop.lab")
    assert not is_for(("*.lab",), "lab")
    assert called(LEAF.issuer) == "CA"
    assert called(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lab")])) == "O=Lab"
    assert days(LEAF, NOW.timestamp()) == (91.0, 90.0)
