"""The centre's key: it signs what leaves the server, so that a copy can be told from a forgery.

    home/keys/signing.pem    the private key (Ed25519, PKCS 8), for the owner of the home alone

Its fingerprint is on paper at the centre, out of reach of whoever may get at the server. It is the
first 160 bits of the SHA-256 of the 32 bytes of the public key, in base 32 (RFC 4648), which has
neither 0 nor 1.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from labctl.errors import StoreError
from labctl.store.blobs import cannot_write
from labctl.store.home import PRIVATE

FOLDER, FILE = "keys", "signing.pem"

_BYTES = 20
_GROUP = 4


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs; `public` are the 32 bytes that prove its signatures."""

    private: Ed25519PrivateKey
    public: bytes

    @property
    def fingerprint(self) -> str:
        """What stands on paper."""
        return fingerprint(self.public)

    def sign(self, content: bytes) -> bytes:
        """The signature of the content, 64 bytes."""
        return self.private.sign(content)


def fingerprint(public: bytes) -> str:
    """A public key in eight groups of four, for paper and for reading out."""
    text = base64.b32encode(hashlib.sha256(public).digest()[:_BYTES]).decode()
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def same(one: str, other: str) -> bool:
    """Whether two fingerprints are one, however they were typed."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())


def signed(public: bytes, signature: bytes, content: bytes) -> bool:
    """Whether the signature is that key's, of that content."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_path(home: Path) -> Path:
    """Where the key of a state directory is."""
    return home / FOLDER / FILE


def load(home: Path) -> SigningKey | None:
    """The key of a state directory, None where it has none; `StoreError` for one of no use."""
    path = key_path(home)
    try:
        open_to_others = path.stat().st_mode & 0o077
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"The key `{path}` cannot be read: {error.strerror}.", _OWNER) from error
    if open_to_others:
        raise StoreError(
            f"The key `{path}` can be read by others than its owner: it proves little.",
            f"`chmod 600 {path}`; if somebody may have copied it, tell quality assurance.",
        )
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise StoreError(f"The key `{path}` is damaged.", _RESTORE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StoreError(f"The key `{path}` is of another kind than Ed25519.", _RESTORE)
    return _of(key)


_OWNER = "Run the command as the account that the state directory belongs to."
_RESTORE = "Restore the file from a backup of the centre."


def make(home: Path) -> SigningKey:
    """Make the key of a state directory, which has none; raises `StoreError` if it has."""
    key, path = Ed25519PrivateKey.generate(), key_path(home)
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    part = path.with_name(f".part-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=PRIVATE, exist_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        os.link(part, path)  # never in the place of another
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink()
    return _of(key)


def _of(key: Ed25519PrivateKey) -> SigningKey:
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return SigningKey(key, key.public_key().public_bytes(*raw))
