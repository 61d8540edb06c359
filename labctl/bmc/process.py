"""The BMC's process: answers one machine, from when it is started until its folder is removed.

It is started by the controller, and needs nobody to end it: it ends by itself when its folder is
gone. A second one for the same folder does nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from labctl.bmc import log, wire
from labctl.bmc.commands import Bmc
from labctl.bmc.sensors import asserted, delivered_thresholds
from labctl.bmc.state import (
    FOLDER,
    HARDWARE,
    LOCK,
    SOCKET,
    STATE,
    Hardware,
    State,
    read_hardware,
    read_state,
    write,
)

LOOK_SECONDS = 0.5
LOCK_SECONDS = 2.0
POLL = 0.02
RECEIVE = 4096
SEND_SECONDS = 5.0


def main(arguments: list[str]) -> int:
    """Serve the machine whose folder is named, as the user and group whose numbers follow."""
    folder, user, group = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    if os.geteuid() == 0 and user:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    with _alone(folder) as lock:
        if lock is not None:
            serve(folder, lock)
    return 0


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[TextIO | None]:
    """The lock that one BMC of a folder holds, or None if there is another."""
    with (folder / FOLDER / LOCK).open("w", encoding="utf-8") as lock:
        until = time.monotonic() + LOCK_SECONDS  # whoever only tries the lock holds it for a moment
        while not _locked(lock):
            if time.monotonic() > until:
                yield None
                return
            time.sleep(POLL)
        yield lock


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def begun(folder: Path, hardware: Hardware, now: float) -> State:
    """What a BMC has kept, or what it begins with."""
    state = read_state(folder)
    if state is None:
        state = State()
        log.write_history(state, hardware.plan, now)
        for sensor in hardware.plan.sensors:
            limits = delivered_thresholds(sensor)
            state.asserted[sensor.name] = list(asserted(sensor, limits, sensor.reading))
    return state


def serve(folder: Path, lock: TextIO) -> None:
    """Go on in the background when QEMU can connect, and answer until the folder is gone."""
    hardware = read_hardware(folder)
    bmc = Bmc(hardware, begun(folder, hardware, time.time()))
    bmc.look()
    write(folder / FOLDER / STATE, bmc.state)
    with _open(folder / FOLDER / SOCKET) as door:
        if os.fork():
            return
        os.setsid()
        with selectors.DefaultSelector() as selector:
            _Service(folder, bmc, door, selector).run(lock)


def _open(path: Path) -> socket.socket:
    """A socket that is at `path` from when it can be connected to."""
    new = path.with_name(f".{path.name}")
    new.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(new))
    new.chmod(0o600)
    door.listen(1)
    new.replace(path)
    return door


class _Service:
    """One BMC, the socket that QEMU connects to, and the connection that there is."""

    def __init__(
        self, folder: Path, bmc: Bmc, door: socket.socket, selector: selectors.BaseSelector
    ) -> None:
        self._folder = folder
        self._bmc = bmc
        self._door = door
        self._selector = selector
        self._decoder = wire.Decoder()
        self._line: socket.socket | None = None
        self._seen = (0, 0)
        selector.register(door, selectors.EVENT_READ)

    def run(self, lock: TextIO) -> None:
        """Answer whoever is connected, and look at the sensors in between."""
        while _is_ours(self._folder / FOLDER / LOCK, lock):
            ready = self._selector.select(LOOK_SECONDS)
            try:
                self._look()
                for key, _ in ready:
                    if key.fileobj is self._door:
                        self._accept()
                    elif key.fileobj is self._line:
                        self._receive()
            except FileNotFoundError:
                return  # the folder is being removed
        self._hang_up()

    def _look(self) -> None:
        """Take over what the controller says of the hardware, if it says anything new."""
        about = (self._folder / HARDWARE).stat()
        version = (about.st_ino, about.st_mtime_ns)
        if version == self._seen:
            return
        self._bmc.hardware = read_hardware(self._folder)
        self._seen = version
        if self._bmc.look():
            write(self._folder / FOLDER / STATE, self._bmc.state)

    def _accept(self) -> None:
        self._hang_up()
        self._line, _ = self._door.accept()
        self._line.settimeout(SEND_SECONDS)
        self._decoder = wire.Decoder()
        self._selector.register(self._line, selectors.EVENT_READ)
        self._send(wire.hardware_command(*wire.VERSION))

    def _hang_up(self) -> None:
        if self._line is not None:
            self._selector.unregister(self._line)
            self._line.close()
            self._line = None

    def _receive(self) -> None:
        try:
            received = self._line.recv(RECEIVE) if self._line else b""
        except OSError:
            received = b""
        if not received:
            self._hang_up()
        for request in self._decoder.feed(received):
            answer = self._bmc.answer(request)
            write(self._folder / FOLDER / STATE, self._bmc.state)  # what is answered has been kept
            self._send(wire.response(request, answer))
            for order in self._bmc.orders:
                self._send(wire.hardware_command(order))
            self._bmc.orders.clear()

    def _send(self, message: bytes) -> None:
        if self._line is None:
            return
        try:
            self._line.sendall(message)
        except OSError:
            self._hang_up()


def _is_ours(path: Path, lock: TextIO) -> bool:
    """Whether the folder is still the one that was locked."""
    try:
        return path.stat().st_ino == os.fstat(lock.fileno()).st_ino
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
