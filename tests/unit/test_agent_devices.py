"""What devices of a machine say, and that nothing but a device is asked."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from checkers.agent import devices, processes

LINE = {"line": "ttyS1"}


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel with an NVMe controller and a serial line; both devices are /dev/null."""
    for folder in ("nvme/nvme0", "tty/ttyS1"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "dev").write_text("1:3\n")
    (tmp_path / "tty/ttyS1/type").write_text("4\n")
    (tmp_path / "tty/ttyS1/console").write_text("N\n")
    made: list[tuple[int, int]] = []

    def node(path: Path, mode: int, number: int) -> None:
        assert mode & stat.S_IFCHR
        made.append((os.major(number), os.minor(number)))
        path.symlink_to("/dev/null")

    monkeypatch.setattr(devices, "SYS", tmp_path)
    monkeypatch.setattr(devices, "NODES", tmp_path)
    monkeypatch.setattr(os, "mknod", node)
    return tmp_path


def held(monkeypatch: pytest.MonkeyPatch) -> int:
    """Have us hold the line."""
    monkeypatch.setattr(devices, "_leads", lambda pid, number: number == os.makedev(1, 3))
    return os.getpid()


def test_a_log_is_fetched_from_the_controller(
    kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, bytes]] = []

    def answered(_: int, request: int, command: bytearray) -> int:
        asked.append((request, bytes(command)))
        return 0

    monkeypatch.setattr(fcntl, "ioctl", answered)
    assert devices.smart_log({"controller": "nvme0"})["log"].startswith("AAAA")
    ((request, command),) = asked
    assert request == 0xC0484E41
    assert len(command) == 72
    assert command[0] == 2
    assert command[4:8] == b"\xff\xff\xff\xff"
    assert command[40:44] == bytes([2, 0x80, 127, 0])
    assert sorted(each.name for each in kernel.iterdir()) == ["nvme", "tty"]


@pytest.mark.usefixtures("kernel")
def test_a_controller_that_refuses_or_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: 0x4002)
    assert "0x4002" in devices.smart_log({"controller": "nvme0"})["why"]
    assert devices.smart_log({"controller": "nvme1"})["log"] is None


@pytest.mark.usefixtures("kernel")
def test_what_is_no_controller_gives_no_log() -> None:
    with pytest.raises(OSError, match="ioctl"):  # /dev/null knows no such question
        devices.smart_log({"controller": "nvme0"})


@pytest.mark.parametrize("name", ["", "..", "nvme0/..", "nvme", None, "sda"])
def test_names_of_controllers(name: Any) -> None:
    with pytest.raises(ValueError, match="no name of a device"):
        devices.smart_log({"controller": name})


def test_a_line_without_a_port(kernel: Path) -> None:
    none = {"port": False, "sessions": []}
    assert devices.serial_line({"line": "ttyS9"}, []) == none
    (kernel / "tty/ttyS1/type").write_text("0\n")
    assert devices.serial_line(LINE, [os.getpid()]) == none
    with pytest.raises(ValueError, match="no name of a device"):
        devices.serial_line({"line": "tty1"}, [])


def test_a_line_that_nobody_holds_is_not_opened(kernel: Path) -> None:
    (kernel / "tty/ttyS1/dev").write_text("4:65\n")
    found = devices.serial_line(LINE, [os.getpid()])
    assert found == {"port": True, "console": False, "sessions": []}


@pytest.mark.parametrize(
    "control, shape",
    [
        (0o60, (8, "none", 1)),
        (0o40 | 0o400, (7, "even", 1)),
        (0o40 | 0o400 | 0o1000 | 0o100, (7, "odd", 2)),
        (0o1000, (5, "none", 1)),
    ],
)
def test_how_a_line_is_set(
    kernel: Path, monkeypatch: pytest.MonkeyPatch, control: int, shape: tuple[int, str, int]
) -> None:
    own = held(monkeypatch)
    (kernel / "tty/ttyS1/console").write_text("Y\n")
    told = devices._TERMIOS.pack(0, 0, control, 0, 0, b"", 9600, 115200)
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: told)
    found = devices.serial_line(LINE, [own])
    assert found["console"] is True
    assert found["speed"] == 115200
    assert (found["bits"], found["parity"], found["stops"]) == shape
    (session,) = found["sessions"]
    (row,) = processes.listing([own])["processes"]
    assert session == {key: row[key] for key in ("pid", "exe", "argv")}


def test_who_leads_a_session_on_a_terminal() -> None:
    assert not devices._leads(os.getpid(), os.makedev(4, 65))
    assert not devices._leads(2**22 + 1, os.makedev(4, 65))
    pid, master = os.forkpty()
    if pid == 0:
        try:
            os.write(1, b"here")
            os.read(0, 1)
        finally:  # also where its hangup is ignored (nohup): nothing else may go on as the tests
            os._exit(0)
    assert os.read(master, 1) == b"h"
    number = Path(f"/proc/{pid}/fd/0").stat().st_rdev
    assert devices._leads(pid, number)
    assert not devices._leads(os.getpid(), number)
    os.close(master)
    os.waitpid(pid, 0)
