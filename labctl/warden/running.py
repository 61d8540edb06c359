"""The warden's loop. There is one for a state directory, inside `labctl serve` or by itself.

Where there is no server, `labctl start`, `console`, `resume` and `reopen` see to it that one runs
in the background. It ends when no session needs it any more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from labctl.errors import LabctlError
from labctl.sessions.controller import Controller
from labctl.store import Busy
from labctl.store.locks import exclusive, is_held
from labctl.warden.jobs import Jobs, Threads
from labctl.warden.rounds import PAUSE, Warden

LOCK = "warden.lock"
WHAT = "the warden"
GRADINGS = max(2, os.cpu_count() or 2)
"""Hand-ins that are graded at a time; the others wait, frozen."""
LOOK_SECONDS = 0.5
"""How long a new warden waits: somebody may only be looking whether there is one."""
LAST_SECONDS = 20.0
"""How long what is under way may take to come to a stop when the warden is ended."""


def lock_of(home: Path) -> Path:
    """The lock that the one warden of a state directory holds."""
    return home / "locks" / LOCK


def ensure_warden(controller: Controller) -> None:
    """Start a warden in the background, unless one is at work; a server has its own."""
    if controller.link is not None:
        return
    home = controller.home
    if is_held(lock_of(home)):
        return
    command = [sys.executable, "-m", "labctl", "warden"]
    with (home / "warden.log").open("ab") as log:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def keep(
    controller: Controller,
    wait: Callable[[float], object] = time.sleep,
    jobs: Jobs | None = None,
) -> None:
    """Do rounds until no session needs one; returns at once if another warden does."""
    controller.turns = controller.turns or threading.Semaphore(GRADINGS)
    with suppress(Busy), exclusive(lock_of(controller.home), WHAT, LOOK_SECONDS):
        keep_on(controller, wait, jobs or Threads(), lambda needed: needed)


def keep_on(
    controller: Controller,
    wait: Callable[[float], object],
    jobs: Jobs,
    go_on: Callable[[bool], bool],
) -> None:
    """Do rounds while `go_on` says so, told whether any session needs one.

    The caller holds the warden's lock.
    """
    warden = Warden(controller, jobs)
    try:
        while go_on((found := _round(controller, warden)) is not None):
            wait((found or PAUSE).total_seconds())
        jobs.end(LAST_SECONDS)
    except BaseException:
        warden.interrupt()
        jobs.end(LAST_SECONDS)
        raise


def _round(controller: Controller, warden: Warden) -> timedelta | None:
    """A round; one that fails as a whole, as where the store cannot be read, is made up for."""
    try:
        return warden.round()
    except LabctlError as error:
        controller.tell("", error.message)
    except Exception as error:  # noqa: BLE001  # it must not end the warden
        controller.tell("", f"{type(error).__name__}: {error}")
    return PAUSE
