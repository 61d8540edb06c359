"""What is said and kept when labctl itself is at fault."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from labctl.store.home import PRIVATE, home_path

if TYPE_CHECKING:
    from labctl.cli.screen import Screen


def report(screen: Screen, error: Exception, arguments: Sequence[str], *, debug: bool) -> None:
    """Say that a fault of labctl's own ended the command, and keep how it came about in a file.

    With `debug`, or where no file can be written, the traceback goes to the screen.
    """
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    text = "".join(traceback.format_exception(error))
    if debug:
        screen.say(text)
    try:
        path = _keep(text, arguments)
    except OSError:
        if not debug:
            screen.say(text)
        screen.error(f"A fault of labctl's own ended this command ({told}).")
        return
    screen.error(
        f"A fault of labctl's own ended this command ({told}).",
        f"How it came about is in `{path}`; please report it with that file.",
    )


def _keep(text: str, arguments: Sequence[str]) -> Path:
    home = home_path()
    home.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    now = datetime.now(UTC)
    path = home / f"crash-{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    from importlib.metadata import version

    head = (
        f"labctl {version('labctl-assess')}, Python {platform.python_version()}, "
        f"{platform.platform()}\n{now:%Y-%m-%d %H:%M:%S} UTC\n"
        f"{sys.argv[0]} {' '.join(ascii(each) for each in arguments)}\n\n"
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(head + text)
    return path
