"""Records as older programs left them: their own migrations, with rows of today's in them."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from labctl.store import Home
from labctl.store.copying import copy_rows
from labctl.store.database import Database
from labctl.store.upgrade import upgrade


def make_older(made: Path, home: Path, url: str | None, revision: str) -> None:
    """Have the record in `made`, an SQLite file, in `home` as the program of `revision` kept it."""
    shutil.copytree(made / "blobs", home / "blobs", dirs_exist_ok=True)
    (home / "locks").mkdir(exist_ok=True)
    with closing(Database.connect(Home(made), None)) as new, new.reading() as rows:
        older = Database.connect(Home(home), url)
        with closing(older), older.writing() as connection:
            upgrade(connection, revision)
            copy_rows(rows, connection)
