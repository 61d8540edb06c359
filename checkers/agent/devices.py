"""What a machine's own devices say, asked of its kernel with no program of the candidate's.

Only in a virtual machine, where the observer lives under the same kernel. A device is opened by a
node of our own making with the number that the kernel gives it: what root puts into /dev misleads
nobody.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import re
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import files, processes

SYS = Path("/sys/class")
NODES = Path("/run")
"""A file system in memory that is mounted in our own mount namespace alone."""
CONTROLLER = re.compile(r"nvme[0-9]{1,4}")
LINE = re.compile(r"ttyS[0-9]{1,3}")
NO_PORT = "0"
"""The type of a serial line that has no port (Linux, Documentation/ABI/testing/sysfs-tty)."""

NVME_ADMIN = 0xC0484E41
_COMMAND = struct.Struct("<BBHIIIQQII6III")
"""`struct nvme_passthru_cmd` (linux/nvme_ioctl.h)."""
_GET_LOG_PAGE = 0x02
_SMART = 0x02
_RETAIN_EVENT = 1 << 15
_EVERY_NAMESPACE = 0xFFFFFFFF
_LOG_BYTES = 512
_ASK_MILLISECONDS = 5000

TCGETS2 = 0x802C542A
_TERMIOS = struct.Struct("<4IB19s2I")
"""`struct termios2` (asm-generic/termbits.h)."""
_SIZE, _FIVE_BITS, _TWO_STOPS, _PARITY, _ODD = 0o60, 5, 0o100, 0o400, 0o1000


def smart_log(probe: dict[str, Any]) -> dict[str, Any]:
    """Answer a `smart_log` probe: log page 02h of a controller (NVM Express, "Get Log Page").

    That an event is waiting stays as it is. Raises `OSError` where the controller does not answer.
    """
    name = _checked(CONTROLLER, probe["controller"])
    if not (SYS / "nvme" / name).is_dir():
        return {"log": None, "why": "there is no such controller"}
    page = ctypes.create_string_buffer(_LOG_BYTES)
    what = (_LOG_BYTES // 4 - 1) << 16 | _RETAIN_EVENT | _SMART
    about = (_GET_LOG_PAGE, 0, 0, _EVERY_NAMESPACE, 0, 0)
    data = (0, ctypes.addressof(page), 0, _LOG_BYTES)
    command = bytearray(_COMMAND.pack(*about, *data, what, 0, 0, 0, 0, 0, _ASK_MILLISECONDS, 0))
    with _opened(SYS / "nvme" / name, os.O_RDONLY) as device:
        status = fcntl.ioctl(device, NVME_ADMIN, command)
    if status:
        return {"log": None, "why": f"the disk refuses with status {status:#x}"}
    return {"log": files.encoded(page.raw), "why": ""}


def serial_line(probe: dict[str, Any], pids: list[int]) -> dict[str, Any]:
    """Answer a `serial_line` probe about a line and the sessions that are on it.

    The line is opened only where one of `pids` holds it already: a line that nobody listens on is
    left alone, and its settings count for nothing.
    """
    name = _checked(LINE, probe["line"])
    folder = SYS / "tty" / name
    try:
        port = (folder / "type").read_text().strip() != NO_PORT
    except FileNotFoundError:
        port = False
    answer: dict[str, Any] = {"port": port, "sessions": []}
    if not port:
        return answer
    leaders = [pid for pid in pids if _leads(pid, _number(folder))]
    rows = processes.listing(leaders)["processes"]
    answer["sessions"] = [{key: row[key] for key in ("pid", "exe", "argv")} for row in rows]
    answer["console"] = (folder / "console").read_text().strip() == "Y"
    return answer | (_settings(folder) if rows else {})


def _settings(folder: Path) -> dict[str, Any]:
    """How a line is set: its speed in bits a second, and the format of a character."""
    with _opened(folder, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK) as line:
        told = fcntl.ioctl(line, TCGETS2, bytes(_TERMIOS.size))
    _, _, control, _, _, _, _, speed = _TERMIOS.unpack(told)
    return {
        "speed": speed,
        "bits": _FIVE_BITS + ((control & _SIZE) >> 4),
        "parity": ("odd" if control & _ODD else "even") if control & _PARITY else "none",
        "stops": 2 if control & _TWO_STOPS else 1,
    }


def _leads(pid: int, terminal: int) -> bool:
    """Whether a process leads the session whose controlling terminal has this number (proc(5))."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:  # it has just ended
        return False
    given = int(fields[4])
    number = os.makedev(given >> 8 & 0xFFF, given & 0xFF | given >> 12 & 0xFFF00)
    return int(fields[3]) == pid and number == terminal


def _number(folder: Path) -> int:
    """The number of a device, by the kernel's word."""
    major, minor = (folder / "dev").read_text().strip().split(":")
    return os.makedev(int(major), int(minor))


@contextlib.contextmanager
def _opened(folder: Path, flags: int) -> Iterator[int]:
    """A descriptor of a character device."""
    node = NODES / f"node-{os.getpid()}"
    node.unlink(missing_ok=True)
    os.mknod(node, 0o600 | stat.S_IFCHR, _number(folder))
    try:
        descriptor = os.open(node, flags | os.O_CLOEXEC)
    finally:
        node.unlink()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _checked(pattern: re.Pattern[str], name: object) -> str:
    if not isinstance(name, str) or not pattern.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a device")
    return name
