"""What is done when lab hosts fill the disk that the whole server lives on.

Quotas are better, but overlay2 has them on xfs with `pquota` alone; elsewhere one host can fill the
server for all. So the free space is watched, and the host that has written most is frozen.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from labctl.providers.docker.daemon import Daemon, talking
from labctl.providers.docker.hosts import Container


def free_space(root: str) -> float:
    """The free part (0 to 1) of the disk where Docker keeps its data; 1 if that is not our disk."""
    try:
        usage = shutil.disk_usage(root)
    except OSError:  # the daemon is on another machine, or in another mount namespace
        return 1.0
    return usage.free / usage.total


def free_bytes(root: str) -> int | None:
    """The free bytes of the disk where Docker keeps its data; None if that is not our disk."""
    try:
        return shutil.disk_usage(root).free
    except OSError:
        return None


def written(daemon: Daemon, containers: Iterable[Container]) -> dict[str, int]:
    """The bytes that each host has written to its own layer, by container id."""
    wanted = {container.id for container in containers}
    with talking("to measure what hosts have written"):
        rows = daemon.api.containers(all=True, size=True, filters={"id": sorted(wanted)})
    return {row["Id"]: int(row.get("SizeRw") or 0) for row in rows if row["Id"] in wanted}
