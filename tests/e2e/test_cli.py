"""The command as a process, with real Docker: start to stop, Ctrl-C, and `kill -9`."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.labctl_process import LABCTL, Labctl


@pytest.fixture
def labctl(tmp_path: Path) -> Iterator[Labctl]:
    found = Labctl(tmp_path)
    yield found
    found("gc")
    found("stop", "--all", "--yes")
    found("gc")
    assert found.containers() == []


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def wait_for_line(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process narrates until it says so."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"it ended without saying: {words}")


def test_a_session_from_start_to_stop(labctl: Labctl) -> None:
    (made,) = labctl.json("start", "mini", "--candidate", "c1", "--seed", "7")
    code = made["code"]
    value = labctl.json("labs", "show", "mini", "--seed", "7")["values"]["r1"]
    assert f"Give r1 the address {value}/24" in labctl("tasks", code).stdout

    script = labctl.folder / "address.sh"
    script.write_text(f"ip address add {value}/24 dev eth0\nip link set eth0 up\n")
    labctl("put", code, "r1", str(script), "/root/")
    labctl("get", code, "r1", "/root/address.sh", "back.sh")
    assert (labctl.folder / "back.sh").read_bytes() == script.read_bytes()

    at_the_console(labctl, code, "sh /root/address.sh; echo done-$?", "done-0")
    looked = {each["check"]: each["status"] for each in labctl.json("check", code)["checks"]}
    assert looked["address"] == "passed"

    graded = labctl("submit", code).stdout
    assert "✓ passed" in graded
    assert "✗ failed" in graded  # the address is gone after the restart
    assert "Recommended: ✗ not yet achieved" in graded
    shown = labctl.json("show", code)
    assert {host["state"] for host in shown["hosts"]} == {"frozen"}
    audited = labctl.json("audit", code)
    assert (audited["sessions"], audited["problems"]) == ([code], [])
    labctl("stop", code)
    assert labctl.json("remark", code)["changes"] == []


def at_the_console(labctl: Labctl, code: str, typed: str, until: str) -> None:
    """Type a command at a real terminal, wait for its output, and log out."""
    process, screen = pty.fork()
    if process == 0:
        with contextlib.suppress(BaseException):
            os.chdir(labctl.folder)
            os.execve(sys.executable, [*LABCTL, "console", code, "r1"], labctl.environment)
        os._exit(127)
    seen = bytearray()

    def shows(words: str) -> bool:
        if select.select([screen], [], [], 0.2)[0]:
            with contextlib.suppress(OSError):
                seen.extend(os.read(screen, 4096))
        return words.encode() in seen

    try:
        wait_until(lambda: shows("# "))
        # Split, so that the terminal's echo of what was typed is not taken for the answer.
        os.write(screen, typed.replace("done-", "do''ne-").encode() + b"\n")
        wait_until(lambda: shows(until))
        os.write(screen, b"exit\n")
        wait_until(lambda: shows("") and os.waitpid(process, os.WNOHANG)[0] == process)
    finally:
        os.close(screen)


def test_ctrl_c_undoes_a_start(labctl: Labctl) -> None:
    process = labctl.begin("start", "mini", "--candidate", "c1", "c2")
    wait_for_line(process, "the fabric is there")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=90)
    assert process.returncode == 130
    assert "What was half up is undone." in " ".join(told.split())
    assert labctl.containers() == []
    assert {each["state"] for each in labctl.json("sessions", "--all")} == {"withdrawn"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_hand_in_that_is_cut_off_goes_on(labctl: Labctl, number: signal.Signals) -> None:
    code = half_handed_in(labctl, number)
    shown = labctl("show", code)
    assert "its submit had been cut off; handed in: not-yet-achieved" in shown.stderr
    (listed,) = [each for each in labctl.json("sessions") if each["code"] == code]
    assert (listed["state"], listed["half_done"]) == ("submitted", 0)


def half_handed_in(labctl: Labctl, number: signal.Signals) -> str:
    """A session whose hand-in a signal cut off; on a busy machine some are over before it comes."""
    for candidate in ("c1", "c2", "c3"):
        code = str(labctl.json("start", "mini", "--candidate", candidate)[0]["code"])
        process = labctl.begin("submit", code)
        wait_for_line(process, "restarting")
        process.send_signal(number)
        process.communicate(timeout=90)
        (listed,) = [each for each in labctl.json("sessions") if each["code"] == code]
        if listed["half_done"]:
            assert listed["state"] == "submitting"
            assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
            return code
    pytest.fail("three hand-ins were over before the signal came")


def test_hosts_that_a_killed_start_left_are_removed(labctl: Labctl) -> None:
    process = labctl.begin("start", "mini", "--candidate", "c1")
    wait_for_line(process, "hosts are started")
    process.kill()
    process.communicate(timeout=30)
    assert labctl.containers()
    told = labctl("gc").stderr
    assert "its start had been cut off; its start was undone" in told
    assert labctl.containers() == []


def test_without_docker_the_error_says_what_to_do(labctl: Labctl) -> None:
    labctl.environment["DOCKER_HOST"] = "unix:///no/such/socket"
    for command in (("start", "mini", "--candidate", "c1"), ("images", "list"), ("gc",)):
        told = labctl(*command, code=4).stderr
        assert told.startswith("error: ")
        assert "hint: " in told
    assert "✗ problem" in labctl("doctor", code=1).stdout
    del labctl.environment["DOCKER_HOST"]


def test_a_lab_is_proved(labctl: Labctl) -> None:
    told = labctl("labs", "verify", "mini", "--seeds", "1", "--case", "solution")
    assert "✓ 1 case, every verdict as expected" in told.stdout
    assert labctl.containers() == []
