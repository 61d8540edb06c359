"""The books: each is made of one line, repeated, that the candidate cannot know."""

from __future__ import annotations

from checkers.check import Check, ask, failed, passed
from checkers.model import File, Subject

BOOKS = (1, 2, 3, 4, 5)
SIZE = 1 << 18
BLOCK = 4096


def intact(subject: Subject, folder: str, key: str, victim: int) -> Check:
    """Every book but the damaged one is what it was."""
    wrong = []
    for number in BOOKS:
        if number == victim:
            continue
        content = yield from _content(subject, folder, number)
        if content != _book(key, number):
            wrong.append(f"book-{number}.db")
    if wrong:
        return failed(expected="the other books as they were", found=f"not so: {', '.join(wrong)}")
    return passed(expected="the other books as they were", found=f"all {len(BOOKS) - 1}")


def saved(subject: Subject, folder: str, key: str, victim: int, lost: list[int]) -> Check:
    """Every block of the damaged book that can be read is in its place."""
    content = yield from _content(subject, folder, victim)
    whole = _book(key, victim)
    expected = f"{SIZE} bytes, right but for {len(lost)} blocks of {BLOCK}"
    if len(content) != SIZE:
        return failed(expected=expected, found=f"{len(content)} bytes")
    wrong = [
        block
        for block in range(SIZE // BLOCK)
        if content[block * BLOCK : (block + 1) * BLOCK]
        != whole[block * BLOCK : (block + 1) * BLOCK]
    ]
    more = [block for block in wrong if block not in lost]
    if more:
        return failed(expected=expected, found=f"{len(more)} blocks more are not what they were")
    return passed(expected=expected, found=f"{SIZE} bytes, {len(wrong)} blocks not what they were")


def _content(subject: Subject, folder: str, number: int) -> Check:
    path = f"{folder}/book-{number}.db".encode()
    found = yield from ask(File(subject.host, path, limit=2 * SIZE))
    return found.content if found.type == "file" and found.content is not None else b""


def _book(key: str, number: int) -> bytes:
    line = f"{key} {number}\n".encode()
    return (line * (SIZE // len(line) + 1))[:SIZE]
