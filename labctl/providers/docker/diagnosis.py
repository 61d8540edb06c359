"""What `labctl doctor` says about Docker on this server."""

from __future__ import annotations

import shutil

from labctl.errors import ProviderError
from labctl.images.build import plan_builds
from labctl.providers.base import Finding
from labctl.providers.docker.daemon import Daemon

OLDEST = (20, 10)
FREE_WARNING = 0.15


def diagnose(daemon: Daemon) -> tuple[Finding, ...]:
    """Is the engine there, recent enough, with room on its disk, and are the images built?"""
    try:
        version = daemon.api.version()
        info = daemon.api.info()
    except ProviderError as error:
        return (Finding("problem", "Docker", error.message, error.hint),)
    findings = [_version(str(version["Version"])), _disk(str(info["DockerRootDir"])), _images()]
    if not info.get("LiveRestoreEnabled"):
        findings.append(
            Finding(
                "warning",
                "Docker live-restore",
                "a restart of the Docker daemon ends every lab host (they are started again)",
                'Put `"live-restore": true` into /etc/docker/daemon.json.',
            )
        )
    return tuple(findings)


def _version(text: str) -> Finding:
    numbers = tuple(int(part) for part in text.partition("+")[0].split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        return Finding("problem", "Docker", f"version {text} is too old", "Install 20.10 or later.")
    return Finding("ok", "Docker", f"version {text}")


def _disk(root: str) -> Finding:
    try:
        usage = shutil.disk_usage(root)
    except OSError as error:
        return Finding("warning", "Disk", f"{root} cannot be looked at: {error.strerror}")
    free = usage.free / usage.total
    told = f"{usage.free / 2**30:.0f} GiB free ({free:.0%}) where Docker keeps its data"
    if free < FREE_WARNING:
        return Finding(
            "warning", "Disk", told, "Make room: below 10 % the disk guard freezes hosts."
        )
    return Finding("ok", "Disk", told)


def _images() -> Finding:
    missing = [
        image.name for image in plan_builds() if image.kind == "container" and not image.present
    ]
    if missing:
        return Finding(
            "problem", "Images", f"not built: {', '.join(missing)}", "`labctl images build`"
        )
    return Finding("ok", "Images", "all built")
