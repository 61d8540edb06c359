"""What the service and the nightly job do: write loads, come back, and report in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from checkers.check import Asking, Check, NotObserved, ask, failed, passed
from checkers.linux._accounts import accounts
from checkers.linux._control_groups import numbers_in
from checkers.model import Blame, File, FileResult, Inside, Process, ProcessesResult, Subject
from checkers.reading import all_processes, system_file, unobserved, whole
from checkers.words import plain

LIMIT = 1 << 22
ENDED = ("Z", "X")
PROGRAM_SECONDS = 60.0
"""Seconds that a program of the machine's may take: emulated, beside others."""
BACK_WITHIN = 10
EARLY = timedelta(minutes=3)
LATE = timedelta(minutes=2, seconds=10)
SETTLING = 4
PATIENCE = 12


def loads(subject: Subject, folder: str, account: str, key: str) -> Check:
    """Lines are added to the list of loads, which belongs to the account."""
    path = f"{folder}/loads.csv"
    expected = f"{path} written to by {account}"
    known = yield from accounts(subject.host)
    before = yield from _file(subject.host, path)
    grown = before
    for _ in range(8):
        yield from _wait(subject.host, 1)
        grown = yield from _file(subject.host, path)
        if grown.size > before.size:
            break
    if grown.type != "file":
        return failed(expected=expected, found=f"no file {path}")
    if grown.size <= before.size:
        return failed(expected=expected, found="not a line more in 8 seconds")
    if known.uid(account) != grown.uid:
        return failed(expected=expected, found=f"it belongs to {plain(known.user_name(grown.uid))}")
    last = (grown.content or b"").rpartition(b"\n")[0].rpartition(b"\n")[2]
    if key.encode() not in last:
        return failed(
            expected=expected, found=f"lines that the program does not write: {plain(last)}"
        )
    return passed(expected=expected, found=f"{grown.size - before.size} bytes more")


def comes_back(subject: Subject, unit: str, program: str) -> Check:
    """After the program has been killed, another process of it runs in the unit."""
    host = subject.host
    expected = f"{program} back within {BACK_WITHIN} s after it was killed"
    before = yield from _running(host, unit, program)
    if not before:
        return failed(expected=expected, found="it does not run")
    argv = ("kill", "-KILL", *(str(row.pid) for row in before))
    killed = yield from ask(Inside(host, argv, timeout=PROGRAM_SECONDS))
    if whole(argv, killed).exit != 0:
        raise unobserved(f"the program could not be killed: {plain(killed.stderr)}", Blame.HOST)
    old = {(row.pid, row.started) for row in before}
    for second in range(1, BACK_WITHIN + 1):
        yield from _wait(host, 1)
        listing = yield from all_processes(host)
        fresh = [row for row in _of(program, listing) if (row.pid, row.started) not in old]
        if not fresh:
            continue
        inside = yield from numbers_in(host, unit)
        if any(row.pid in inside for row in fresh):
            return passed(expected=expected, found=f"back after {second} s")
        return failed(expected=expected, found=f"back after {second} s, but not as {unit}")
    return failed(expected=expected, found=f"nothing of it after {BACK_WITHIN} s")


def written(subject: Subject, folder: str, account: str, key: str, clock: str) -> Check:
    """The report of a day is written at its time, and not before: the clock is moved for that."""
    host = subject.host
    known = yield from accounts(host)
    began, up = yield from _now(host)
    day = began.date() + timedelta(days=1)
    due = datetime.fromisoformat(f"{day} {clock}")
    path = f"{folder}/reports/{day}.txt"
    try:
        yield from _set_clock(host, f"{due - EARLY}")
        yield from _wait(host, SETTLING)
        early = yield from _file(host, path)
        yield from _set_clock(host, f"{due + LATE}")
        report = yield from _awaited(host, path)
    except NotObserved:
        yield from _restore(host, began, up)
        raise
    yield from _restore(host, began, up)
    expected = f"the report of the day written by {account} at {clock}"
    if early.type is not None:
        return failed(expected=expected, found=f"it was there before {clock}")
    if report.type != "file":
        return failed(expected=expected, found="no report two minutes later")
    if known.uid(account) != report.uid:
        return failed(expected=expected, found=f"by {plain(known.user_name(report.uid))}")
    content = report.content or b""
    if key.encode() not in content or str(day).encode() not in content:
        return failed(expected=expected, found="a file that is not the program's report")
    return passed(expected=expected, found=f"{path}, {report.size} bytes")


def _running(host: str, unit: str, program: str) -> Asking[list[Process]]:
    numbers = yield from numbers_in(host, unit)
    listing = yield from all_processes(host)
    return [row for row in _of(program, listing) if row.pid in numbers]


def _of(program: str, listing: ProcessesResult) -> list[Process]:
    return [
        row for row in listing.processes if row.state not in ENDED and program.encode() in row.argv
    ]


def _file(host: str, path: str) -> Asking[FileResult]:
    return (yield from ask(File(host, path.encode(), limit=LIMIT)))


def _awaited(host: str, path: str) -> Asking[FileResult]:
    """The file, as soon as there is something in it."""
    found = yield from _file(host, path)
    for _ in range(PATIENCE):
        if found.type is not None and found.size:
            break
        yield from _wait(host, 2)
        found = yield from _file(host, path)
    return found


def _now(host: str) -> Asking[tuple[datetime, float]]:
    """The host's local time, and how long it has been up."""
    said = yield from _done(host, ("date", "+%Y-%m-%d %H:%M:%S"))
    try:
        now = datetime.fromisoformat(said.decode().strip())
    except ValueError as problem:
        raise unobserved(f"`date` printed {plain(said)}", Blame.HOST) from problem
    return now, (yield from _uptime(host))


def _restore(host: str, began: datetime, up: float) -> Asking[None]:
    """Set the clock to what it would show had it not been moved."""
    since = (yield from _uptime(host)) - up
    yield from _set_clock(host, f"{began + timedelta(seconds=int(since))}")


def _uptime(host: str) -> Asking[float]:
    return float((yield from system_file(host, b"/proc/uptime")).split()[0])


def _set_clock(host: str, when: str) -> Asking[None]:
    yield from _done(host, ("date", "-s", when))


def _done(host: str, argv: tuple[str, ...]) -> Asking[bytes]:
    result = whole(argv, (yield from ask(Inside(host, argv, timeout=PROGRAM_SECONDS))))
    if result.exit != 0:
        raise unobserved(f"`{argv[0]}` ended with {result.exit}", Blame.HOST)
    return result.stdout


def _wait(host: str, seconds: int) -> Asking[None]:
    """A sleep of the host's own: no more than time."""
    yield from ask(Inside(host, ("sleep", str(seconds)), timeout=PROGRAM_SECONDS))
