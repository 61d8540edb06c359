"""Removes images that were made from inputs of another day and that nothing uses."""

from __future__ import annotations

from collections.abc import Callable

import docker
from docker.errors import APIError

from labctl.images.build import LABEL
from labctl.images.daemon import lend
from labctl.images.digest import tag
from labctl.images.library import ImageLibrary


def remove_superseded(
    report: Callable[[str], None] = lambda _: None,
    library: ImageLibrary | None = None,
    client: docker.DockerClient | None = None,
) -> tuple[str, ...]:
    """Remove every image of ours whose tag is not that of the inputs as they are now.

    What a container uses, running or not, stays, as does what a newer image stands on. Returns the
    tags that went; `report` is called with each. An image that another version of labctl on the
    same server made counts as ours: that version makes it again when it needs it.
    """
    library = library or ImageLibrary()
    current = {tag(library.image(name), library) for name in library.names()}
    gone: list[str] = []
    with lend(client) as server:
        for name in _ours(server):
            if name in current:
                continue
            try:
                # Without force: the daemon refuses where a container uses it.
                server.api.remove_image(name)
            except APIError:
                continue
            gone.append(name)
            report(name)
    return tuple(gone)


def _ours(client: docker.DockerClient) -> list[str]:
    listed = client.api.images(filters={"label": LABEL})
    # The newest first: what is built on an image goes before the image itself.
    listed.sort(key=lambda each: each["Created"], reverse=True)
    return [
        name for each in listed for name in each["RepoTags"] or () if name.startswith("labctl/")
    ]
