"""Children of the agent's: all end, at their deadline if not before, and no output is endless."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checkers.agent.jobs import AT_ONCE, Job, Runner

LONG = 60.0


def ended(*jobs: Job, within: float = LONG) -> list[Job]:
    runner = Runner()
    for job in jobs:
        runner.add(job)
    found = list(runner.run(time.monotonic() + within))
    runner.close()
    return found


def program(*argv: str) -> Callable[[], None]:
    return lambda: os.execvp(argv[0], argv)


def script(text: str) -> Callable[[], None]:
    return program("/bin/sh", "-c", text)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def group(number: int) -> list[bytes]:
    """The processes of a group that still run; those that nobody has reaped yet do not."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = path.read_bytes().rpartition(b")")
            state, _, belongs = rest.split()[:3]
            if int(belongs) == number and state not in b"ZX":
                found.append(name)
    return found


def test_output_and_exit_status() -> None:
    (job,) = ended(Job(script("echo out; echo err >&2; exit 3"), LONG))
    assert bytes(job.output["stdout"]) == b"out\n"
    assert bytes(job.output["stderr"]) == b"err\n"
    assert (job.exit, job.timed_out, job.truncated, job.trouble) == (3, False, False, b"")
    assert job.ended >= job.started


def test_each_stream_is_cut_at_the_limit() -> None:
    noisy = "head -c 3000000 /dev/zero; head -c 5000000 /dev/zero >&2"
    (job,) = ended(Job(script(noisy), LONG, limit=1000))
    assert (len(job.output["stdout"]), len(job.output["stderr"])) == (1000, 1000)
    assert job.truncated
    assert job.exit == 0


def test_exactly_the_limit_is_whole() -> None:
    (job,) = ended(Job(script("head -c 1000 /dev/zero"), LONG, limit=1000))
    assert (len(job.output["stdout"]), job.truncated) == (1000, False)


@pytest.mark.parametrize(
    "text",
    [
        "exec sleep 100",
        "trap '' TERM INT HUP; while :; do :; done",
        "yes",
        "yes >&2",
        "exec >&- 2>&-; sleep 100",
        "sleep 100 & exit 0",
        "sleep 100 & sleep 100 & wait",
    ],
)
def test_a_job_that_does_not_end_is_killed_with_all_that_it_started(text: str) -> None:
    started = time.monotonic()
    (job,) = ended(Job(script(text), 0.3))
    assert job.timed_out
    assert time.monotonic() - started < 5
    deadline = time.monotonic() + 5
    while group(job.pid):
        assert time.monotonic() < deadline, f"still there: {group(job.pid)}"


def test_a_program_that_closes_its_outputs_is_waited_for() -> None:
    (job,) = ended(Job(script("exec >&- 2>&-; sleep 0.2; exit 5"), LONG))
    assert (job.exit, job.timed_out) == (5, False)
    assert job.ended - job.started >= 0.2


def test_many_more_jobs_than_may_run_at_once() -> None:
    jobs = [Job(script(f"echo {number}"), LONG) for number in range(2 * AT_ONCE + 5)]
    found = ended(*jobs)
    assert len(found) == len(jobs)
    assert {int(job.output["stdout"]) for job in found} == set(range(len(jobs)))


def test_jobs_without_time_left_are_timed_out_and_never_started() -> None:
    jobs = [Job(script("sleep 100"), LONG) for _ in range(AT_ONCE + 3)]
    started = time.monotonic()
    found = ended(*jobs, within=0.3)
    assert all(job.timed_out for job in found)
    assert len(found) == len(jobs)
    assert 0 < sum(1 for job in found if job.pid) <= AT_ONCE
    assert time.monotonic() - started < 5


def test_a_round_whose_time_is_over_before_it_began() -> None:
    (job,) = ended(Job(script("echo hello"), LONG), within=-1.0)
    assert (job.timed_out, job.pid) == (True, 0)
    assert bytes(job.output["stdout"]) == b""


def test_a_program_that_is_not_there() -> None:
    (job,) = ended(Job(program("/no/such/program"), LONG))
    assert job.exit == 126
    assert b"FileNotFoundError" in job.trouble


def test_an_exception_in_the_child_never_comes_back_as_the_parent() -> None:
    def body() -> None:
        raise KeyboardInterrupt("x" * 10_000)

    (job,) = ended(Job(body, LONG))
    assert job.exit == 126
    assert job.trouble.startswith(b"KeyboardInterrupt")
    assert len(job.trouble) <= 4000


def test_a_job_that_is_killed_says_so() -> None:
    (job,) = ended(Job(lambda: os.kill(os.getpid(), signal.SIGKILL), LONG))
    assert job.exit == -signal.SIGKILL
    assert not job.timed_out


def test_lines_are_handed_on_as_they_come_and_not_kept() -> None:
    lines: list[bytearray] = []
    text = "for n in 1 2 3; do head -c 600 /dev/zero | tr '\\0' $n; echo; done; printf rest"
    (job,) = ended(Job(script(text), LONG, limit=1000, each=lines.append))
    assert lines == [b"1" * 600, b"2" * 600, b"3" * 600]
    assert bytes(job.output["stdout"]) == b"rest"
    assert not job.truncated


def test_a_line_past_the_limit_is_cut() -> None:
    lines: list[bytearray] = []
    text = "head -c 200000 /dev/zero; echo; echo next"
    (job,) = ended(Job(script(text), LONG, limit=1000, each=lines.append))
    assert job.truncated
    assert all(len(line) <= 1000 for line in lines)


def test_other_descriptors_are_watched_meanwhile() -> None:
    reader, writer = os.pipe()
    seen: list[bytes] = []
    runner = Runner()
    runner.watch(reader, lambda: seen.append(os.read(reader, 100)))
    runner.add(Job(script(f"echo now > /proc/{os.getpid()}/fd/{writer}; sleep 0.1"), LONG))
    list(runner.run(time.monotonic() + LONG))
    assert seen == [b"now\n"]
    runner.close()
    os.close(reader)
    os.close(writer)


def test_nothing_is_left_behind() -> None:
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names only
    jobs = [Job(script("echo x"), LONG), Job(script("sleep 100"), 0.2), Job(program("/no"), LONG)]
    found = ended(*jobs)
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  # as above
    assert not any(alive(job.pid) for job in found)


def test_standard_input_is_empty() -> None:
    (job,) = ended(Job(script("cat; echo end"), LONG))
    assert bytes(job.output["stdout"]) == b"end\n"


def test_standard_input_can_be_given_and_opened_again_by_name() -> None:
    data = bytes(range(256)) * 1000
    (job,) = ended(Job(script("cat; cat /dev/stdin"), LONG, stdin=data))
    assert bytes(job.output["stdout"]) == data * 2
