"""The parent's side of the process that a lab's own check runs in."""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
START = "import sys; sys.path.insert(0, sys.argv[1]); from checkers.own._forks import main; main()"
START_SECONDS = 30.0
LONGEST_LINE = 64 << 20
"""Bytes of one message; a probe's answer may hold a file."""


class BrokeOff(Exception):
    """The process ended, fell silent or talked too much before it had answered."""


class Forks:
    """The process that forks the processes of checks (see `_forks`); started when first needed.

    It has an environment of its own and ends when we do, since its socket is closed then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def fork(self, source: int, target: int) -> int:
        """A new process with these as its standard input and output: a descriptor of it.

        Raises `BrokeOff` if none can be had.
        """
        with self._lock:
            for _ in range(2):  # once more, if somebody has ended the one that forks
                try:
                    control = self._control or self._start()
                    socket.send_fds(control, [b"f"], [source, target])
                    answer = control.recv(4, socket.MSG_WAITALL)
                    if len(answer) == 4:
                        return os.pidfd_open(int.from_bytes(answer, "big"))
                except OSError:
                    pass
                self._end()
        raise BrokeOff("no process could be had for it")

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The process that forks, once it has been needed."""
        return self._process

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        # -I: neither the folder it is started in nor variables of ours say what it imports.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", START, str(ROOT)],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(START_SECONDS)
        self._control = ours
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._control = self._process = None

    def close(self) -> None:
        """End the process that forks; those of checks under way go on."""
        with self._lock:
            self._end()


@cache
def forks() -> Forks:
    """The one of this process."""
    made = Forks()
    atexit.register(made.close)
    return made


class Worker:
    """One process with a deadline for the time that it takes itself; use it as a context.

    It has a session and an environment of its own, and nothing open but its three streams.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._received = bytearray()
        source, self._writer = os.pipe()
        self._reader, target = os.pipe()
        try:
            self._process = forks().fork(source, target)
        except BrokeOff:
            os.close(self._writer)
            os.close(self._reader)
            raise
        finally:
            os.close(source)
            os.close(target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        for descriptor in (self._process, self._writer, self._reader):
            os.close(descriptor)

    def exchange(self, line: bytes) -> bytes:
        """Send one line and return the next one; raises `BrokeOff`."""
        started = time.monotonic()
        until = started + self._left
        writer, reader = self._writer, self._reader
        unsent = memoryview(line + b"\n")
        for descriptor in (writer, reader):
            os.set_blocking(descriptor, False)
        with selectors.DefaultSelector() as selector:
            selector.register(reader, selectors.EVENT_READ)
            selector.register(writer, selectors.EVENT_WRITE)
            while b"\n" not in self._received:
                ready = selector.select(max(0.0, until - time.monotonic()))
                if not ready and time.monotonic() >= until:
                    raise BrokeOff("it took longer than it may")
                for key, _ in ready:
                    if key.fd == reader:
                        self._read(reader)
                    else:
                        unsent = self._write(writer, unsent)
                if not unsent and writer in selector.get_map():
                    selector.unregister(writer)
        self._left -= time.monotonic() - started
        answer, _, rest = bytes(self._received).partition(b"\n")
        self._received = bytearray(rest)
        return answer

    def _read(self, descriptor: int) -> None:
        part = os.read(descriptor, 1 << 20)
        if not part:
            raise BrokeOff("its process ended before it had answered")
        self._received += part
        if len(self._received) > LONGEST_LINE:
            raise BrokeOff("it answered with more than is taken")

    @staticmethod
    def _write(descriptor: int, unsent: memoryview) -> memoryview:
        try:
            return unsent[os.write(descriptor, unsent) :]
        except BrokenPipeError as problem:
            raise BrokeOff("its process ended before it had answered") from problem
