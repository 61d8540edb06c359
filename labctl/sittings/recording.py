"""Writing into a sitting's log: who did what, in which role, said before it is done and after."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from labctl.centre.roles import Act
from labctl.centre.staff import roles_for
from labctl.sessions.controller import Controller
from labctl.sittings.model import OVER, Stage
from labctl.store import Event
from labctl.store.intentions import DONE, INTENDED, INTENT

LOCK_SECONDS = 60.0
ROLES = "roles"


def held(controller: Controller, code: str) -> AbstractContextManager[None]:
    """Hold a sitting against everybody else who acts on it; raises `UnknownName`, `Busy`."""
    controller.store.sittings.get(code)
    return controller.store.lock(code, wait=LOCK_SECONDS)


@dataclass(frozen=True, slots=True)
class Recorder:
    """The log of one sitting, for one act by the one who runs the command."""

    controller: Controller
    code: str
    act: Act

    def note(self, kind: str, data: Mapping[str, Any], stage: Stage | None = None) -> Event:
        """Record what was done, and in which roles."""
        full = {**data, ROLES: acting(self.controller, self.act)}
        sittings = self.controller.store.sittings
        return sittings.append(self.code, kind, full, self.controller.actor, stage=stage)

    def intend(self, verb: str, data: Mapping[str, Any], stage: Stage | None = None) -> int:
        """Record what is to be done; the number by which `done` ends it."""
        return self.note(verb + INTENDED, data, stage).sequence

    def done(self, verb: str, intent: int, data: Mapping[str, Any]) -> None:
        """Record what came of it, where the sitting is not sealed by now; the caller holds it."""
        if self.controller.store.sittings.get(self.code).stage not in OVER:
            self.note(verb + DONE, {**data, INTENT: intent})


def acting(controller: Controller, act: Act) -> list[str]:
    """The roles in which somebody acts, as they are recorded; none while there is no staff."""
    return [role.value for role in roles_for(controller, act)]
