"""Running a lab's scripts on its hosts.

A script reaches bash on its standard input, after the parameters as unexported shell variables:
nothing of it is in the arguments or the environment, where a daemon would carry it into /proc. Bash
reads all of it before it runs any, so that no command in it can read the rest of the script.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from labctl.errors import ProviderError
from labctl.library.scripts import FILES_FOLDER, FILES_VARIABLE
from labctl.library.values import shell_prelude

if TYPE_CHECKING:
    from labctl.library.folder import Folder
    from labctl.providers.base import Placement, Provider

SCRIPT_SECONDS = 120.0
SHOWN_LINES = 6
FILES_PLACE = "/run/lab-files"

BASH = ("/bin/bash", "-eu", "-c", 'script=$(cat); eval "$script" </dev/null')


class ScriptFailed(ProviderError):
    """A script of the lab ended badly, or did not end: its own doing, not the machinery's."""


@contextlib.contextmanager
def lent_files(
    provider: Provider, placement: Placement, host: str, folder: Folder, script: bytes
) -> Iterator[Mapping[str, str]]:
    """The lab's `files/` on a host for the length of a `with`, if the script asks for them.

    Gives the variables that the script gets by it: `LAB_FILES`, a directory that is gone before the
    candidate is let in. Raises `ProviderError` if they cannot be brought there.
    """
    files = folder.below(FILES_FOLDER)
    if not files.files or FILES_VARIABLE.encode() not in script:
        yield {}
        return
    argv = ["/bin/sh", "-c", 'mkdir -m 700 "$1" && tar -xf - -C "$1"', "sh", FILES_PLACE]
    done = provider.run(placement, host, argv, stdin=files.archive(), timeout=SCRIPT_SECONDS)
    if done.exit != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise ProviderError(f"{host}: the lab's files could not be brought there: {said}")
    try:
        yield {FILES_VARIABLE: FILES_PLACE}
    finally:
        provider.run(placement, host, ["/bin/rm", "-rf", FILES_PLACE])


def run_script(
    provider: Provider,
    placement: Placement,
    host: str,
    script: bytes,
    variables: Mapping[str, str],
    *,
    what: str,
    user: str = "root",
) -> None:
    """Run a script on a host; raises `ScriptFailed` if it fails or does not end in time.

    Where `user` is not root the script is run through a login of theirs, as the candidate works.
    """
    argv = BASH if user == "root" else ("/bin/su", "-l", user, "-s", "/bin/bash", "-c", BASH[-1])
    body = shell_prelude(variables) + script
    if user != "root":
        body = b"set -eu\n" + body
    try:
        done = provider.run(placement, host, argv, stdin=body, timeout=SCRIPT_SECONDS)
    except TimeoutError as error:
        raise ScriptFailed(f"{host}: `{what}` did not end within {SCRIPT_SECONDS:g} s.") from error
    if done.exit != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        told = "\n".join(said[-SHOWN_LINES:])
        raise ScriptFailed(f"{host}: `{what}` ended with {done.exit}: {told}")
