"""Backups taken apart and put together again, by somebody who has changed something."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

Members = list[tuple[str, bytes]]


def members_of(file: Path) -> Members:
    """Name and content of every member, in order."""
    with tarfile.open(file) as tar:
        found = [(each, tar.extractfile(each)) for each in tar]
        return [(each.name, content.read()) for each, content in found if content]


def write_members(file: Path, content: Members) -> None:
    """Write an archive of these members."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, text in content:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
    file.write_bytes(gzip.compress(raw.getvalue()))
