"""Bringing the record of an older labctl to this version, after a backup of it as it was."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from labctl.backup import archive, making
from labctl.backup.making import BackedUp
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.sessions.controller import Controller
from labctl.sessions.record import UNFINISHED
from labctl.store import Home, SessionFilter, Store, database_url
from labctl.store.blobs import cannot_write
from labctl.store.copying import copy_out
from labctl.store.database import REVISION, Database

UPGRADED = "store.upgraded"
BACKUPS = "backups"
"""The folder in the state directory for backups that nobody gave another place."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A record that was brought from one version of its tables to another."""

    before: str
    after: str
    backup: BackedUp


def upgrade(controller: Controller) -> Upgraded | None:
    """Back up the record, then bring it to this program's version; None where it is already.

    Tried on a copy first. Raises `UsageError` while sessions run, `StoreError` for a record that is
    newer than the program or cannot be upgraded; it is as it was then.
    """
    home, url = Home(controller.home), database_url()
    before = _version(home, url)
    if before in (None, REVISION):
        permit(controller, Act.UPGRADE)
        return None
    _try(controller, home, url)
    folder = home.path / BACKUPS
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    name = f"before-{REVISION}-{controller.now().at.astimezone():%Y-%m-%d-%H%M%S}.tar.gz"
    backup = making.write(controller, folder / name)
    Database.open(home, url, upgrade=True).close()
    data = {"from": backup.about.tables, "to": REVISION}
    told = {"file": name, "digest": backup.digest, "sessions": backup.about.sessions}
    controller.store.record(making.MADE, told, controller.actor)
    controller.store.record(UPGRADED, data, controller.actor)
    return Upgraded(backup.about.tables, REVISION, backup)


def _version(home: Home, url: str | None) -> str | None:
    if not url and not home.database.is_file():
        return None
    with closing(Database.connect(home, url)) as database:
        return database.version()


def _try(controller: Controller, home: Home, url: str | None) -> None:
    """Upgrade a copy; raise where that fails, where it is not permitted, or while sessions run."""
    with tempfile.TemporaryDirectory(prefix="labctl-upgrade-") as made:
        copy = Path(made) / "home"
        copy.mkdir()
        copy_out(home, url, copy / archive.RECORD)
        with Store.open(copy, upgrade=True) as store:
            # Who is on the staff stands in the record, which only its copy can be asked about yet.
            asked = Controller(controller.home)
            asked.__dict__.update(store=store, account=controller.account)
            permit(asked, Act.UPGRADE)
            found = store.sessions(SessionFilter(states=UNFINISHED))
    if found:
        codes = " ".join(each.code for each in found[:4])
        raise UsageError(
            f"{len(found)} sessions are not handed in: {codes}. Nothing was changed.",
            "Upgrade when the sitting is over: what runs now began under the older labctl.",
        )
