"""Packages from the npm registry that become part of an image, each pinned by its digest.

An image's folder names them in `packages.npm`, one a line: name, version, integrity (`sha512-…`,
as `npm view NAME dist.integrity` prints it). They are fetched by this server's own npm, with what
it is configured for, and the build finds each as `npm/NAME.tgz`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

from labctl.errors import ProviderError
from labctl.images.digest import ContextFile

LIST = "packages.npm"
FETCH_SECONDS = 300.0

_LINE = re.compile(r"([a-z0-9][a-z0-9.-]*) +([0-9][0-9A-Za-z.-]*) +(sha512-[A-Za-z0-9+/]{86}==)")


def with_packages(image: str, files: tuple[ContextFile, ...]) -> tuple[ContextFile, ...]:
    """The files of a build context, and the packages that its `packages.npm` asks for.

    Raises `ProviderError` for a line that cannot be read, where there is no npm, where the registry
    does not have a package, and for one that is not what its digest says.
    """
    listed = next((file.content for file in files if file.path == LIST), None)
    if listed is None:
        return files
    fetched = [_package(image, line) for line in _lines(listed)]
    return tuple(sorted([*files, *fetched], key=lambda file: file.path))


def _lines(content: bytes) -> list[str]:
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _package(image: str, line: str) -> ContextFile:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ProviderError(
            f"The image `{image}` has a line in `{LIST}` that cannot be read: `{line}`.",
            "Write a name, a version and an integrity: `axe-core 4.14.1 sha512-…`.",
        )
    name, version, integrity = found.groups()
    content = _fetched(name, version)
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if f"sha512-{digest}" != integrity:
        raise ProviderError(
            f"npm delivered a `{name}` {version} with another digest than `{LIST}` of the image "
            f"`{image}` names.",
            "Do not use it. See where this server's npm gets its packages from.",
        )
    return ContextFile(f"npm/{name}.tgz", executable=False, content=content)


def _fetched(name: str, version: str) -> bytes:
    """The package's archive, as the registry has it; nothing of it is run."""
    with tempfile.TemporaryDirectory(prefix="labctl-npm-") as folder:
        argv = ["npm", "pack", f"{name}@{version}", "--ignore-scripts", "--silent"]
        try:
            subprocess.run(
                argv, cwd=folder, check=True, capture_output=True, text=True, timeout=FETCH_SECONDS
            )
        except FileNotFoundError as error:
            raise ProviderError(
                f"There is no npm on this server to fetch `{name}` with.",
                "Install it with `apt-get install npm`.",
            ) from error
        except subprocess.TimeoutExpired as error:
            raise ProviderError(
                f"npm did not fetch `{name}` {version} within {FETCH_SECONDS:g} s.",
                "See whether this server reaches its npm registry, and try again.",
            ) from error
        except subprocess.CalledProcessError as error:
            said = (error.stderr or error.stdout).strip().splitlines()
            raise ProviderError(
                f"npm could not fetch `{name}` {version}: {said[-1] if said else error}",
                f"`npm view {name}` shows whether this server reaches its npm registry.",
            ) from error
        archive = next(Path(folder).glob("*.tgz"), None)
        if archive is None:
            raise ProviderError(
                f"npm said that it fetched `{name}` {version}, but it is not there."
            )
        return archive.read_bytes()
