"""`kill -9` at every step of a physical act: the next command finishes it, or it never began."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers.hardware_state import HardwareResult
from labctl.errors import ProviderError
from labctl.images.build import build
from labctl.sessions import record
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.controller import Controller
from labctl.sessions.hands import hands
from labctl.sessions.recovery import recover
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from tests.rig import IMAGES, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.machines]

TESTS = Path(__file__).parent.parent
LIBRARY = TESTS / "labs"
MOST_STEPS = 30
nightly = pytest.mark.nightly
PATIENCE = 400.0
"""Seconds for a boot: emulated, beside others."""


class Bench:
    """A session of the lab `bench`, and hands that are cut off."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        (begun,) = start(controller, StartRequest("bench", ("c1",), seed=7))
        assert begun.session, begun.problem
        self.code = begun.session
        self.provider = controller.provider("libvirt")

    def look(self) -> HardwareResult:
        placed = record.load(self.controller.store, self.code).placed()
        return self.provider.hardware(placed, "box")

    def await_disks(self, count: int) -> None:
        """Wait until the machine itself has so many disks, beside its own; it may be booting."""
        placed = record.load(self.controller.store, self.code).placed()

        def there() -> bool:
            with contextlib.suppress(ProviderError, TimeoutError):
                done = self.provider.run(placed, "box", ["/usr/bin/lsblk", "-dnro", "SERIAL"])
                return len(set(done.stdout.decode().split()) - {"labctl-observer"}) == count
            return False

        wait_for(there, f"{count} disks", PATIENCE)

    def state(self) -> str:
        placed = record.load(self.controller.store, self.code).placed()
        return self.provider.states(placed)["box"].state

    def cut_off(self, act: str, steps: int) -> tuple[bool, bool]:
        """Do an act that dies after so many steps; whether it died, and whether it was done then.

        What the log says of it is what the machine's own record of acts says.
        """
        before = len(self.look().acts)
        words = [sys.executable, str(TESTS / "interrupted.py"), str(self.controller.home)]
        words += [str(LIBRARY), str(steps), "hands", self.code, act]
        died = subprocess.run(words, check=False, timeout=600).returncode
        assert died in (0, -signal.SIGKILL)
        recover(self.controller)
        assert self.controller.store.open_intentions(self.code) == ()
        done = len(self.look().acts) - before
        logged = [
            event.kind
            for event in self.controller.store.events(self.code)
            if event.kind.startswith("hands.") and event.kind != "hands.intended"
        ]
        assert logged[-1] == ("hands.done" if done else "hands.undone")
        return died != 0, bool(done)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    build((*IMAGES, "machine"))
    with Controller(tmp_path_factory.mktemp("home"), [LIBRARY]) as controller:
        made = Bench(controller)
        yield made
        assert controller.store.audit(made.code) == ()
        stop(controller, made.code)
        assert [each for each in collect_garbage(controller).removed if each.session] == []
        controller.provider("libvirt").tidy()
        assert controller.provider("libvirt").owned() == ()


def test_a_disk_is_pulled_and_put_in_whole_or_not_at_all(bench: Bench) -> None:
    for steps in range(1, MOST_STEPS):
        pull_died, done = bench.cut_off("pull", steps)
        assert (bench.look().bays == ()) is done
        if not done:
            hands(bench.controller, bench.code, "pull")
        bench.await_disks(0)
        put_died, done = bench.cut_off("put", steps)
        assert len(bench.look().bays) == (1 if done else 0)
        if not done:
            hands(bench.controller, bench.code, "put")
        bench.await_disks(1)
        if not (pull_died or put_died):
            break
    else:
        pytest.fail(f"an act makes more than {MOST_STEPS} steps")
    assert steps > 5


@pytest.mark.parametrize("steps", [1, *(pytest.param(each, marks=nightly) for each in (2, 3, 4))])
def test_the_power_is_off_if_the_plug_was_pulled(bench: Bench, steps: int) -> None:
    _, done = bench.cut_off("plug", steps)
    assert bench.state() == ("off" if done else "running")
    if not done:
        hands(bench.controller, bench.code, "plug")
    hands(bench.controller, bench.code, "switch")
    assert bench.state() == "running"


@nightly
@pytest.mark.parametrize("steps", [2, 3, 4, 6])
def test_the_power_is_on_if_it_was_switched_on(bench: Bench, steps: int) -> None:
    _, done = bench.cut_off("cycle", steps)
    assert done
    assert bench.state() == "running"
    bench.await_disks(1)
