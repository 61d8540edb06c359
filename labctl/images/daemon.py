"""The one place that opens a connection to the Docker daemon, and says in plain words why not."""

from __future__ import annotations

import errno
import shutil

import docker
import requests
from docker.errors import APIError, DockerException

from labctl.errors import ProviderError, ProviderUnavailable

_START = "Start it with `systemctl start docker`, or with `dockerd &` where there is no init."


def connect(timeout: float = 60.0, pool: int = 10) -> docker.DockerClient:
    """A client of the daemon that `DOCKER_HOST` names (by default the local one).

    `timeout` is in seconds for each request, `pool` the number of connections kept. Raises
    `ProviderUnavailable` with the cause and the cure.
    """
    try:
        client = docker.from_env(timeout=int(timeout), max_pool_size=pool)
    except DockerException as error:
        raise unavailable(error) from error
    try:
        client.ping()
    except (DockerException, requests.RequestException) as error:
        client.close()
        raise unavailable(error) from error
    return client


def unavailable(error: BaseException) -> ProviderUnavailable:
    """Why the daemon cannot be used, from the error that a connection attempt ended with."""
    code = _errno(error)
    if code in (errno.EACCES, errno.EPERM):
        return ProviderUnavailable(
            "You may not use the Docker daemon: its socket refuses you.",
            "Use `sudo`, or join the group with `sudo usermod -aG docker $USER` and log in again.",
        )
    if code in (errno.ENOENT, errno.ECONNREFUSED):
        if shutil.which("dockerd") is None and code == errno.ENOENT:
            return ProviderUnavailable(
                "Docker is not installed on this server.",
                "Install it with `apt-get install docker.io`.",
            )
        return ProviderUnavailable("The Docker daemon is not running.", _START)
    return ProviderUnavailable(f"The Docker daemon does not answer: {error}", _START)


def refused(doing: str, error: APIError) -> ProviderError:
    """An error of the daemon's own, with what it was asked for."""
    return ProviderError(
        f"Docker could not {doing}: {error.explanation or error}",
        "`labctl doctor` looks for the usual causes.",
    )


def _errno(error: BaseException | None) -> int | None:
    """The number of the operating system's error somewhere below `error`; libraries wrap it deep."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        each = pending.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, OSError) and each.errno is not None:
            return each.errno
        pending += [each.__cause__, each.__context__, *each.args]
        pending.append(getattr(each, "reason", None))
    return None
