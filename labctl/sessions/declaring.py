"""A candidate's declaration about work that is handed in already."""

from __future__ import annotations

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.sessions.submission import DECLARED, LOCK_SECONDS
from labctl.store import BLOBS


def declare(controller: Controller, code: str, text: str) -> None:
    """Record that the candidate has confirmed `text`, where another command ended the hand-in.

    Raises `UsageError` for a session that is not handed in, `Busy` if another command is at it.
    """
    permit(controller, Act.SUBMIT)
    with controller.store.lock(code, wait=LOCK_SECONDS):
        record.load(controller.store, code).demand(State.SUBMITTED, State.STOPPED)
        digest = controller.store.put_blob(text.encode())
        data = {"text": digest, BLOBS: [digest]}
        controller.store.append(code, DECLARED, data, controller.actor)
