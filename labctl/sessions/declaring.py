"""The candidate's declaration that the work is their own, as the record keeps it."""

from __future__ import annotations

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.declaration import declaration
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions import record
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.store import BLOBS

DECLARED = "declaration.confirmed"
LOCK_SECONDS = 60.0


def note_declaration(controller: Controller, code: str, text: str) -> None:
    """Record that the candidate has confirmed `text`; the caller holds the session's lock.

    Raises `UsageError` for any text but the declaration of this labctl.
    """
    if text != declaration():
        raise UsageError(
            "What was confirmed is not the declaration that this labctl has.",
            "Server and command are of different versions: restart `labctl serve`. Without "
            "`--declared` the work can be handed in at once.",
        )
    digest = controller.store.put_blob(text.encode())
    data = {"text": digest, BLOBS: [digest]}
    controller.store.append(code, DECLARED, data, controller.actor)


@served
def declare(controller: Controller, code: str, text: str) -> None:
    """The same, where another command has ended the hand-in meanwhile.

    Raises `UsageError` for a session that is not handed in, `Busy` if another command is at it.
    """
    permit(controller, Act.SUBMIT)
    with controller.store.lock(code, wait=LOCK_SECONDS):
        record.load(controller.store, code).demand(State.SUBMITTED, State.STOPPED)
        note_declaration(controller, code, text)
