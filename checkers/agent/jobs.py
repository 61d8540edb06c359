"""Child processes with deadlines and capped output, many at a time, from one thread.

A job is a function that is run in a child of ours. It may become another program (`os.execve`) or
write its answer to standard output. The child that outlives its deadline is killed with its group.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import system

AT_ONCE = 24
"""Children that run at the same time."""

_STREAMS = ("stdout", "stderr", "trouble")
_END = "end"


@dataclass
class Job:
    """One child: what it does, until when, and how much of each stream is kept.

    It reads `stdin`, which it may open again by name, whoever it is by then. With `each`, standard
    output is taken line by line as it comes, and only what is not yet a whole line counts towards
    the limit.
    """

    body: Callable[[], None]
    seconds: float
    limit: int = 1 << 20
    each: Callable[[bytearray], None] | None = None
    stdin: bytes = b""
    started: float = 0.0
    deadline: float = 0.0
    pid: int = 0
    exit: int = 0
    timed_out: bool = False
    truncated: bool = False
    trouble: bytes = b""
    output: dict[str, bytearray] = field(default_factory=dict)
    ended: float = 0.0


def _child(job: Job, writers: dict[str, int]) -> None:
    """What the child does between fork and the end of it; never returns."""
    try:
        os.setpgid(0, 0)
        system.die_with_parent()
        os.dup2(_input(job.stdin), 0)
        os.dup2(writers["stdout"], 1)
        os.dup2(writers["stderr"], 2)
        job.body()
        os._exit(0)
    except BaseException as error:  # noqa: BLE001  # a child must never run on as its parent
        os.write(writers["trouble"], f"{type(error).__name__}: {error}".encode()[:4000])
        os._exit(126)


def _input(data: bytes) -> int:
    if not data:
        return os.open("/dev/null", os.O_RDONLY)
    memory = os.memfd_create("input")
    with os.fdopen(os.dup(memory), "wb") as writer:
        writer.write(data)
    os.lseek(memory, 0, os.SEEK_SET)
    return memory


def _never_started(job: Job) -> Job:
    """A job for which no time was left."""
    job.timed_out = True
    job.output = {name: bytearray() for name in _STREAMS}
    return job


class Runner:
    """Runs jobs and yields each as it ends. Other descriptors can be watched beside them."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._waiting: deque[Job] = deque()
        self._running: dict[int, Job] = {}
        self._open: dict[int, int] = {}

    def add(self, job: Job) -> None:
        """Have a job run as soon as there is room."""
        self._waiting.append(job)

    def watch(self, descriptor: int, ready: Callable[[], object]) -> None:
        """Call `ready` whenever `descriptor` can be read while jobs run."""
        self._selector.register(descriptor, selectors.EVENT_READ, ready)

    def kill(self) -> None:
        """End all children at once."""
        for pid in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def ignore(self, descriptor: int) -> None:
        """Watch `descriptor` no more."""
        self._selector.unregister(descriptor)

    def run(self, until: float) -> Iterator[Job]:
        """Run everything; a job that has not ended by `until` (monotonic) is timed out."""
        while self._waiting or self._running:
            while self._waiting and len(self._running) < AT_ONCE:
                if time.monotonic() > until:
                    yield _never_started(self._waiting.popleft())
                else:
                    self._start(self._waiting.popleft(), until)
            self._pump()
            yield from self._finished()

    def _start(self, job: Job, until: float) -> None:
        pairs = {name: os.pipe() for name in _STREAMS}
        job.started = time.monotonic()
        job.deadline = min(job.started + job.seconds, until)
        job.output = {name: bytearray() for name in pairs}
        job.pid = os.fork()
        if job.pid == 0:
            _child(job, {name: pair[1] for name, pair in pairs.items()})
        # Here too: its group must be there before it may have to be killed.
        with contextlib.suppress(PermissionError, ProcessLookupError):  # it was faster
            os.setpgid(job.pid, job.pid)
        for name, (reader, writer) in pairs.items():
            os.close(writer)
            os.set_blocking(reader, False)
            self._selector.register(reader, selectors.EVENT_READ, (job, name))
        # A program may close its outputs and go on: its end is waited for as well.
        end = os.pidfd_open(job.pid)
        self._selector.register(end, selectors.EVENT_READ, (job, _END))
        self._running[job.pid] = job
        self._open[job.pid] = len(pairs) + 1

    def _pump(self) -> None:
        """Move what can be read, wait for more, and end what has had its time."""
        now = time.monotonic()
        nearest = min((job.deadline for job in self._running.values()), default=now)
        for key, _ in self._selector.select(max(0.0, min(nearest - now, 1.0))):
            if callable(key.data):
                key.data()
            else:
                self._read(key.fd, *key.data)
        for job in self._running.values():
            if time.monotonic() > job.deadline and not job.timed_out:
                job.timed_out = True
                os.killpg(job.pid, signal.SIGKILL)

    def _read(self, descriptor: int, job: Job, name: str) -> None:
        try:
            part = b"" if name == _END else os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return
        if not part:
            self._selector.unregister(descriptor)
            os.close(descriptor)
            self._open[job.pid] -= 1
            return
        lines: list[bytearray] = []
        kept = job.output[name]
        kept += part
        if job.each and name == "stdout" and b"\n" in part:
            *lines, kept = kept.split(b"\n")
            for line in lines:
                job.each(line[: job.limit])
        job.truncated = job.truncated or any(len(each) > job.limit for each in (*lines, kept))
        del kept[job.limit :]
        job.output[name] = kept

    def _finished(self) -> Iterator[Job]:
        for pid, job in list(self._running.items()):
            # A grandchild may hold a pipe open: after the deadline nobody waits for it.
            if self._open[pid] and not job.timed_out:
                continue
            self._drop(job)
            _, status = os.waitpid(pid, 0)
            job.exit = os.waitstatus_to_exitcode(status)
            job.ended = time.monotonic()
            job.trouble = bytes(job.output["trouble"])
            del self._running[pid], self._open[pid]
            yield job

    def close(self) -> None:
        """Give the selector's descriptor back."""
        self._selector.close()

    def _drop(self, job: Job) -> None:
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, tuple) and key.data[0] is job:
                self._selector.unregister(key.fd)
                os.close(key.fd)
