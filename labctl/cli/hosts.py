"""`labctl console`, `labctl put` and `labctl get`: ways into hosts."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath

import click

from labctl.cli.settings import Settings, pass_settings

STREAM = "-"


@click.command()
@click.argument("session")
@click.argument("host")
@pass_settings
def console(settings: Settings, session: str, host: str) -> None:
    """Open the candidate's login on a host in this terminal.

    It ends with `exit` or Ctrl-D. A host that is rebooted in it is started again.
    """
    from labctl.cli.settling import settle
    from labctl.sessions.entering import console as join
    from labctl.warden.running import ensure_warden

    with settings.controller() as controller:
        controller.store.session(session)
        settle(settings, controller, session)
        ensure_warden(controller)
        join(controller, session, host, settings.screen.announce)


@click.command()
@click.argument("session")
@click.argument("host")
@click.argument("local", type=click.Path(path_type=Path))
@click.argument("remote")
@pass_settings
def put(settings: Settings, session: str, host: str, local: Path, remote: str) -> None:
    """Copy a file to a host.

    `-` for LOCAL reads stdin; a REMOTE that ends in `/` keeps the name.
    """
    from labctl.cli.words import plural
    from labctl.errors import UsageError
    from labctl.sessions.entering import LARGEST_FILE
    from labctl.sessions.entering import put as write

    try:
        if str(local) == STREAM:
            content = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with local.open("rb") as file:
                content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"`{local}` cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST_FILE:
        raise UsageError(f"`{local}` is larger than {LARGEST_FILE >> 20} MiB.")
    target = f"{remote}{local.name}" if remote.endswith("/") else remote
    if not target.startswith("/"):
        raise UsageError(f"`{target}` is no full path.", "Name the file from `/` on.")
    with settings.controller() as controller:
        write(controller, session, host, target, content)
    settings.screen.say(f"{plural(len(content), 'byte')} written to {host}:{target}")


@click.command()
@click.argument("session")
@click.argument("host")
@click.argument("remote")
@click.argument("local", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace LOCAL if it is there already.")
@pass_settings
def get(
    settings: Settings, session: str, host: str, remote: str, local: Path | None, *, force: bool
) -> None:
    """Copy a file from a host, as the examiner sees it.

    LOCAL is a file or folder (default: here, by its name); `-` writes to stdout.
    """
    from labctl.cli.words import plural
    from labctl.errors import UsageError
    from labctl.sessions.entering import get as read

    if not remote.startswith("/"):
        raise UsageError(f"`{remote}` is no full path.", "Name the file from `/` on.")
    to_stdout = str(local) == STREAM
    if to_stdout and sys.stdout.isatty():
        raise UsageError(
            "A host's bytes are not written to a terminal, which could obey them.",
            "Name a file, or pipe the output.",
        )
    target = _target(remote, local)
    if not to_stdout and not force and os.path.lexists(target):
        raise UsageError(f"`{target}` is there already.", "Name another file, or give `--force`.")
    with settings.controller() as controller:
        content = read(controller, session, host, remote)
    if to_stdout:
        sys.stdout.buffer.write(content)
        return
    _write(target, content, force=force)
    settings.screen.say(f"{plural(len(content), 'byte')} written to {target}")


def _target(remote: str, local: Path | None) -> Path:
    """Where the file goes: LOCAL, within LOCAL if that is a directory, else here by its name."""
    name = PurePosixPath(remote).name
    if local is None:
        return Path(name)
    return local / name if local.is_dir() else local


def _write(target: Path, content: bytes, *, force: bool) -> None:
    from labctl.errors import UsageError

    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL | os.O_NOFOLLOW)
    try:
        with os.fdopen(os.open(target, flags, 0o644), "wb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"`{target}` cannot be written: {error.strerror}.") from error
