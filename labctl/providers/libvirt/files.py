"""What a session's machines have on the server's disk: overlays, further disks, console logs.

    /var/lib/labctl/machines/INSTALLATION/SESSION/HOST/   root.qcow2, disk-1.qcow2 …, console.log,
                                                          kept-1/ … (snapshots)

It lies outside the state directory, which may be private to an account: QEMU runs as one of its
own and has to reach the disks, and libvirt gives it each of them while a machine runs.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from labctl.errors import ProviderError

MACHINES = Path("/var/lib/labctl/machines")
KEPT = "kept-"
"""Folders in that of a host: its snapshots."""


class MachineFiles:
    """The files of one installation's machines."""

    def __init__(self, installation: str, top: Path = MACHINES) -> None:
        self.top = top / installation[:8]

    def of_host(self, session: str, host: str) -> Path:
        """The folder of one host's machine; made if it is not there."""
        folder = self.top / session / host
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def half_started(self, session: str, host: str) -> Path:
        """A file that is there from before a machine has power until it is wired and runs."""
        return self.of_host(session, host) / "half-started"

    def sessions(self) -> tuple[str, ...]:
        """The sessions that have files."""
        if not self.top.is_dir():
            return ()
        return tuple(sorted(each.name for each in self.top.iterdir() if each.is_dir()))

    def only_kept(self, session: str) -> bool:
        """Whether the session has nothing but snapshots of its hosts."""
        found = [path for host in (self.top / session).iterdir() for path in host.iterdir()]
        return bool(found) and all(path.name.startswith(KEPT) for path in found)

    def remove(self, session: str) -> None:
        """Remove all files of a session; nothing there is no error."""
        shutil.rmtree(self.top / session, ignore_errors=True)

    def remove_but_kept(self, session: str) -> None:
        """Remove the files of a session but for the snapshots of its hosts."""
        top = self.top / session
        for host in sorted(top.iterdir()) if top.is_dir() else ():
            self.clear(session, host.name)
            if not any(host.iterdir()):
                host.rmdir()
        if top.is_dir() and not any(top.iterdir()):
            top.rmdir()

    def clear(self, session: str, host: str) -> None:
        """Remove the files of one host but for what is kept of it."""
        for path in self.of_host(session, host).iterdir():
            if not path.is_dir():
                path.unlink()
            elif not path.name.startswith(KEPT):
                shutil.rmtree(path)

    def keep(self, session: str, host: str) -> str:
        """Copy a host's disks, which stand still, and what lies beside them; the copy's name."""
        folder = self.of_host(session, host)
        kept = folder / f"{KEPT}{1 + len(list(folder.glob(f'{KEPT}*')))}"
        with tempfile.TemporaryDirectory(dir=folder, prefix=".keeping-") as making:
            new = Path(making) / kept.name
            new.mkdir(mode=0o700)
            for path in sorted(folder.iterdir()):
                if path.is_file() and not path.name.endswith(".lock"):
                    _copy(path, new / path.name)
            new.rename(kept)
        return f"{session}/{host}/{kept.name}"

    def free(self) -> float:
        """The free part (0 to 1) of the disk that the files lie on; 1 where there are none yet."""
        if not self.top.is_dir():
            return 1.0
        usage = shutil.disk_usage(self.top)
        return usage.free / usage.total

    def room(self) -> int | None:
        """The free bytes of that disk; None where there are no files yet."""
        return shutil.disk_usage(self.top).free if self.top.is_dir() else None

    def used(self, session: str, host: str) -> int:
        """Bytes that the host's machine has written so far."""
        folder = self.top / session / host
        return sum(each.stat().st_blocks * 512 for each in folder.glob("*.qcow2"))


def _copy(source: Path, target: Path) -> None:
    """A copy with the same holes, or with the same blocks where the file system can do that."""
    words = ["cp", "--sparse=always", "--reflink=auto", "--", str(source), str(target)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ProviderError(f"A snapshot could not be kept: {done.stderr.strip()}")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the server has against the writing of a file into an error of ours."""
    try:
        yield
    except OSError as error:
        hint = "Make room on the server." if error.errno == errno.ENOSPC else ""
        raise ProviderError(f"{path} could not be written: {error.strerror}", hint) from error


def overlay(path: Path, backing: Path, format_: str) -> None:
    """A disk that starts as `backing` (`raw` or `qcow2`) and keeps what is written to it apart."""
    _qemu_img("create", "-f", "qcow2", "-F", format_, "-b", str(backing), str(path))


def backing(path: Path) -> Path | None:
    """What a disk is laid over, if over anything; may be asked of a disk in use."""
    found = json.loads(_qemu_img("info", "--force-share", "--output=json", str(path)))
    below = found.get("full-backing-filename")
    return Path(below) if below else None


def blank(path: Path, size: int) -> None:
    """An empty disk of `size` bytes."""
    _qemu_img("create", "-f", "qcow2", str(path), str(size))


def _qemu_img(*words: str) -> str:
    try:
        done = subprocess.run(["qemu-img", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        hint = "Install it with `apt-get install qemu-utils`."
        raise ProviderError("qemu-img is not installed on this server.", hint) from error
    if done.returncode != 0:
        raise ProviderError(f"`qemu-img {words[0]}` failed: {done.stderr.strip()}")
    return done.stdout
