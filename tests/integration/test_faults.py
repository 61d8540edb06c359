"""The machinery breaks down at the worst moment: errors in time, never a pass, never a fail."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from checkers import ssh
from checkers.engine import PlannedCheck, run_phase
from checkers.model import (
    AnyProbe,
    Blame,
    Connect,
    Failure,
    File,
    Inside,
    Observation,
    Phase,
    Program,
    Status,
    Subject,
)
from checkers.registry import load
from checkers.remote import RemoteObserver, Whereabouts
from labctl.errors import ProviderError, ProviderUnavailable
from labctl.providers.docker.provider import DockerProvider
from labctl.scheme import lab_hosts
from tests.rig import Rig, Session, machine, plan, rig, wait_for

LAB = plan(["lan"], machine("pc1", "lan"), machine("pc2", "lan"))
SLOW = Program("pc1", ("ping", "-i", "0.2", "10.0.0.2"), timeout=30)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def lab(made: Rig) -> Session:
    session = made.up(LAB)
    session.sh("pc1", "ip addr add 10.0.0.1/24 dev eth0")
    session.sh("pc2", "ip addr add 10.0.0.2/24 dev eth0")
    return session


class Asking:
    """A round under way in a thread of its own."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.found: Any = None
        self._act = act
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.found = self._act()

    def end(self, seconds: float) -> Any:
        """What came of it; it must come in time."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"it did not end within {seconds:g} s"
        return self.found


def kill_all(pids: Sequence[int]) -> int:
    """Kill processes of the helpers; how many there were."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids)


def agent_pids(made: Rig) -> list[int]:
    """The agents at work in the observer, by the server's numbers."""
    titles = made.helper("observer").top(ps_args="-eo pid,args")["Processes"]
    return [int(pid) for pid, title in titles if "checkers.agent" in title]


def at_work(made: Rig) -> list[int]:
    """The agents, once the slow program runs."""
    titles = str(made.helper("observer").top(ps_args="-eo pid,args")["Processes"])
    return agent_pids(made) if "ping -i" in titles else []


def reasons(found: Sequence[Observation]) -> list[Failure]:
    failures = [seen.failure for seen in found if seen.failure is not None]
    assert len(failures) == len(found), found
    return failures


KILLS: dict[str, Callable[[Rig], object]] = {
    "the agent is killed": lambda made: kill_all(agent_pids(made)),
    "the observer is killed": lambda made: made.helper("observer").kill(),
    "the observer is removed": lambda made: made.helper("observer").remove(force=True),
    "the observer is restarted": lambda made: made.helper("observer").restart(timeout=0),
}


@pytest.mark.parametrize("fate", KILLS)
def test_in_the_middle_of_a_round(
    made: Rig, lab: Session, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """With the observer gone the engine keeps our stream open: the round's own deadline ends it."""
    monkeypatch.setattr("checkers.remote.SLACK_SECONDS", 0.0)
    monkeypatch.setattr("checkers.remote._time_for", lambda _: 2.0)
    lab.close()
    asking = Asking(lambda: lab.observe(SLOW, Program("pc2", SLOW.argv, timeout=30)))
    wait_for(lambda: at_work(made), "the round")
    started = time.monotonic()
    KILLS[fate](made)
    for failure in reasons(asking.end(10)):
        assert failure.blame is Blame.MACHINERY
        assert failure.reason
    assert time.monotonic() - started < 10
    assert lab.file("pc1", "/etc/passwd").type == "file", "the next use works"


def test_what_an_agent_had_started_ends_with_it(made: Rig, lab: Session) -> None:
    lab.close()
    asking = Asking(lambda: lab.observe(SLOW))
    kill_all(wait_for(lambda: at_work(made), "the round"))
    asking.end(10)

    def left() -> bool:
        return "ping -i" in str(made.helper("observer").top(ps_args="-eo pid,args")["Processes"])

    wait_for(lambda: not left(), "the program to end", 5)


def planned(ident: str, kind: str, host: str, /, **parameters: Any) -> PlannedCheck:
    subject = Subject(host, None, lab_hosts(LAB))
    return PlannedCheck(ident, load(kind).model_validate(parameters), subject, Phase.STATE)


def checks() -> list[PlannedCheck]:
    """One that would pass and one that would fail, of several types."""
    return [
        planned("a", "user", "pc1", name="root"),
        planned("b", "user", "pc1", name="nobody-here"),
        planned("c", "interface", "pc2", name="eth1", up=True),
        planned("d", "file", "pc2", path="/etc/passwd"),
        planned("e", "file", "pc2", path="/etc/nothing", absent=True),
        planned("f", "process", "pc1", name="nginx", absent=True),
        planned("g", "command", "pc1", run="/bin/false", exit=0),
        planned("h", "port", "pc1", port=80, listening=False),
    ]


def judged(lab: Session, provider: DockerProvider | None = None) -> dict[str, Status]:
    """The statuses of all checks, observed through `provider`."""
    used = provider or lab.provider

    def inside(probe: Inside) -> Any:
        return used.run(lab.placement, probe.host, probe.argv, timeout=probe.timeout)

    where = Whereabouts(lab.placement.pins, lab.placement.fabric)
    observer = RemoteObserver(lab_hosts(lab.plan), where, used.dial, inside)
    try:
        results = run_phase(checks(), observer, {})
    finally:
        observer.close()
    for result in results.values():
        if result.verdict.status is Status.ERROR:
            assert result.verdict.blame is Blame.MACHINERY, result
    return {name: result.verdict.status for name, result in results.items()}


def test_without_a_fault_there_are_passes_and_fails(lab: Session) -> None:
    assert set(judged(lab).values()) == {Status.PASSED, Status.FAILED}


@contextlib.contextmanager
def other_daemon(path: Path, answer: Callable[[socket.socket], None]) -> Iterator[DockerProvider]:
    """A provider whose Docker is a socket of the test's."""
    with socket.socket(socket.AF_UNIX) as listener, pytest.MonkeyPatch.context() as patch:
        listener.bind(str(path / "docker.sock"))
        listener.listen(50)
        listener.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            held = []
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection = listener.accept()[0]
                    held.append(connection)
                    with contextlib.suppress(OSError):
                        answer(connection)
            for each in held:
                each.close()

        thread = threading.Thread(target=serve)
        thread.start()
        patch.setenv("DOCKER_HOST", f"unix://{path}/docker.sock")
        patch.setattr("labctl.providers.docker.daemon.REQUEST_SECONDS", 1)
        provider = DockerProvider("0123456789abcdef", path)
        try:
            yield provider
        finally:
            provider.close()
            over.set()
            thread.join()


def says_nothing(connection: socket.socket) -> None:
    """As a daemon that was stopped in the middle, or thrashes."""


def hangs_up(connection: socket.socket) -> None:
    connection.close()


def breaks(connection: socket.socket) -> None:
    connection.recv(65536)
    body = b'{"message": "disk full"}'
    head = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
    connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    connection.close()


def talks_nonsense(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    connection.close()


@pytest.mark.parametrize("answer", [says_nothing, hangs_up, breaks, talks_nonsense])
def test_a_docker_that_does_not_work(
    lab: Session, tmp_path: Path, answer: Callable[[socket.socket], None]
) -> None:
    started = time.monotonic()
    with other_daemon(tmp_path, answer) as provider:
        # As in a process that has worked for a while: it knows its images.
        provider._containers._images.update(lab.provider._containers._images)
        found = judged(lab, provider)
        with pytest.raises(ProviderError):
            provider.states(lab.placement)
        with pytest.raises(ProviderError):
            provider.owned()
    assert set(found.values()) == {Status.ERROR}
    assert time.monotonic() - started < 30


# docker-py leaves the socket of a connection that was refused to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_docker_that_is_not_there(
    lab: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    provider = DockerProvider("0123456789abcdef", tmp_path)
    started = time.monotonic()
    assert set(judged(lab, provider).values()) == {Status.ERROR}
    for act in (
        lambda: provider.up("x", lab.plan, lambda _: None),
        lambda: provider.down("x"),
        lambda: provider.states(lab.placement),
        lambda: provider.freeze(lab.placement),
        lambda: provider.run(lab.placement, "pc1", ["/bin/true"]),
        provider.owned,
        provider.tidy,
    ):
        with pytest.raises(ProviderUnavailable, match="not running"):
            act()
    assert time.monotonic() - started < 10
    provider.close()
    gc.collect()


class Stalling:
    """A provider's stream that stalls after some bytes from the other side."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._left = stream, most
        self._timeout: float | None = None
        self._over = threading.Event()
        self.errors = stream.errors

    @property
    def _closed(self) -> bool:
        return self._over.is_set()

    def send(self, data: bytes, /) -> int:
        sent: int = self._stream.send(data)
        return sent

    def recv(self, size: int, /) -> bytes:
        if self._left <= 0:
            if self._over.wait(self._timeout):
                return b""
            raise TimeoutError
        data: bytes = self._stream.recv(min(size, self._left))
        self._left -= len(data)
        return data

    def settimeout(self, seconds: float | None, /) -> None:
        self._timeout = seconds
        self._stream.settimeout(seconds)

    def close(self) -> None:
        self._over.set()
        self._stream.close()


@pytest.mark.parametrize("most", [0, 1000, 2100, 2600, 40_000])
def test_a_stream_that_stalls(lab: Session, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(ssh, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr("checkers.remote.SLACK_SECONDS", 0.0)
    monkeypatch.setattr("checkers.remote._time_for", lambda _: 0.5)
    monkeypatch.setattr(lab, "_observer", None)
    observer = RemoteObserver(
        lab_hosts(lab.plan),
        Whereabouts(lab.placement.pins, lab.placement.fabric),
        lambda argv, preamble: Stalling(lab.provider.dial(argv, preamble), most),
        lambda probe: lab.run(probe.host, *probe.argv),
    )
    started = time.monotonic()
    results = run_phase([planned("a", "package", "pc1", name="bash")], observer, {})
    observer.close()
    verdict = results["a"].verdict
    assert (verdict.status, verdict.blame) == (Status.ERROR, Blame.MACHINERY), verdict
    assert time.monotonic() - started < 5


def test_a_fabric_that_went_away_is_not_the_hosts_fault(made: Rig, lab: Session) -> None:
    """What is on cables cannot be judged; files can."""
    net = made.docker.containers.get(lab.container("net"))
    net.kill()
    probes: list[AnyProbe] = [
        Program("pc1", ("ip", "-j", "-d", "addr")),
        Connect("pc1", "10.0.0.2", 80),
        Program("pc1", ("ping", "-c", "1", "10.0.0.2")),
    ]
    for failure in reasons(lab.observe(*probes)):
        assert failure.blame is Blame.MACHINERY
    verdict = lab.check("interface", "pc1", name="eth0", addresses=["10.0.0.1/24"])
    assert (verdict.status, verdict.blame) == (Status.ERROR, Blame.MACHINERY)
    assert lab.check("user", "pc1", name="root").status is Status.PASSED
    lab.revive()
    assert set(lab.states().values()) == {"running"}
    assert lab.check("interface", "pc1", name="eth0", up=True).status is Status.PASSED


def test_a_reader_that_needs_more_memory_than_there_is(lab: Session) -> None:
    """Files as large as can be read, of each host: all answered, or errors; nothing else."""
    for host in ("pc1", "pc2"):
        lab.sh(host, "truncate -s 1G /srv/big")
    probes = [File(host, b"/srv/big", (31 << 20) + n) for host in ("pc1", "pc2") for n in range(2)]
    for seen in lab.observe(*probes):
        if seen.failure is None:
            assert getattr(seen.result, "truncated", False)
        else:
            assert seen.failure.blame is Blame.MACHINERY
    assert lab.file("pc1", "/etc/passwd").type == "file"


def test_an_observer_that_can_start_no_more_processes(made: Rig, lab: Session) -> None:
    lab.file("pc1", "/etc/passwd")
    lab.close()
    observer = made.helper("observer")
    subprocess.run(
        ["docker", "update", "--pids-limit", "8", observer.id], check=True, capture_output=True
    )
    try:
        found = lab.observe(*(Program("pc1", ("ss", "-Htln", f"sport = {n}")) for n in range(30)))
        for seen in found:
            assert seen.failure is None or seen.failure.blame is Blame.MACHINERY
        assert any(seen.failure for seen in found)
    finally:
        lab.close()
        observer.remove(force=True)
    assert lab.file("pc1", "/etc/passwd").type == "file"


def test_a_wirer_that_is_killed_while_it_works(made: Rig, lab: Session) -> None:
    def wirers() -> list[int]:
        titles = made.helper("wirer").top(ps_args="-eo pid,args")["Processes"]
        return [int(pid) for pid, title in titles if "-m wirer" in title]

    killer = Asking(lambda: wait_for(lambda: kill_all(wirers()), "the wirer"))
    placement = lab.provider.restart(lab.placement, lab.plan, ["pc2"])
    killer.end(20)
    lab.moved(placement)
    lab.revive("pc2")
    assert set(lab.states().values()) == {"running"}
    assert lab.check("interface", "pc2", name="eth0", up=True).status is Status.PASSED


def test_clients_of_the_engine_do_not_pile_up(lab: Session) -> None:
    def sockets() -> int:
        found = 0
        for each in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                found += str(each.readlink()).startswith("socket:")
        return found

    before = sockets()
    for _ in range(40):
        lab.states()
        lab.observe(Inside("pc1", ("/bin/true",)))
    assert sockets() <= before + 40, "each client may keep ten"
