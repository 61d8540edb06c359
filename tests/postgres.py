"""A PostgreSQL server that tests make and throw away: Debian's programs, a Unix socket, no network.

PostgreSQL refuses to run as root, so root starts it as another account.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

DEBIAN = Path("/usr/lib/postgresql")
ACCOUNTS = ("postgres", "nobody")
MISSING = "PostgreSQL is not installed: `.ci/setup` does it (Debian's package `postgresql`)"


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, which Debian keeps off PATH; the newest there is."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


@dataclass
class Cluster:
    """A running server; `folder` has its files and its socket."""

    programs: Path
    folder: Path
    as_whom: dict[str, Any]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs to its end."""
        command = [str(self.programs / program), *arguments]
        # Not through a pipe: the server, which `pg_ctl` leaves behind, would hold it open.
        with (self.folder / f"{program}.log").open("wb") as log:
            done = subprocess.run(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
                timeout=120,
                **self.as_whom,
            )
        assert done.returncode == 0, (self.folder / f"{program}.log").read_text()

    def start(self) -> None:
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
            " -c max_connections=60 -c shared_buffers=16MB"
        )
        log = str(self.folder / "server.log")
        self.run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", log, "-o", options)

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.data))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, name: str, user: str = "tester") -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def tell(self, statement: str, name: str = "postgres") -> None:
        """Have the server do something outside of any transaction."""
        url = self.url(name).replace("postgresql:", "postgresql+psycopg:")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()

    @contextmanager
    def database(self, options: str = "") -> Iterator[str]:
        """The URL of an empty database, which goes with the `with`."""
        name = f"record{next(self._numbers)}"
        self.tell(f"CREATE DATABASE {name} {options}")
        try:
            yield self.url(name)
        finally:
            self.tell(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server for the length of a `with`; there must be `programs`."""
    where = programs()
    assert where is not None
    # Not in pytest's folders, which nobody but their owner enters; and a socket's path is short.
    with tempfile.TemporaryDirectory(prefix="labctl-pg-", ignore_cleanup_errors=True) as made:
        folder, as_whom = Path(made), _as_whom(Path(made))
        server = Cluster(where, folder, as_whom)
        options = ("--auth=trust", "--username=tester", "--no-sync", "--locale=C.UTF-8")
        server.run("initdb", "-D", str(server.data), "--encoding=UTF8", *options)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _as_whom(folder: Path) -> dict[str, Any]:
    if os.getuid():
        return {}
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, found.pw_uid, found.pw_gid)
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise AssertionError(f"no account to run PostgreSQL as: {', '.join(ACCOUNTS)}")
