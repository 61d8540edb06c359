"""The Docker daemon is restarted under running sessions, as an upgrade or a crash does it."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from checkers.model import Blame, Observation, Program, Status
from labctl.errors import ProviderUnavailable
from tests.own_docker import OwnDocker, own_docker
from tests.rig import Rig, Session, machine, plan, wait_for

# The SDK leaves the socket of a connection that was refused to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnDocker]:
    images = ("observer", "wirer", "net", "host")
    with own_docker(tmp_path_factory.mktemp("docker"), images) as found:
        yield found


def begin(rig: Rig) -> Session:
    session = rig.up(plan(["lan"], machine("pc1", "lan"), machine("pc2", "lan")))
    session.sh("pc1", "ip addr add 10.0.0.1/24 dev eth0; echo kept > /etc/kept")
    session.sh("pc2", "ip addr add 10.0.0.2/24 dev eth0")
    assert session.ping("pc1", "10.0.0.2").sightings
    return session


@pytest.fixture
def rig(daemon: OwnDocker, tmp_path: object) -> Iterator[Rig]:
    made = Rig(tmp_path)  # type: ignore[arg-type]  # a Path
    yield made
    made.close()
    gc.collect()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_with_live_restore_a_session_goes_on(
    daemon: OwnDocker, rig: Rig, how: signal.Signals
) -> None:
    daemon.stop()
    daemon.start(live_restore=True)
    session = begin(rig)
    pins = session.placement.pins
    daemon.stop(how)
    with pytest.raises(ProviderUnavailable, match="not running"):
        session.states()
    daemon.start(live_restore=True)
    assert session.states() == {"pc1": "running", "pc2": "running"}
    session.close()
    assert session.file("pc1", "/etc/kept").content == b"kept\n"
    assert session.ping("pc1", "10.0.0.2").sightings
    assert session.sh("pc1", "ip -br addr show eth0").count("10.0.0.1/24") == 1
    session.provider.freeze(session.placement)
    session.provider.thaw(session.placement)
    session.restart("pc1")
    assert session.placement.pins["pc2"] == pins["pc2"]
    assert session.check("interface", "pc1", network="lan", up=True).status is Status.PASSED


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_without_live_restore_a_session_is_started_again(
    daemon: OwnDocker, rig: Rig, how: signal.Signals
) -> None:
    daemon.stop()
    daemon.start(live_restore=False)
    session = begin(rig)
    daemon.stop(how)
    daemon.start(live_restore=False)
    session.close()
    assert session.states() == {"pc1": "stopped", "pc2": "stopped"}
    verdict = session.check("user", "pc1", name="root")
    assert (verdict.status, verdict.blame) == (Status.ERROR, Blame.HOST), verdict
    session.revive(*session.states())
    assert session.states() == {"pc1": "running", "pc2": "running"}
    assert session.file("pc1", "/etc/kept").content == b"kept\n"
    for host in ("pc1", "pc2"):
        assert session.check("interface", host, network="lan", up=True).status is Status.PASSED


def test_the_daemon_stops_in_the_middle_of_a_round(
    daemon: OwnDocker, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkers.remote._time_for", lambda _: 3.0)
    monkeypatch.setattr("checkers.remote.SLACK_SECONDS", 0.0)
    daemon.stop()
    daemon.start(live_restore=True)
    session = begin(rig)
    slow = Program("pc1", ("ping", "-i", "0.2", "10.0.0.2"), timeout=30)
    found: list[Observation] = []
    asking = threading.Thread(target=lambda: found.extend(session.observe(slow)))
    asking.start()
    wait_for(lambda: "ping -i" in str(rig.helper("observer").top()["Processes"]), "the round")
    started = time.monotonic()
    daemon.stop()
    asking.join(20)
    assert time.monotonic() - started < 15
    assert found[0].failure is not None
    assert found[0].failure.blame is Blame.MACHINERY
    verdict = session.check("user", "pc1", name="root")
    assert (verdict.status, verdict.blame) == (Status.ERROR, Blame.MACHINERY)
    daemon.start(live_restore=True)
    session.close()
    assert session.check("user", "pc1", name="root").status is Status.PASSED
