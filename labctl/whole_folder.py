"""A folder of files that is there whole or not at all, and never takes another's place."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from labctl.errors import UsageError

MOST_COPIES = 1000


def write_folder(target: Path, files: Mapping[str, bytes]) -> Path:
    """Write the files (by name) as a folder; returns where it is.

    A folder that is there already is never touched: `-2`, `-3` … is appended to the name. Only its
    owner can read it. Raises `OSError`, and `UsageError` where every name is taken.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name, content in files.items():
            _write(draft / name, content)
        _flush(draft)
        folder = _move(draft, target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _flush(target.parent)
    return folder


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    # Some file systems cannot flush a directory; the files themselves are on the disk by now.
    with contextlib.suppress(OSError):
        os.fsync(handle)
    os.close(handle)


def _move(draft: Path, target: Path) -> Path:
    """Move the draft to `target`, or to the first free name after it."""
    for number in range(1, MOST_COPIES):
        place = target if number == 1 else target.with_name(f"{target.name}-{number}")
        if os.path.lexists(place):
            continue
        try:
            draft.rename(place)
        except OSError:
            if os.path.lexists(place):  # somebody was quicker
                continue
            raise
        return place
    raise UsageError(
        f"`{target}` is there already, {MOST_COPIES - 1} times.", "Name another folder."
    )
