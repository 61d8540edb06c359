"""What no check type looks at: many answers with clean logs, and where a password can be read."""

from __future__ import annotations

from checkers.check import Asking, Check, ask, ask_all, failed, passed
from checkers.model import File, FileResult, Subject
from checkers.network._witness import far_end
from checkers.reading import all_processes, content_of, whole
from checkers.web._curl import Request, program, understood

LIMIT = 4 << 20
TROUBLE = (b"[error]", b"[crit]", b"[alert]", b"[emerg]", b"[ERROR]", b"[CRITICAL]", b"Traceback")


def steady(
    subject: Subject,
    *,
    name: str,
    address: str,
    pages: list[str],
    count: int,
    missing: str,
    errors: list[str],
    access: str,
) -> Check:
    """`pages` are answered with 200 by the application, `count` times, and no error is logged.

    `errors` are the logs in which new lines would tell of trouble; the first is nginx's, and is
    made to hold one line of ours, so that a log that is switched off is no clean one. `access` is
    the application's own log, in which every request must stand. The path `missing` is the one
    that must not be there (404).
    """
    before = yield from _logs(subject.host, errors)
    asked = [f"{pages[turn % len(pages)]}?turn={turn}" for turn in range(count)] + [missing]
    requests = [Request(f"http://{name}{path}", name, 80, address) for path in asked]
    end = yield from far_end(subject, address)
    probes = [program(subject.source, request) for request in requests]
    results = yield from ask_all(*probes)
    expected = f"{count} good answers and no error in the logs"
    for path, probe, result in zip(asked, probes, results, strict=True):
        answer = understood(probe.argv, whole(probe.argv, result))
        wanted = 404 if path == missing else 200
        trouble = answer.trouble or end.trouble(result.sightings)
        if trouble or answer.status != wanted:
            return failed(expected=expected, found=f"{path}: {trouble or answer.status}")
    after = yield from _logs(subject.host, errors)
    (record,) = yield from _logs(subject.host, [access])
    for path in asked:
        log, text = (errors[0], after[0]) if path == missing else (access, record)
        if path.encode() not in text:
            return failed(expected=expected, found=f"the request for {path} is not in {log}")
    for path, old, new in zip(errors, before, after, strict=True):
        for line in new.removeprefix(old).splitlines():
            if any(word in line for word in TROUBLE) and missing.encode() not in line:
                said = line.decode("utf-8", "replace")[:200]
                return failed(expected=expected, found=f"a new line in {path}: {said}")
    return passed(expected=expected, found=f"{count} good answers, all of them logged")


def _logs(host: str, paths: list[str]) -> Asking[list[bytes]]:
    """The content of each log; empty where there is none."""
    found = yield from ask_all(*(File(host, path.encode(), limit=LIMIT) for path in paths))
    return [
        content_of(path.encode(), one) if one.type == "file" else b""
        for path, one in zip(paths, found, strict=True)
    ]


def kept_secret(subject: Subject, secret: str, keeper: str, paths: list[str]) -> Check:
    """The file `keeper` holds `secret`; others cannot read it there, in `paths` or in `ps`."""
    expected = "the password where only root and the application can read it"
    word = secret.encode()
    found = yield from ask_all(*(File(subject.host, path.encode(), limit=LIMIT) for path in paths))
    for path, one in zip(paths, found, strict=True):
        if _shows(one, word):
            return failed(expected=expected, found=f"every user can read it in {path}")
    listing = yield from all_processes(subject.host)
    for row in listing.processes:
        if any(word in argument for argument in row.argv):
            return failed(expected=expected, found="it is in the arguments of a process (`ps`)")
    own = yield from ask(File(subject.host, keeper.encode(), limit=LIMIT))
    if own.type != "file" or word not in content_of(keeper.encode(), own):
        return failed(expected=expected, found=f"{keeper} does not hold the password")
    return passed(expected=expected, found=f"in {keeper} alone, closed to others")


def _shows(one: FileResult, word: bytes) -> bool:
    return one.type == "file" and bool(one.mode & 0o004) and word in (one.content or b"")
