"""Real hosts for tests: a few machines, an observer to look at them, and nothing left behind."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import docker

from checkers.engine import PlannedCheck, Wanted, run_phase
from checkers.model import (
    AnyProbe,
    Failure,
    File,
    FileResult,
    Flow,
    Inside,
    Observation,
    Phase,
    Program,
    ProgramResult,
    Subject,
    Verdict,
)
from checkers.probe import Probe
from checkers.registry import load
from checkers.remote import RemoteObserver, Whereabouts
from checkers.traffic import Sighting
from labctl.images.build import build
from labctl.plan import Access, HostPlan, NetworkPlan, Plan, PortPlan
from labctl.providers.base import Placement
from labctl.providers.docker.provider import DockerProvider
from labctl.scheme import lab_hosts

T = TypeVar("T")

IMAGES = ("observer", "wirer", "net", "host", "router", "examiner")


def plan(networks: Sequence[str | NetworkPlan], *hosts: HostPlan, provider: str = "docker") -> Plan:
    """A lab of these machines and no tasks."""
    found = tuple(NetworkPlan(each) if isinstance(each, str) else each for each in networks)
    nothing: dict[str, Any] = {}
    head = ("rig", "Rig", "s", "networking", 2, 1, provider, 100, "all", "d")
    return Plan(*head, nothing, nothing, found, hosts, ())  # type: ignore[arg-type]  # as listed


def machine(name: str, *networks: str, access: str = "root", image: str = "host") -> HostPlan:
    """A machine with an interface on each network; MACs follow from the names."""
    number = sum(name.encode()) % 256
    ports = tuple(
        PortPlan(network, f"eth{n}", f"02:00:00:{number:02x}:00:{n:02x}")
        for n, network in enumerate(networks)
    )
    return HostPlan(name, image, Access(access), ports)


def wait_for(condition: Callable[[], T], what: str, seconds: float = 20.0) -> T:
    """The first true value of a condition; its not coming in time fails the test."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still waiting for {what}"
        time.sleep(0.03)
    return found


@dataclass
class Session:
    """The machines of one session, and ways to use and to judge them."""

    provider: DockerProvider
    plan: Plan
    placement: Placement
    _observer: RemoteObserver | None = None

    # ------------------------------------------------------------------ as the candidate

    def run(self, host: str, *argv: str, **options: Any) -> ProgramResult:
        return self.provider.run(self.placement, host, argv, **options)

    def sh(self, host: str, script: str, *, check: bool = True, **options: Any) -> str:
        """What a script prints on a host, both streams; its failure fails the test."""
        result = self.run(host, "/bin/sh", "-c", f"exec 2>&1\n{script}", **options)
        text = result.stdout.decode(errors="replace")
        assert not check or result.exit == 0, f"{result.exit}: {text}"
        return text

    # ------------------------------------------------------------------ as the examiner

    @property
    def observer(self) -> RemoteObserver:
        """The observer of where the hosts are now."""
        if self._observer is None:
            self._observer = RemoteObserver(
                lab_hosts(self.plan),
                Whereabouts(self.placement.pins, self.placement.fabric),
                self.provider.dial,
                self._inside,
            )
        return self._observer

    def _inside(self, probe: Inside) -> ProgramResult:
        return self.run(
            probe.host,
            *probe.argv,
            user=probe.user,
            stdin=probe.stdin,
            cwd=probe.cwd,
            timeout=probe.timeout,
            limit=probe.limit,
        )

    def observe(self, *probes: AnyProbe) -> list[Observation]:
        return list(self.observer.observe([Wanted(probe, ("test",)) for probe in probes]))

    def ask(self, probe: Probe[T]) -> T:
        """The answer to a probe, which there must be."""
        (seen,) = self.observe(probe)  # type: ignore[arg-type]  # one of AnyProbe
        assert seen.failure is None, seen.failure
        return seen.result  # type: ignore[return-value]  # as the probe says

    def failure(self, probe: AnyProbe) -> Failure:
        """Why there is no answer to a probe; there must not be one."""
        (seen,) = self.observe(probe)
        assert seen.failure is not None, seen.result
        return seen.failure

    def file(self, host: str, path: str | bytes, limit: int = 1 << 20) -> FileResult:
        return self.ask(File(host, path if isinstance(path, bytes) else path.encode(), limit))

    def ping(self, host: str, to: str, count: int = 1) -> ProgramResult:
        """A ping with a nonce, watched on the wire."""
        argv = ("ping", "-n", "-c", str(count), "-i", "0.2", "-W", "1", "-p", "{nonce}", to)
        return self.ask(Program(host, argv, flow=Flow("icmp", to, nonce=True)))

    def check(self, kind: str, host: str, origin: str | None = None, **parameters: Any) -> Verdict:
        """The verdict of a check type."""
        subject = Subject(host, origin, lab_hosts(self.plan))
        made = load(kind).model_validate(parameters)
        planned = PlannedCheck("check", made, subject, Phase.STATE)
        return run_phase([planned], self.observer, {})["check"].verdict

    # ------------------------------------------------------------------ as fate

    def container(self, host: str) -> str:
        """The name of a host's container; `net` is the fabric's."""
        return f"labctl-{self.placement.session}-{host}"

    def states(self) -> dict[str, str]:
        return {name: each.state for name, each in self.provider.states(self.placement).items()}

    def moved(self, placement: Placement) -> None:
        """The hosts are somewhere else now."""
        self.close()
        self.placement = placement

    def revive(self, *hosts: str) -> None:
        self.moved(self.provider.revive(self.placement, self.plan, hosts))

    def restart(self, *hosts: str) -> None:
        self.moved(self.provider.restart(self.placement, self.plan, hosts))

    def close(self) -> None:
        if self._observer:
            self._observer.close()
            self._observer = None


@dataclass
class Rig:
    """An installation of labctl of the test's own, with its sessions."""

    home: Path
    installation: str = field(default_factory=lambda: secrets.token_hex(8))
    sessions: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = DockerProvider(self.installation, self.home)
        self.docker = docker.from_env(timeout=60)

    def up(self, lab: Plan) -> Session:
        """Bring a lab up as a session of its own."""
        code = secrets.token_hex(3)
        session = Session(self.provider, lab, self.provider.up(code, lab, lambda _: None))
        self.sessions.append(session)
        return session

    def helper(self, role: str) -> Any:
        """The container of a helper, as Docker has it."""
        wanted = [f"labctl.installation={self.installation}", f"labctl.role={role}"]
        (found,) = self.docker.containers.list(all=True, filters={"label": wanted})
        return found

    def close(self) -> None:
        """Remove everything, whatever happened."""
        for session in self.sessions:
            session.close()
        codes = {owned.session for owned in self.provider.owned()} - {None}
        for code in codes:
            self.provider.down(str(code))
        self.provider.tidy()
        left = self.provider.owned()
        self.provider.close()
        self.docker.close()
        assert left == ()


@contextlib.contextmanager
def rig(home: Path, *images: str) -> Iterator[Rig]:
    """A rig with its images built, and those named beside them; gone at the end."""
    build((*IMAGES, *images))
    made = Rig(home)
    try:
        yield made
    finally:
        made.close()


def towards(sightings: Sequence[Sighting], host: str) -> list[Sighting]:
    """The sightings of frames that were handed to a host."""
    return [seen for seen in sightings if seen.host == host and seen.towards]
