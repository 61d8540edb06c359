"""Use-cases over images: what there is, make what is missing, find the one a host needs."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from labctl.errors import ProviderError
from labctl.images import base
from labctl.images.daemon import lend, refused
from labctl.images.digest import ContextFile, context_archive, context_files, digest, tag
from labctl.images.disks import disk_set
from labctl.images.library import ImageLibrary
from labctl.images.model import BuildProgress, BuildResult, Image, ImageStatus, ResolvedImage
from labctl.images.npm import with_packages
from labctl.images.sources import apt_sources, proxies

LABEL = "labctl.image"
LABEL_DIGEST = "labctl.digest"

Report = Callable[[BuildProgress], None]

_STEP = re.compile(r"^Step (\d+)/(\d+) : ")
_LAYER = re.compile(r"^ ---> ([0-9a-f]{12,64})$")
# Nothing may come for a while during a long step, as when a large package unpacks.
_SILENCE_SECONDS = 600


def plan_builds(
    names: Iterable[str] | None = None,
    library: ImageLibrary | None = None,
    client: docker.DockerClient | None = None,
) -> tuple[ImageStatus, ...]:
    """The named images (all, for None) and what they stand on, parents first, as they are now.

    Raises `UnknownName`, `LabFileError` for a mistake in an image's folder, `ProviderUnavailable`.
    """
    library = library or ImageLibrary()
    wanted = _with_parents(names, library)
    with lend(client, _SILENCE_SECONDS) as daemon:
        return tuple(_status(image, library, daemon) for image in wanted)


def build(
    names: Iterable[str] | None = None,
    report: Report = lambda _: None,
    library: ImageLibrary | None = None,
    client: docker.DockerClient | None = None,
    debian: str = base.SLIM,
) -> tuple[BuildResult, ...]:
    """Make those of the named images (all, for None) whose inputs have changed, parents first.

    `debian` is the image to start from where the daemon or a registry has it (see `base`).
    What boots as a virtual machine gets its disk too. An image whose build fails leaves nothing
    behind, those finished before stay. Raises what `plan_builds` raises, and `ProviderError` with
    the last lines of a build that failed.
    """
    library = library or ImageLibrary()
    wanted = _with_parents(names, library)
    with lend(client, _SILENCE_SECONDS) as daemon:
        builder = _Builder(daemon, library, report, debian)
        made = tuple(builder.make(image) for image in wanted)
        for image in wanted:
            if image.kind == "machine":
                found = resolve(image.name, library, daemon)
                disk_set(found, partial(_say, report, image.name), client=daemon)
    return made


def _say(report: Report, name: str, line: str) -> None:
    report(BuildProgress(name, line))


def resolve(
    name: str,
    library: ImageLibrary | None = None,
    client: docker.DockerClient | None = None,
) -> ResolvedImage:
    """The image called `name` as its inputs are now, with the defaults of hosts made from it.

    Raises `UnknownName` (with the nearest names), and `ProviderError` where it is not built yet.
    """
    library = library or ImageLibrary()
    image = library.image(name)
    wanted = tag(image, library)
    with lend(client, _SILENCE_SECONDS) as daemon:
        found = _find(daemon, wanted)
    if found is None:
        raise ProviderError(
            f"The image `{name}` is not built, or its inputs have changed since ({wanted}).",
            f"Make it with `labctl images build {name}`.",
        )
    return ResolvedImage(name, wanted, str(found.id), image.kind, image.login, image.defaults)


def _with_parents(names: Iterable[str] | None, library: ImageLibrary) -> tuple[Image, ...]:
    chosen = library.names() if names is None else tuple(names)
    ordered = {image.name: image for name in chosen for image in library.lineage(name)}
    return tuple(ordered.values())


def _find(client: docker.DockerClient, name: str) -> Any:
    try:
        return client.images.get(name)
    except ImageNotFound:
        return None
    except DockerException as error:
        raise ProviderError(f"Docker could not look up the image `{name}`: {error}") from error


def _status(image: Image, library: ImageLibrary, client: docker.DockerClient) -> ImageStatus:
    name = tag(image, library)
    found = _find(client, name)
    size = int(found.attrs["Size"]) if found is not None else 0
    return ImageStatus(
        name=image.name,
        tag=name,
        present=found is not None,
        size=size,
        parent=image.parent,
        description=image.description,
        login=image.login,
        kind=image.kind,
    )


class _Builder:
    """Makes images one after the other; what the server's sources are is asked once."""

    def __init__(
        self, client: docker.DockerClient, library: ImageLibrary, report: Report, debian: str
    ) -> None:
        self._client = client
        self._library = library
        self._report = report
        self._debian = debian
        self._sources: tuple[str, ...] = ()

    def make(self, image: Image) -> BuildResult:
        """Build `image` unless the server has it."""
        began = time.monotonic()
        name = tag(image, self._library)
        found = _find(self._client, name)
        if found is not None:
            return BuildResult(
                image.name, name, built=False, seconds=0.0, size=int(found.attrs["Size"])
            )
        self._sources = self._sources or apt_sources()
        if image.parent is None:
            self._on_debian(image, name)
        else:
            self._run(image, name, tag(self._library.image(image.parent), self._library))
        size = int(self._client.images.get(name).attrs["Size"])
        seconds = time.monotonic() - began
        return BuildResult(image.name, name, built=True, seconds=seconds, size=size)

    def _on_debian(self, image: Image, name: str) -> None:
        start, ours = base.debian(
            self._client, self._sources, lambda line: self._say(image, line), self._debian
        )
        try:
            self._run(image, name, start)
        except BaseException:
            if ours:
                self._remove([start])
            raise

    def _run(self, image: Image, name: str, parent: str) -> None:
        files = with_packages(image.name, context_files(image))
        output = self._client.api.build(
            fileobj=io.BytesIO(context_archive(files)),
            custom_context=True,
            tag=name,
            rm=True,
            forcerm=True,
            decode=True,
            timeout=_SILENCE_SECONDS,
            # The server's own network: a package proxy on 127.0.0.1 can be reached, and a daemon
            # without a bridge of its own (labs need none) can build.
            network_mode="host",
            buildargs=self._arguments(files, parent),
            labels={LABEL: image.name, LABEL_DIGEST: digest(image, self._library)},
        )
        before = self._layers()
        made: list[str] = []
        try:
            self._follow(image, output, made)
        except BaseException as error:
            self._remove([layer for layer in reversed(made) if layer not in before])
            if isinstance(error, APIError):
                raise refused(f"build the image `{image.name}`", error) from error
            raise

    def _arguments(self, files: tuple[ContextFile, ...], parent: str) -> dict[str, str]:
        """What the Dockerfile is given; the daemon warns of what it does not take."""
        dockerfile = next(file.content for file in files if file.path == "Dockerfile")
        sources = {"APT_SOURCES": "\n".join(self._sources), **proxies()}
        return {"BASE": parent, **(sources if b"\nARG APT_SOURCES\n" in dockerfile else {})}

    def _follow(self, image: Image, output: Iterator[dict[str, Any]], made: list[str]) -> None:
        """Report the builder's output line by line; notes the layers it makes in `made`."""
        step = steps = 0
        recent: list[str] = []
        failed = ""
        # To its end even after an error, or the connection stays open with the rest of it.
        for event in output:
            failed = failed or str(event.get("error", "")).strip()
            for line in str(event.get("stream", "")).splitlines():
                if counted := _STEP.match(line):
                    step, steps = int(counted[1]), int(counted[2])
                if layer := _LAYER.match(line):
                    made.append(layer[1])
                if line.strip():
                    recent = [*recent[-19:], line]
                    self._say(image, line, step, steps)
        if failed:
            raise ProviderError(
                f"The image `{image.name}` could not be built: {failed}\n" + "\n".join(recent),
                "The lines above are the last that the build printed.",
            )

    def _say(self, image: Image, line: str, step: int = 0, steps: int = 0) -> None:
        self._report(BuildProgress(image.name, line, step, steps))

    def _layers(self) -> frozenset[str]:
        """Short ids of all images there are, those in the middle of a build included."""
        listed = self._client.api.images(all=True)
        return frozenset(str(each["Id"]).removeprefix("sha256:")[:12] for each in listed)

    def _remove(self, layers: list[str]) -> None:
        for layer in layers:
            # One that something else has come to stand on meanwhile is that one's from now on.
            with suppress(APIError):
                self._client.api.remove_image(layer, noprune=True)
