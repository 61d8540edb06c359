"""Looking at files through a host's own mounts, with a reader that no file can hold or mislead.

Every path is resolved by the kernel inside the host's root (openat2 with RESOLVE_IN_ROOT and
RESOLVE_NO_MAGICLINKS), first as O_PATH, which opens nothing and blocks on nothing. Content is read
only from a regular file, without blocking (a write lease answers EAGAIN), from the very file that
was looked at, and never past the limit.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from . import system

TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block",
    stat.S_IFCHR: "char",
}
ABSENT = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "a part of the path is not a directory",
    errno.ELOOP: "a link in the path goes round in a loop",
    errno.ENAMETOOLONG: "the path is too long",
    # The reader may read everything but what the kernel keeps for those who trace a process.
    errno.EACCES: "a link in the path leads into the inside of a process",
}
FAULTS = (errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""What a host cannot be blamed for."""
LARGEST_READ = 32 << 20
"""Bytes; all readers of all sessions on a server share the observer's memory."""


class Unreadable(Exception):
    """The file is there but cannot be read now; an error of the host."""


def refusal(error: OSError) -> OSError | Unreadable:
    """The error of a file of the host's as it is to be raised: mostly the host's own."""
    if error.errno in FAULTS:
        return error
    return Unreadable(f"it cannot be read: {error.strerror}")


def of_kernel(path: bytes) -> bool:
    """Whether a path leads to what the kernel says of itself: /proc, and /sys but for its mounts.

    /sys/fs and /sys/kernel are full of file systems that a host mounts there.
    """
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if b".." in parts or not parts:
        return False
    return parts[0] == b"proc" or (
        parts[0] == b"sys" and parts[1:2] not in ([b"fs"], [b"kernel"], [])
    )


def look(root: int, probe: dict[str, Any]) -> dict[str, Any]:
    """Answer a `file` probe; raises `Unreadable` or OSError."""
    flags = os.O_PATH | (0 if probe["follow"] else os.O_NOFOLLOW)
    try:
        descriptor = system.openat2(root, urlsafe_b64decode(probe["path"]), flags)
    except OSError as error:
        if error.errno not in ABSENT:
            raise refusal(error) from error
        return {"type": None, "why": ABSENT[error.errno]}
    try:
        return _describe(descriptor, min(int(probe["limit"]), LARGEST_READ))
    except OSError as error:
        raise refusal(error) from error
    finally:
        os.close(descriptor)


def _describe(descriptor: int, limit: int) -> dict[str, Any]:
    found = os.fstat(descriptor)
    kind = TYPES[stat.S_IFMT(found.st_mode)]
    answer: dict[str, Any] = {
        "type": kind,
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "size": found.st_size,
        "mtime": found.st_mtime,
        "links": found.st_nlink,
    }
    if kind in ("block", "char"):
        answer["number"] = f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    # The magic link of our own descriptor names exactly the file that was looked at.
    again = f"/proc/self/fd/{descriptor}"
    if kind == "link":
        answer["target"] = encoded(os.readlink(b"", dir_fd=descriptor))
        return answer
    answer["acl"] = _attribute(again, "system.posix_acl_access")
    answer["default_acl"] = _attribute(again, "system.posix_acl_default")
    if limit and kind == "file":
        content, truncated = _read(again, limit)
        answer["content"] = encoded(content)
        answer["truncated"] = truncated
        answer["sha256"] = None if truncated else hashlib.sha256(content).hexdigest()
    return answer


def _read(path: str, limit: int) -> tuple[bytearray, bool]:
    try:
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except BlockingIOError as error:
        raise Unreadable("the file is held by a lease of another process") from error
    try:
        content = bytearray()
        while len(content) <= limit:
            part = os.read(reader, min(limit + 1 - len(content), 1 << 20))
            if not part:
                break
            content += part
    finally:
        os.close(reader)
    truncated = len(content) > limit
    del content[limit:]
    return content, truncated


def _attribute(path: str, name: str) -> str | None:
    try:
        return encoded(os.getxattr(path, name))
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.EOPNOTSUPP):
            return None
        raise


def encoded(data: bytes | bytearray) -> str:
    """Bytes as they stand in an answer: base64 with the letters that are safe in URLs."""
    return urlsafe_b64encode(data).decode()


def names(root: int, probe: dict[str, Any]) -> dict[str, Any]:
    """Answer a `directory` probe."""
    try:
        descriptor = system.openat2(
            root, urlsafe_b64decode(probe["path"]), os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK
        )
    except OSError as error:
        if error.errno not in ABSENT:
            raise refusal(error) from error
        why = "it is not a directory" if error.errno == errno.ENOTDIR else ABSENT[error.errno]
        return {"entries": None, "why": why}
    limit = int(probe["limit"])
    entries: list[dict[str, str]] = []
    with os.scandir(descriptor) as listing:
        for entry in listing:
            if len(entries) > limit:
                break
            entries.append({"name": encoded(os.fsencode(entry.name)), "type": _entry_type(entry)})
    os.close(descriptor)
    truncated = len(entries) > limit
    entries = sorted(entries[:limit], key=lambda entry: urlsafe_b64decode(entry["name"]))
    return {"entries": entries, "truncated": truncated}


def filesystem(root: int, probe: dict[str, Any]) -> dict[str, Any]:
    """Answer a `filesystem` probe."""
    try:
        descriptor = system.openat2(root, urlsafe_b64decode(probe["path"]), os.O_PATH)
    except OSError as error:
        if error.errno not in ABSENT:
            raise refusal(error) from error
        return {"device": None, "why": ABSENT[error.errno]}
    try:
        found = os.fstatvfs(descriptor)
        device = os.fstat(descriptor).st_dev
    except OSError as error:
        raise refusal(error) from error
    finally:
        os.close(descriptor)
    return {
        "device": device,
        "size": found.f_blocks * found.f_frsize,
        "free": found.f_bfree * found.f_frsize,
        "available": found.f_bavail * found.f_frsize,
        "files": found.f_files,
        "files_free": found.f_ffree,
    }


def _entry_type(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "directory"
    return "file" if entry.is_file(follow_symlinks=False) else "other"
