"""Runs one use-case and kills this process, as `kill -9` does, after its Nth recorded write.

    python tests/interrupted.py HOME LIBRARY N start|submit|reset|stop [SESSION [HOST]]

Prints the session's code as soon as there is one. Exit status 0 says that the use-case ended
before it had made N writes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labctl.sessions.controller import Controller
from labctl.sessions.resetting import reset
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.store.database import Database


def kill_after(writes: int) -> None:
    """Have this process die right after its transaction number `writes` was committed."""
    left = writes
    original = Database.writing

    @contextlib.contextmanager
    def counted(self: Database) -> Iterator[Any]:
        nonlocal left
        with original(self) as connection:
            yield connection
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    Database.writing = counted  # type: ignore[method-assign]


def main() -> None:
    home, library, writes, verb, *rest = sys.argv[1:]
    with Controller(Path(home), [Path(library)]) as controller:
        _ = controller.store
        kill_after(int(writes))
        if verb == "start":
            start(controller, StartRequest("mini", ("c1",), seed=7))
        elif verb == "submit":
            submit(controller, rest[0])
        elif verb == "reset":
            reset(controller, rest[0], rest[1], "it was broken")
        else:
            stop(controller, rest[0])


if __name__ == "__main__":
    main()
