"""What is kept of a container's disk, as an image of the engine's, until its session is removed."""

from __future__ import annotations

from typing import Any

from labctl.providers.docker import labels
from labctl.providers.docker.daemon import Daemon, Gone, ImageGone, talking
from labctl.providers.docker.hosts import Container


class Snapshots:
    """The snapshots of one installation of labctl."""

    def __init__(self, daemon: Daemon, installation: str) -> None:
        self._daemon = daemon
        self._installation = installation

    def keep(self, session: str, container: Container) -> str:
        """Keep what a container has written so far; the name of the image."""
        name = f"labctl-kept/{session}-{container.host}"
        number = 1 + sum(row["Labels"][labels.HOST] == container.host for row in self.rows(session))
        about = labels.of(self._installation, session, labels.SNAPSHOT_ROLE, container.host)
        with self._daemon.patient() as api, talking(f"to keep a snapshot of {container.name}"):
            api.commit(container.id, repository=name, tag=str(number), conf={"Labels": about})
        return f"{name}:{number}"

    def rows(self, session: str | None = None) -> list[dict[str, Any]]:
        """What the engine lists of the snapshots (of one session)."""
        wanted = [
            f"{labels.INSTALLATION}={self._installation}",
            f"{labels.ROLE}={labels.SNAPSHOT_ROLE}",
        ]
        if session is not None:
            wanted.append(f"{labels.SESSION}={session}")
        with talking("to list snapshots"):
            return list(self._daemon.api.images(filters={"label": wanted}))

    def remove(self, session: str) -> None:
        """Remove a session's snapshots; none is no error."""
        for row in self.rows(session):
            try:
                with talking("to remove a snapshot"):
                    self._daemon.api.remove_image(row["Id"], force=True)
            except (Gone, ImageGone):
                continue


def named(row: dict[str, Any]) -> str:
    """What the engine lists a snapshot as: its name, or its number if the name went elsewhere."""
    tags = [tag for tag in row.get("RepoTags") or () if not tag.startswith("<none>")]
    return str(tags[0] if tags else row["Id"])
