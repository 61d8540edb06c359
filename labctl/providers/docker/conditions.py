"""How a container stands: as it was recorded, or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labctl.providers.base import HostState
from labctl.providers.docker.hosts import Container

STATES = {"running": "running", "paused": "frozen"}


def is_pinned(container: Container | None, pins: Mapping[str, Any] | None) -> bool:
    """Whether a container is the one that was recorded, and has not been started again since."""
    if container is None or not container.pid or not pins:
        return False
    return (container.pid, container.started) == (pins["pid"], pins["started"])


def condition(
    host: str, container: Container | None, pins: Mapping[str, Any], *, fabric: bool
) -> HostState:
    """A host's container as it stands now; `fabric` says whether its networks are still there."""
    if container is None:
        return HostState(host, "missing", "its container is gone")
    if not container.pid:
        return HostState(host, "stopped", f"its PID 1 ended with {container.exit}")
    if not is_pinned(container, pins):
        return HostState(host, "stopped", "it was started by somebody else and is not wired")
    if not fabric:
        return HostState(host, "stopped", "the networks went away, and its cables with them")
    return HostState(host, STATES.get(container.state, container.state))
