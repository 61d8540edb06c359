"""Names an image by its inputs, and packs those inputs for the engine.

An image's digest is SHA-256 over every file that goes into its build (path, whether it is
executable, content), its parent's digest and the recipe's version. What only concerns hosts
(limits, capabilities, the seccomp profile) is not part of it: changing it needs no new image.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labctl.errors import LabctlError
from labctl.images.library import ImageLibrary
from labctl.images.model import Image

RECIPE = b"1"
"""Raised when the way images are made changes so that images made before are not good enough."""

_SKIPPED = ("__pycache__",)


@dataclass(frozen=True, slots=True)
class ContextFile:
    """A file of a build context: `path` as the Dockerfile names it, and its content."""

    path: str
    executable: bool
    content: bytes


def context_files(image: Image) -> tuple[ContextFile, ...]:
    """Every file that goes into the image's build, by path; `LabctlError` if one is missing."""
    found = [
        ContextFile(path, executable, content)
        for path, executable, content in _files(image.folder, image.folder, image.name)
        if path not in image.not_built
    ]
    if not any(file.path == "Dockerfile" for file in found):
        raise LabctlError(
            f"The image `{image.name}` has no Dockerfile ({image.folder}).",
            "Every image's folder holds `image.yaml` and `Dockerfile`.",
        )
    for entry, source in image.include:
        base = source if source.is_dir() else source.parent
        included = [
            ContextFile(f"{entry}/{path}" if source.is_dir() else entry, executable, content)
            for path, executable, content in _files(source, base, image.name)
        ]
        if not included:
            raise LabctlError(
                f"The image `{image.name}` includes {source}, and there is nothing there.",
                "Install labctl again, or correct `include` in the image's image.yaml.",
            )
        found += included
    return tuple(sorted(found, key=lambda file: file.path))


def _files(top: Path, base: Path, image: str) -> Iterator[tuple[str, bool, bytes]]:
    for path in [top] if top.is_file() else sorted(top.rglob("*")):
        if any(part in _SKIPPED for part in path.relative_to(base).parts):
            continue
        if path.is_symlink():
            raise LabctlError(
                f"The image `{image}` has a symbolic link among its inputs: {path}.",
                "Make it a file, or create the link in the Dockerfile.",
            )
        if path.is_file():
            executable = bool(path.stat().st_mode & 0o111)
            yield path.relative_to(base).as_posix(), executable, path.read_bytes()


def digest(image: Image, library: ImageLibrary) -> str:
    """The image's digest: 64 hexadecimal digits."""
    total = hashlib.sha256(b"labctl image " + RECIPE + b"\0")
    total.update((digest(library.image(image.parent), library) if image.parent else "").encode())
    for file in context_files(image):
        for part in (file.path.encode(), b"x" if file.executable else b"-", file.content):
            total.update(b"%d\0" % len(part) + part)
    return total.hexdigest()


def tag(image: Image, library: ImageLibrary) -> str:
    """The name under which the engine keeps the image: `labctl/NAME:DIGITS`."""
    return f"labctl/{image.name}:{digest(image, library)[:12]}"


def context_archive(files: tuple[ContextFile, ...]) -> bytes:
    """The files as the tar archive that the engine's builder reads; the same bytes every time."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.size = len(file.content)
            # Never the modes of a checkout, which follow somebody's umask.
            entry.mode = 0o755 if file.executable else 0o644
            archive.addfile(entry, io.BytesIO(file.content))
    return target.getvalue()
