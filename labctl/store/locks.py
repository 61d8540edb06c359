"""Exclusive locks between processes: one holder at a time, let go of by the kernel at its end.

flock(2) rather than POSIX record locks: it belongs to the open file, so two threads exclude each
other too, and closing some other handle of the same file does not drop it. Python's handles are
close-on-exec, so programs that the holder starts do not inherit it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from labctl.errors import StoreError
from labctl.store.processes import ProcessIdentity, this_process

_POLL = 0.02
"""Seconds between two tries: flock(2) has no time limit of its own."""


class Busy(StoreError):
    """Another process holds the lock; `holder` is who, where that is known."""

    def __init__(self, what: str, holder: ProcessIdentity | None) -> None:
        who = "another labctl" if holder is None else f"labctl ({holder})"
        super().__init__(
            f"{what} is in use by {who}.",
            "Wait until that command has ended, then run yours again.",
        )
        self.holder = holder


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock file `path`; looking is signed by nobody."""
    try:
        with shared(path, ""):
            return False
    except Busy:
        return True


@contextmanager
def shared(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path` beside others who do so, against who holds it `exclusive`ly.

    Raises as that does.
    """
    handle = _shared(path, what)
    try:
        yield
    finally:
        os.close(handle)


def _shared(path: Path, what: str) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            # Who held it may have put another directory in this one's place.
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except BlockingIOError:
            holder = _holder(handle)
            os.close(handle)
            raise Busy(what, holder) from None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


@contextmanager
def exclusive(path: Path, what: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path`, waiting at most `wait` seconds (0: only one try).

    `what` names the locked thing in the message of `Busy`. The file stays when the lock goes:
    removing it would let a third process lock a new file of the same name. Raises `OSError` where
    the file cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(handle, what, time.monotonic() + wait)
        _sign(handle, json.dumps(asdict(this_process())).encode())
        try:
            yield
        finally:
            _sign(handle, b"")
    finally:
        os.close(handle)


def _take(handle: int, what: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy(what, _holder(handle)) from None
            time.sleep(_POLL)
        else:
            return


def _sign(handle: int, text: bytes) -> None:
    # The name of the holder is a courtesy: a full disk must not keep anybody from the lock.
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, text, 0)


def _holder(handle: int) -> ProcessIdentity | None:
    """Who signed the file; None if nobody has yet, or it was somebody who is gone."""
    try:
        process = ProcessIdentity(**json.loads(os.pread(handle, 4096, 0)))
    except (ValueError, TypeError):
        return None
    return None if process.alive() is False else process
