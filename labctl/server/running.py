"""The one long-running process of a centre's server: the warden, and the socket."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from labctl.errors import UsageError
from labctl.server.asking import answers
from labctl.server.serving import Server, socket_of
from labctl.sessions.controller import Controller
from labctl.store import Busy
from labctl.store.locks import exclusive
from labctl.warden.jobs import Threads
from labctl.warden.running import GRADINGS, LAST_SECONDS, WHAT, keep_on, lock_of

TAKE_OVER_SECONDS = 2 * LAST_SECONDS


def serve(controller: Controller, wait: Callable[[float], object] = time.sleep) -> None:
    """Serve a state directory until somebody interrupts it.

    A server that was killed left nothing that has to be cleaned up by hand: the kernel let go of
    its lock, its socket is replaced, and the warden goes on with what it was at. A warden that runs
    in the background by itself is ended. Raises `UsageError` where a server runs already.
    """
    store = controller.store
    with ExitStack() as held:
        _take_the_lock(store.home, held)
        controller.turns = threading.Semaphore(GRADINGS)
        server = Server(controller)
        held.callback(server.close, LAST_SECONDS)
        controller.tell("", f"serving `{store.home}` at `{socket_of(store.home)}`")
        keep_on(controller, wait, Threads(), lambda _needed: True)


def _take_the_lock(home: Path, held: ExitStack) -> None:
    """Become the one warden of a home."""
    try:
        held.enter_context(exclusive(lock_of(home), WHAT))
    except Busy as busy:
        if answers(home):
            who = f" ({busy.holder})" if busy.holder else ""
            raise UsageError(
                f"A server of `{home}` runs already{who}.",
                "`systemctl stop labctl`, or `kill` and its number, ends it.",
            ) from busy
        if busy.holder is not None and busy.holder.alive():
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(busy.holder.pid, signal.SIGTERM)
        held.enter_context(exclusive(lock_of(home), WHAT, wait=TAKE_OVER_SECONDS))
