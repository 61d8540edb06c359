"""Brings Debian in: the image that `labs/images/base` starts from.

Debian's own slim image where the daemon has it or a registry offers it, else a bootstrap of the
same suite from the server's own package sources. `labs/images/base/build/normalise` makes one of
the two.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import docker
import requests
from docker.errors import APIError, ImageNotFound

from labctl.errors import ProviderError
from labctl.images.daemon import refused
from labctl.images.sources import SUITE

SLIM = f"debian:{SUITE}-slim"
ASK_SECONDS = 10
"""How long a registry may take to say whether it has the slim image."""
BOOTSTRAP_SECONDS = 900.0
"""How long a bootstrap may take; a slow mirror needs minutes, a dead one never ends."""

Say = Callable[[str], None]


def debian(
    client: docker.DockerClient, sources: tuple[str, ...], say: Say, slim: str = SLIM
) -> tuple[str, bool]:
    """The id of an image with Debian in it, and whether it was made here only for this.

    `slim` is what the daemon or a registry is asked for before anything is bootstrapped.
    Raises `ProviderError` where neither a registry nor the package sources can be reached.
    """
    try:
        return str(client.images.get(slim).id), False
    except ImageNotFound:
        pass
    if _offered(client, slim):
        say(f"pulling {slim}")
        try:
            return str(client.images.pull(slim).id), False
        except (APIError, requests.RequestException) as error:
            say(f"the registry did not deliver: {error}")
    say(f"no registry offers {slim}: bootstrapping {SUITE} from this server's package sources")
    return bootstrap(client, sources, say), True


def _offered(client: docker.DockerClient, slim: str) -> bool:
    """Whether a registry answers, within `ASK_SECONDS`, that it has the slim image."""
    patient = client.api.timeout
    client.api.timeout = ASK_SECONDS
    try:
        client.images.get_registry_data(slim)
    except (APIError, requests.RequestException):
        return False
    else:
        return True
    finally:
        client.api.timeout = patient


def bootstrap(client: docker.DockerClient, sources: tuple[str, ...], say: Say) -> str:
    """Make a minimal Debian with mmdebstrap and import it; the new image's id, without a tag."""
    if shutil.which("mmdebstrap") is None:
        raise ProviderError(
            "No registry offers Debian's slim image, and mmdebstrap is not installed.",
            "Install it with `apt-get install mmdebstrap`.",
        )
    with tempfile.TemporaryDirectory(prefix="labctl-base-") as folder:
        archive = Path(folder) / "base.tar"
        _mmdebstrap(archive, sources, say)
        say("importing the bootstrap into Docker")
        try:
            answer = client.api.import_image_from_file(str(archive))
        except APIError as error:
            raise refused("import the bootstrap", error) from error
    return _imported_id(answer)


def _mmdebstrap(archive: Path, sources: tuple[str, ...], say: Say) -> None:
    """Write a minimal Debian to `archive`; `ProviderError` with what mmdebstrap said last."""
    listed = archive.with_name("sources.list")
    listed.write_text("\n".join(sources) + "\n", encoding="utf-8")
    argv = ["mmdebstrap", "--variant=minbase", "--format=tar"]
    if any(" https://" in line for line in sources):
        argv.append("--include=ca-certificates")
    # It copies the server's own name and resolver in; both are none of a lab's business.
    argv += ['--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"']
    argv += [SUITE, str(archive), str(listed)]
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    timer = threading.Timer(BOOTSTRAP_SECONDS, process.kill)
    timer.start()
    try:
        with process:
            last = _follow(process, say)
    finally:
        timer.cancel()
    if process.returncode != 0:
        late = process.returncode == -signal.SIGKILL
        why = f"no end after {BOOTSTRAP_SECONDS:g} seconds" if late else last
        raise ProviderError(
            f"mmdebstrap could not bootstrap {SUITE}: {why or f'exit {process.returncode}'}",
            "See whether `apt-get update` works on this server, and try again.",
        )


def _follow(process: subprocess.Popen[str], say: Say) -> str:
    """Pass on what mmdebstrap says of its progress until it ends; its last line."""
    assert process.stderr is not None
    last = ""
    try:
        for line in process.stderr:
            if line.startswith(("I:", "W:", "E:")):
                last = line.strip()
                say(last)
    except BaseException:
        process.terminate()
        raise
    return last


def _imported_id(answer: str) -> str:
    """The id in the daemon's answer to an import: JSON lines, the last with the id as `status`."""
    for word in reversed(answer.replace('"', " ").replace("}", " ").split()):
        if word.startswith("sha256:"):
            return word
    raise ProviderError(f"Docker did not say what it imported: {answer[:200]}")
