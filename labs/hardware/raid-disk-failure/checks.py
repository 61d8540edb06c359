"""The files of the practice: each is made of one line, repeated, that the candidate cannot know."""

from __future__ import annotations

import hashlib

from checkers.check import Check, ask, failed, passed
from checkers.model import File, Subject

FILES = 6
SIZE = 1 << 18


def files(subject: Subject, folder: str, key: str) -> Check:
    """Every file is there, byte for byte."""
    lost = []
    for number in range(1, FILES + 1):
        name = f"{folder}/file-{number}.dat"
        found = yield from ask(File(subject.host, name.encode(), limit=2 * SIZE))
        if found.type != "file" or found.size != SIZE or found.sha256 != _digest(key, number):
            lost.append(f"file-{number}.dat")
    if lost:
        return failed(expected=f"{FILES} files as they were", found=f"not so: {', '.join(lost)}")
    return passed(expected=f"{FILES} files as they were", found=f"all {FILES}")


def _digest(key: str, number: int) -> str:
    line = f"{key} {number}\n".encode()
    return hashlib.sha256((line * (SIZE // len(line) + 1))[:SIZE]).hexdigest()
