"""Work beside the warden's rounds: one thread a job, one job of a name at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from labctl.sessions.controller import Interrupted


class Jobs(Protocol):
    """What the warden asks of whatever does its work."""

    def begin(self, name: str, act: Callable[[], object]) -> bool:
        """Have `act` done, unless work of that name is under way; whether it is begun.

        `act` says itself what goes wrong.
        """

    def end(self, seconds: float) -> bool:
        """Wait at most so long until nothing is under way any more; whether that is so."""


class Threads:
    """Does each job in a thread that does not outlive the process.

    How much heavy work there is at a time is for the work itself to ask (`Controller.turn`): a job
    that waits for its turn must not keep another from closing a session in time.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, act: Callable[[], object]) -> bool:
        """Begin a job unless one of that name is under way."""

        def work() -> None:
            try:
                with suppress(Interrupted):
                    act()
            finally:
                with self._lock:
                    del self._under_way[name]

        with self._lock:
            if name in self._under_way:
                return False
            thread = threading.Thread(target=work, name=f"warden-{name}", daemon=True)
            self._under_way[name] = thread
        thread.start()
        return True

    def end(self, seconds: float) -> bool:
        """Wait for all jobs, but not for ever: what is cut off is gone on with by the next one."""
        until = time.monotonic() + seconds
        with self._lock:
            threads = list(self._under_way.values())
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)
