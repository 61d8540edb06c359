"""The warden's sign of life, in a file of the state directory (docs/decisions/0008).

While sessions run, it is written at every round: the moment, and when the hosts of each session
were last looked at.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labctl.sessions import clock
from labctl.sessions.clock import Moment
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session

FILE = "heartbeat.json"
LOOKS = "looks"


def beat(home: Path, now: Moment, looks: Mapping[str, Moment] | None = None) -> None:
    """Write down that the sessions of this home were looked after until now."""
    seen = {code: at.whole() for code, at in (looks or {}).items()}
    draft = home / f"{FILE}.new"
    with draft.open("w", encoding="ascii") as file:
        json.dump({**now.whole(), LOOKS: seen}, file)
        file.flush()
        os.fsync(file.fileno())  # it is read after a power cut, or never
    draft.replace(home / FILE)


def last_beat(home: Path) -> Moment | None:
    """The last heartbeat; None where there is none that can be read."""
    try:
        return clock.moment_from(_read(home))
    except (ValueError, KeyError, TypeError):
        return None


def last_looks(home: Path) -> dict[str, Moment]:
    """When each session's hosts were last looked at; none where nothing can be read."""
    try:
        return {code: clock.moment_from(at) for code, at in _read(home)[LOOKS].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _read(home: Path) -> Any:
    try:
        return json.loads((home / FILE).read_text(encoding="ascii"))
    except OSError:
        return None


def attended(controller: Controller, session: Session) -> Moment:
    """The last moment at which a running session's hosts are known to have been looked after.

    It is the warden's last look at them, or when the clock began to run, if that is later. What
    comes after it is time in which the warden was dead, or Docker or libvirt did not answer.
    """
    began = session.timing.since or controller.now()
    look = last_looks(controller.home).get(session.code)
    return began if look is None or clock.precedes(look, began) else look
