"""What is asked about a host's file systems, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checkers.probe import Probe


@dataclass(frozen=True, slots=True)
class FilesystemResult:
    """The file system that a path is on, in bytes and files, as statvfs(3) tells it.

    `available` is what those without special rights may still fill; `device` is its number as
    stat(2) gives it, by which the files in it are known. Where nothing is at the path `device` is
    None and `why` says so.
    """

    device: int | None
    why: str = ""
    size: int = 0
    free: int = 0
    available: int = 0
    files: int = 0
    files_free: int = 0


@dataclass(frozen=True, slots=True)
class Filesystem(Probe[FilesystemResult]):
    """Ask how full the file system is that `path` of the host's own tree is on."""

    path: bytes
    kind: Literal["filesystem"] = "filesystem"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A regular file that has no name any more, and a process that holds it open.

    `path` is the name that it had, by the kernel; `size` is its length and `used` what it takes on
    the disk, both in bytes; `device` and `inode` name the file.
    """

    pid: int
    path: bytes
    size: int
    used: int
    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class DeletedFilesResult:
    """Deleted files that are held open, one entry for each process and file."""

    files: tuple[OpenFile, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class DeletedFiles(Probe[DeletedFilesResult]):
    """Find the deleted files that processes of the host still hold open."""

    kind: Literal["deleted_files"] = "deleted_files"


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A path of a host that is not as in its image, and what became of it."""

    path: bytes
    how: Literal["added", "changed", "deleted"]


@dataclass(frozen=True, slots=True)
class ChangedFilesResult:
    """The paths of a host that are not as in its image; `truncated` where there are more."""

    changes: tuple[ChangedFile, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class ChangedFiles(Probe[ChangedFilesResult]):
    """List what a container has written, by the layer of the file system that it writes to.

    A virtual machine has no such layer: there it is a failure.
    """

    kind: Literal["changed_files"] = "changed_files"
