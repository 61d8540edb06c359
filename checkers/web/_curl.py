"""One HTTP request by `curl`, and its answer taken apart by what curl itself counted.

The answer's header and body come on one stream. Where the one ends is told by curl's own count of
header bytes, written to the other stream as JSON, and never by looking for an empty line in what
the candidate's server sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, TypeAdapter

from checkers.model import Flow, Program, ProgramResult
from checkers.reading import structured, unobserved
from checkers.words import plain

SECONDS = 8
CONNECT_SECONDS = 4
LARGEST = 1 << 20
MOST_REDIRECTS = 5

TROUBLES = {
    1: "it leads to a protocol other than HTTP",
    7: "the connection is refused or there is no way to it",
    8: "what it sends is no HTTP",
    18: "it broke off before its answer was complete",
    28: "no answer in time",
    35: "it does not speak TLS there",
    47: f"it leads on more than {MOST_REDIRECTS} times",
    51: "its certificate is not trusted or for another name",
    52: "it closed the connection without an answer",
    56: "the connection broke off",
    60: "its certificate is not trusted or for another name",
    63: "its answer is larger than 1 MiB",
}
"""Ends of curl that say something about the server, in words for the candidate (curl(1))."""


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    exitcode: int
    http_code: int
    size_header: int
    size_download: int
    num_redirects: int
    remote_ip: str = ""
    url_effective: str | None = None


_REPORT = TypeAdapter(_Report)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: an URL, the address to connect to, and what curl is told about it.

    `body` is text of ASCII letters that goes along, or `data` any bytes; `headers` are such lines
    as `accept: text/html`, and `cookies` is what stands in the header of that name; where it is
    given, even as nothing, cookies set on the way are taken along after redirects.
    """

    url: str
    host: str
    port: int
    address: str
    follow: bool = False
    verify: bool = True
    method: str = "GET"
    headers: tuple[str, ...] = ()
    body: str | None = None
    cookies: str | None = None
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """The last answer: status, headers by lower-case name, body. `trouble` where there is none.

    `url` is where the answer came from after redirects; `set_cookies` are the values of each
    header of that name, in all answers on the way. `elsewhere` says that there was an answer, but
    not from where it should have come.
    """

    status: int = 0
    headers: dict[str, str] | None = None
    body: bytes = b""
    url: str = ""
    set_cookies: tuple[str, ...] = ()
    trouble: str = ""
    timed_out: bool = False
    elsewhere: bool = False


def program(source: str, request: Request) -> Program:
    """The curl command line; every word of it is one argument."""
    at = f"[{request.address}]" if ":" in request.address else request.address
    named = f"[{request.host}]" if ":" in request.host else request.host
    argv = [
        "curl", "-q", "-sS", "-i", "--http1.1", "--noproxy", "*", "--globoff",
        "--proto", "=http,https", "--max-time", str(SECONDS),
        "--connect-timeout", str(CONNECT_SECONDS), "--max-filesize", str(LARGEST),
        "-w", "%{stderr}%{json}", "-H", "X-Request-Id: {nonce}",
        "--connect-to", f"{named}::{at}:",
    ]  # fmt: skip
    if request.follow:
        argv += ["--location", "--max-redirs", str(MOST_REDIRECTS)]
    if not request.verify:
        argv += ["--insecure"]
    if request.method == "HEAD":
        argv += ["--head"]
    elif request.method not in {"GET", "POST"} or (
        # Left to itself curl posts what has a body, and asks again with GET after a redirect.
        request.method == "POST" and request.body is None and not request.data
    ):
        argv += ["-X", request.method]
    elif request.method == "GET" and request.body is not None:
        argv += ["-X", "GET"]
    for header in request.headers:
        argv += ["-H", header]
    if request.cookies is not None:
        argv += ["--cookie", request.cookies]
    if request.body is not None:
        argv += ["--data-raw", request.body]
    elif request.data:
        argv += ["--data-binary", "@-"]
    argv += ["--url", request.url]
    # A connection is followed by its first sequence number, from its very first frame: a nonce in
    # the request would not show that a request to a server that drops everything had left.
    flow = Flow("tcp", request.address, request.port)
    return Program(source, tuple(argv), timeout=SECONDS + 4.0, flow=flow, stdin=request.data)


def understood(argv: tuple[str, ...], result: ProgramResult) -> Response:
    """Read curl's output; raises `NotObserved` for an end that says nothing about the server."""
    lines = result.stderr.splitlines()
    if not lines or not lines[-1].startswith(b"{"):
        said = plain(result.stderr.strip())
        raise unobserved(f"`curl` ended with {result.exit} and no report: {said or 'no output'}")
    report = structured(argv, lines[-1], _REPORT)
    if report.exitcode != result.exit:
        raise unobserved(f"`curl` ended with {result.exit} and reports {report.exitcode}")
    # The name in the URL needs no look-up any more: what cannot be resolved came with a redirect.
    if result.exit in (6, 28) and b"resolv" in b" ".join(lines[:-1]).lower():
        return Response(trouble="it leads on to a name that was not asked about")
    if result.exit in TROUBLES:
        return Response(trouble=TROUBLES[result.exit], timed_out=result.exit == 28)
    if result.exit != 0:
        said = plain(b" ".join(lines[:-1]))
        raise unobserved(f"`curl` ended with {result.exit}: {said}")
    if result.truncated:
        return Response(trouble=TROUBLES[63])
    return _taken_apart(report, result.stdout)


def _taken_apart(report: _Report, output: bytes) -> Response:
    head, body = output[: report.size_header], output[report.size_header :]
    if len(head) != report.size_header or len(body) != report.size_download:
        raise unobserved("`curl` printed another number of bytes than it counted")
    if not report.http_code or not head.startswith(b"HTTP/"):
        raise unobserved("`curl` reports no HTTP status")
    # Of several answers (100, redirects) the last one's header counts.
    answers = head.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n\n")
    headers: dict[str, str] = {}
    for name, value in _fields(answers[-1]):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    cookies = tuple(
        value for one in answers for name, value in _fields(one) if name == "set-cookie"
    )
    return Response(report.http_code, headers, body, report.url_effective or "", cookies)


def _fields(head: bytes) -> list[tuple[str, str]]:
    """The fields of one header: names in lower case, values without blanks at their ends."""
    lines = head.decode("utf-8", "surrogateescape").split("\n")[1:]
    parts = [line.partition(":") for line in lines]
    return [(name.strip().lower(), value.strip()) for name, _, value in parts]
