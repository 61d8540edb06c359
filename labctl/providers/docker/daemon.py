"""The connection to Docker Engine, and its errors in our words.

docker-py is not meant to be shared between threads, so each thread has a client of its own while
it lives; the next thread takes it over.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env

from labctl.errors import ProviderError
from labctl.images.daemon import unavailable

REQUEST_SECONDS = 60
PATIENT_SECONDS = 1800


class Gone(ProviderError):
    """A container that was there is not there any more."""


class ImageGone(ProviderError):
    """An image is not there."""


class _Lease:
    """A thread's hold on a client; when the thread ends its client goes back to the idle ones."""

    def __init__(self, client: docker.APIClient, idle: deque[docker.APIClient]) -> None:
        self.client = client
        weakref.finalize(self, idle.append, client)


class Daemon:
    """Docker Engine, as one server has it."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._clients: list[docker.APIClient] = []
        self._idle: deque[docker.APIClient] = deque()
        self._version = "auto"

    @property
    def api(self) -> docker.APIClient:
        """This thread's client; raises `ProviderUnavailable` if Docker cannot be used."""
        lease: _Lease | None = getattr(self._local, "lease", None)
        if lease is None:
            lease = _Lease(self._idle_client() or self._connect(), self._idle)
            self._local.lease = lease
        return lease.client

    def _idle_client(self) -> docker.APIClient | None:
        try:
            return self._idle.popleft()
        except IndexError:
            return None

    def _connect(self) -> docker.APIClient:
        try:
            environment = kwargs_from_env()
            client = docker.APIClient(version=self._version, timeout=REQUEST_SECONDS, **environment)
        except DockerException as error:
            raise unavailable(error) from error
        # Asked once: the engine starts three programs of its own to answer that question.
        self._version = client.api_version
        self._clients.append(client)
        return client

    @contextlib.contextmanager
    def patient(self) -> Iterator[docker.APIClient]:
        """A client of its own for one request that may take minutes."""
        client = self._connect()
        client.timeout = PATIENT_SECONDS
        try:
            yield client
        finally:
            self._clients.remove(client)
            client.close()

    def close(self) -> None:
        """Close every thread's connections."""
        for client in self._clients:
            client.close()
        self._clients.clear()
        self._idle = deque()
        self._local = threading.local()
        self._version = "auto"


@contextlib.contextmanager
def talking(what: str) -> Iterator[None]:
    """Turn Docker's errors into ours; `what` is what was being done, as a noun phrase."""
    try:
        yield
    except ImageNotFound as error:
        raise ImageGone(
            f"An image is missing for {what}: {error.explanation}",
            "Build it with `labctl images build`.",
        ) from error
    except NotFound as error:
        raise Gone(f"{what}: {error.explanation}", "`labctl gc` shows what is left.") from error
    except APIError as error:
        raise ProviderError(f"Docker refused {what}: {error.explanation or error}") from error
    except (requests.RequestException, DockerException, OSError) as error:
        raise unavailable(error) from error


def security_options(info: dict[str, Any], seccomp: str | None) -> list[str]:
    """Options for a container; `seccomp` is a profile's JSON text, None the engine's default.

    AppArmor's `docker-default` refuses every write below /proc/sys and forbids ptrace from the
    observer. Where the server has AppArmor it is set aside; what it would add is in the profile.
    """
    options = [f"seccomp={seccomp}"] if seccomp else []
    if any("apparmor" in option for option in info.get("SecurityOptions") or []):
        options.append("apparmor=unconfined")
    return options
