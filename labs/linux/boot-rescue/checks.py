"""Root's password, as its hash in /etc/shadow has it; and the files of the archive."""

from __future__ import annotations

import ctypes
import hashlib

from checkers.check import Check, ask, error, failed, passed
from checkers.model import File, Subject

FILES = 3
SIZE = 1 << 18


def files(subject: Subject, folder: str, key: str) -> Check:
    """Every file is there, byte for byte."""
    lost = []
    for number in range(1, FILES + 1):
        name = f"{folder}/scan-{number}.tif"
        found = yield from ask(File(subject.host, name.encode(), limit=2 * SIZE))
        if found.type != "file" or found.size != SIZE or found.sha256 != _digest(key, number):
            lost.append(f"scan-{number}.tif")
    if lost:
        return failed(expected=f"{FILES} files as they were", found=f"not so: {', '.join(lost)}")
    return passed(expected=f"{FILES} files as they were", found=f"all {FILES}")


def password(subject: Subject, password: str) -> Check:
    """Root can log in with `password`: it has the hash that /etc/shadow holds (crypt(3))."""
    found = yield from ask(File(subject.host, b"/etc/shadow", limit=1 << 20))
    lines = (found.content or b"").split(b"\n") if found.type == "file" else []
    stored = next((line.split(b":")[1] for line in lines if line.startswith(b"root:")), b"")
    expected = "the password that was agreed"
    if not stored:
        return failed(expected=expected, found="root has no password at all")
    if stored[:1] in (b"!", b"*"):
        return failed(expected=expected, found="root's password is locked")
    try:
        crypt = ctypes.CDLL("libcrypt.so.1").crypt
    except OSError as problem:
        return error(f"passwords cannot be compared on this server: {problem}")
    crypt.restype = ctypes.c_char_p
    if crypt(password.encode(), stored) != stored:
        return failed(expected=expected, found="another password")
    return passed(expected=expected, found=expected)


def _digest(key: str, number: int) -> str:
    line = f"{key} {number}\n".encode()
    return hashlib.sha256((line * (SIZE // len(line) + 1))[:SIZE]).hexdigest()
