"""Disks of virtual machines, made from built images: no mount, no loop device, no root shell.

    image `machine` ──docker export──▶ a tree of files ──mke2fs -d──▶ root.img, kernel, initrd
    image `observer` ─────────────────────────────────────────────▶ root.img (read-only)

Each set lies in a folder named after its image's tag, and so is made again exactly when the inputs
of the image change. It is written under another name first: a folder that is there is whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import docker

from labctl.errors import ProviderError
from labctl.images.daemon import lend
from labctl.images.kernel import unpacked
from labctl.images.model import ResolvedImage

DISKS = Path("/var/lib/labctl/disks")
"""Where disks lie that all installations on this server share; the account of QEMU reads them."""
ROOT_BYTES = 4 << 30
"""Size of a machine's root file system; the file is sparse."""
SPARE_BYTES = 64 << 20
RECIPE = "2"
"""Raised when the way disks are made changes so that those made before are not good enough."""
KERNEL, INITRD = "kernel", "initrd"
"""What a machine without a boot loader is started with."""
LOADER = "boot/grub/i386-pc"
LOADER_FILES = ("boot.img", "core.img")
"""An image with these is started by them, as its own disk has them, and not by labctl."""
SECTOR = 512
TABLE_AT = 446
PARTITION_START = 1 << 20
LINUX = 0x83
MAKING = ".making-"
"""How the names of folders begin in which something is being made."""
LEFT_BY_DOCKER = (".dockerenv", "etc/hosts", "etc/resolv.conf", "etc/hostname")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DiskSet:
    """The disk of an image, raw; its kernel and initial RAM disk, if it is started with them.

    The disk of a machine that has a boot loader has a table of partitions, and starts by itself.
    """

    root: Path
    kernel: Path | None
    initrd: Path | None


def disk_set(
    image: ResolvedImage,
    say: Say = lambda _: None,
    folder: Path = DISKS,
    client: docker.DockerClient | None = None,
) -> DiskSet:
    """The disks of an image, made if they are not there; raises `ProviderError` if they cannot be.

    Files of an image belong to many accounts, so that only root can make its disks.
    """
    place = folder / set_name(image.tag)
    if place.is_dir():
        return _set_in(place)
    if os.geteuid() != 0:
        raise ProviderError(
            f"The disk of the image `{image.name}` has not been made yet, and only root can.",
            f"Run `sudo labctl images build {image.name}`.",
        )
    say(f"making the disk of {image.tag}")
    folder.mkdir(parents=True, exist_ok=True)
    with making(folder) as workplace, lend(client) as docker_:
        new = workplace / "set"
        new.mkdir(mode=0o755)
        tree = workplace / "tree"
        tree.mkdir(mode=0o755)
        _export(docker_, image, tree)
        _write_disk(image, tree, new)
        shutil.rmtree(tree)
        try:
            new.rename(place)
        except OSError:  # somebody else was faster
            if not place.is_dir():
                raise
    return _set_in(place)


def set_name(tag: str) -> str:
    """What the folder is called that has the disks of the image with this tag."""
    return f"{tag.replace('/', '-').replace(':', '-')}-{RECIPE}"


@contextlib.contextmanager
def making(folder: Path) -> Iterator[Path]:
    """A folder to make something in, gone at the end; `abandoned` where its maker was killed."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=MAKING) as name:
        held = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(held)


def abandoned(folder: Path) -> tuple[Path, ...]:
    """The folders of `making` whose makers are not there any more."""
    found = []
    for place in sorted(folder.glob(f"{MAKING}*")):
        held = os.open(place, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        finally:
            os.close(held)
        found.append(place)
    return tuple(found)


def _set_in(place: Path) -> DiskSet:
    kernel, initrd = place / KERNEL, place / INITRD
    if not kernel.is_file():
        return DiskSet(place / "root.img", None, None)
    return DiskSet(place / "root.img", kernel, initrd)


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
    loader = [tree / LOADER / name for name in LOADER_FILES]
    starts_itself = all(path.is_file() for path in loader)
    if image.kind == "machine":
        if not starts_itself:
            (new / KERNEL).write_bytes(unpacked((tree / "vmlinuz").read_bytes()))
            shutil.copyfile(tree / "initrd.img", new / INITRD)
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
    if starts_itself:
        _make_bootable(new / "root.img", *(path.read_bytes() for path in loader))
    for path in new.iterdir():
        path.chmod(0o644)


def _make_bootable(root: Path, boot: bytes, core: bytes) -> None:
    """Give a file system a disk around it: a boot sector, a boot loader, and it as partition 1.

    The loader lies between the boot sector and the partition, where GRUB looks for it by itself
    (GRUB manual, "BIOS installation").
    """
    if len(core) > PARTITION_START - SECTOR:
        raise ProviderError(f"The boot loader is too large for its place: {len(core)} bytes.")
    whole = root.with_name("disk.img")
    size = root.stat().st_size
    entry = struct.pack("<B3xB3xII", 0x80, LINUX, PARTITION_START // SECTOR, size // SECTOR)
    table = entry + bytes(3 * len(entry)) + b"\x55\xaa"
    with whole.open("wb") as disk:
        disk.write(boot[:TABLE_AT] + table)
        disk.write(core)
        disk.truncate(PARTITION_START + size)
    copy = ["dd", f"if={root}", f"of={whole}", "bs=1M", f"seek={PARTITION_START >> 20}"]
    done = subprocess.run(
        [*copy, "conv=notrunc,sparse", "status=none"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ProviderError(f"A bootable disk could not be made: {done.stderr.strip()}")
    whole.replace(root)
