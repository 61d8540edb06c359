"""Bringing the record of an older labctl to this version, after a backup of it as it was."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from labctl.backup import making, places
from labctl.backup.alone import alone, unfinished
from labctl.backup.making import BackedUp
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.sessions.controller import Controller
from labctl.store import Home, database_url, time_text
from labctl.store import centre as centre_log
from labctl.store.blobs import cannot_write
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

    Tried on a copy first. Raises `Busy` while anything else uses the record, `UsageError` while
    sessions run, `StoreError` for a record that is newer than the program or cannot be upgraded; it
    is as it was then.
    """
    home, url = Home(controller.home), database_url()
    if _version(home, url) in (None, REVISION):
        permit(controller, Act.UPGRADE)
        return None
    with places.beside(home.database, f"`{home.path}`") as folder, alone(home):
        _try(controller, home, url, folder / "copy")
        backup = _back_up(controller, home)
        _bring_up(controller, home, url, backup)
    return Upgraded(backup.about.tables, REVISION, backup)


def _version(home: Home, url: str | None) -> str | None:
    if not url and not home.database.is_file():
        return None
    with closing(Database.connect(home, url)) as database:
        return database.version()


def _try(controller: Controller, home: Home, url: str | None, folder: Path) -> None:
    """Upgrade a copy; raise where that fails, where it is not permitted, or while sessions run."""
    found = unfinished(controller, home, url, Act.UPGRADE, folder)
    if found:
        raise UsageError(
            f"{len(found)} sessions are not handed in: {' '.join(found[:4])}. Nothing was changed.",
            "Upgrade when the sitting is over: what runs now began under the older labctl.",
        )


def _back_up(controller: Controller, home: Home) -> BackedUp:
    folder = home.path / BACKUPS
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    name = f"before-{REVISION}-{controller.now().at.astimezone():%Y-%m-%d-%H%M%S}.tar.gz"
    return making.write(controller, folder / name)


def _bring_up(controller: Controller, home: Home, url: str | None, backup: BackedUp) -> None:
    """Upgrade the record and note it in its log, all or nothing."""
    made = {
        "file": backup.path.name,
        "digest": backup.digest,
        "sessions": backup.about.sessions,
    }
    done = {"from": backup.about.tables, "to": REVISION}
    now = time_text(controller.now().at)
    with closing(Database.connect(home, url)) as database, database.upgraded() as connection:
        centre_log.append(connection, making.MADE, made, controller.actor, now)
        centre_log.append(connection, UPGRADED, done, controller.actor, now)
