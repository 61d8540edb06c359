"""Building images with a real daemon and this server's own package sources."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import docker
import pytest
from docker.errors import ImageNotFound

from labctl.errors import ProviderError
from labctl.images.build import LABEL, build, plan_builds, resolve
from labctl.images.daemon import connect
from labctl.images.library import IMAGES, ImageLibrary
from labctl.images.model import BuildProgress

# What debian:*-slim leaves out and adds, for an input that is like it.
SLIM = r"""
ARG BASE
FROM ${BASE}
RUN printf 'path-exclude /usr/share/%s/*\n' man doc info locale > /etc/dpkg/dpkg.cfg.d/docker \
 && echo 'path-include /usr/share/doc/*/copyright' >> /etc/dpkg/dpkg.cfg.d/docker \
 && echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/docker-apt-speedup \
 && echo 'Acquire::Languages "none";' > /etc/apt/apt.conf.d/docker-no-languages \
 && echo 'Acquire::GzipIndexes "true";' > /etc/apt/apt.conf.d/docker-gzip-indexes \
 && printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
 && rm -rf /usr/share/man/* /usr/share/info/* /usr/share/locale/* \
 && find /usr/share/doc -mindepth 1 -not -name copyright -not -type d -delete \
 && find /usr/share/doc -mindepth 1 -type d -empty -delete \
 && rm -f /etc/apt/sources.list \
 && printf 'Types: deb\nURIs: http://mirror.invalid/debian\nSuites: bookworm\nComponents: main\n' \
      > /etc/apt/sources.list.d/debian.sources
"""
LISTING = (
    "dpkg-query -W; apt-mark showmanual; find / -xdev ! -type d -printf '%p %y %m %u %g %s %l\n'"
)


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    connected = connect(timeout=600)
    yield connected
    connected.close()


def listing(client: docker.DockerClient, image: str) -> set[str]:
    output: bytes = client.containers.run(
        image, ["sh", "-c", LISTING], network_mode="none", remove=True
    )
    return set(output.decode().splitlines())


def library_of(tmp_path: Path, name: str, dockerfile: str) -> ImageLibrary:
    place = tmp_path / "images" / name
    place.mkdir(parents=True)
    (place / "image.yaml").write_text("description: made by a test\n")
    (place / "Dockerfile").write_text(dockerfile)
    return ImageLibrary((tmp_path / "images",))


def layers(client: docker.DockerClient) -> set[str]:
    """Short ids of all images, those in the middle of a build included."""
    return {each["Id"].removeprefix("sha256:")[:12] for each in client.api.images(all=True)}


def named(told: list[BuildProgress], mark: str) -> set[str]:
    """The short ids that a build's output names after `mark`."""
    found = (re.fullmatch(f"{mark}([0-9a-f]{{12}})", each.line) for each in told)
    return {match[1] for match in found if match}


def remove(client: docker.DockerClient, *names: str) -> None:
    for name in names:
        client.api.remove_image(name, force=True)


def test_a_pulled_and_a_bootstrapped_base_are_the_same(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    """Our base, and the same built on an input like the slim image that a registry gives.

    Both are made now: packages may have become newer since the server's own was built.
    """
    build(["base"], client=client)
    (ours,) = build(library=named_apart(tmp_path, "ours"), client=client)
    made = [ours.tag]
    try:
        (slim,) = build(library=library_of(tmp_path, "slim-like", SLIM), client=client)
        made.append(slim.tag)
        (variant,) = build(library=named_apart(tmp_path, "again"), client=client, debian=slim.tag)
        made.append(variant.tag)
        assert variant.tag != ours.tag
        assert not any(line.startswith("/usr/share/man/") for line in listing(client, slim.tag))
        assert listing(client, variant.tag) == listing(client, ours.tag)
    finally:
        remove(client, *reversed(made))


def named_apart(tmp_path: Path, name: str) -> ImageLibrary:
    """The image `base` and nothing else, the same but for its tag."""
    folder = tmp_path / name
    shutil.copytree(IMAGES / "base", folder / "base")
    with (folder / "base" / "Dockerfile").open("a") as dockerfile:
        dockerfile.write(f"# {name}\n")
    return ImageLibrary((folder,))


def test_what_fails_half_way_leaves_nothing(client: docker.DockerClient, tmp_path: Path) -> None:
    (parent,) = build(["base"], client=client)
    library = library_of(
        tmp_path, "broken", "ARG BASE\nFROM ${BASE}\nRUN echo 1 > /one\nRUN echo why; exit 3\n"
    )
    before = layers(client)
    told: list[BuildProgress] = []
    with pytest.raises(ProviderError) as caught:
        build(report=told.append, library=library, client=client, debian=parent.tag)
    assert "returned a non-zero code: 3" in caught.value.message
    assert "why" in caught.value.message
    assert any(each.step == 3 and each.steps >= 4 for each in told)
    # By what the build itself named, since others may use the daemon at the same time.
    made = named(told, " ---> ") - before
    assert made
    assert not made & layers(client)
    ran = named(told, " ---> Running in ")
    assert ran
    assert not ran & {each["Id"][:12] for each in client.api.containers(all=True)}


def test_only_what_has_changed_is_built(client: docker.DockerClient, tmp_path: Path) -> None:
    (parent,) = build(["base"], client=client)
    library = library_of(tmp_path, "small", "ARG BASE\nFROM ${BASE}\nCOPY motd /etc/motd\n")
    # Of its own in every run: the daemon may still have what an interrupted run built.
    (tmp_path / "images" / "small" / "motd").write_text(f"one {uuid4()}\n")
    (first,) = build(library=library, client=client, debian=parent.tag)
    (second,) = build(library=library, client=client, debian=parent.tag)
    (tmp_path / "images" / "small" / "motd").write_text(f"two {uuid4()}\n")
    with pytest.raises(ProviderError, match="inputs have changed"):
        resolve("small", library, client)
    (third,) = build(library=library, client=client, debian=parent.tag)
    try:
        assert [each.built for each in (first, second, third)] == [True, False, True]
        assert first.tag == second.tag != third.tag
        found = resolve("small", library, client)
        assert found.tag == third.tag
        labels = client.images.get(third.tag).labels
        assert labels[LABEL] == "small"
        assert plan_builds(None, library, client)[0].size > 0
    finally:
        remove(client, first.tag, third.tag)
    with pytest.raises(ImageNotFound):
        client.images.get(third.tag)


def test_helpers_have_what_they_work_with(client: docker.DockerClient) -> None:
    build(["wirer", "observer"], client=client)
    common = (
        "python3 -c 'import ctypes, json, selectors'; ip -V; nft --version; kill -l; nsenter -V"
    )
    observing = (
        "command -v ping traceroute curl dig openssl tcpdump conntrack iptables sshd ps; "
        "test -d /run/sshd; ! ls /etc/ssh/ssh_host_*; test -x /opt/labctl/checkers/agent/door; "
        "cd /opt/labctl; python3 -E -s -S -c 'import checkers.agent.system'"
    )
    wiring = "cd /opt/labctl; python3 -E -s -S -c 'import wirer.cables, wirer.prepare'"
    for name, script in (("wirer", f"{common}; {wiring}"), ("observer", f"{common}; {observing}")):
        client.containers.run(
            resolve(name, client=client).id,
            ["sh", "-ec", script],
            network_mode="none",
            remove=True,
        )


def test_helpers_reap_and_end_at_once(client: docker.DockerClient) -> None:
    build(["observer"], client=client)
    container = client.containers.create(resolve("observer", client=client).id, network_mode="none")
    try:
        container.start()
        # A child that outlives its parent becomes PID 1's; once it has ended it must be gone.
        status, _ = container.exec_run(["sh", "-c", "(sleep 0.01 & exec true) & wait"])
        assert status == 0
        deadline = time.monotonic() + 10
        while b"Z" in container.exec_run(["ps", "-e", "-o", "stat="]).output:
            assert time.monotonic() < deadline, "a zombie stays"
        began = time.monotonic()
        container.stop(timeout=10)
        assert time.monotonic() - began < 5
    finally:
        container.remove(force=True)


def test_the_fabrics_keeper_does_nothing_as_nobody(client: docker.DockerClient) -> None:
    build(["net"], client=client)
    found = resolve("net", client=client)
    container = client.containers.create(
        found.id,
        network_mode="none",
        cap_drop=["ALL"],
        mem_limit=found.defaults.memory,
        pids_limit=found.defaults.pids,
    )
    try:
        container.start()
        processes = container.top(ps_args="-eo pid,uid,args")["Processes"]
        assert [each[1:] for each in processes] == [["65534", "/usr/bin/sleep infinity"]]
        began = time.monotonic()
        container.stop(timeout=10)
        assert time.monotonic() - began < 5
    finally:
        container.remove(force=True)
