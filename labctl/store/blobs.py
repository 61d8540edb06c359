"""Large values as files that are named by the SHA-256 of their plain bytes.

A name can never come to mean something else, so writing twice is writing once, and every reading
proves that nothing changed. The files are compressed with zlib; the digest is over what went in.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from labctl.errors import StoreError
from labctl.store.home import PRIVATE

_DIGEST = re.compile(r"[0-9a-f]{64}")

_LEVEL = 1
"""zlib's fastest: transcripts are written while candidates' hosts stand frozen."""

_PART = ".part-"


def digest_of(content: bytes) -> str:
    """The name of `content`: its SHA-256, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Blobs:
    """The content-addressed files below `root`."""

    root: Path

    def put(self, content: bytes) -> str:
        """Keep `content` and return its digest; raises `StoreError` if it cannot be written.

        When this returns, the bytes are on the disk and survive a power cut. A damaged file of the
        same name is replaced.
        """
        digest = digest_of(content)
        path = self._path(digest)
        if self._sound(path, digest):
            return digest
        try:
            _write(path, zlib.compress(content, _LEVEL))
        except OSError as error:
            raise cannot_write(path, error) from error
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes called `digest`; raises `StoreError` if they are missing or were changed."""
        path = self._path(digest)
        try:
            packed = path.read_bytes()
        except FileNotFoundError:
            raise StoreError(
                f"`{digest}` is not in the store: there is no `{self._shown(path)}`.", _BACKUP
            ) from None
        except OSError as error:
            told = f"`{self._shown(path)}` cannot be read: {error.strerror}."
            raise StoreError(told, _BACKUP) from error
        content = _unpack(packed)
        if content is None or digest_of(content) != digest:
            told = f"`{digest}` is damaged: `{self._shown(path)}` holds something else."
            raise StoreError(told, _BACKUP)
        return content

    def has(self, digest: str) -> bool:
        """Whether something of that name is there (reading it may still find it damaged)."""
        return self._path(digest).is_file()

    def sweep(self, older: float = 3600.0) -> int:
        """Remove what writers that were killed left behind `older` seconds ago; returns how many.

        Such files have names of their own and are never read; they only take room.
        """
        removed = 0
        for path in self.root.glob(f"*/{_PART}*"):
            if time.time() - path.stat().st_mtime > older:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise StoreError(f"`{digest}` is not a digest (64 hex digits).")
        return self.root / digest[:2] / digest[2:]

    def _shown(self, path: Path) -> Path:
        """The path within the state directory: a record says the same of itself anywhere."""
        return path.relative_to(self.root.parent)

    def _sound(self, path: Path, digest: str) -> bool:
        try:
            content = _unpack(path.read_bytes())
        except OSError:
            return False
        return content is not None and digest_of(content) == digest


_BACKUP = "Restore that file from a backup; the rest of the record can still be read."


def cannot_write(path: Path | str, error: OSError) -> StoreError:
    """The error for a file that could not be written, with the cure that its cause suggests."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(path)
    return StoreError(
        f"`{path}` could not be written: {error.strerror or error}; nothing was recorded.",
        "Check that the directory is yours and can be written, or name another by `LABCTL_HOME`.",
    )


def disk_full(path: Path | str) -> StoreError:
    """The error for a write that found no room."""
    return StoreError(
        f"The disk is full: `{path}` could not be written; nothing was recorded.",
        f"Make room (`df -h {Path(path).parent}` shows how much there is), then try again.",
    )


def _unpack(packed: bytes) -> bytes | None:
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return None


def _write(path: Path, content: bytes) -> None:
    """Write `path` whole or not at all: a file beside it, flushed to the disk, then renamed."""
    folder = path.parent
    if not folder.is_dir():
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        _sync(folder.parent)
    part = folder / f"{_PART}{secrets.token_hex(8)}"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb", buffering=0) as file:  # noqa: PTH123  # takes the handle made above
            view = memoryview(content)
            while view:
                view = view[file.write(view) :]
            os.fsync(handle)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    # A name is only as durable as the directory that holds it.
    _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
