"""Making a backup, while sessions run: the record of one moment, and all that it rests on."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from labctl.backup import archive, places
from labctl.backup.archive import About
from labctl.centre import signing
from labctl.centre.roles import Act
from labctl.centre.signing import SigningKey
from labctl.centre.staff import permit
from labctl.errors import StoreError
from labctl.policy.file import policy_path
from labctl.sessions.controller import Controller
from labctl.store import Home, database_url, time_text
from labctl.store.audit import audit_all
from labctl.store.blobs import Blobs
from labctl.store.copying import copy_out
from labctl.store.database import REVISION, Database

MADE = "backup.made"

_DIGEST = re.compile(r"[0-9a-f]{62}")


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made: its file, bytes, and digest (SHA-256); `blobs` is how many."""

    path: Path
    size: int
    digest: str
    blobs: int
    about: About


def back_up(controller: Controller, path: Path) -> BackedUp:
    """Write all of the centre's state to the new file `path`, or into the folder `path`.

    Raises `UsageError` if the file is there, `Busy` while another process writes it, `StoreError`
    if it cannot be written; there is no such file then. What does not add up in the record is in
    the backup too, and named in `about`.
    """
    permit(controller, Act.BACKUP)
    made = write(controller, path)
    data = {"file": made.path.name, "digest": made.digest, "sessions": made.about.sessions}
    controller.store.record(MADE, data, controller.actor)
    return made


def write(controller: Controller, path: Path) -> BackedUp:
    """Write the backup, of a record of whatever version, and record nothing of it."""
    at = controller.now().at
    file = path.absolute()
    if file.is_dir():
        file /= f"labctl-{at.astimezone():%Y-%m-%d-%H%M%S}.tar.gz"
    if file.exists():
        raise places.taken(file)
    home = Home(controller.home)
    with places.beside(file, f"`{file}`") as folder:
        record, part = folder / archive.RECORD, folder / "part"
        tables = copy_out(home, database_url(), record)
        installation, sessions = _asked(record)
        key = signing.load(home.path)
        about = About(
            made=time_text(at),
            installation=installation,
            version=version("labctl-assess"),
            tables=tables,
            sessions=sessions,
            problems=_problems(record, tables, home),
            key=key.public.hex() if key else "",
        )
        blobs = _pack(part, about, record, home, key)
        with part.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        size = part.stat().st_size
        places.settle_file(part, file)
    return BackedUp(file, size, digest, blobs, about)


def _asked(record: Path) -> tuple[str, int]:
    """The installation of a copied record, and how many sessions are in it."""
    # As a file that nobody writes to: no log is made beside it.
    where = f"{record.as_uri()}?immutable=1"
    try:
        with closing(sqlite3.connect(where, uri=True)) as connection:
            (installation,) = connection.execute("SELECT id FROM installation").fetchone()
            (sessions,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise StoreError(
            f"The record is damaged: {error}.", "Restore an earlier backup."
        ) from error
    return str(installation), int(sessions)


def _problems(record: Path, tables: str, home: Home) -> tuple[str, ...]:
    """What does not add up in the copied record: whoever restores it will find the same."""
    if tables == REVISION:
        database = Database.still(record)
    else:
        newer = Home(record.parent / "newer")
        newer.make()
        copy_out(Home(record.parent), None, newer.database)
        database = Database.open(newer, None, upgrade=True)
    with closing(database), database.lenient() as connection:
        return tuple(str(each) for each in audit_all(connection, Blobs(home.blobs).get))


def _pack(part: Path, about: About, record: Path, home: Home, key: SigningKey | None) -> int:
    """Write the archive; returns how many blobs are in it."""
    blobs = 0
    rules = policy_path(home.path)
    with archive.writing(part, about, key) as writer:
        writer.add_file(archive.RECORD, record)
        if key is not None:
            writer.add_file(archive.KEY, signing.key_path(home.path))
        if rules is not None and rules.is_file():
            writer.add_file(archive.POLICY, rules)
        # After the record: a blob is there before an event rests on it.
        for path in sorted(home.blobs.glob("[0-9a-f][0-9a-f]/*")):
            if _DIGEST.fullmatch(path.name):
                with suppress(FileNotFoundError):  # its time was over meanwhile
                    writer.add_file(f"{archive.BLOBS}{path.parent.name}/{path.name}", path)
                    blobs += 1
    part.chmod(0o600)
    return blobs
