"""The warden on real hosts: what shut down is there again, and a full disk freezes one host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labctl.sessions.controller import Controller
from labctl.sessions.record import load, provider_of
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.warden import hosts
from labctl.warden.hosts import look_after
from labctl.warden.running import keep

LABS = Path(__file__).parent.parent / "labs"


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    with Controller(tmp_path / "home", [LABS]) as opened:
        yield opened
        for found in opened.store.sessions():
            opened.provider("docker").down(found.code)
        opened.provider("docker").tidy()


def begin(controller: Controller) -> str:
    (begun,) = start(controller, StartRequest("mini", ("c1",), seed=7))
    assert begun.session, begun.problem
    return begun.session


def states(controller: Controller, code: str) -> dict[str, str]:
    session = load(controller.store, code)
    found = provider_of(controller, session).states(session.placed())
    return {name: state.state for name, state in found.items()}


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still waiting for {what}"
        time.sleep(0.05)


def test_a_rebooted_host_is_wired_again(controller: Controller) -> None:
    code = begin(controller)
    session = load(controller.store, code)
    provider = provider_of(controller, session)
    provider.run(session.placed(), "r1", ["/bin/sh", "-c", "echo kept > /etc/kept; reboot"])
    wait_for(lambda: states(controller, code)["r1"] == "stopped", "r1 to shut down")
    look_after(controller)
    assert states(controller, code) == {"r1": "running", "pc1": "running"}
    again = load(controller.store, code).placed()
    shown = provider.run(again, "r1", ["/bin/sh", "-c", "cat /etc/kept; ip -br link show eth0"])
    assert shown.stdout.startswith(b"kept\neth0")
    assert b"UP" in shown.stdout


def test_the_host_that_wrote_most_is_frozen_when_the_disk_is_nearly_full(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = begin(controller)
    session = load(controller.store, code)
    provider = provider_of(controller, session)
    fill = ["/bin/dd", "if=/dev/zero", "of=/big", "bs=1M", "count=16"]
    provider.run(session.placed(), "pc1", fill)
    look_after(controller)
    assert states(controller, code)["pc1"] == "running"
    monkeypatch.setattr(hosts, "LEAST_FREE", 1.1)
    look_after(controller)
    assert states(controller, code) == {"r1": "running", "pc1": "frozen"}
    incidents = [each for each in controller.store.events(code) if each.kind == "incident.disk"]
    assert [each.data["host"] for each in incidents] == ["pc1"]
    assert incidents[0].data["written"] >= 16 << 20


def test_the_warden_ends_with_the_last_session(controller: Controller) -> None:
    code = begin(controller)
    looks = []

    def pause(_seconds: float) -> None:
        looks.append(1)
        stop(controller, code)

    keep(controller, pause)
    assert looks == [1]
