"""The check type `printer`."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, ask, ask_all, failed
from checkers.findings import OWN_HOST_ONLY, Findings
from checkers.hardware import _cups
from checkers.hardware._cups import Job, Queue, Queues, Refusal
from checkers.hardware._page import page
from checkers.lab_names import HostName
from checkers.linux._attributes import Path
from checkers.matchers import Matcher, holds, spoken
from checkers.model import File, Inside, Phase, Subject
from checkers.reading import content_of, spelled, unobserved
from checkers.words import listed, plain, quoted

RANDOM = b"/proc/sys/kernel/random/uuid"
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n")
MOST_PAPER = 16 << 20
"""Bytes of a printer's paper that are looked at."""
_TIMED_OUT = 124
"""The status of timeout(1) for a program that had to be ended."""
UNTIL_THERE = 'until grep -sm1 -F -e "$1" -- "$2"; do sleep 0.2; done'
"""Waits until a line of the file `$2` holds the text `$1`, and prints that line."""

QueueName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,126}$")]
"""The name of a queue (lpadmin(8)); capital letters and small ones are the same to CUPS."""


class Prints(BaseModel):
    """Where a page that is sent to the queue has to come out, and within how many seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: HostName
    paper: Path
    within: StrictInt = Field(default=40, ge=5, le=120)


class Printer(CheckType):
    """A print queue of a host's CUPS is as it should be, and what it is sent comes out.

        printer: {queue: office, enabled: true, accepting: true, default: true, jobs: 0}
        printer: {queue: labels, to: "ipp://10.0.4.9/ipp/print"}
        printer: {queue: office, prints: {at: printer, paper: /var/spool/paper}}

    `enabled` is whether the queue sends its jobs to the printer (`cupsenable`), `accepting`
    whether it takes new ones (`cupsaccept`), `default` whether it is the default for everybody on
    the host: by /etc/cups/lpoptions, or else by the server (`lpadmin -d`), and not by the options
    of one user. `jobs` is a matcher for the number of jobs that are not done with, `to` one for the
    queue's device URI. CUPS itself is asked, on the host, over IPP at port 631; a verdict that
    rests on this alone is flagged so.

    `prints` is about the effect, whatever the queue leads through: a page with a text that nobody
    could foresee is sent to it, as PDF, and has to come out at the host `at`, which the candidate
    cannot enter: the file `paper` there is what its printer has put on paper, as text, and has to
    hold that text `within` so many seconds (40 unless said otherwise). It is read from beside.
    Hosts made from the image `printer` keep it in /var/spool/paper. The text comes from the kernel
    of `at`. A queue that is stopped or takes no jobs is sent none, and a page that does not come
    out is cancelled. Such a check changes the host: say so with `changes: true`.

    Error: CUPS gives no answer in time (the host's), or the printer's host cannot be observed.
    """

    kind: ClassVar[str] = "printer"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    queue: QueueName
    to: Matcher | None = None
    enabled: bool | None = None
    accepting: bool | None = None
    default: bool | None = None
    jobs: Matcher | None = None
    prints: Prints | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Printer:
        expecting = (self.to, self.enabled, self.accepting, self.default, self.jobs, self.prints)
        if all(one is None for one in expecting):
            raise ValueError("say what is expected: `enabled`, `accepting`, `jobs`, `prints` …")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask CUPS about the queue, and have it print a page where that is expected."""
        if self.prints is not None:
            _demand_out_of_reach(subject, self.prints.at)
        expected = f"a queue {self.queue} on {subject.host}"
        try:
            known = yield from _cups.queues(subject.host)
        except Refusal as problem:
            return failed(expected=expected, found=str(problem))
        queue = known.named.get(self.queue.lower())
        if queue is None:
            there = listed(sorted(plain(each.name) for each in known.named.values()))
            return failed(expected=expected, found=f"no queue {self.queue}; there: {there}")
        findings = Findings()
        self._compare(findings, known, queue)
        if self.jobs is not None:
            yield from self._compare_jobs(findings, subject.host, self.jobs)
        if self.prints is not None:
            yield from self._compare_print(findings, subject.host, queue, self.prints)
        else:
            findings.flags.append(OWN_HOST_ONLY)
        return findings.verdict()

    # ------------------------------------------------------------------ what CUPS says

    def _compare(self, findings: Findings, known: Queues, queue: Queue) -> None:
        said = f"queue {self.queue}"
        if self.to is not None:
            findings.compare(f"{said} leading to", self.to, queue.uri)
        if self.enabled is not None:
            findings.note(
                queue.enabled == self.enabled,
                expected=f"{said} {'enabled' if self.enabled else 'stopped'}",
                found=_enabled(queue),
            )
        if self.accepting is not None:
            findings.note(
                queue.accepting == self.accepting,
                expected=f"{said} {'taking' if self.accepting else 'taking no'} jobs",
                found=f"it takes {'' if queue.accepting else 'no '}jobs",
            )
        if self.default is not None:
            is_default = known.default.lower() == self.queue.lower()
            findings.note(
                is_default == self.default,
                expected=f"{said} {'' if self.default else 'not '}as the default",
                found=f"the default is {plain(known.default) or 'none'}",
            )

    def _compare_jobs(self, findings: Findings, host: str, wanted: Matcher) -> Asking[None]:
        expected = f"{spoken(wanted)} jobs in queue {self.queue}"
        try:
            jobs = yield from _cups.waiting_jobs(host, self.queue)
        except Refusal as problem:
            findings.miss(expected=expected, found=str(problem))
            return
        told = [f"{self.queue}-{each.number} {each.state}" for each in jobs]
        found = f"{len(jobs)}: {listed(told, most=4)}" if jobs else "no job in it"
        findings.note(holds(wanted, len(jobs)), expected=expected, found=found)

    # ------------------------------------------------------------------ the effect

    def _compare_print(
        self, findings: Findings, host: str, queue: Queue, wanted: Prints
    ) -> Asking[None]:
        expected = f"a page sent to queue {self.queue} to come out at {wanted.at}"
        if not (queue.enabled and queue.accepting):
            found = _enabled(queue) if not queue.enabled else "it takes no jobs"
            findings.miss(expected=expected, found=f"{found}, so no page was sent")
            return
        text = yield from _unforeseen(wanted)
        document = page(f"Test page for {self.queue}", text)
        try:
            job = yield from _cups.send(host, self.queue, "Test page", document)
        except Refusal as problem:
            findings.miss(expected=expected, found=f"the page is not taken: {problem}")
            return
        out = yield from _came_out(wanted, text)
        found = f"it came out at {wanted.at}"
        if not out:
            found = yield from _why_not(host, job, wanted)
            yield (Inside(host, ("cancel", str(job.number))),)
        findings.note(out, expected=expected, found=found)


def _demand_out_of_reach(subject: Subject, at: str) -> None:
    """Only what comes out where the candidate cannot reach has come out."""
    if at not in {host.name for host in subject.hosts if host.access == "none"}:
        raise unobserved(f"`at: {at}` is no host that the candidate cannot enter")


def _enabled(queue: Queue) -> str:
    said = f" ({quoted(queue.message, 80)})" if queue.message else ""
    return "it is enabled" if queue.enabled else f"it is stopped{said}"


def _unforeseen(wanted: Prints) -> Asking[str]:
    """A text that nobody could know before: the kernel of the printer's host draws it when asked.

    A printer without paper would be a fault of the lab, and none of the candidate's.
    """
    host = wanted.at
    drawn, paper = yield from ask_all(File(host, RANDOM, limit=64), File(host, _path(wanted)))
    text = content_of(RANDOM, drawn)
    if not _UUID.fullmatch(text):
        raise unobserved(f"the kernel of {host} drew no random text")
    if paper.type != "file":
        raise unobserved(f"the printer at {host} has no paper in {plain(wanted.paper)}")
    return text.decode().strip()


def _path(wanted: Prints) -> bytes:
    return wanted.paper.encode("utf-8", "surrogateescape")


def _came_out(wanted: Prints, text: str) -> Asking[bool]:
    """Wait for a text on the paper, and look for it there."""
    argv = ("timeout", str(wanted.within), "sh", "-c", UNTIL_THERE, "sh", text, wanted.paper)
    waited = yield from ask(Inside(wanted.at, argv, timeout=wanted.within + 15.0))
    if waited.exit == _TIMED_OUT:
        return False
    if waited.exit != 0 or text.encode() not in waited.stdout:
        raise unobserved(f"{spelled(argv[:2])} ended with {waited.exit} on {wanted.at}")
    paper = yield from ask(File(wanted.at, _path(wanted), limit=MOST_PAPER))
    return text.encode() in content_of(_path(wanted), paper)


def _why_not(host: str, sent: Job, wanted: Prints) -> Asking[str]:
    """What CUPS says of a page that did not come out."""
    try:
        found = yield from _cups.job(host, sent.number)
    except Refusal as problem:
        return f"nothing came out, and {problem}"
    if found.state == _cups.DONE:
        return f"CUPS has done with it, and nothing came out at {wanted.at}"
    said = f" ({quoted(found.message, 80)})" if found.message else ""
    return f"nothing came out within {wanted.within} s; the job is {found.state}{said}"
