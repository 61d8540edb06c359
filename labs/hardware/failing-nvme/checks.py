"""The takes: each is made of one line, repeated, that the candidate cannot know."""

from __future__ import annotations

import hashlib

from checkers.check import Check, ask, failed, passed
from checkers.model import File, Subject

SIZE = 1 << 18
TAKES = {1: (3001, 0o640), 2: (3001, 0o600), 3: (3002, 0o640), 4: (3002, 0o600)}


def files(subject: Subject, folder: str, key: str) -> Check:
    """Every take is there, byte for byte, with its owner and mode."""
    wrong = []
    for number, (owner, mode) in TAKES.items():
        name = f"take-{number}.wav"
        found = yield from ask(File(subject.host, f"{folder}/{name}".encode(), limit=2 * SIZE))
        if (
            found.type != "file"
            or found.size != SIZE
            or found.sha256 != _digest(key, folder, number)
        ):
            wrong.append(f"{name} is not what it was")
        elif (found.uid, found.mode & 0o7777) != (owner, mode):
            wrong.append(f"{name} has owner {found.uid} and mode {found.mode & 0o7777:04o}")
    if wrong:
        return failed(expected="all takes with owner and mode", found="; ".join(wrong))
    return passed(expected="all takes with owner and mode", found=f"all {len(TAKES)}")


def _digest(key: str, folder: str, number: int) -> str:
    line = f"{key} {folder} {number}\n".encode()
    return hashlib.sha256((line * (SIZE // len(line) + 1))[:SIZE]).hexdigest()
