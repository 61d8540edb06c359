"""How a machine stands, by what libvirt says of it; and a machine that finds the disk full."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from labctl.errors import ProviderError
from labctl.providers.base import HostState
from labctl.providers.libvirt import conditions
from labctl.providers.libvirt.chassis import Chassis
from labctl.providers.libvirt.conditions import FELL, FULL, LEAST_ROOM, condition, go_on

libvirt = pytest.importorskip("libvirt")

PLAIN = Chassis(1, {})
ATTENDED = Chassis(1, {}, attended=True)
SWITCHED_OFF = Chassis(1, {}, attended=True, switched_off=True)


@dataclass
class Domain:
    """A domain of libvirt's: once it goes on, each look at it finds the next state, to the last."""

    states: list[tuple[int, int]]
    folder: Path = Path("/")
    done: list[str] = field(default_factory=list)

    def state(self) -> list[int]:
        if "resume" in self.done and len(self.states) > 1:
            self.states.pop(0)
        return list(self.states[0])

    def name(self) -> str:
        return "labctl-abc123-pc1"

    def XMLDesc(self) -> str:  # noqa: N802  # libvirt's name
        disk = f"<disk><source file='{self.folder}/root.qcow2'/></disk>"
        return f"<domain><devices>{disk}</devices></domain>"

    def resume(self) -> None:
        self.done.append("resume")


RUNNING = (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED)
PAUSED = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER)
HALTED = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR)
OFF = libvirt.VIR_DOMAIN_SHUTOFF
CRASHED = (OFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED)
UNKNOWN = (OFF, libvirt.VIR_DOMAIN_SHUTOFF_UNKNOWN)
SHUT_DOWN = (OFF, libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN)


@pytest.mark.parametrize(
    "state, chassis, expected",
    [
        (RUNNING, PLAIN, HostState("pc1", "running")),
        (PAUSED, PLAIN, HostState("pc1", "frozen")),
        (HALTED, PLAIN, HostState("pc1", "frozen", FULL, fault=True)),
        (SHUT_DOWN, PLAIN, HostState("pc1", "stopped")),
        (SHUT_DOWN, ATTENDED, HostState("pc1", "off")),
        (SHUT_DOWN, SWITCHED_OFF, HostState("pc1", "off")),
        (CRASHED, PLAIN, HostState("pc1", "stopped", FELL, fault=True)),
        (CRASHED, ATTENDED, HostState("pc1", "stopped", FELL, fault=True)),
        (CRASHED, SWITCHED_OFF, HostState("pc1", "off")),
        (UNKNOWN, PLAIN, HostState("pc1", "stopped", FELL, fault=True)),
        (UNKNOWN, ATTENDED, HostState("pc1", "off", fault=True)),
        (UNKNOWN, SWITCHED_OFF, HostState("pc1", "off")),
        (UNKNOWN, None, HostState("pc1", "stopped", FELL, fault=True)),
    ],
)
def test_whose_doing_it_is_that_a_machine_does_not_run(
    state: tuple[int, int], chassis: Chassis | None, expected: HostState
) -> None:  # a table
    assert condition("pc1", Domain([state]), chassis) == expected


def test_a_machine_that_is_gone_is_missing() -> None:
    assert condition("pc1", None, PLAIN).state == "missing"


def room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, free))
    monkeypatch.setattr(conditions, "TRY_SECONDS", 0.2)


@pytest.mark.parametrize("states, free", [([PAUSED, RUNNING], 0), ([HALTED, RUNNING], LEAST_ROOM)])
def test_a_machine_goes_on(
    monkeypatch: pytest.MonkeyPatch, states: list[tuple[int, int]], free: int
) -> None:  # also where there is no room, if it does not know of it
    room(monkeypatch, free)
    domain = Domain(list(states))
    go_on(domain)
    assert domain.done == ["resume"]


@pytest.mark.parametrize(
    "states, free, done",
    [([HALTED], LEAST_ROOM - 1, []), ([HALTED, RUNNING, HALTED], LEAST_ROOM, ["resume"])],
)
def test_a_machine_that_would_find_the_disk_full_again_stays_where_it_is(
    monkeypatch: pytest.MonkeyPatch, states: list[tuple[int, int]], free: int, done: list[str]
) -> None:
    room(monkeypatch, free)
    domain = Domain(list(states))
    with pytest.raises(ProviderError, match="pc1 stands still") as caught:
        go_on(domain)
    assert "Make room" in caught.value.hint
    assert domain.done == done
