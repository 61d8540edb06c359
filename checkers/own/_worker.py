"""The parent's side of the process that a lab's own check runs in."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
START = "import sys; sys.path.insert(0, sys.argv[1]); from checkers.own._child import main; main()"
LONGEST_LINE = 64 << 20
"""Bytes of one message; a probe's answer may hold a file."""


class BrokeOff(Exception):
    """The process ended, fell silent or talked too much before it had answered."""


class Worker:
    """One process with a deadline for the time that it takes itself; use it as a context.

    It has a session and an environment of its own, and nothing open but its three streams.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._received = bytearray()
        # -I: neither the folder it is started in nor variables of ours say what it imports.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", START, str(ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            cwd="/",
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def exchange(self, line: bytes) -> bytes:
        """Send one line and return the next one; raises `BrokeOff`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        started = time.monotonic()
        until = started + self._left
        writer, reader = self._process.stdin.fileno(), self._process.stdout.fileno()
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
