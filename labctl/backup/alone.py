"""A state directory that is to be replaced or upgraded: nobody else in it, and nothing to lose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.sessions.controller import Controller
from labctl.sessions.record import UNFINISHED
from labctl.store import Home, SessionFilter, Store
from labctl.store.copying import copy_out
from labctl.store.locks import exclusive


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Keep every command and server out of the state directory for the length of a `with`.

    Raises `Busy` while one is in it. The caller has no store open there.
    """
    what = f"`{home.path}`"
    # These name who is at work; and an older labctl knows no other.
    for path in sorted(home.locks.glob("*.lock")):
        if path != home.lock:
            with exclusive(path, what):
                pass
    with exclusive(home.lock, what):
        yield


def unfinished(
    controller: Controller, home: Home, url: str | None, act: Act, folder: Path
) -> tuple[str, ...]:
    """The sessions that are not handed in, by a copy of the record that is upgraded in `folder`.

    Raises `NotPermitted` where the record says that this account may not do `act`, `StoreError` for
    a record that cannot be upgraded.
    """
    folder.mkdir(mode=0o700)
    copy_out(home, url, Home(folder).database)
    with Store.open(folder, upgrade=True) as store:
        asked = Controller(controller.home)
        asked.__dict__.update(store=store, account=controller.account)
        permit(asked, act)
        found = store.sessions(SessionFilter(states=UNFINISHED))
    return tuple(each.code for each in found)
