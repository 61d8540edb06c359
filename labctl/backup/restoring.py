"""A backup back into a state directory: proved as a whole before it takes the place of anything."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labctl.backup import archive, places
from labctl.backup.alone import alone, unfinished
from labctl.backup.archive import About
from labctl.centre.roles import Act
from labctl.centre.signing import same
from labctl.errors import StoreError, UsageError
from labctl.sessions.controller import Controller
from labctl.sessions.record import UNFINISHED
from labctl.store import Busy, Home, SessionFilter, Store, database_url, log
from labctl.store.audit import audit_all
from labctl.store.blobs import Blobs, cannot_write
from labctl.store.copying import copied_in, restored_in
from labctl.store.database import Database, too_new
from labctl.store.upgrade import known_revisions

RESTORED = "backup.restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where.

    `before` has what was there, if anything was. `problems` is what does not add up in the record.
    `unfinished` are the sessions that were not handed in when the backup was made: their hosts are
    not in it.
    """

    home: Path
    where: str
    about: About
    before: Path | None
    problems: tuple[str, ...]
    unfinished: tuple[str, ...]


def restore(
    controller: Controller,
    path: Path,
    *,
    replace: bool = False,
    fingerprint: str = "",
    as_it_is: str = "",
) -> Restored:
    """Put the backup `path` into the controller's state directory, which nothing may be in.

    With `replace`, what is in it is kept beside it. `fingerprint`, where given, is that of the key
    which must have signed the backup. `as_it_is` is why a record comes back that adds up less than
    when the backup was made. Raises `StoreError` for a backup that is not whole or does not add up,
    `UsageError` for a directory that is not free, `NotPermitted`; all is as it was then.
    """
    home, url = controller.home.absolute(), database_url()
    _demand_room(home, replace=replace)
    # What reads the record of the place must not hold its files open when they move.
    controller.close()
    controller.__dict__.pop("store", None)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(home.parent, error) from error
    there = Home(home).locks.is_dir()
    with places.beside(home, f"`{home}`") as folder, _kept(controller, Home(home), folder):
        about = _read(path, fingerprint)
        made = folder / "home"
        made.mkdir(mode=0o700)
        archive.unpack(path, made)
        problems, left = _prove(controller, made, about, path, as_it_is)
        places.give_to_owner_of(home, made)
        _demand_room(home, replace=replace)
        if Home(home).locks.is_dir() and not there:
            raise Busy(f"`{home}`", None)  # the first command of another record came between
        where = str(home / archive.RECORD)
        if url:
            where = _fill(made, url, problems, path)
        before = _settle(made, home)
    return Restored(home, where, about, before, problems, left)


def _read(path: Path, fingerprint: str) -> About:
    """What the backup says of itself; raises `StoreError` where it is not the one that is meant."""
    about = archive.read_about(path)
    if fingerprint and not same(about.fingerprint, fingerprint):
        by = f"by the key {about.fingerprint}" if about.key else "by no key"
        raise StoreError(
            f"`{path}` is signed {by}, not by {fingerprint}.",
            "Nothing was restored. A forged backup is signed by another key than the paper's.",
        )
    if about.tables not in known_revisions():
        raise too_new(str(path), about.tables)
    return about


def _demand_room(home: Path, *, replace: bool) -> None:
    """Raise `UsageError` unless the state directory is free, or is to be replaced."""
    try:
        there = sorted(each.name for each in home.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"`{home}` cannot be used: {error.strerror}.") from error
    if not there:
        return
    if not replace:
        told = ", ".join(f"`{name}`" for name in there[:4])
        raise UsageError(
            f"`{home}` is not empty: there is {told}.",
            "`--into DIR` restores elsewhere; `--replace` puts the backup in its place, "
            "and keeps what is there beside it.",
        )


@contextmanager
def _kept(controller: Controller, home: Home, folder: Path) -> Iterator[None]:
    """Keep others out of the state directory that is to be replaced, where nothing is to lose."""
    with alone(home) if home.locks.is_dir() else nullcontext():
        _demand_nothing_lost(controller, home, folder / "asked")
        yield


def _demand_nothing_lost(controller: Controller, home: Home, folder: Path) -> None:
    """Raise `UsageError` while there is work in hosts that the record in place knows alone."""
    found: tuple[str, ...] = ()
    # A record that cannot be read is what backups are for.
    with suppress(StoreError):
        if home.database.is_file():
            # Of whatever version, also one that cannot be upgraded.
            with closing(Database.connect(home, None)) as database, database.reading() as rows:
                found = log.codes(rows, UNFINISHED)
            unfinished(controller, home, None, Act.RESTORE, folder)
    if found:
        raise UsageError(
            f"{len(found)} sessions in `{home.path}` are not handed in: {' '.join(found[:4])}.",
            "Their work would be lost. Hand them in (`labctl submit`) or `labctl stop` them.",
        )


def _prove(
    controller: Controller, made: Path, about: About, path: Path, as_it_is: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Bring what was unpacked up to date, prove that it adds up, and record that it was restored.

    Returns what does not add up, and the sessions that were not handed in.
    """
    with Store.open(made, upgrade=True) as store:
        problems = tuple(str(each) for each in store.audit_all())
        new = [each for each in problems if each not in about.problems]
        if new and not as_it_is:
            raise _does_not_add_up(path, new)
        data: dict[str, Any] = {"made": about.made, "sessions": about.sessions}
        if problems:
            data["problems"] = list(problems)
        if new:
            data["reason"] = as_it_is
        store.record(RESTORED, data, controller.actor)
        found = store.sessions(SessionFilter(states=UNFINISHED))
    return problems, tuple(each.code for each in found)


def _does_not_add_up(path: Path, new: list[str]) -> StoreError:
    """The error for what adds up no more, though it did when the backup was made."""
    return StoreError(
        f"The record in `{path}` does not add up: {new[0]}"
        + (f" (and {len(new) - 1} more)." if new[1:] else "."),
        "Nothing was restored. Take another backup; or restore what there is, and have all that "
        "is wrong named in its log: `--as-it-is REASON`.",
    )


def _fill(made: Path, url: str, problems: tuple[str, ...], path: Path) -> str:
    """Move the record into the database `url`; its name.

    One that a restore has filled before it was cut off is left as it is.
    """
    file = made / archive.RECORD
    where = restored_in(file, Home(made), url)
    if where is None:
        with copied_in(file, Home(made), url) as filled:
            found = [str(each) for each in audit_all(filled.connection, Blobs(made / "blobs").get)]
            if new := [each for each in found if each not in problems]:
                raise _does_not_add_up(path, new)
            where = filled.where
    for left in made.glob(f"{archive.RECORD}*"):
        left.unlink()
    return where


def _settle(made: Path, home: Path) -> Path | None:
    number, before = 1, home.with_name(f"{home.name}.before-restore")
    while os.path.lexists(before):
        number += 1
        before = home.with_name(f"{home.name}.before-restore-{number}")
    try:
        return before if places.settle_folder(made, home, before) else None
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise UsageError(
                f"`{home}` is a mount point, which cannot be replaced.",
                f"Restore into a directory in it: `--into {home / 'labctl'}`.",
            ) from error
        raise
