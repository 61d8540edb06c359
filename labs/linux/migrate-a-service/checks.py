"""Nothing that the office was told is kept may be lost, whichever server has the service.

The witness is the host `desk`, which the candidate cannot enter: it makes entries all the time and
writes down what was accepted. What the service shows is asked for from there.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from checkers.check import Check, NotObserved, ask, failed, passed
from checkers.findings import Findings
from checkers.linux._crontab import entries as cron_entries
from checkers.linux._crontab import environment
from checkers.model import Blame, File, Flow, Inside, Program, Subject
from checkers.network._witness import far_end
from checkers.reading import content_of, unobserved
from checkers.words import listed, plain, quoted

Asking = Generator[Any, Any, Any]

ATTEMPTS = b"/var/lib/desk/attempts"
EVERY = 5
"""Seconds from one attempt to the next, at most: three of pause, two of waiting for an answer."""


def _attempts(desk: str) -> Asking:
    """What the desk was told, in order: (accepted, text, number of the entry)."""
    look = yield from ask(File(desk, ATTEMPTS, limit=1 << 20))
    rows = [line.split() for line in content_of(ATTEMPTS, look).decode().splitlines()]
    found = [
        (row[0] == "201", row[1], row[2] if len(row) > 2 else "") for row in rows if len(row) > 1
    ]
    if not found:
        raise unobserved("the desk has made no attempt yet")
    return found


def _get(subject: Subject, service: str, port: int, path: str) -> Asking:
    """What the service answers to the desk, as JSON, and which host was seen to be asked."""
    end = yield from far_end(subject, service)
    argv = ("curl", "-s", "-m", "8", "--noproxy", "*", f"http://{service}:{port}{path}")
    flow = Flow("tcp", service, port)
    result = yield from ask(Program(subject.source, argv, timeout=12.0, flow=flow))
    asked = end.said if end.witnessed(result.sightings) else (end.nobody or "no server")
    try:
        return (json.loads(result.stdout) if result.exit == 0 else None), asked
    except ValueError:
        return None, asked


def _complete(subject: Subject, service: str, port: int, stamp: str, rows: int) -> Asking:
    """The findings about everything that must be there, with the request's way."""
    attempts = yield from _attempts(subject.source)
    shown, asked = yield from _get(subject, service, port, "/entries")
    findings = Findings()
    if not isinstance(shown, list) or not all(
        isinstance(one, list) and len(one) == 3 for one in shown
    ):
        findings.miss(expected="the service showing its entries", found="no list of entries")
        return findings, asked
    there = {str(number): (text, slip) for number, text, slip in shown}
    wanted = {str(number): f"{stamp}-{number}" for number in range(1, rows + 1)}
    wanted |= {number: text for accepted, text, number in attempts if accepted}
    lost = sorted((n for n in wanted if n not in there or there[n][0] != wanted[n]), key=_order)
    bare = sorted((n for n in wanted if n in there and there[n][1] != wanted[n]), key=_order)
    findings.note(
        not lost,
        expected=f"all {len(wanted)} entries that were accepted",
        found=f"{len(lost)} missing, such as number {listed(lost, most=3)}"
        if lost
        else "all there",
    )
    findings.note(
        not bare,
        expected="every entry with its slip",
        found=f"{len(bare)} without, such as number {listed(bare, most=3)}"
        if bare
        else "all there",
    )
    return findings, asked


def _order(number: str) -> int:
    return int(number) if number.isdigit() else 0


def served_by(subject: Subject, service: str, port: int) -> Check:
    """The desk's request to the service's address reaches this host, which answers it."""
    shown, asked = yield from _get(subject, service, port, "/health")
    expected = f"the service at {service}:{port} answered by {subject.host}"
    name = shown.get("host") if isinstance(shown, dict) else None
    found = f"asked: {asked}; " + (f"answered by {quoted(str(name))}" if name else "no answer")
    right = asked == subject.host and name == subject.host
    return (passed if right else failed)(expected=expected, found=found)


def complete(subject: Subject, service: str, port: int, stamp: str, rows: int) -> Check:
    """Everything that was accepted is shown, with its slip, by this host."""
    findings, asked = yield from _complete(subject, service, port, stamp, rows)
    findings.note(
        asked == subject.host,
        expected=f"an answer from {subject.host}",
        found=f"asked: {asked}",
    )
    return findings.verdict()


def accepts(subject: Subject) -> Check:
    """The desk's last attempt was accepted."""
    attempts = yield from _attempts(subject.source)
    accepted, text, _ = attempts[-1]
    return (passed if accepted else failed)(
        expected="the desk's latest entry accepted",
        found=f"{text} {'accepted' if accepted else 'not accepted'}",
    )


def short_outage(subject: Subject, seconds: int) -> Check:
    """The desk was never refused for longer than this."""
    attempts = yield from _attempts(subject.source)
    longest = running = 0
    for accepted, _, _ in attempts:
        running = 0 if accepted else running + 1
        longest = max(longest, running)
    return (passed if longest * EVERY <= seconds else failed)(
        expected=f"no outage of more than {seconds} seconds",
        found=f"{longest} attempts refused in a row, some {longest * EVERY} seconds",
    )


def counts(subject: Subject, app: str, service: str, port: int) -> Check:
    """The job of cron, run as cron runs it, writes how many entries the service shows."""
    program = f"/usr/local/bin/{app}-count"
    expected = (
        f"one entry of cron that runs {program} as {app}, and its count in /var/lib/{app}/count"
    )
    found = [e for e in (yield from cron_entries(subject.host)) if program in e.command]
    if len(found) != 1 or found[0].user != app:
        said = listed(f"{e.where} for {e.user}" for e in found) if found else "no such entry"
        return failed(expected=expected, found=said)
    (entry,) = found
    given = yield from environment(subject.host, entry)
    given |= {"HOME": f"/var/lib/{app}"}
    path = f"/var/lib/{app}/count"
    argv = (
        "env",
        "-i",
        *(f"{k}={v}" for k, v in given.items()),
        given["SHELL"],
        "-c",
        entry.command,
    )
    # Whatever an earlier run has left, or a copy brought along, is no count of now.
    yield from ask(Inside(subject.host, ("rm", "-f", path)))
    before, _ = yield from _get(subject, service, port, "/entries")
    result = yield from ask(Inside(subject.host, argv, app, cwd="/", timeout=20.0))
    after, _ = yield from _get(subject, service, port, "/entries")
    look = yield from ask(File(subject.host, path.encode(), limit=100))
    text = (look.content or b"").decode("utf-8", "replace").strip()
    if not isinstance(before, list) or not isinstance(after, list):
        raise unobserved("the service shows no entries", Blame.HOST)
    right = text.isdigit() and len(before) <= int(text) <= len(after)
    said = plain(result.stderr.strip())[:200]
    shown = f"{quoted(text)} where the service shows {len(after)}" + (f" ({said})" if said else "")
    return (passed if right else failed)(expected=expected, found=shown)


def without(
    subject: Subject, *, gone: str, service: str, port: int, stamp: str, rows: int
) -> Check:
    """Everything is still shown while the other server has no network."""
    link = Program(gone, ("ip", "-j", "link", "show", "dev", "eth0"))
    yield from ask(Inside(gone, ("ip", "link", "set", "eth0", "down")))
    trouble = None
    try:
        state = yield from ask(link)
        if '"UP"' in state.stdout.decode():
            raise unobserved(f"{gone} could not be taken off the network", Blame.HOST)
        findings, asked = yield from _complete(subject, service, port, stamp, rows)
    except NotObserved as problem:
        trouble = problem
    yield from ask(Inside(gone, ("ip", "link", "set", "eth0", "up")))
    if trouble is not None:
        raise trouble
    findings.note(
        asked == subject.host,
        expected=f"an answer from {subject.host} while {gone} is off the network",
        found=f"asked: {asked}",
    )
    return findings.verdict()


def rolls_back(subject: Subject, script: str, seconds: int) -> Check:
    """The script ends well, by itself and in time."""
    look = yield from ask(File(subject.host, script.encode()))
    expected = f"{script} on {subject.host} ending with 0 within {seconds} seconds"
    if look.type != "file":
        return failed(expected=expected, found=f"no file {script}")
    argv = ("timeout", "-k", "2", str(seconds), script)
    result = yield from ask(Inside(subject.host, argv, cwd="/root", timeout=seconds + 15.0))
    if result.exit == 0:
        return passed(expected=expected, found=f"it ended with 0 after {result.seconds:.0f} s")
    said = plain((result.stderr or result.stdout).strip())[-200:]
    found = {124: "it had not ended by then", 126: "it cannot be run"}.get(
        result.exit, f"it ended with {result.exit}"
    )
    return failed(expected=expected, found=found + (f" and said {quoted(said)}" if said else ""))
