"""What a host's print server, CUPS, says of its queues and jobs, asked on the host itself.

The questions are IPP (RFC 8011, and the operations that CUPS adds: "CUPS Implementation of IPP"),
sent by the examiner's own `curl` from beside: neither `lpstat` nor any other program of the
candidate's takes part. The server that answers is the candidate's all the same.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from checkers.check import Asking, ask, ask_all
from checkers.hardware import _ipp
from checkers.hardware._ipp import Answer, Attributes, NotIpp, Tag, Value
from checkers.linux._attributes import GONE
from checkers.model import Blame, File, Program, ProgramResult
from checkers.reading import content_of, unobserved, whole
from checkers.web._curl import Request, program, understood
from checkers.words import plain

ADDRESS, PORT = "127.0.0.1", 631
USER = "examiner"
"""Whose the examiner's jobs are said to be."""
OPTIONS = b"/etc/cups/lpoptions"
"""Root's options for everybody; a default that is set here goes before the server's (lp(1))."""

PRINT_JOB = 0x0002
GET_JOB_ATTRIBUTES = 0x0009
GET_JOBS = 0x000A
GET_DEFAULT = 0x4001
GET_PRINTERS = 0x4002

SENDING = (3, 4)
"""States of queues that are not stopped: idle, and at work (RFC 8011, 5.4.11)."""
HOLDING = frozenset({"paused", "hold-new-jobs", "moving-to-paused"})
"""Reasons for which a queue that is not stopped prints nothing either."""
DONE = "done"
JOB_STATES = {
    3: "waiting", 4: "held", 5: "being sent", 6: "stopped", 7: "cancelled", 8: "aborted", 9: DONE,
}  # fmt: skip


class Refusal(Exception):
    """CUPS does not answer, or not what was asked; says why, in words for the candidate."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as CUPS describes it; `message` is its last word about itself."""

    name: str
    uri: str
    enabled: bool
    accepting: bool
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its number, its state in words, and what the queue said about it last."""

    number: int
    state: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Queues:
    """Every queue by its name in lower case, and the name of the default, if there is one."""

    named: dict[str, Queue]
    default: str = ""


def queues(host: str) -> Asking[Queues]:
    """All queues of a host, and the one that is used where nobody says which; `Refusal`."""
    wanted = (
        "printer-name", "device-uri", "printer-state", "printer-state-reasons",
        "printer-state-message", "printer-is-accepting-jobs",
    )  # fmt: skip
    every, default = yield from _asked(
        host,
        _post("/printers/", _ipp.request(GET_PRINTERS, *_requested(*wanted))),
        _post("/", _ipp.request(GET_DEFAULT, *_requested("printer-name"))),
        also=(_ipp.NOT_FOUND,),
    )
    found = [_queue(group) for group in every.groups if every.status in _ipp.OK]
    named = [_text(group, "printer-name") for group in default.groups]
    of_server = named[0] if named and default.status in _ipp.OK else ""
    own = yield from _default_by_options(host)
    return Queues({queue.name.lower(): queue for queue in found}, own or of_server)


def _default_by_options(host: str) -> Asking[str]:
    """The default that root has set by `lpoptions -d`; empty where there is none."""
    look = yield from ask(File(host, OPTIONS, limit=1 << 16))
    if look.type is None and look.why in GONE:
        return ""
    for line in content_of(OPTIONS, look).decode("utf-8", "replace").splitlines():
        words = line.split()
        if len(words) > 1 and words[0].lower() == "default":
            return words[1].partition("/")[0]
    return ""


def waiting_jobs(host: str, queue: str) -> Asking[tuple[Job, ...]]:
    """The jobs of a queue that are not done with; `Refusal`."""
    question = _ipp.request(
        GET_JOBS,
        (Tag.URI, "printer-uri", _uri(queue)),
        (Tag.KEYWORD, "which-jobs", "not-completed"),
        *_requested("job-id", "job-state"),
    )
    (found,) = yield from _asked(host, _post("/jobs/", question))
    return tuple(_job(group) for group in found.groups)


def send(host: str, queue: str, title: str, document: bytes) -> Asking[Job]:
    """Hand a document of PDF over to a queue; `Refusal`."""
    question = _ipp.request(
        PRINT_JOB,
        (Tag.URI, "printer-uri", _uri(queue)),
        (Tag.NAME, "requesting-user-name", USER),
        (Tag.NAME, "job-name", title),
        (Tag.MEDIA_TYPE, "document-format", "application/pdf"),
        data=document,
    )
    (found,) = yield from _asked(host, _post(f"/printers/{queue}", question))
    return _only_job(found)


def job(host: str, number: int) -> Asking[Job]:
    """What has become of a job; `Refusal`."""
    question = _ipp.request(
        GET_JOB_ATTRIBUTES,
        (Tag.URI, "job-uri", f"ipp://localhost/jobs/{number}"),
        *_requested("job-id", "job-state", "job-printer-state-message"),
    )
    (found,) = yield from _asked(host, _post(f"/jobs/{number}", question))
    return _only_job(found)


# --------------------------------------------------------------------------- asking


def _requested(*names: str) -> tuple[tuple[Tag, str, str], ...]:
    return tuple((Tag.KEYWORD, "requested-attributes", name) for name in names)


def _uri(queue: str) -> str:
    return f"ipp://localhost/printers/{queue}"


def _post(path: str, question: bytes) -> Request:
    return Request(
        f"http://localhost:{PORT}{path}",
        "localhost",
        PORT,
        ADDRESS,
        method="POST",
        headers=("content-type: application/ipp",),
        data=question,
    )


def _asked(host: str, *requests: Request, also: Container[int] = ()) -> Asking[tuple[Answer, ...]]:
    """The answers to several questions in one round, of a good status or one of `also`."""
    # Nothing of it is on a wire: it goes over the loopback interface.
    probes = tuple(replace(program(host, each), flow=None) for each in requests)
    results = yield from ask_all(*probes)
    answers = tuple(
        _understood(host, probe, result) for probe, result in zip(probes, results, strict=True)
    )
    for answer in answers:
        if answer.status not in _ipp.OK and answer.status not in also:
            said = f" ({plain(answer.said, 80)})" if answer.said else ""
            raise Refusal(f"CUPS refuses with status {answer.status:#06x}{said}")
    return answers


def _understood(host: str, probe: Program, result: ProgramResult) -> Answer:
    response = understood(probe.argv, whole(probe.argv, result))
    if response.timed_out:  # may be a matter of a busy machine
        raise unobserved(f"CUPS on {host} gave no answer in time", Blame.HOST)
    if response.trouble:
        raise Refusal(f"no CUPS answers on {host} at port {PORT}: {response.trouble}")
    if response.status != 200:
        raise Refusal(f"CUPS on {host} refuses with status {response.status} of HTTP")
    try:
        return _ipp.answer(response.body)
    except NotIpp as problem:
        raise Refusal(f"what answers on {host} at port {PORT} is no CUPS: {problem}") from problem


# --------------------------------------------------------------------------- reading


def _queue(group: Attributes) -> Queue:
    state, accepting = _one(group, "printer-state"), _one(group, "printer-is-accepting-jobs")
    if type(state) is not int or type(accepting) is not bool:
        raise Refusal("CUPS does not say in which state a queue is")
    reasons = {str(each) for each in group.get("printer-state-reasons", [])}
    return Queue(
        _text(group, "printer-name"),
        _text(group, "device-uri"),
        enabled=state in SENDING and not reasons & HOLDING,
        accepting=accepting,
        message=_text(group, "printer-state-message"),
    )


def _only_job(answer: Answer) -> Job:
    if len(answer.groups) != 1:
        raise Refusal("CUPS does not say what became of the job")
    return _job(answer.groups[0])


def _job(group: Attributes) -> Job:
    number, state = _one(group, "job-id"), _one(group, "job-state")
    if type(number) is not int or type(state) is not int or state not in JOB_STATES:
        raise Refusal("CUPS does not say in which state a job is")
    return Job(number, JOB_STATES[state], _text(group, "job-printer-state-message"))


def _one(group: Attributes, name: str) -> Value | None:
    """The only value of an attribute; None where there is none, or are several."""
    values = group.get(name, [])
    return values[0] if len(values) == 1 else None


def _text(group: Attributes, name: str) -> str:
    value = group.get(name, [""])[0]
    return value if isinstance(value, str) else ""
