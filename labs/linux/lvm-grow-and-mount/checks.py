"""The papers of the archive: each is made of one line, repeated, that the candidate cannot know."""

from __future__ import annotations

import hashlib

from checkers.check import Check, ask, failed, passed
from checkers.model import File, Subject

PAPERS = 4
SIZE = 1 << 18


def papers(subject: Subject, folder: str, key: str) -> Check:
    """Every paper is there, byte for byte."""
    lost = []
    for number in range(1, PAPERS + 1):
        name = f"{folder}/paper-{number}.scan"
        found = yield from ask(File(subject.host, name.encode(), limit=2 * SIZE))
        if found.type != "file" or found.size != SIZE or found.sha256 != _digest(key, number):
            lost.append(f"paper-{number}.scan")
    if lost:
        return failed(expected=f"{PAPERS} papers as they were", found=f"not so: {', '.join(lost)}")
    return passed(expected=f"{PAPERS} papers as they were", found=f"all {PAPERS}")


def _digest(key: str, number: int) -> str:
    line = f"{key} {number}\n".encode()
    return hashlib.sha256((line * (SIZE // len(line) + 1))[:SIZE]).hexdigest()
