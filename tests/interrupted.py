"""Runs one use-case and kills this process, as `kill -9` does, after its Nth recorded write.

    python tests/interrupted.py HOME LIBRARY N start|submit|reset|stop|void [SESSION [HOST]]
    python tests/interrupted.py HOME LIBRARY N begin SITTING
    python tests/interrupted.py HOME LIBRARY N hands SESSION ACT
    python tests/interrupted.py HOME LIBRARY N capture SESSION   (a hand-in; N counts blobs)

A machine's chassis counts as a record, and so does whatever QEMU is told to change. Exit status 0
says that the use-case ended before it had made N writes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labctl.providers.libvirt import chassis, machines
from labctl.providers.libvirt.monitor import Monitor
from labctl.sessions.controller import Controller
from labctl.sessions.hands import hands
from labctl.sessions.resetting import reset
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.sessions.voiding import void
from labctl.sittings.beginning import begin
from labctl.store.blobs import Blobs
from labctl.store.database import Database

LOOKING = ("query-", "qom-list", "qom-get")
"""How QEMU's commands begin that change nothing."""


class Deaths:
    """Has this process die after so many steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self) -> None:
        """One more is done."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def after_transactions(self) -> None:
        """A step is a transaction that was committed."""
        original = Database.writing

        @contextlib.contextmanager
        def counted(database: Database) -> Iterator[Any]:
            with original(database) as connection:
                yield connection
            self.step()

        pytest.MonkeyPatch().setattr(Database, "writing", counted)

    def after_blobs(self) -> None:
        """A step is a blob that was written."""
        original = Blobs.put

        def counted(blobs: Blobs, content: bytes) -> str:
            digest = original(blobs, content)
            self.step()
            return digest

        pytest.MonkeyPatch().setattr(Blobs, "put", counted)

    def after_acts(self) -> None:
        """So is a chassis that was written, and a command that changes a machine."""
        save, ask = chassis.save, Monitor.ask

        def saved(folder: Path, now: chassis.Chassis) -> None:
            save(folder, now)
            self.step()

        def asked(monitor: Monitor, command: str, **arguments: Any) -> Any:
            found = ask(monitor, command, **arguments)
            if not command.startswith(LOOKING):
                self.step()
            return found

        patch = pytest.MonkeyPatch()
        patch.setattr(chassis, "save", saved)
        patch.setattr(machines, "save", saved)
        patch.setattr(Monitor, "ask", asked)


def main() -> None:
    home, library, writes, verb, *rest = sys.argv[1:]
    with Controller(Path(home), [Path(library)]) as controller:
        _ = controller.store
        deaths = Deaths(int(writes))
        if verb == "capture":
            deaths.after_blobs()
        else:
            deaths.after_transactions()
        if verb == "start":
            start(controller, StartRequest("mini", ("c1",), seed=7))
        elif verb in ("submit", "capture"):
            submit(controller, rest[0])
        elif verb == "reset":
            reset(controller, rest[0], rest[1], "it was broken")
        elif verb == "hands":
            deaths.after_acts()
            hands(controller, *rest)
        elif verb == "begin":
            begin(controller, rest[0])
        elif verb == "void":
            void(controller, rest[0], "the wrong lab")
        else:
            stop(controller, rest[0])


if __name__ == "__main__":
    main()
