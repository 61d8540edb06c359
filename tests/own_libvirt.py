"""A libvirtd of one's own, which may be killed at any moment, and starts of sessions meanwhile.

    unshare --mount --propagation private python tests/own_libvirt.py HOME LIBRARY MOMENT...

Whatever libvirtd keeps lies on file systems that only this mount namespace has, so that the
server's own libvirtd knows nothing of it. At each moment of a start it is killed and started
again. Prints what became of each start, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import libvirt

from labctl.providers.libvirt import identity, power, warm
from labctl.sessions import record
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.controller import Controller
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop

FOLDERS = ("/run/libvirt", "/var/lib/libvirt", "/etc/libvirt/qemu")
SECONDS = 30.0


class OwnLibvirt:
    """One libvirtd, and the virtlogd that it writes consoles' logs by."""

    def __init__(self) -> None:
        for folder in FOLDERS:
            mount = ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder]
            subprocess.run(mount, check=True)
        self._logger = _daemon("virtlogd")
        self._daemon = _daemon("libvirtd")
        self._await()

    def restart(self) -> None:
        """Kill it and start another."""
        self._daemon.kill()
        self._daemon.wait()
        self._daemon = _daemon("libvirtd")

    def _await(self) -> None:
        until = time.monotonic() + SECONDS
        while True:
            try:
                libvirt.open("qemu:///system").close()
            except libvirt.libvirtError:
                assert time.monotonic() < until, "libvirtd does not come up"
                time.sleep(0.1)
            else:
                return

    def left(self) -> list[str]:
        """The names of its domains."""
        self._await()
        connection = libvirt.open("qemu:///system")
        names = [domain.name() for domain in connection.listAllDomains()]
        connection.close()
        return names

    def end(self) -> None:
        for each in (self._daemon, self._logger):
            each.terminate()
            each.wait(SECONDS)


def _daemon(name: str) -> subprocess.Popen[bytes]:
    command = [name, "--pid-file", f"/run/libvirt/own-{name}.pid"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def machines_of(code: str) -> list[int]:
    """Every QEMU of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            text = path.read_bytes()
            if text.startswith(b"/usr/bin/qemu") and f"labctl-{code}-".encode() in text:
                found.append(int(path.parent.name))
    return found


MOMENTS: dict[str, tuple[Any, str, float]] = {
    "before the machine's memory is copied": (warm, "_copy_as", -1),
    "as QEMU comes up": (warm, "_copy_as", 0.1),
    "as the memory is read": (warm, "_copy_as", 0.6),
    "before it is let run": (power.Power, "_plug", -1),
    "before it is given its name": (identity, "give", -1),
}
"""Where the daemon is killed: before a function (-1), or so many seconds after it has ended."""


def killing(daemon: OwnLibvirt, moment: str) -> Callable[[], None]:
    """Have the daemon killed at a moment, once; returns what undoes that."""
    place, name, after = MOMENTS[moment]
    original = getattr(place, name)

    def patched(*args: Any, **options: Any) -> Any:
        setattr(place, name, original)
        if after < 0:
            daemon.restart()
        found = original(*args, **options)
        if after >= 0:
            threading.Timer(after, daemon.restart).start()
        return found

    setattr(place, name, patched)
    return lambda: setattr(place, name, original)


def trial(controller: Controller, daemon: OwnLibvirt, moment: str) -> dict[str, Any]:
    """One start, in which the daemon is killed; what became of it, and what is left at the end."""
    undo = killing(daemon, moment)
    try:
        (begun,) = start(controller, StartRequest("box", ("c1",), seed=7))
    finally:
        undo()
    code = controller.store.sessions()[-1].code
    said = ""
    if begun.session:
        provider = controller.provider("libvirt")
        placed = record.load(controller.store, code).placed()
        said = provider.run(placed, "box", ["/bin/hostname"]).stdout.decode().strip()
        stop(controller, code)
    collect_garbage(controller)
    return {
        "moment": moment,
        "session": begun.session,
        "said": said,
        "problem": begun.problem,
        "state": controller.store.session(code).state,
        "half_done": len(controller.store.open_intentions()),
        "domains": daemon.left(),
        "machines": machines_of(code),
        "owned": [each.name for each in controller.provider("libvirt").owned()],
    }


def main() -> None:
    home, library, *moments = sys.argv[1:]
    own, others = (Path(f"/proc/{each}/ns/mnt").readlink() for each in ("self", os.getppid()))
    assert own != others, "it would hide the server's own libvirtd"
    daemon = OwnLibvirt()
    try:
        with Controller(Path(home), [Path(library)]) as controller:
            for moment in moments or MOMENTS:
                sys.stdout.write(json.dumps(trial(controller, daemon, moment)) + "\n")
                sys.stdout.flush()
    finally:
        daemon.end()


if __name__ == "__main__":
    main()
