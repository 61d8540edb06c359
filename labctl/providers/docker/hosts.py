"""Containers of a session: its hosts, and the one that owns the fabric's network namespace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from docker.types import LogConfig

from labctl.errors import ProviderError, ProviderUnavailable
from labctl.images.build import resolve
from labctl.images.model import ResolvedImage
from labctl.plan import HostPlan
from labctl.providers.docker import labels
from labctl.providers.docker.daemon import Daemon, Gone, security_options, talking

AT_ONCE = 8
"""Requests to the engine at the same time; more gains nothing (docs: measured)."""

STOP_SECONDS = 10
FREEZE_SECONDS = 20.0

GATE = (
    "/bin/sh",
    "-c",
    (
        "rm -f /run/labctl-gate; mkfifo -m 600 /run/labctl-gate && read -r _ < /run/labctl-gate;"
        " rm -f /run/labctl-gate; exec /sbin/init"
    ),
)
"""PID 1 waits here until the host is wired and prepared, else boot and wiring race each other."""

MACHINE_SYSCTLS = {
    # Docker switches IPv6 off, and lets a new network namespace inherit the server's forwarding:
    # a machine has the first and does not do the second until it is told to.
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.default.disable_ipv6": "0",
    "net.ipv4.ip_forward": "0",
}
FABRIC_SYSCTLS = {
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
}

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Container:
    """One of our containers as the engine has it; `pid` is 0 unless it runs."""

    id: str
    name: str
    host: str
    state: str
    pid: int
    exit: int = 0
    started: str = ""


def at_once(act: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do the same for many, several at a time; the first error is raised when all have ended."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="docker") as pool:
        futures = [pool.submit(act, item) for item in items]
    return [future.result() for future in futures]


class Containers:
    """Makes, finds and removes the containers of one installation of labctl."""

    def __init__(self, daemon: Daemon, installation: str) -> None:
        self._daemon = daemon
        self._installation = installation
        self._info: dict[str, Any] | None = None
        self._images: dict[str, ResolvedImage] = {}

    def image(self, name: str) -> ResolvedImage:
        """A built image; raises `ProviderError` if it is not there."""
        if name not in self._images:
            self._images[name] = resolve(name)
        return self._images[name]

    @property
    def info(self) -> dict[str, Any]:
        """What the engine says of itself, asked once."""
        if self._info is None:
            with talking("to describe itself"):
                self._info = self._daemon.api.info()
        return self._info

    # ------------------------------------------------------------------ making

    def ensure_fabric(self, session: str) -> Container:
        """The running container whose network namespace holds the session's bridges."""
        image = self.image(labels.FABRIC_ROLE)
        made = labels.of(self._installation, session, labels.FABRIC_ROLE)
        return self._ensure(
            labels.container_name(session, labels.FABRIC_ROLE),
            image,
            made,
            hostname="fabric",
            sysctls=FABRIC_SYSCTLS,
        )

    def ensure_hosts(self, session: str, hosts: Sequence[HostPlan]) -> list[Container]:
        """Running containers of these hosts, in their order; what ran already stays as it is."""
        for name in {host.image for host in hosts}:
            self.image(name)
        return at_once(lambda host: self._ensure_host(session, host), hosts)

    def start_again(self, session: str, hosts: Sequence[HostPlan]) -> list[Container | None]:
        """As `ensure_hosts`, for hosts that ran before: None where one cannot even be started.

        Its owner may have removed what its first program needs; that must not keep the others.
        """

        def one(host: HostPlan) -> Container | None:
            try:
                return self._ensure_host(session, host)
            except ProviderUnavailable:
                raise
            except ProviderError:
                return None

        return at_once(one, hosts)

    def _ensure_host(self, session: str, host: HostPlan) -> Container:
        image = self.image(host.image)
        return self._ensure(
            labels.container_name(session, host.name),
            image,
            labels.of(self._installation, session, labels.HOST_ROLE, host.name),
            hostname=host.name,
            command=list(GATE) if image.defaults.init == "sysvinit" else None,
            memory=host.memory,
            cpus=host.cpus,
            sysctls={**MACHINE_SYSCTLS, **host.sysctls},
            tmpfs={path: f"size={size}" for path, size in host.tmpfs.items()},
        )

    def ensure_helper(self, role: str) -> Container:
        """The running helper of this server, one for each version of its image."""
        image = self.image(role)
        name = labels.helper_name(self._installation, role, image.tag.rpartition(":")[2])
        found = self.find(name)
        if found and found.state == "paused":
            self.remove([found])  # frozen by somebody: nothing that it does is missed
        made = labels.of(self._installation, labels.HELPER_SESSION, role)
        return self._ensure(name, image, made, hostname=role, pid_mode="host")

    def _ensure(
        self, name: str, image: ResolvedImage, made: dict[str, str], **options: Any
    ) -> Container:
        """Create and start a container unless it is there and runs."""
        found = self.find(name)
        if found is None:
            self._create(name, image, made, **options)
        elif found.pid:
            return found
        self._start(name)
        started = self.find(name)
        if started is None:
            raise Gone(f"{name} went away while it was being started")
        return started

    def _start(self, name: str) -> None:
        """Start a container, once more where runc lost sight of its first process.

        On a busy server it now and then says "cannot start a stopped process" of a container that
        it has just made; nothing has run in it then, and the next start goes well.
        """
        for last in (False, False, True):
            try:
                with talking(f"to start {name}"):
                    self._daemon.api.start(name)
            except ProviderError as error:
                if last or "cannot start a stopped process" not in error.message:
                    raise
            else:
                return

    def _create(
        self,
        name: str,
        image: ResolvedImage,
        made: dict[str, str],
        *,
        hostname: str,
        command: list[str] | None = None,
        memory: int | None = None,
        cpus: float | None = None,
        sysctls: dict[str, str] | None = None,
        tmpfs: dict[str, str] | None = None,
        pid_mode: str | None = None,
    ) -> None:
        api = self._daemon.api
        defaults = image.defaults
        limit = memory or defaults.memory
        host_config = api.create_host_config(
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=list(defaults.capabilities),
            security_opt=security_options(self.info, defaults.seccomp),
            mem_limit=limit,
            memswap_limit=limit,
            nano_cpus=int((cpus or defaults.cpus) * 1e9),
            pids_limit=defaults.pids,
            sysctls=sysctls or {},
            tmpfs=tmpfs or {},
            pid_mode=pid_mode,
            log_config=LogConfig(type="none"),
        )
        with talking(f"to create {name}"):
            api.create_container(
                image.id,
                command=command,
                name=name,
                hostname=hostname,
                labels=made,
                host_config=host_config,
                # Docker's part in networks is left out altogether, not only set to `none`: a new,
                # empty network namespace is made either way, and a start costs half the time.
                network_disabled=True,
                stop_signal="SIGINT" if command else None,
            )

    # ------------------------------------------------------------------ finding

    def find(self, name: str) -> Container | None:
        """The container of that name, or None."""
        try:
            with talking(f"to look at {name}"):
                return _described(self._daemon.api.inspect_container(name))
        except Gone:
            return None

    def listing(self, session: str | None = None) -> list[dict[str, Any]]:
        """What the engine lists of ours (of one session), running or not."""
        wanted = [f"{labels.INSTALLATION}={self._installation}"]
        if session is not None:
            wanted.append(f"{labels.SESSION}={session}")
        with talking("to list containers"):
            return list(self._daemon.api.containers(all=True, filters={"label": wanted}))

    def of_session(self, session: str) -> list[Container]:
        """Every container of a session, as it is now."""
        found = at_once(lambda row: self.find(row["Id"]), self.listing(session))
        return [container for container in found if container is not None]

    # ------------------------------------------------------------------ ending

    def remove(self, containers: Sequence[Container]) -> None:
        """Remove containers; one that is gone already is no error."""

        def one(container: Container) -> None:
            try:
                with talking(f"to remove {container.name}"):
                    self._daemon.api.remove_container(container.id, force=True, v=True)
            except Gone:
                pass

        at_once(one, containers)

    def stop(self, containers: Sequence[Container]) -> None:
        """Shut machines down as an operator would (SIGINT), and wait for it."""

        def one(container: Container) -> None:
            with talking(f"to stop {container.name}"):
                if container.state == "paused":
                    self._daemon.api.unpause(container.id)
                self._daemon.api.stop(container.id, timeout=STOP_SECONDS)

        at_once(one, containers)

    def kill(self, containers: Sequence[Container]) -> None:
        """End machines at once, as a power cut does, and wait for it."""

        def one(container: Container) -> None:
            with talking(f"to end {container.name}"):
                if container.state == "paused":
                    self._daemon.api.unpause(container.id)
                self._daemon.api.stop(container.id, timeout=0)

        at_once(one, containers)

    def pause(self, containers: Sequence[Container], *, frozen: bool) -> None:
        """Freeze running containers, or let frozen ones go on."""

        def one(container: Container) -> None:
            api = self._daemon.api
            if frozen and container.state == "running":
                self._freeze(container)
            elif not frozen and container.state == "paused":
                with talking(f"to thaw {container.name}"):
                    api.unpause(container.id)

        at_once(one, containers)

    def _freeze(self, container: Container) -> None:
        """Freeze one container, trying again for a while where the kernel could not at once.

        Under load a process may be in a system call that cannot be stopped just then; runc gives
        up after some milliseconds ("unable to freeze") and lets the container go on.
        """
        deadline = time.monotonic() + FREEZE_SECONDS
        while True:
            try:
                with talking(f"to freeze {container.name}"):
                    self._daemon.api.pause(container.id)
            except ProviderError as error:
                if "unable to freeze" not in error.message or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return


def _described(found: dict[str, Any]) -> Container:
    state = found["State"]
    return Container(
        id=str(found["Id"]),
        name=str(found["Name"]).removeprefix("/"),
        host=str(found["Config"]["Labels"].get(labels.HOST, "")),
        state="paused" if state.get("Paused") else str(state["Status"]),
        pid=int(state.get("Pid") or 0),
        exit=int(state.get("ExitCode") or 0),
        started=str(state.get("StartedAt") or ""),
    )
