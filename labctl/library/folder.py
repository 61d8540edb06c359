"""A lab folder as a value: the names, modes and bytes of its files, and the digest that names it.

The same value is read from a directory or from the archive that the store keeps, so that a
session's lab is what it was at the start, whatever has happened to the directory since.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labctl.errors import LabFileError, UsageError

LAB_FILE = "lab.yaml"
MAX_FILES = 2000
MAX_BYTES = 64 << 20

SKIPPED = frozenset({"__pycache__", ".git", ".DS_Store"})
"""What programs leave in a folder; no part of the lab. Nor are names that end in `~` or `.swp`."""


class FolderFault(LabFileError):
    """A lab folder holds what a lab must not hold: links, devices, names that are no text."""


@dataclass(frozen=True, slots=True)
class LabFileEntry:
    """One file: its bytes, and whether it may be executed (the only mode bit that matters)."""

    content: bytes = field(repr=False)
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a lab by path (`setup/r1.sh`), in order of their names."""

    files: Mapping[str, LabFileEntry]

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over every file's name, mode and bytes; the same on every machine.

        Each is preceded by its length, so that no two folders run together to the same bytes.
        """
        total = hashlib.sha256(b"labctl-lab-folder-1\n")
        for path in sorted(self.files):
            entry = self.files[path]
            name = path.encode()
            mode = b"x" if entry.executable else b"-"
            total.update(b"%d %b %b %d\n" % (len(name), name, mode, len(entry.content)))
            total.update(entry.content)
        return total.hexdigest()

    def content(self, path: str) -> bytes:
        """The bytes of one file; raises `KeyError` if there is none of that name."""
        return self.files[path].content

    def below(self, name: str) -> Folder:
        """The files of the directory `name`, by their paths within it; empty if there is none."""
        head = f"{name}/"
        return Folder(
            {
                path.removeprefix(head): entry
                for path, entry in self.files.items()
                if path.startswith(head)
            }
        )

    def archive(self) -> bytes:
        """A tar archive of the folder; the same folder always gives the same bytes."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in sorted(self.files):
                entry = self.files[path]
                info = tarfile.TarInfo(path)
                info.size = len(entry.content)
                info.mode = 0o755 if entry.executable else 0o644
                tar.addfile(info, io.BytesIO(entry.content))
        return buffer.getvalue()

    def extract(self, target: Path) -> None:
        """Write all files below `target`, which must be an empty directory or not exist yet."""
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise UsageError(f"`{target}` is not empty", "Name an empty directory.")
        for path, entry in self.files.items():
            place = target.joinpath(*_safe(path))
            place.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o755 if entry.executable else 0o644
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
            with os.fdopen(handle, "wb") as file:
                file.write(entry.content)


def read_folder(root: Path) -> Folder:
    """The lab folder at `root`. Raises `FolderFault`, naming everything that does not belong.

    Links are refused wherever they lead: what they lead to may differ from machine to machine, or
    be a file of the server's that no candidate should get.
    """
    files: dict[str, LabFileEntry] = {}
    faults: list[str] = []
    total = 0
    for path, name, directory in _walk(root, faults):
        if len(files) >= MAX_FILES or total > MAX_BYTES:
            faults.append(f"{root}: more than {MAX_FILES} files or {MAX_BYTES >> 20} MiB")
            break
        entry = _read(root, path, name, directory, faults)
        if entry is not None:
            files[path] = entry
            total += len(entry.content)
    if faults:
        raise FolderFault("\n".join(faults), "A lab folder holds directories and plain files.")
    return Folder({path: files[path] for path in sorted(files)})


def read_archive(archive: bytes) -> Folder:
    """The folder that `Folder.archive` packed; raises `FolderFault` for any other archive."""
    files: dict[str, LabFileEntry] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise FolderFault(f"the archive holds `{member.name}`, which is no plain file")
                path = "/".join(_safe(member.name))
                files[path] = LabFileEntry(content.read(), bool(member.mode & 0o100))
    except (tarfile.TarError, EOFError) as error:
        raise FolderFault(f"the archive of the lab cannot be read: {error}") from error
    return Folder({path: files[path] for path in sorted(files)})


def _walk(root: Path, faults: list[str]) -> Iterator[tuple[str, str, int]]:
    """Every file's path, its name, and the open directory that it is in."""

    def fail(error: OSError) -> None:
        faults.append(f"{error.filename or root}: cannot be read: {error.strerror}")

    if not root.is_dir():
        faults.append(f"{root}: no such directory")
        return
    for top, directories, names, handle in os.fwalk(root, onerror=fail, follow_symlinks=False):
        directories[:] = sorted(name for name in directories if name not in SKIPPED)
        # fwalk lists links to directories among the directories and does not enter them.
        links = [name for name in directories if _is_link(name, handle)]
        relative = Path(top).relative_to(root)
        for name in sorted([*names, *links]):
            if name not in SKIPPED and not name.endswith(("~", ".swp")):
                yield (relative / name).as_posix(), name, handle


def _is_link(name: str, directory: int) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)


def _read(
    root: Path, path: str, name: str, directory: int, faults: list[str]
) -> LabFileEntry | None:
    """One file's entry, or None with a fault noted; never waits on a FIFO or follows a link."""
    place = f"{root}/{path}"
    try:
        path.encode()
    except UnicodeEncodeError:
        faults.append(f"{root}/{ascii(path)[1:-1]}: the name is not UTF-8")
        return None
    if "\n" in path or "\\" in path:
        faults.append(f"{place!r}: a line break or backslash in a name")
        return None
    if _is_link(name, directory):
        faults.append(f"{place}: a link; put the file itself here")
        return None
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    except OSError as error:
        faults.append(f"{place}: cannot be read: {error.strerror}")
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            faults.append(f"{place}: neither a plain file nor a directory")
            return None
        if status.st_size > MAX_BYTES:
            faults.append(f"{place}: larger than {MAX_BYTES >> 20} MiB")
            return None
        return LabFileEntry(file.read(MAX_BYTES + 1), bool(status.st_mode & 0o111))


def _safe(path: str) -> list[str]:
    """The parts of a relative path that stays where it is; raises `FolderFault` otherwise."""
    parts = path.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise FolderFault(f"`{path}` leads out of the lab folder")
    return parts
