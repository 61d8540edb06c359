"""The check type `api`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, NoReturn

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator

from checkers.check import Check
from checkers.findings import Findings
from checkers.matchers import Matcher, holds, spoken
from checkers.model import Subject, Verdict
from checkers.web._curl import Response
from checkers.web._fetch import HeaderName, OverHttp, fetch
from checkers.words import plain, quoted


def _pointer(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("write where in the answer it stands as a JSON Pointer, such as /items/0")
    return text


Pointer = Annotated[str, StringConstraints(max_length=300), AfterValidator(_pointer)]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,2000}$")]


class Api(OverHttp):
    """A service answers a request in JSON as expected.

        api: {url: "http://api.lab/items/7", returns: {/name: rake, /price: {max: 20}}}
        api: {url: "http://api.lab/items", counts: {/items: 3}, absent: [/items/0/password]}
        api:
          url: "http://api.lab/items"
          method: POST
          send: {name: "O'Brien", price: 5}
          headers: {authorization: "Bearer {{ token }}"}
          status: 201
          returns: {/id: {min: 1}}

    The request is made as `http` makes it, with the same `url`, `address`, `verify` and `at`, and
    follows no redirect. `method` is GET unless said otherwise; `send` goes along as JSON, or
    `body` as it is; `headers` are those of the request. `status` is a matcher, 200 unless said
    otherwise. What the answer has to say is given by JSON Pointers (RFC 6901), `/a/0/b` for entry b
    of the first item of entry a, and `/` alone stands for all of it in `counts`:

    - `returns`: matchers for single values: texts, numbers, true and false. null fits none.
    - `counts`: matchers for the number of items of a list, or of entries of an object.
    - `absent`: places at which there must be nothing.

    Where one of these is given, the answer has to be JSON and say so in its content-type. `answer`
    are matchers for headers of the answer. A check with a method other than GET and HEAD changes
    the host: say so with `changes: true`.

    Error: as in `http`.
    """

    kind: ClassVar[str] = "api"

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    send: JsonValue = None
    body: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    status: Matcher = 200
    answer: dict[HeaderName, Matcher] = Field(default_factory=dict)
    returns: dict[Pointer, Matcher] = Field(default_factory=dict)
    counts: dict[Pointer, Matcher] = Field(default_factory=dict)
    absent: tuple[Pointer, ...] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Api:
        named = {"status", "answer", "returns", "counts", "absent"} & self.model_fields_set
        if not any(getattr(self, name) for name in named):
            raise ValueError("say what is expected: `returns`, `counts`, `absent` or `status`")
        if self.send is not None and self.body is not None:
            raise ValueError("give either `send` or `body`")
        return self

    def run(self, subject: Subject) -> Check:
        """Make the request and compare its answer."""
        site = yield from self.reach(subject)
        if isinstance(site, Verdict):
            return site
        lines = {"accept": "application/json"}
        text = self.body
        if self.send is not None:
            lines["content-type"] = "application/json"
            text = json.dumps(self.send)
        lines |= self.headers
        request = replace(
            site.request(self.url),
            method=self.method,
            headers=tuple(f"{name}: {value}" for name, value in lines.items()),
            body=text,
        )
        response = yield from fetch(site, request)
        if isinstance(response, Verdict):
            return response
        findings = Findings(flags=list(site.flags))
        self._compare(findings, response)
        return findings.verdict()

    def _compare(self, findings: Findings, response: Response) -> None:
        said = plain(f"{self.method} {self.url}")
        headers = response.headers or {}
        findings.compare(f"{said} with status", self.status, response.status)
        for name, wanted in self.answer.items():
            findings.compare(f"the header {name} of {said}", wanted, headers.get(name))
        if not (self.returns or self.counts or self.absent):
            return
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        value, trouble = _read(response.body)
        if kind != "application/json" and not kind.endswith("+json"):
            trouble = f"its content-type is {quoted(kind)}"
        if trouble:
            findings.miss(expected=f"JSON from {said}", found=trouble)
            return
        self._compare_values(findings, value)

    def _compare_values(self, findings: Findings, value: Any) -> None:
        for pointer, wanted in self.returns.items():
            there, found = _at(value, pointer)
            single = found if not isinstance(found, list | dict) else None
            findings.note(
                there and holds(wanted, single, empty=True),
                expected=f"{plain(pointer)} {spoken(wanted)}",
                found=f"{plain(pointer)} {_shown(there, found)}",
            )
        for pointer, wanted in self.counts.items():
            there, found = (True, value) if pointer == "/" else _at(value, pointer)
            number = len(found) if there and isinstance(found, list | dict) else None
            findings.note(
                holds(wanted, number),
                expected=f"{spoken(wanted)} entries in {plain(pointer)}",
                found=f"{plain(pointer)} {_shown(there, found)}",
            )
        for pointer in self.absent:
            there, found = _at(value, pointer)
            findings.note(
                not there,
                expected=f"nothing at {plain(pointer)}",
                found=f"{plain(pointer)} {_shown(there, found)}",
            )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _read(body: bytes) -> tuple[Any, str]:
    """The value of a JSON text, or why it is none."""
    try:
        return json.loads(body.decode(), parse_constant=_no_constant), ""
    except (ValueError, RecursionError) as problem:
        return None, f"{quoted(body, 80)}, which is no JSON ({plain(str(problem), 80)})"


def _at(value: Any, pointer: str) -> tuple[bool, Any]:
    """Whether there is something at a JSON Pointer, and what (RFC 6901, section 4)."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return False, None
    return True, value


def _shown(there: bool, value: Any) -> str:
    if not there:
        return "is not there"
    if isinstance(value, list | dict):
        return f"has {len(value)} entries"
    return quoted(value) if isinstance(value, str) else json.dumps(value)
