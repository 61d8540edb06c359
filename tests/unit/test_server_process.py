"""`labctl serve` as a process over a server of paper: killed, taken over from, ended."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.errors import LabctlError
from labctl.providers import PROVIDERS
from labctl.server.asking import answers, use_server
from labctl.server.calls import use_cases
from labctl.server.serving import socket_of
from labctl.sessions import record
from labctl.sessions.clock import ZERO
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from labctl.sessions.starting import StartRequest, start
from labctl.store import Busy
from labctl.store.home import is_ours
from labctl.store.locks import exclusive
from labctl.warden.running import WHAT, lock_of
from tests.fakes.command import LIBRARY
from tests.fakes.timed import DURATION, started
from tests.server_process import ROOT, ServerProcess, ago

RUNNER = str(ROOT / "tests" / "serving.py")
LEFT = 2.0
"""Seconds that a session has left when its server is started."""


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY], now=ago(DURATION - LEFT)) as opened:
        yield opened


@pytest.fixture
def server(controller: Controller) -> Iterator[ServerProcess]:
    _ = controller.store
    made = ServerProcess(controller.home, LIBRARY, [RUNNER])
    yield made
    made.close()


def test_the_deadline_passes_while_it_is_killed_and_the_next_one_catches_up(
    controller: Controller, server: ServerProcess
) -> None:
    server.start()
    code = started(controller)
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    assert socket_of(controller.home).exists()
    assert not answers(controller.home)
    assert controller.store.session(code).state == State.RUNNING

    server.start()
    server.wait_for(
        lambda: controller.store.session(code).state == State.SUBMITTED, "the hand-in", 120
    )
    (begun,) = [each for each in controller.store.events(code) if each.kind == "submit.intended"]
    assert (begun.actor, begun.data["by"]) == ("@warden", "deadline")
    assert record.load(controller.store, code).timing.read(controller.now()).left == ZERO
    assert len(controller.store.runs(code)) == 1
    assert controller.store.audit(code) == ()

    assert server.end(signal.SIGTERM) == 0
    assert not socket_of(controller.home).exists()
    assert "Ended" in server.log()


def test_it_takes_over_from_a_warden_in_the_background(
    controller: Controller, server: ServerProcess
) -> None:
    with Controller(controller.home, [LIBRARY]) as fresh:
        started(fresh)
    alone = subprocess.Popen(
        [sys.executable, RUNNER, "warden"],
        env=server.environment | {"LABCTL_HOME": str(controller.home)},
        stderr=subprocess.DEVNULL,
    )
    try:
        server.wait_for(lambda: is_held(controller.home), "the warden", 120)
        server.start()
        assert alone.wait(120) != 0
        with pytest.raises(Busy) as busy, exclusive(lock_of(controller.home), WHAT):
            pass
        assert busy.value.holder is not None
        assert server.process is not None
        assert busy.value.holder.pid == server.process.pid
    finally:
        alone.kill()
        alone.wait()


def is_held(home: Path) -> bool:
    try:
        with exclusive(lock_of(home), WHAT):
            return False
    except Busy as busy:
        return busy.holder is not None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another account")
def test_another_account_reaches_it_by_its_socket_alone(
    controller: Controller, server: ServerProcess, tmp_path: Path
) -> None:
    """The test plays the group `labctl`: it lets everybody come as far as the socket."""
    server.start()
    use_cases()  # loaded before the child is nobody's who could read them
    for path in (controller.home, controller.home / "run"):
        path.chmod(0o711)
    socket_of(controller.home).chmod(0o666)
    with way_open(tmp_path):
        child = os.fork()
        if child == 0:
            os._exit(as_daemon(controller.home))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    (found,) = controller.store.sessions()
    assert {each.actor for each in controller.store.events(found.code)} == {"daemon"}


def as_daemon(home: Path) -> int:
    """What another account does; the exit status says how far it came."""
    daemon = pwd.getpwnam("daemon")
    os.setgroups([])
    os.setresgid(daemon.pw_gid, daemon.pw_gid, daemon.pw_gid)
    os.setresuid(daemon.pw_uid, daemon.pw_uid, daemon.pw_uid)
    if is_ours(home):
        return 2
    distant = Controller(home)
    try:
        use_server(distant)
        (one,) = start(distant, StartRequest("moves", ("amy",), seed=7))
    except LabctlError:
        return 3
    return 0 if one.session else 4


@contextlib.contextmanager
def way_open(folder: Path) -> Iterator[None]:
    """Let everybody pass through the directories above a folder, for the length of a `with`."""
    above = [each for each in (folder, *folder.parents) if each != Path("/")]
    modes = {each: each.stat().st_mode & 0o7777 for each in above}
    try:
        for path, mode in modes.items():
            path.chmod(mode | 0o001)
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
