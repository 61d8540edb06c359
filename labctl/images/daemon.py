"""The one place that opens a connection to the Docker daemon, and says in plain words why not."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator

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
        # Asks for the engine's version, so a daemon that does not answer is found out here.
        return docker.from_env(timeout=int(timeout), max_pool_size=pool)
    except (DockerException, requests.RequestException) as error:
        raise unavailable(error) from error


@contextlib.contextmanager
def lend(
    client: docker.DockerClient | None, timeout: float = 60.0
) -> Iterator[docker.DockerClient]:
    """The caller's client, left open at the end; or one of our own, closed then.

    A daemon that goes away meanwhile is a `ProviderUnavailable`.
    """
    used = client or connect(timeout)
    try:
        yield used
    except requests.RequestException as error:
        raise unavailable(error) from error
    finally:
        if client is None:
            used.close()


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
    """The number of an operating system's error somewhere below `error`: libraries wrap it deep."""
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
