"""What is on the server that no session needs any more, and its removal."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UnknownName
from labctl.providers import PROVIDERS
from labctl.providers.base import Owned
from labctl.served import served
from labctl.sessions import retention
from labctl.sessions.controller import Controller
from labctl.sessions.graded_hosts import TWIN
from labctl.sessions.record import LIVE
from labctl.sessions.recovery import Recovered, recover
from labctl.store import Busy


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What `gc` did: half-done work that was settled, objects removed, and those left alone.

    `unknown` are the sessions of objects that were kept because the record does not know them.
    """

    recovered: tuple[Recovered, ...]
    removed: tuple[Owned, ...]
    kept: tuple[Owned, ...]
    unknown: tuple[str, ...] = ()


@served
def collect_garbage(
    controller: Controller, *, dry_run: bool = False, unknown: bool = False
) -> Cleaned:
    """Settle what is half done, then remove what belongs to no session that may have hosts.

    Disks that are kept of a hand-in stay until their last day is over. Hosts of sessions that the
    record does not know, as one that was restored may not, are removed if `unknown` says so.
    """
    permit(controller, Act.GC)
    recovered = () if dry_run else recover(controller)
    removed: list[Owned] = []
    kept: list[Owned] = []
    lost: set[str] = set()
    if not dry_run:
        controller.store.sweep_blobs()
    for name in PROVIDERS:
        provider = controller.provider(name)
        # What two providers know of, as the containers beside virtual machines, counts once.
        owned = tuple(each for each in provider.owned() if each not in (*removed, *kept))
        owners = {each.session for each in owned if each.session}
        strange = set() if unknown else {each for each in owners if _lost(controller, each)}
        orphans = owners - strange - _needed(controller, owners - strange)
        lost |= strange
        for session in sorted(orphans):
            if not dry_run:
                _note(controller, session)
                provider.down(session)
        alone = not any(each.session and each.session not in orphans for each in owned)
        for each in owned:
            gone = each.session in orphans or (each.session is None and alone)
            (removed if gone else kept).append(each)
        if alone and not dry_run and any(each.session is None for each in owned):
            provider.tidy()
    return Cleaned(recovered, tuple(removed), tuple(kept), tuple(sorted(lost)))


def _lost(controller: Controller, owner: str) -> bool:
    """Whether the record knows nothing of the session, and no command here has ever been at it.

    What is tried out (`labs verify`, a sitting's pre-flight) is in no record, but was locked here.
    """
    code = owner.removesuffix(TWIN)
    try:
        controller.store.session(code)
    except UnknownName:
        return not controller.store.was_locked(code)
    return False


def _needed(controller: Controller, owners: set[str]) -> set[str]:
    needed = set()
    for owner in owners:
        code = owner.removesuffix(TWIN)
        try:
            state = controller.store.session(code).state
        except UnknownName:
            state = ""
        # A twin is needed while somebody grades, no longer.
        kept = bool(state) and code == owner and retention.still_kept(controller, code)
        if (state in LIVE and code == owner) or kept or _in_use(controller, code):
            needed.add(owner)
    return needed


def _note(controller: Controller, session: str) -> None:
    """Say in the session's log that its disks go, before they do: a killed `gc` is gone on with."""
    with contextlib.suppress(UnknownName):
        retention.note_removed(controller, session)


def _in_use(controller: Controller, code: str) -> bool:
    """Whether a command is at the session now (verification holds the lock)."""
    try:
        with controller.store.lock(code):
            return False
    except Busy:
        return True
    except ValueError:
        return False
