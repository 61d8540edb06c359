"""The examiner's way into a virtual machine, where the observer lives under the candidate's kernel.

It is started from the machine's initial RAM disk, from a read-only disk of ours, in a mount
namespace of its own (see labs/images/machine). Each port of the virtio console named
`labctl.observer.N` serves one caller at a time; a caller's request is a line of JSON:

- `{"nonce": …, "act": "open", "argv": […]}`: the port becomes the standard streams of that program
- `{"nonce": …, "act": "run", "argv": […], "user": …, "cwd": …, "stdin": base64, "seconds": …,
  "limit": …}`: runs one of the machine's own programs, in its own file tree; answers with a line
- `{"nonce": …, "act": "end"}`: kills what came in by `run` or over the serial line
- `{"nonce": …, "act": "pins"}`: what identifies the machine's first process (see hosts)
- `{"nonce": …, "act": "stir", "random": base64}`: has the kernel's random numbers go on from there,
  since machines that were saved together would all draw the same

Every answer begins with a line that holds the request's nonce, since a port may still hold what an
earlier caller did not take. `{"hello": nonce}` has the nonce said back and nothing done: a caller
says it, again and again, until it is heard.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import json
import os
import re
import select
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

from . import hosts, system
from .jobs import Job, Runner

PORTS = Path("/sys/class/virtio-ports")
NAME = re.compile(r"labctl\.observer\.\d+")
REQUEST_BYTES = 64 << 20
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
POLL = 0.2
SERIAL_LINE = 0x440
"""The number of ttyS0 as a controlling terminal: major 4, minor 64 (proc(5), tty_nr)."""
RNDADDENTROPY, RNDRESEEDCRNG = 0x40085203, 0x5207  # linux/random.h


def ports() -> list[Path]:
    """The devices of our ports; there is at least one on every machine that we run on."""
    names = {each.name: (each / "name").read_text().strip() for each in PORTS.iterdir()}
    return [Path("/dev") / each for each, name in sorted(names.items()) if NAME.fullmatch(name)]


def await_caller(port: int) -> None:
    """Return once somebody is at the other end of a port, which polls as hung up until then."""
    poll = select.poll()
    poll.register(port, select.POLLIN)
    while True:
        events = dict(poll.poll(1000)).get(port, 0)
        if events & select.POLLIN and not events & select.POLLHUP:
            return
        if events & select.POLLHUP:
            time.sleep(POLL)


def read_line(port: int, kept: bytearray) -> bytes:
    """The next line, without its end; what comes after stays in `kept`. Empty if nobody is there.

    Raises `ValueError` for a line that is longer than any request.
    """
    while b"\n" not in kept:
        part = os.read(port, 1 << 16)
        if not part:
            kept.clear()
            return b""
        kept += part
        if len(kept) > REQUEST_BYTES:
            kept.clear()
            raise ValueError("a line has no end")
    line, _, rest = bytes(kept).partition(b"\n")
    kept[:] = rest
    return line


def write(port: int, data: bytes) -> None:
    """All of `data`."""
    left = memoryview(data)
    while left:
        left = left[os.write(port, left) :]


def serve(device: Path) -> None:
    """Answer callers of one port, one after the other, for as long as the machine runs.

    The port stays open: what a caller sends while it is closed would be lost.
    """
    port = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    kept = bytearray()
    while True:
        await_caller(port)
        try:
            while line := read_line(port, kept):
                attend(port, line)
        except (OSError, KeyError) as error:
            print(f"{device}: {error}", file=sys.stderr)


def attend(port: int, line: bytes) -> None:
    """Answer one line; what an earlier caller left half said is none, and is passed over."""
    try:
        request = json.loads(line)
        hello = request.get("hello")
    except (ValueError, AttributeError):
        return
    if hello is not None:
        write(port, f"{hello}\n".encode())
    else:
        answer(port, request)


def answer(port: int, request: dict[str, Any]) -> None:
    """Do what one caller asks for."""
    nonce = str(request["nonce"]).encode()
    if request["act"] == "open":
        write(port, nonce + b"\n")
        become(port, list(request["argv"]))
        return
    try:
        found = ACTS[request["act"]](request)
    except OSError as error:
        found = {"failure": f"{error.strerror} {error.filename or ''}".strip()}
    write(port, nonce + b"\n" + json.dumps(found).encode() + b"\n")


def become(port: int, argv: list[str]) -> None:
    """Run one of our own programs on a port until it ends or the caller hangs up."""
    child = os.fork()
    if child == 0:
        os.setsid()
        for descriptor in (0, 1):
            os.dup2(port, descriptor)
        os.execv(argv[0], argv)
    hangup = select.poll()
    hangup.register(port, 0)
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if dict(hangup.poll(int(POLL * 1000))).get(port, 0) & select.POLLHUP:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGTERM)
            os.waitpid(child, 0)
            return


def pins(_: dict[str, Any]) -> dict[str, Any]:
    """What identifies the machine's first process."""
    return {"pins": hosts.pins(1)}


def stir(request: dict[str, Any]) -> dict[str, Any]:
    """Add to the kernel's entropy and have it used at once (random(4))."""
    data = base64.b64decode(request["random"])
    with open("/dev/urandom", "wb", buffering=0) as device:
        added = struct.pack("ii", 8 * len(data), len(data)) + data
        fcntl.ioctl(device, RNDADDENTROPY, added)
        fcntl.ioctl(device, RNDRESEEDCRNG)
    return {"stirred": len(data)}


def end(_request: dict[str, Any]) -> dict[str, Any]:
    """Kill what came in through us, or over the serial line, and all that it started."""
    own = os.stat("/proc/self/ns/mnt").st_ino
    parents: dict[int, tuple[int, int]] = {}
    doomed: set[int] = set()
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                head, _, tail = file.read().rpartition(b")")
            theirs = os.stat(f"/proc/{pid}/ns/mnt").st_ino
        except OSError:  # it has just ended
            continue
        fields = tail.split()
        parents[pid] = (int(fields[1]), theirs)
        if int(fields[4]) == SERIAL_LINE and not head.endswith(b"(agetty"):
            doomed.add(pid)
    doomed |= {
        pid
        for pid, (parent, theirs) in parents.items()
        if theirs != own and parents.get(parent, (0, 0))[1] == own
    }
    while more := {pid for pid, (parent, _) in parents.items() if parent in doomed} - doomed:
        doomed |= more
    for pid in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return {"ended": len(doomed)}


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run one of the machine's programs as one of its accounts, against one deadline."""
    mounts = hosts.namespace(1, "mnt")
    job = Job(
        lambda: _inside(mounts, request),
        float(request["seconds"]),
        int(request["limit"]),
        stdin=base64.b64decode(request["stdin"]),
    )
    runner = Runner()
    runner.add(job)
    for _ in runner.run(time.monotonic() + job.seconds):
        pass
    runner.close()
    os.close(mounts)
    if job.timed_out:
        return {"timeout": True}
    if job.trouble:
        return {"failure": job.trouble.decode("utf-8", "replace")}
    return {
        "exit": job.exit if job.exit >= 0 else 128 - job.exit,
        "stdout": base64.b64encode(job.output["stdout"][: job.limit]).decode(),
        "stderr": base64.b64encode(job.output["stderr"][: job.limit]).decode(),
        "truncated": job.truncated,
        "seconds": job.ended - job.started,
    }


def _inside(mounts: int, request: dict[str, Any]) -> None:
    """Become a program of the machine's; in a child of ours, which does not come back."""
    system.setns(mounts, system.CLONE_NEWNS)
    user = str(request["user"])
    number, group, home = _account(user)
    os.setgroups([group, *_groups(user)])
    os.setgid(group)
    os.setuid(number)
    os.chdir(request["cwd"])
    argv = [str(word) for word in request["argv"]]
    environment = {"PATH": PATH, "HOME": home, "LANG": "C.UTF-8", "USER": user, "LOGNAME": user}
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, environment)
    except OSError as error:  # as a shell says it
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(127 if error.errno == errno.ENOENT else 126)


def _account(user: str) -> tuple[int, int, str]:
    """Number, group and home of an account, from the machine's passwd(5)."""
    for line in _lines("/etc/passwd"):
        fields = line.split(":")
        if len(fields) >= 7 and fields[0] == user:
            return int(fields[2]), int(fields[3]), fields[5] or "/"
    if user == "root":  # whatever became of the file
        return 0, 0, "/root"
    raise OSError(2, f"there is no account {user}")


def _groups(user: str) -> list[int]:
    found = []
    for line in _lines("/etc/group"):
        fields = line.split(":")
        if len(fields) >= 4 and user in fields[3].split(",") and fields[2].isdigit():
            found.append(int(fields[2]))
    return found


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


ACTS = {"run": run, "pins": pins, "stir": stir, "end": end}


def main() -> int:
    """Serve every port, each in a process of its own."""
    for device in ports():
        if os.fork() == 0:
            serve(device)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
