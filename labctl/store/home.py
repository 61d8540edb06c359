"""Where labctl keeps its state: one directory that `LABCTL_HOME` moves as a whole.

labctl.db      the record (unless `LABCTL_DATABASE_URL` names another database)
blobs/ab/…     large values, each named by its digest
locks/         one file a session, and one for all of it; the kernel holds the locks, the files only
               name the holder
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "LABCTL_HOME"
DATABASE_VARIABLE = "LABCTL_DATABASE_URL"

PRIVATE = 0o700
"""The mode of every directory made here: the record holds candidates' names and answers."""


MACHINE = Path("/etc/labctl/home")
"""Says where the one store of this machine is, where `labctl centre init` has made one."""


@dataclass(frozen=True, slots=True)
class Home:
    """The paths inside the state directory `path`."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "labctl.db"

    @property
    def blobs(self) -> Path:
        """The directory of the content-addressed files."""
        return self.path / "blobs"

    @property
    def locks(self) -> Path:
        """The directory of the lock files."""
        return self.path / "locks"

    @property
    def lock(self) -> Path:
        """The lock of the whole: shared by all who have the store open; see `locks.shared`."""
        return self.locks / "home.lock"

    def make(self) -> None:
        """Make the directories that are missing, for the owner alone; raises `OSError`.

        A home that exists keeps its mode: it may be a directory that others use for other things.
        """
        self.path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        for path in (self.blobs, self.locks):
            path.mkdir(mode=PRIVATE, exist_ok=True)


def is_ours(home: Path) -> bool:
    """Whether this process may write the state directory, or make it."""
    if not os.path.lexists(home):
        nearest = next(each for each in home.parents if os.path.lexists(each))
        return os.access(nearest, os.W_OK | os.X_OK)
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        return False
    database = Home(home).database
    return not database.exists() or os.access(database, os.R_OK | os.W_OK)


def home_path(environ: Mapping[str, str] = os.environ, machine: Path = MACHINE) -> Path:
    """The state directory: `LABCTL_HOME`, else the machine's, else the user's data directory.

    Always absolute, so that a command that changes its directory keeps its state.
    """
    chosen = environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    shared = machine_home(machine)
    if shared:
        return shared
    # Imported here, since most commands and all tests name a home of their own.
    from platformdirs import user_data_dir  # noqa: PLC0415

    return Path(user_data_dir("labctl", appauthor=False))


def machine_home(file: Path = MACHINE) -> Path | None:
    """The state directory that all accounts of this machine share, if there is one."""
    try:
        told = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return Path(told) if told.startswith("/") else None


def database_url(environ: Mapping[str, str] = os.environ) -> str | None:
    """The database to use instead of the SQLite file, if `LABCTL_DATABASE_URL` names one."""
    return environ.get(DATABASE_VARIABLE) or None
