"""Brings Debian in: the image that `labs/images/base` starts from.

Debian's own slim image where the daemon has it or a registry offers it, else a bootstrap of the
same suite from the server's own package sources. `labs/images/base/build/normalise` makes one of
the two.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
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
BOOTSTRAP_SECONDS = 900

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
    https = any(" https://" in line for line in sources)
    argv = ["mmdebstrap", "--variant=minbase", "--format=tar"]
    if https:
        argv.append("--include=ca-certificates")
    # The bootstrap copies the server's own name and resolver in; both are none of a lab's business.
    argv += ['--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"']
    argv += [SUITE, str(archive), "-"]
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    last = ""
    with process:
        assert process.stdin is not None
        assert process.stderr is not None
        try:
            process.stdin.write("\n".join(sources) + "\n")
            process.stdin.close()
            for line in process.stderr:
                if line.startswith(("I:", "W:", "E:")):
                    last = line.strip()
                    say(last)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise ProviderError(
            f"mmdebstrap could not bootstrap {SUITE}: {last or process.returncode}",
            "See whether `apt-get update` works on this server, and try again.",
        )


def _imported_id(answer: str) -> str:
    """The id in the daemon's answer to an import: JSON lines, the last with the id as `status`."""
    for word in reversed(answer.replace('"', " ").replace("}", " ").split()):
        if word.startswith("sha256:"):
            return word
    raise ProviderError(f"Docker did not say what it imported: {answer[:200]}")
