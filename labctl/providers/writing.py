"""Writing a file on a host by the host's own programs, whichever provider it is from."""

from __future__ import annotations

from collections.abc import Callable

from checkers.model import ProgramResult
from labctl.errors import ProviderError

_SCRIPT = 'umask 077; cat > "$1" && chmod "$2" "$1"'


def write(
    run: Callable[..., ProgramResult], host: str, path: str, content: bytes, mode: int
) -> None:
    """Write `content` with the rights `mode`; raises `ProviderError` if the host cannot.

    `run(argv, stdin=…)` runs a program inside the host as its administrator.
    """
    done = run(["/bin/sh", "-c", _SCRIPT, "sh", path, f"{mode:o}"], stdin=content)
    if done.exit != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise ProviderError(f"`{path}` could not be written on {host}: {said}")
