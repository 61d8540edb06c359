"""The check type `python`."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from threading import Lock
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PrivateAttr, StringConstraints, ValidationError, model_validator

from checkers.check import Check, CheckType, NotObserved, error
from checkers.codec import observation_to_json, probe_from_json, verdict_from_json
from checkers.model import AnyProbe, Blame, Failure, Subject, Verdict
from checkers.own._worker import BrokeOff, Worker
from checkers.words import clean

SECONDS = 20.0
"""Time that a check's own code may take in all, its start included, waiting for answers apart."""

MOST_PROBES = 500
"""Probes of one round."""

Call = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_./-]*\.py:[A-Za-z_][A-Za-z0-9_]*$")
]


class Python(CheckType):
    """A function of the lab's own, for what no check type fits.

        python: checks.py:raid_is_whole
        with: {device: /dev/md0}

        # checks.py
        from checkers.check import ask, failed, passed
        from checkers.model import File

        def raid_is_whole(subject, device):
            found = yield from ask(File(subject.host, b"/proc/mdstat", limit=65536))
            ...
            return passed(expected=f"{device} whole", found="2 of 2 disks")

    The function is a generator like the check types' own: it gets the subject and the arguments in
    `with`, asks by `yield from ask(…)`, and returns `passed(…)`, `failed(…)` or `error(…)`. It runs
    in a process of its own that can open no file, reach no network and start nothing, for at most
    20 seconds of its own and within 1 GiB; it can import the common modules of the standard library
    that compute (`re`, `json`, `ipaddress`, …) and those of `checkers`. What it prints is dropped.

    Error: the function raises, returns no verdict, or takes longer or more than it may.
    """

    kind: ClassVar[str] = "python"

    call: Call
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")
    _source: str | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _from_short_forms(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"call": data}
        if isinstance(data, dict) and "function" in data and "call" not in data:
            return {"call" if key == "function" else key: value for key, value in data.items()}
        return data

    @model_validator(mode="after")
    def _stays_in_the_folder(self) -> Self:
        if ".." in self.file.split("/"):
            raise ValueError("the file must be in the lab's folder")
        if not all(name.isidentifier() for name in self.arguments):
            raise ValueError("the keys in `with` are names of parameters")
        return self

    @property
    def file(self) -> str:
        """The file that holds the function, within the lab's folder."""
        return self.call.partition(":")[0]

    @property
    def function(self) -> str:
        """The function's name."""
        return self.call.partition(":")[2]

    def with_files(self, read: Callable[[str], bytes]) -> Self:
        """The same check with the text of its file, read from the lab's folder."""
        return self.with_source(read(self.file).decode())

    def with_source(self, text: str) -> Self:
        """The same check with the text of its file; without one it can only end as an error."""
        made = self.model_copy()
        made._source = text  # noqa: SLF001  # it is our own
        return made

    def run(self, subject: Subject) -> Check:
        """Run the function in its process and pass its questions on."""
        if self._source is None:
            return error(f"the text of `{self.file}` was not given to the check")
        task = {
            "source": self._source,
            "file": self.file,
            "function": self.function,
            "arguments": self.arguments,
            "subject": asdict(subject),
        }
        try:
            with Worker(SECONDS) as worker:
                message = _parsed(worker.exchange(json.dumps(task).encode()))
                while "ask" in message:
                    observations = yield _probes(message["ask"])
                    answers = [observation_to_json(one) for one in observations]
                    line = json.dumps({"answers": answers}).encode()
                    message = _parsed(worker.exchange(line))
                return self._verdict(message)
        except BrokeOff as problem:
            return error(f"`{self.call}` broke off: {problem}")
        except (ValidationError, ValueError, TypeError, KeyError) as problem:
            return error(
                f"`{self.call}` sent what cannot be understood: {clean(str(problem), 300)}"
            )

    def _verdict(self, message: dict[str, Any]) -> Verdict:
        if "unobserved" in message:
            failure = message["unobserved"]
            reason = clean(str(failure["reason"]), 500)
            conclusive = failure["conclusive"] is True
            raise NotObserved(Failure(reason, Blame(failure["blame"]), conclusive))
        if "crash" in message:
            return error(f"`{self.call}` broke off: {clean(str(message['crash']), 500)}")
        found = verdict_from_json(message["verdict"])
        return replace(
            found,
            expected=clean(found.expected),
            found=clean(found.found),
            flags=tuple(clean(flag, 200) for flag in found.flags),
        )


def _parsed(line: bytes) -> dict[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise TypeError("a message is a JSON object")
    return value


def _probes(values: Any) -> tuple[AnyProbe, ...]:
    if not isinstance(values, list) or not 0 < len(values) <= MOST_PROBES:
        raise ValueError(f"a round has 1 to {MOST_PROBES} probes")
    return tuple(probe_from_json(value) for value in values)


_PARSING = Lock()


def functions_in(source: str | bytes) -> tuple[str, ...]:
    """The names of the functions that a file defines at its top, read without running it.

    Raises SyntaxError for a text that is no Python, ValueError for one with a zero byte.
    """
    # CPython 3.11 counts the depth of all trees in one place: where another thread comes between,
    # `ast.parse` ends with a SystemError (python/cpython#106905).
    with _PARSING:
        tree = ast.parse(source)
    return tuple(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
