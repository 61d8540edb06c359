"""`labctl serve` as a process of its own: started, killed, ended; and sessions that end soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from labctl.server.asking import answers
from labctl.sessions.clock import Moment, present

ROOT = Path(__file__).parent.parent


def ago(seconds: float) -> Callable[[], Moment]:
    """A clock that is so far behind: what is begun by it has that much less time left.

    It knows no boot, so that nothing takes the session for one that a power cut has stopped.
    """

    def moment() -> Moment:
        at = present().at - timedelta(seconds=seconds)
        return replace(present(), at=at, boot="", server="")

    return moment


class ServerProcess:
    """One process at a time, on one home."""

    def __init__(self, home: Path, library: Path, command: Sequence[str]) -> None:
        self.home = home
        self.command = [sys.executable, *command]
        self.environment = {
            **os.environ,
            "LABCTL_HOME": str(home),
            "LABCTL_LIBRARY": str(library),
            "PYTHONPATH": str(ROOT),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.home / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=log, stderr=log, cwd="/"
            )
        self.wait_for(lambda: answers(self.home), "the server to answer", 120)

    def end(self, number: int) -> int:
        """Send it a signal; its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(120)
        self.process = None
        return status

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait for something that the server is to bring about; it must live."""
        until = time.monotonic() + seconds
        while not condition():
            alive = self.process is None or self.process.poll() is None
            assert alive, f"the server has ended: {self.log()}"
            assert time.monotonic() < until, f"still waiting for {what}: {self.log()}"
            time.sleep(0.05)

    def log(self) -> str:
        """What it has said so far."""
        return (self.home / "serve.log").read_text(errors="replace")

    def close(self) -> None:
        """Leave no process behind."""
        if self.process is not None:
            self.end(signal.SIGKILL)
