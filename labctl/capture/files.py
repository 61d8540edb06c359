"""The files of a host that are not as in its image: which are looked at, and what is kept of them.

Paths come from the observer's list; what stands there is told by the observer's reader, first the
attributes of all, then the content of as many files as the limits allow, the smallest first.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest

from checkers.model import File, FileResult, Observation
from checkers.storage import ChangedFile
from labctl.capture.model import CapturedFile, shown

MOST_FILES = 2000
"""Paths of one host that are looked at."""
LARGEST_READ = 1 << 20
"""Bytes of the largest file that gets a digest."""
READ_BYTES = 8 << 20
"""Bytes that are read of one host's files, all together."""
TEXT_BYTES = 16 << 10
"""Bytes of the largest text whose words are kept."""
TEXTS_BYTES = 512 << 10
"""Bytes of one host's texts, all together."""

_SECRET = re.compile(rb"/etc/g?shadow-?$")
_KEY = b"PRIVATE KEY-----"
_HASH = re.compile(rb"(?m)^[^:\n]*:!*\$[0-9A-Za-z]+\$[^:\n]{8,}")
"""A line of a file of passwords as crypt(5) spells them, wherever it was copied to."""
WITHHELD = "its words are a secret"
"""Why a text is not kept: whoever set a password may have used one of their own."""


def chosen(changes: Sequence[ChangedFile], most: int = MOST_FILES) -> list[ChangedFile]:
    """The changes that are looked at, by path: all, or an equal share of each place below the root.

    Somebody who fills one directory with files does not so hide what was done in another.
    """
    if len(changes) <= most:
        return sorted(changes, key=lambda change: change.path)
    places: dict[bytes, list[ChangedFile]] = {}
    for change in changes:
        places.setdefault(change.path.lstrip(b"/").partition(b"/")[0], []).append(change)
    turns = chain.from_iterable(zip_longest(*places.values()))
    taken = [change for change in turns if change is not None][:most]
    return sorted(taken, key=lambda change: change.path)


def to_look_at(host: str, changes: Iterable[ChangedFile]) -> tuple[File, ...]:
    """The probes for the attributes of what is still there."""
    return tuple(File(host, each.path, follow=False) for each in changes if each.how != "deleted")


def to_read(looks: Mapping[File, Observation]) -> tuple[File, ...]:
    """The probes for the contents of files, the smallest first, as far as the limits go."""
    sizes = sorted(
        (seen.result.size, probe.path, probe.host)
        for probe, seen in looks.items()
        if isinstance(seen.result, FileResult) and seen.result.type == "file"
    )
    left = READ_BYTES
    found = []
    for size, path, host in sizes:
        if size > LARGEST_READ or size > left:
            break
        left -= size
        # At least a byte: a limit of none asks for no content.
        found.append(File(host, path, max(size, 1), follow=False))
    return tuple(found)


def described(
    host: str,
    changes: Iterable[ChangedFile],
    looks: Mapping[File, Observation],
    reads: Mapping[bytes, Observation],
) -> tuple[CapturedFile, ...]:
    """The files in the order of `changes`; `reads` are what was read, by path."""
    found = []
    left = TEXTS_BYTES
    for change in changes:
        look = looks.get(File(host, change.path, follow=False))
        file = _described(change, look, reads.get(change.path), left)
        left -= len(file.text or "")
        found.append(file)
    return tuple(found)


def _described(
    change: ChangedFile, look: Observation | None, read: Observation | None, left: int
) -> CapturedFile:
    path = shown(change.path)
    if change.how == "deleted":
        return CapturedFile(path, change.how)
    if look is None or not isinstance(look.result, FileResult):
        return CapturedFile(path, change.how, why=_why(look))
    found = look.result
    if found.type is None:
        return CapturedFile(path, change.how, why=found.why)
    digest, text, why = None, None, ""
    if found.type == "file":
        digest, text, why = _content(change.path, found, read, left)
    return CapturedFile(
        path,
        change.how,
        found.type,
        found.mode,
        found.uid,
        found.gid,
        found.size,
        found.mtime,
        None if found.target is None else shown(found.target),
        digest,
        text,
        why,
    )


def _content(
    path: bytes, look: FileResult, read: Observation | None, left: int
) -> tuple[str | None, str | None, str]:
    """Digest and text of a file's content, and why one of them is not there."""
    if read is None:
        large = look.size > LARGEST_READ
        return None, None, "too large to be read" if large else "enough was read of this host"
    result = read.result
    if not isinstance(result, FileResult):
        return None, None, _why(read)
    if result.content is None or result.truncated:
        return None, None, "it changed while it was looked at"
    content = result.content
    digest = hashlib.sha256(content).hexdigest()
    if _SECRET.search(os.path.normpath(path)) or _KEY in content or _HASH.search(content):
        return digest, None, WITHHELD
    if not is_text(content):
        return digest, None, ""
    if len(content) > min(TEXT_BYTES, left):
        return digest, None, "too long a text to be kept"
    return digest, shown(content), ""


def is_text(content: bytes) -> bool:
    """Whether a content is words: UTF-8 without the bytes that no text has."""
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _why(seen: Observation | None) -> str:
    return seen.failure.reason if seen and seen.failure else "it was not looked at in time"
