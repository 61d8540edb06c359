"""What the process does that a lab's own check runs in. It is forked by `_forks`.

It gets one JSON value a line on standard input and answers each with one on standard output:

    {"source": …, "function": …, "arguments": {…}, "subject": {…}}
        → {"ask": [probe, …]} | {"verdict": {…}} | {"unobserved": {…}} | {"crash": "…"}
    {"answers": [observation, …]}
        → the same

All that a check may need has been imported by then; the process shuts itself in.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from types import ModuleType
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from checkers.check import NotObserved
from checkers.codec import (
    observation_from_json,
    observation_to_json,
    probe_to_json,
    verdict_to_json,
)
from checkers.model import (
    Observation,
    Processes,
    ProcessesResult,
    Status,
    Subject,
    Vantage,
    Verdict,
)
from checkers.own._confine import confine

PRELOADED = (
    "base64", "bz2", "collections", "collections.abc", "dataclasses", "datetime", "decimal",
    "difflib", "enum", "fractions", "functools", "gzip", "hashlib", "hmac", "html", "html.parser",
    "io", "ipaddress", "itertools", "json", "lzma", "math", "operator", "re", "shlex", "statistics",
    "string", "struct", "tarfile", "textwrap", "typing", "unicodedata", "urllib.parse",
    "xml.etree.ElementTree", "zlib",
    "checkers.findings", "checkers.matchers", "checkers.reading", "checkers.words",
    "checkers.linux._accounts", "checkers.linux._acl", "checkers.linux._control_groups",
    "checkers.linux._crontab",
    "checkers.network._ip", "checkers.network._names", "checkers.network._routes",
    "checkers.network._witness", "checkers.web._curl",
)  # fmt: skip
"""The modules that a lab's check can import, besides `checkers.check` and `checkers.model`."""


def main() -> None:  # pragma: no cover  # it shuts its process in; tests run it as one
    """Read the task, shut the process in, run the check."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    # What the check prints goes nowhere: standard output carries the conversation.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    task = json.loads(incoming.readline())
    subject = TypeAdapter(Subject).validate_python(task["subject"])
    confine()
    try:
        answer = _converse(task, subject, incoming, outgoing)
    except BaseException as problem:  # noqa: BLE001  # whatever the lab's code raises is its crash
        answer = {"crash": f"{type(problem).__name__}: {problem}"[:2000]}
    _tell(outgoing, answer)


def warm_up() -> None:  # pragma: no cover  # as above
    """Have what is made at first use made now, before no more can be imported."""
    probe = Processes("host")
    seen = Observation(probe, Vantage.BESIDE, 0.0, ProcessesResult(()))
    observation_from_json(observation_to_json(seen))
    probe_to_json(probe)
    verdict_to_json(Verdict(Status.PASSED, "a", "b"))
    b"".decode("latin-1")
    TypeAdapter(Subject).validate_python(asdict(Subject("host")))


def _tell(outgoing: BinaryIO, value: dict[str, Any]) -> None:
    outgoing.write(json.dumps(value).encode() + b"\n")
    outgoing.flush()


def _converse(
    task: dict[str, Any], subject: Any, incoming: BinaryIO, outgoing: BinaryIO
) -> dict[str, Any]:
    run = _function(task)(subject, **task["arguments"])
    answers: tuple[Any, ...] | None = None
    try:
        while True:
            probes = next(run) if answers is None else run.send(answers)
            _tell(outgoing, {"ask": [probe_to_json(probe) for probe in probes]})
            message = json.loads(incoming.readline())
            answers = tuple(observation_from_json(one) for one in message["answers"])
    except StopIteration as stop:
        if not isinstance(stop.value, Verdict):
            return {"crash": f"it returned {type(stop.value).__name__} instead of a verdict"}
        return {"verdict": verdict_to_json(stop.value)}
    except NotObserved as problem:
        return {"unobserved": asdict(problem.failure)}


def _function(task: dict[str, Any]) -> Callable[..., Any]:
    module = ModuleType("checks")
    module.__file__ = task["file"]
    sys.modules[module.__name__] = module  # where dataclasses look for the module of a class
    code = compile(task["source"], task["file"], "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102  # the lab's own code is what this process is for
    found: Callable[..., Any] = module.__dict__[task["function"]]
    return found
