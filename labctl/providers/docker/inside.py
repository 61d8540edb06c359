"""Programs run inside a host by the engine's exec, against one deadline."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence

import docker

from checkers.model import ProgramResult
from labctl.providers.docker.streams import ExecStream

SLICE = 0.25
"""Seconds between two looks at whether the program itself has ended: something that it left behind
may hold its output open for ever."""

LATE = 1.0
"""Seconds that output may take to come when its program has ended: a busy engine knows of the end
before it has passed everything on."""


def run(
    api: docker.APIClient,
    container: str,
    argv: Sequence[str],
    *,
    user: str,
    stdin: bytes,
    cwd: str,
    timeout: float,
    limit: int,
    kill: Callable[[int], None],
) -> ProgramResult:
    """Run a program to its end; past `timeout` seconds `kill` gets its PID, then TimeoutError."""
    started = time.monotonic()
    deadline = started + timeout
    with ExecStream(api, container, argv, user=user, cwd=cwd) as stream:
        feeder = threading.Thread(target=_feed, args=(stream, stdin), daemon=True)
        feeder.start()
        output = _drain(stream, deadline, limit)
        status = _await_end(stream, deadline)
        if output is None or status is None:
            with contextlib.suppress(Exception):
                kill(int(api.exec_inspect(stream.id)["Pid"]))
            raise TimeoutError(f"`{argv[0]}` did not end within {timeout:g} s")
        return ProgramResult(
            exit=status,
            stdout=output[:limit],
            stderr=bytes(stream.errors[:limit]),
            truncated=len(output) > limit or stream.errors_cut,
            seconds=time.monotonic() - started,
        )


def _feed(stream: ExecStream, data: bytes) -> None:
    left = memoryview(data)
    with contextlib.suppress(OSError):
        while left:
            try:
                left = left[stream.send(bytes(left[: 1 << 16])) :]
            except (TimeoutError, BlockingIOError):  # the reader's limit, for one socket has one
                if stream.closed:
                    return
        stream.end_input()


def _drain(stream: ExecStream, deadline: float, limit: int) -> bytes | None:
    """Standard output until it ends; one byte past `limit` shows that there was more."""
    kept = bytearray()
    last: float | None = None
    while True:
        now = time.monotonic()
        if last is not None and now >= min(last, deadline):
            return bytes(kept)
        if now >= deadline:
            return None
        stream.settimeout(min(deadline - now, SLICE))
        try:
            part = stream.recv(1 << 16)
        except TimeoutError:
            if last is None and stream.exit_status() is not None:
                last = time.monotonic() + LATE
            continue
        if not part:
            return bytes(kept)
        kept += part[: limit + 1 - len(kept)]


def _await_end(stream: ExecStream, deadline: float) -> int | None:
    while (status := stream.exit_status()) is None:
        if time.monotonic() > deadline:
            return None
        time.sleep(0.005)
    return status
