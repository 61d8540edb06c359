"""Disks of virtual machines, made from built images: no mount, no loop device, no root shell.

    image `machine` ──docker export──▶ a tree of files ──mke2fs -d──▶ root.img, vmlinuz, initrd.img
    image `observer` ─────────────────────────────────────────────▶ root.img (read-only)

Each set lies in a folder named after its image's tag, and so is made again exactly when the inputs
of the image change. It is written under another name first: a folder that is there is whole.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import docker

from labctl.errors import ProviderError
from labctl.images.daemon import lend
from labctl.images.model import ResolvedImage

DISKS = Path("/var/lib/labctl/disks")
"""Where disks lie that all installations on this server share; the account of QEMU reads them."""
ROOT_BYTES = 4 << 30
"""Size of a machine's root file system; the file is sparse."""
SPARE_BYTES = 64 << 20
RECIPE = "1"
"""Raised when the way disks are made changes so that those made before are not good enough."""
BOOT_FILES = ("vmlinuz", "initrd.img")
LEFT_BY_DOCKER = (".dockerenv", "etc/hosts", "etc/resolv.conf", "etc/hostname")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DiskSet:
    """The file system of an image as a raw disk; kernel and initial RAM disk if it boots."""

    root: Path
    kernel: Path
    initrd: Path


def disk_set(
    image: ResolvedImage,
    say: Say = lambda _: None,
    folder: Path = DISKS,
    client: docker.DockerClient | None = None,
) -> DiskSet:
    """The disks of an image, made if they are not there; raises `ProviderError` if they cannot be.

    Files of an image belong to many accounts, so that only root can make its disks.
    """
    place = folder / f"{image.tag.replace('/', '-').replace(':', '-')}-{RECIPE}"
    found = DiskSet(place / "root.img", place / "vmlinuz", place / "initrd.img")
    if place.is_dir():
        return found
    if os.geteuid() != 0:
        raise ProviderError(
            f"The disk of the image `{image.name}` has not been made yet, and only root can.",
            f"Run `sudo labctl images build {image.name}`.",
        )
    say(f"making the disk of {image.tag}")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as making,
        lend(client) as docker_,
    ):
        new = Path(making) / "set"
        new.mkdir(mode=0o755)
        tree = Path(making) / "tree"
        tree.mkdir(mode=0o755)
        _export(docker_, image, tree)
        _write_disk(image, tree, new)
        shutil.rmtree(tree)
        try:
            new.rename(place)
        except OSError:  # somebody else was faster
            if not place.is_dir():
                raise
    return found


def _export(client: docker.DockerClient, image: ResolvedImage, tree: Path) -> None:
    """Unpack an image's files below `tree`, without what Docker puts into a container."""
    container = client.api.create_container(image.id, command=["/bin/true"])["Id"]
    try:
        stream = client.api.export(container)
        _unpack(stream, tree, image.name)
    finally:
        client.api.remove_container(container)
    for name in LEFT_BY_DOCKER:
        (tree / name).unlink(missing_ok=True)


def _unpack(stream: Iterator[bytes], tree: Path, name: str) -> None:
    argv = [
        "tar",
        "--extract",
        "--numeric-owner",
        "--xattrs",
        "--xattrs-include=*",
        "-C",
        str(tree),
    ]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as tar:
        assert tar.stdin is not None
        _feed(stream, tar.stdin)
        said = tar.stderr.read().decode("utf-8", "replace") if tar.stderr else ""
    if tar.returncode != 0:
        raise ProviderError(
            f"The files of the image `{name}` could not be unpacked: {said.strip()}"
        )


def _feed(stream: Iterator[bytes], pipe: IO[bytes]) -> None:
    try:
        for part in stream:
            pipe.write(part)
    except BrokenPipeError:  # tar says why
        pass
    finally:
        pipe.close()


def _write_disk(image: ResolvedImage, tree: Path, new: Path) -> None:
    """The file system of `tree` in `new`, with its kernel beside it."""
    size = ROOT_BYTES
    options = []
    if image.kind == "machine":
        for name in BOOT_FILES:
            shutil.copyfile(tree / name, new / name)
        label = "root"
    else:  # nobody writes to it: no journal, and no more room than its files take
        label = image.name
        options = ["-O", "^has_journal", "-m", "0"]
        used = sum(path.lstat().st_size + 4096 for path in tree.rglob("*"))
        size = used + used // 8 + SPARE_BYTES
    argv = ["mke2fs", "-q", "-t", "ext4", "-L", label, *options, "-d", str(tree)]
    try:
        done = subprocess.run(
            [*argv, str(new / "root.img"), f"{size >> 10}k"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        hint = "Install it with `apt-get install e2fsprogs`."
        raise ProviderError("mke2fs is not installed on this server.", hint) from error
    if done.returncode != 0:
        raise ProviderError(
            f"The disk of the image `{image.name}` could not be made: {done.stderr}"
        )
    for path in new.iterdir():
        path.chmod(0o644)
