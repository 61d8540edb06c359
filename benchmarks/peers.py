"""The peers' containers, made from the image that ours are made from."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import tarfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from docker.errors import APIError
from docker.models.containers import Container

from benchmarks.measuring import await_quiet, clocked, run
from labctl.images.build import resolve

LABEL = "labctl.benchmark"
PROJECT = "labctl-benchmark"
READY_SECONDS = 60.0
SSHD = ("/bin/sh", "-c", "mkdir -p /run/sshd; exec /usr/sbin/sshd -D")


@dataclass(frozen=True, slots=True)
class SshHosts:
    """Containers that answer SSH: their addresses, and the client's side of the keys."""

    addresses: tuple[str, ...]
    identity: Path
    known_hosts: Path
    config: Path


@contextlib.contextmanager
def ssh_hosts(count: int, folder: Path) -> Iterator[SshHosts]:
    """`count` containers with the image's own sshd on a bridge of their own, until the end.

    No limits on memory or processors: those would slow the peer's server side down.
    """
    client = docker.from_env()
    try:
        client.networks.create(PROJECT, labels={LABEL: "ssh"})
        host_private, host_public = _key()
        private, public = _key()
        files = {
            "root/.ssh/authorized_keys": public,
            "etc/ssh/ssh_host_ed25519_key": host_private,
            "etc/ssh/ssh_host_ed25519_key.pub": host_public,
        }
        containers = [_ssh_host(client, files) for _ in range(count)]
        for container in containers:
            container.reload()
        places = [each.attrs["NetworkSettings"]["Networks"][PROJECT] for each in containers]
        addresses = tuple(str(place["IPAddress"]) for place in places)
        for address in addresses:
            _await_port(address, 22)
        yield _client_side(folder, addresses, private, host_public)
    finally:
        clear()
        client.close()


def _ssh_host(client: docker.DockerClient, files: dict[str, bytes]) -> Container:
    container: Container = client.containers.create(
        resolve("host").id, list(SSHD), network=PROJECT, labels={LABEL: "ssh"}
    )
    container.put_archive("/", _archive(files))
    container.start()
    return container


def _archive(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def _key() -> tuple[bytes, bytes]:
    """A new key: the private half as an OpenSSH file, the public one as a line."""
    made = Ed25519PrivateKey.generate()
    private = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return private, public


def _client_side(
    folder: Path, addresses: Sequence[str], private: bytes, host_public: bytes
) -> SshHosts:
    identity, known, config = folder / "identity", folder / "known_hosts", folder / "ssh_config"
    identity.touch(0o600)
    identity.write_bytes(private)
    lines = [f"{address} {host_public.decode()}\n" for address in addresses]
    known.write_text("".join(lines), encoding="ascii")
    config.write_text(
        f"Host *\n  User root\n  IdentityFile {identity}\n  StrictHostKeyChecking no\n",
        encoding="utf-8",
    )
    return SshHosts(tuple(addresses), identity, known, config)


def _await_port(address: str, port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            with socket.create_connection((address, port), timeout=1.0) as connection:
                if connection.recv(4):
                    return
        except OSError:
            pass
        if time.monotonic() > until:
            raise RuntimeError(f"no SSH server answered at {address}:{port}")
        time.sleep(0.05)


class Compose:
    """The same hosts and networks as a docker-compose project, as a person would write it."""

    def __init__(self, folder: Path, hosts: int, networks: int) -> None:
        self._file = folder / "docker-compose.json"
        self._hosts = hosts
        image = resolve("host")
        limits = image.defaults
        marks = {LABEL: "compose"}
        service = {
            "image": image.id,
            "cap_drop": ["ALL"],
            "cap_add": list(limits.capabilities),
            "mem_limit": limits.memory,
            "cpus": limits.cpus,
            "pids_limit": limits.pids,
            "labels": marks,
        }
        document = {
            # The last format in which compose itself, without a swarm, sets limits.
            "version": "2.4",
            "networks": {f"n{number}": {"labels": marks} for number in range(networks)},
            "services": {
                f"h{number}": {**service, "networks": [f"n{number % networks}"]}
                for number in range(hosts)
            },
        }
        self._file.write_text(json.dumps(document), encoding="utf-8")

    def _command(self, *arguments: str) -> float:
        argv: list[str | Path] = ["docker-compose", "-p", PROJECT, "-f", self._file, *arguments]
        return clocked(lambda: run(argv))

    def up(self) -> float:
        """Seconds from the command's start until the last host has booted.

        A host's boot leaves a file as its last act, and that file's own time is what counts. It is
        looked at when all is quiet again, so the peer pays for no waiting or looking of ours.
        """
        began = time.time()
        returned = self._command("up", "-d")
        await_quiet()
        return max(returned, self._last_boot() - began)

    def _last_boot(self) -> float:
        """When the last host's boot ended, in seconds since 1970."""
        client = docker.from_env()
        try:
            found = client.containers.list(filters={"label": f"{LABEL}=compose"})
            if len(found) != self._hosts:
                raise RuntimeError(f"{len(found)} hosts run where {self._hosts} were to be made")
            return max(_booted_at(container) for container in found)
        finally:
            client.close()

    def down(self) -> float:
        """Seconds that removing everything takes."""
        return self._command("down", "-t", "0")


def _booted_at(container: Container) -> float:
    until = time.monotonic() + READY_SECONDS
    while True:
        looked = container.exec_run(["stat", "-c", "%.Y", "/run/boot-complete"])
        output: Any = looked.output
        if looked.exit_code == 0:
            return float(output)
        if time.monotonic() > until:
            raise RuntimeError(f"a host under docker-compose did not boot: {output!r}")
        time.sleep(0.1)


def clear() -> None:
    """Remove everything that this or an earlier, killed run made for a peer.

    Looks again until there is nothing: the engine finishes what a killed program had asked it for.
    """
    client = docker.from_env()
    try:
        until = time.monotonic() + READY_SECONDS
        while found := _ours(client):
            for thing in found:
                # Gone by now, or being removed already, or in use by what is: looked at again.
                with contextlib.suppress(APIError):
                    _remove(thing)
            if time.monotonic() > until:
                raise RuntimeError(f"these could not be removed: {found}")
            time.sleep(0.1)
    finally:
        client.close()


def _remove(thing: Any) -> None:
    if isinstance(thing, Container):
        thing.remove(force=True, v=True)
    else:
        thing.remove()


def _ours(client: docker.DockerClient) -> list[Any]:
    """What there is of the peers': containers first, since networks go after them."""
    wanted: dict[str, Any] = {"label": LABEL}
    containers = client.containers.list(all=True, ignore_removed=True, filters=wanted)
    return [*containers, *client.networks.list(filters=wanted)]
