"""Why Docker cannot be used, in words a person can act on."""

from __future__ import annotations

import errno
import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from docker.errors import APIError, DockerException

from labctl.errors import ProviderUnavailable
from labctl.images.daemon import connect, lend, refused, unavailable


@pytest.fixture
def leaky() -> Iterator[None]:
    """docker-py leaves a socket that could not connect to the garbage collector: here and now."""
    yield
    gc.collect()


def wrapped(number: int) -> Exception:
    """An error as docker-py raises it: the operating system's, three libraries deep."""
    inner = OSError(number, os.strerror(number))
    middle = requests.ConnectionError(Exception("Connection aborted.", inner))
    outer = DockerException(f"Error while fetching server API version: {middle}")
    outer.__cause__ = middle
    return outer


@pytest.mark.parametrize(
    "number, dockerd, said",
    [
        (errno.EACCES, True, ("You may not use the Docker daemon", "usermod -aG docker")),
        (errno.ENOENT, False, ("Docker is not installed", "apt-get install docker.io")),
        (errno.ENOENT, True, ("The Docker daemon is not running", "systemctl start docker")),
        (errno.ECONNREFUSED, False, ("The Docker daemon is not running", "dockerd &")),
        (errno.ETIMEDOUT, True, ("does not answer", "systemctl start docker")),
    ],
)
def test_cause_and_cure(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    dockerd: bool,
    said: tuple[str, str],
) -> None:
    if dockerd:
        (tmp_path / "dockerd").write_text("#!/bin/sh\n")
        (tmp_path / "dockerd").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    error = unavailable(wrapped(number))
    assert said[0] in error.message
    assert said[1] in error.hint


def test_an_error_that_says_nothing_of_the_system() -> None:
    assert "does not answer: odd" in unavailable(DockerException("odd")).message


@pytest.mark.usefixtures("leaky")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_socket_that_nobody_listens_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        with pytest.raises(ProviderUnavailable, match="is not running"):
            connect()


@pytest.mark.usefixtures("leaky")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_socket_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(ProviderUnavailable), lend(None):
        pass


def test_a_daemon_that_goes_away_meanwhile() -> None:
    class Client:
        closed = False

        def close(self) -> None:
            self.closed = True

    client = Client()
    with pytest.raises(ProviderUnavailable), lend(client):  # type: ignore[arg-type]
        raise requests.ConnectionError
    assert not client.closed


def test_what_the_daemon_refuses_is_named() -> None:
    error = refused("build the image `host`", APIError("x", explanation="no space left on device"))
    assert error.message == "Docker could not build the image `host`: no space left on device"
