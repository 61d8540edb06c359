"""Faults of the server under virtual machines: recovery or an error, and never a fail."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers.model import Status
from labctl.errors import ProviderError
from labctl.images.build import build
from labctl.marking import Marking, Outcome
from labctl.providers.libvirt.files import MachineFiles
from labctl.sessions import entering, record
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.controller import Controller
from labctl.sessions.recovery import recover
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.sessions.views import session_detail
from labctl.verification import apply_case
from labctl.warden.hosts import look_after
from tests.rig import IMAGES, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.machines]

LIBRARY = Path(__file__).parent.parent / "labs"
PIDS = Path("/run/libvirt/qemu")


class Box:
    """One session of the lab `box`, and what fate does to it."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        (begun,) = start(controller, StartRequest("box", ("c1",), seed=7))
        assert begun.session, begun.problem
        self.code = begun.session
        self.provider = controller.provider("libvirt")

    @property
    def session(self) -> record.Session:
        return record.load(self.controller.store, self.code)

    def apply(self, name: str) -> None:
        cases = {case.name: case for case in self.session.plan.cases}
        apply_case(self.controller, self.code, cases[name])

    def sh(self, script: str, timeout: float = 60.0) -> str:
        argv = ["/bin/sh", "-c", script]
        done = self.provider.run(self.session.placed(), "box", argv, timeout=timeout)
        return (done.stdout + done.stderr).decode().strip()

    def state(self) -> str:
        return self.provider.states(self.session.placed())["box"].state

    def kill_qemu(self) -> None:
        pid = int((PIDS / f"labctl-{self.code}-box.pid").read_text())
        os.kill(pid, signal.SIGKILL)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.controller.store.events(self.code)]


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    build((*IMAGES, "machine"))
    with Controller(tmp_path_factory.mktemp("home"), [LIBRARY]) as opened:
        yield opened
        for found in opened.store.sessions():
            stop(opened, found.code)
        cleaned = collect_garbage(opened)
        assert [each for each in cleaned.removed if each.session] == []
        opened.provider("libvirt").tidy()
        assert opened.provider("libvirt").owned() == ()


@pytest.fixture(scope="module")
def box(controller: Controller) -> Box:
    return Box(controller)


def statuses(marking: Marking) -> dict[str, Status]:
    return {one.check: one.status for one in marking.checks}


# ---------------------------------------------------------------------- QEMU is killed


def test_while_people_work_the_machine_is_brought_up_again(box: Box) -> None:
    box.apply("only-saved")
    box.kill_qemu()
    wait_for(lambda: box.state() == "stopped", "libvirt to notice")
    seen = box.provider.states(box.session.placed())["box"]
    assert (seen.fault, seen.detail) == (True, "it ended by a fault of the server")
    look_after(box.controller)
    assert box.state() == "running"
    assert box.sh("cat /srv/saved") == "saved"
    assert "hosts.stopped" in box.kinds()


def test_in_the_middle_of_grading_nothing_that_was_lost_is_a_fail(box: Box) -> None:
    box.apply("solution")
    killers: list[threading.Thread] = []

    def kill_later(_: object) -> None:
        if not killers:
            killers.append(threading.Thread(target=kill_in_the_round))
            killers[0].start()

    def kill_in_the_round() -> None:
        wait_for(lambda: "submit.phase" in box.kinds(), "the state to be recorded", 120)
        wait_for(lambda: box.state() == "running", "the machine to go on", 60)
        wait_for(lambda: "sleep 8" in box.sh("ps -e -o args"), "the slow program", 60)
        box.kill_qemu()

    marking = submit(box.controller, box.code, kill_later)
    killers[0].join(10)
    found = statuses(marking)
    assert found["slow"] is Status.ERROR
    assert Status.FAILED not in found.values()
    assert (found["saved"], found["unsaved"], found["kept"]) == (Status.PASSED,) * 3
    assert marking.outcome is Outcome.UNDETERMINED
    assert "host.fell" in box.kinds()


def test_what_was_lost_is_no_fail_either_when_it_is_handed_in_once_more(box: Box) -> None:
    marking = submit(box.controller, box.code)
    assert statuses(marking) == {
        "saved": Status.PASSED,
        "unsaved": Status.ERROR,
        "slow": Status.ERROR,
        "kept": Status.PASSED,
    }
    assert marking.outcome is Outcome.UNDETERMINED
    assert box.controller.store.audit(box.code) == ()


# ---------------------------------------------------------------------- the disk is full


class SmallDisk:
    """A file system of its own for the machines of one installation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._run("mount", "-t", "tmpfs", "-o", "size=4g,mode=755", "tmpfs", str(folder))

    def leave(self, free: int) -> None:
        """Have it be so large that this many bytes are free."""
        found = os.statvfs(self.folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        self._run("mount", "-o", f"remount,size={used + free}", str(self.folder))

    def remove(self) -> None:
        self._run("umount", "--lazy", str(self.folder))
        self.folder.rmdir()

    def _run(self, *words: str) -> None:
        subprocess.run(words, check=True, capture_output=True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Box, SmallDisk]]:
    with Controller(tmp_path / "home", [LIBRARY]) as opened:
        disk = SmallDisk(MachineFiles(opened.store.installation_id).top)
        try:
            made = Box(opened)
            yield made, disk
            stop(opened, made.code)
            opened.provider("libvirt").tidy()
            assert opened.provider("libvirt").owned() == ()
        finally:
            disk.remove()


def test_a_machine_stands_still_until_there_is_room_again(small: tuple[Box, SmallDisk]) -> None:
    box, disk = small
    box.apply("solution")
    disk.leave(24 << 20)
    with contextlib.suppress(TimeoutError, ProviderError):
        box.sh("dd if=/dev/urandom of=/srv/big bs=1M count=200 conv=fsync & sleep 1", 30)
    wait_for(lambda: box.state() == "frozen", "the machine to stand still", 120)
    (host,) = session_detail(box.controller, box.code).hosts
    assert "the server's disk is full" in host.detail
    with pytest.raises(ProviderError, match="box stands still"):
        entering.thaw(box.controller, box.code)
    with pytest.raises(ProviderError, match="box stands still"):
        submit(box.controller, box.code)
    (problem,) = recover(box.controller)
    assert "stands still" in problem.problem
    assert box.controller.store.open_intentions(box.code)
    disk.leave(1 << 30)
    (done,) = recover(box.controller)
    assert (done.what, done.problem) == ("handed in: achieved", "")
    now = box.provider.states(box.session.placed())["box"]
    assert (now.state, now.fault) == ("frozen", False)
