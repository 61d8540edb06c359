"""PINs: with its seat's PIN from the slip on the desk, a candidate shows that the seat is theirs.

A PIN is shown once, when it is made; what is kept is its salted hash (scrypt), so that nobody can
read it out of the record. A slip that was lost gets a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from labctl.store.records import CODE_ALPHABET

ALPHABET = CODE_ALPHABET
"""No letter or digit that is read as another: neither 0 and o, nor 1, l and i."""
LENGTH = 6

_COST = 2**14
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class SealedPin:
    """What is kept of a PIN: hex text. `cost` is that of scrypt, so that it can be raised later."""

    salt: str
    digest: str
    cost: int = _COST

    def fits(self, pin: str) -> bool:
        """Whether this is the PIN, whatever case it is typed in and with whatever spaces."""
        plain = "".join(pin.split()).casefold()
        found = _digest(plain, bytes.fromhex(self.salt), self.cost)
        return hmac.compare_digest(found, self.digest)


def new_pin() -> str:
    """A PIN that nobody can guess: one of 800 million."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def sealed(pin: str) -> SealedPin:
    """What may be kept of a PIN."""
    salt = secrets.token_bytes(16)
    return SealedPin(salt.hex(), _digest(pin, salt, _COST))


def _digest(pin: str, salt: bytes, cost: int) -> str:
    return hashlib.scrypt(pin.encode(), salt=salt, n=cost, r=_BLOCK, p=1, dklen=32).hex()
