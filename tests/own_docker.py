"""A Docker daemon of the tests' own, which they may stop, kill and start as they like."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from labctl.images.build import build, resolve

SECONDS = 30.0


class OwnDocker:
    """One daemon below a folder; it shares nothing with the server's but the kernel."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.host = f"unix://{folder}/docker.sock"
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self, *, live_restore: bool) -> None:
        """Start it, and wait until it answers."""
        command = [
            "dockerd",
            f"--data-root={self._folder}/data",
            f"--exec-root={self._folder}/exec",
            f"--pidfile={self._folder}/pid",
            f"--host={self.host}",
            "--bridge=none",
            "--iptables=false",
            f"--live-restore={str(live_restore).lower()}",
        ]
        with (self._folder / "log").open("ab") as log:
            self._daemon = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + SECONDS
        while not self._answers():
            assert self._daemon.poll() is None, self._said()
            assert time.monotonic() < deadline, self._said()
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Asked by hand: the SDK leaves sockets open that were refused."""
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.settimeout(5)
            line.connect(self.host.removeprefix("unix://"))
            line.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return line.recv(100).startswith(b"HTTP/1.0 200")
        return False

    def _said(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-2000:]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, and wait until it has ended."""
        if self._daemon is None:
            return
        self._daemon.send_signal(how)
        self._daemon.wait(SECONDS)
        self._daemon = None
        # A containerd whose parent was killed dies with it, but where no init reaps it, its number
        # stays taken, and the next daemon would wait for it.
        (self._folder / "exec/containerd/containerd.pid").unlink(missing_ok=True)

    def load(self, names: Sequence[str]) -> None:
        """Give it the images of labctl's that the server's daemon has."""
        build(names)
        tags = [resolve(name).tag for name in names]
        saved = subprocess.Popen(["docker", "save", *tags], stdout=subprocess.PIPE)
        loading = ["docker", "--host", self.host, "load", "--quiet"]
        subprocess.run(loading, stdin=saved.stdout, check=True, capture_output=True)
        assert saved.stdout
        saved.stdout.close()
        assert saved.wait(SECONDS) == 0

    def kill_all(self) -> None:
        """Kill it, and all that it runs."""
        for pid in self._below():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._daemon is not None:
            self.stop(signal.SIGKILL)

    def remove(self) -> None:
        """End it with all that it runs, and remove what it keeps."""
        self.kill_all()
        deadline = time.monotonic() + SECONDS
        while (mounts := self._mounts()) and time.monotonic() < deadline:
            subprocess.run(["umount", "--lazy", *mounts], check=False, capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _below(self) -> list[int]:
        """Every process whose command line names the folder: the daemon, containerd, shims."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if os.fsencode(self._folder) in path.read_bytes() and path.parent.name != "self":
                    found.append(int(path.parent.name))
        return [pid for pid in found if pid != os.getpid()]

    def _mounts(self) -> list[str]:
        lines = Path("/proc/self/mounts").read_text().splitlines()
        points = [line.split()[1] for line in lines]
        return sorted((at for at in points if at.startswith(str(self._folder))), reverse=True)


@contextlib.contextmanager
def own_docker(folder: Path, images: Sequence[str]) -> Iterator[OwnDocker]:
    """A daemon with images; while it is there, everything of the test's speaks to it."""
    daemon = OwnDocker(folder)
    try:
        daemon.start(live_restore=False)
        daemon.load(images)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", daemon.host)
            yield daemon
    finally:
        daemon.remove()
