"""The server's helpers: the observer that looks, and the wirer that lays cables."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from labctl.providers.docker import labels
from labctl.providers.docker.hosts import Container, Containers

OBSERVER = "observer"
WIRER = "wirer"


class Helpers:
    """The helpers of one installation; a lock file keeps its processes out of each other's way."""

    def __init__(self, containers: Containers, lock_file: Path) -> None:
        self._containers = containers
        self._lock_file = lock_file

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Nobody else of this installation makes or removes helpers meanwhile."""
        self._lock_file.parent.mkdir(parents=True, exist_ok=True)
        with self._lock_file.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def both(self) -> tuple[Container, Container]:
        """The wirer and the observer, running; to be called while they are `kept`."""
        return self._containers.ensure_helper(WIRER), self._containers.ensure_helper(OBSERVER)

    def tidy(self) -> None:
        """Remove the helpers if no session is left that needs them."""
        with self.kept():
            if all(not row["Labels"].get(labels.SESSION) for row in self._containers.listing()):
                self._remove()

    def _remove(self) -> None:
        rows = self._containers.listing(labels.HELPER_SESSION)
        found = [self._containers.find(row["Id"]) for row in rows]
        self._containers.remove([container for container in found if container])
