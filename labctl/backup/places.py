"""Directories that are made beside a place and take it all at once, or leave it as it was."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labctl.errors import UsageError
from labctl.store.blobs import cannot_write
from labctl.store.home import PRIVATE
from labctl.store.locks import exclusive

_LOCK = "lock"
_HERE = -100  # AT_FDCWD of openat(2)
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)


@contextmanager
def beside(place: Path, what: str) -> Iterator[Path]:
    """An empty directory beside `place` for the length of a `with`, on the same file system.

    One that a killed process left is emptied first. Raises `Busy`, naming `what`, while another
    process is at it, and `StoreError` where it cannot be made.
    """
    folder = place.parent / f".{place.name}.labctl"
    try:
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        with exclusive(folder / _LOCK, what):
            for left in folder.iterdir():
                if left.name != _LOCK:
                    _remove(left)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise cannot_write(error.filename or folder, error) from error


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def settle_file(made: Path, place: Path) -> None:
    """Give the finished file `made` its name, which nobody has; raises `UsageError`, `OSError`."""
    flush(made)
    try:
        os.link(made, place)
    except FileExistsError:
        raise taken(place) from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        # A file system without links, as a memory stick's: nearly as good.
        if os.path.lexists(place):
            raise taken(place) from error
        made.rename(place)
    flush(place.parent)


def taken(place: Path) -> UsageError:
    """The error for a name that somebody has."""
    return UsageError(
        f"`{place}` is there already, and backups are never overwritten.", "Name another file."
    )


def settle_folder(made: Path, place: Path, before: Path) -> bool:
    """Put the finished directory `made` in `place`; whether something was there.

    That is in `before` afterwards, whole. Raises `OSError`; `place` is as it was then.
    """
    flush(made)
    if not place.exists() or not any(place.iterdir()):
        made.rename(place)  # which may take the place of an empty directory
        flush(place.parent)
        return False
    # Under the name that the old one is to have, so that one step is enough for both.
    made.rename(before)
    try:
        _exchange(before, place)
    except OSError:
        before.rename(made)
        raise
    flush(place.parent)
    return True


def _exchange(one: Path, other: Path) -> None:
    """Let two directories change names in one step, or where that is not known in three."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0:
        return
    number = ctypes.get_errno()
    if number not in (errno.ENOSYS, errno.EINVAL):
        raise OSError(number, os.strerror(number), str(other))
    third = one.with_name(f"{one.name}.new")
    one.rename(third)
    other.rename(one)
    third.rename(other)


def flush(path: Path) -> None:
    """Have everything that was written to the file system of `path` on its disk; see syncfs(2)."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(handle)


def give_to_owner_of(place: Path, folder: Path) -> None:
    """Let `folder`, and all in it, belong to whom `place` belongs to, if that is there."""
    if os.geteuid() or not place.exists():
        return
    about = place.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, about.st_uid, about.st_gid, follow_symlinks=False)
    folder.chmod(about.st_mode & 0o7777)
