"""Recorded cases of check types: a folder a type, a file a case.

    {
      "about": "why the case is there",
      "lab": "routing",
      "host": "r1", "from": "pc1",
      "parameters": {…},
      "answers": [
        {"program": ["ip", "-j", "-d", "addr"], "host": "r1", "recorded": "addr-r1"},
        {"file": "/etc/motd", "host": "r1", "result": {"type": "file", "content": "hello\n"}}
      ],
      "expect": {"status": "passed", "found": "…"}
    }

`lab` names a file in `labs/`: the hosts, and answers that any case of it may use. In a program's
words `…` stands for any number of words; `stdin` is the SHA-256 of its input, where that matters.
`recorded` takes an answer from `recorded/NAME.stdout`, `.stderr` and `.exit`, which real programs
printed, or from `recorded/NAME.json` for a browser. `at` is when it was given, in seconds, where
that counts; one with `again` is the next answer to a question that was put before. Texts stand for
UTF-8, `{"base64": …}` for other bytes, a list of texts for lines. Of `expect` what is given has to
be so: `status`, `blame`, the whole of `expected` and `found`, and `flags`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from checkers.browsing import Browse
from checkers.check import CheckType, NotObserved, error
from checkers.codec import RESULT_TYPES, result_from_json
from checkers.hardware_state import Hardware, SerialLine, SmartLog
from checkers.model import (
    AnyProbe,
    AnyResult,
    Connect,
    Directory,
    DirectoryEntry,
    Failure,
    File,
    Inside,
    LabHost,
    Observation,
    Processes,
    Program,
    Subject,
    Vantage,
    Verdict,
)
from checkers.registry import load
from checkers.storage import DeletedFiles, Filesystem
from checkers.traffic import Discover, Sighting

FOLDER = Path(__file__).parent / "unit" / "checks"
REST = "…"

Change = Callable[[int, Observation], Observation]
"""Makes another observation of the one that was recorded; gets its number in the check."""


@dataclass(frozen=True)
class Case:
    kind: str
    name: str
    parameters: Any
    subject: Subject
    answers: tuple[dict[str, Any], ...]
    expect: dict[str, Any]
    source: str | None = None

    @property
    def id(self) -> str:
        return f"{self.kind}/{self.name}"

    def check(self) -> CheckType:
        made = load(self.kind).model_validate(self.parameters)
        return made.with_files(lambda _: (self.source or "").encode())

    def run(self, change: Change | None = None) -> tuple[Verdict, list[Observation]]:
        """The verdict by the engine's rules, and what was observed; a crash is not caught."""
        running = self.check().run(self.subject)
        seen: list[Observation] = []
        asked: Counter[AnyProbe] = Counter()
        answers: tuple[Observation, ...] | None = None
        try:
            while True:
                probes = next(running) if answers is None else running.send(answers)
                answers = tuple(
                    self._changed(len(seen) + at, probe, change, asked)
                    for at, probe in enumerate(probes)
                )
                seen.extend(answers)
        except StopIteration as stop:
            verdict: Verdict = stop.value
            return verdict, seen
        except NotObserved as problem:
            return error(problem.failure.reason, problem.failure.blame), seen
        finally:
            running.close()

    def _changed(
        self, number: int, probe: AnyProbe, change: Change | None, asked: Counter[AnyProbe]
    ) -> Observation:
        key = (probe, asked[probe])
        if key not in self._told:
            self._told[key] = self.observe(*key)
        found = self._told[key]
        asked[probe] += 1
        return change(number, found) if change else found

    @cached_property
    def _told(self) -> dict[tuple[AnyProbe, int], Observation]:
        """Observations that were made before, by probe and how often that had been put."""
        return {}

    def observe(self, probe: AnyProbe, before: int = 0) -> Observation:
        """The answer to a probe that was put `before` times before."""
        other = False
        again = [one for one in self.answers if one.get("again") and _fits(one, probe)]
        first = [one for one in self.answers if not one.get("again")]
        for answer in again[before - 1 : before] if before and again else first:
            if _fits(answer, probe):
                if "stdin" in answer and answer["stdin"] != _digest(probe):
                    other = True
                    continue
                inside = isinstance(probe, Inside)
                vantage = Vantage.INSIDE if inside else Vantage.BESIDE
                if "failure" in answer:
                    return Observation(probe, vantage, 1.0, failure=Failure(answer["failure"]))
                return Observation(probe, vantage, answer.get("at", 1.0), _result(probe, answer))
        if other:
            failure = Failure("not observed: other input")
            return Observation(probe, Vantage.BESIDE, 1.0, failure=failure)
        raise AssertionError(f"the case {self.id} has no answer to {probe}")


def _fits(answer: dict[str, Any], probe: AnyProbe) -> bool:
    if answer["host"] not in (probe.host, REST):
        return False
    if isinstance(probe, Program | Inside):
        return probe.kind in answer and _words_fit(answer[probe.kind], list(probe.argv))
    if isinstance(probe, File):
        same = answer.get("file") in (probe.path.decode("utf-8", "surrogateescape"), REST)
        return same and answer.get("follow", probe.follow) == probe.follow
    if isinstance(probe, Directory):
        return bool(answer.get("directory") == probe.path.decode())
    if isinstance(probe, Connect):
        key = "connect" if probe.protocol == "tcp" else "udp"
        return bool(answer.get(key) == f"{probe.to} {probe.port}")
    if isinstance(probe, Discover):
        return answer.get("discover") in (probe.asks or probe.mac, REST)
    if isinstance(probe, Filesystem):
        return bool(answer.get("filesystem") == probe.path.decode())
    return _others_fit(answer, probe)


def _others_fit(answer: dict[str, Any], probe: AnyProbe) -> bool:
    if isinstance(probe, Browse):
        return bool(answer.get("browse") == probe.url)
    if isinstance(probe, SmartLog):
        return bool(answer.get("smart_log") == probe.controller)
    if isinstance(probe, SerialLine):
        return bool(answer.get("serial_line") == probe.line)
    assert isinstance(probe, Processes | DeletedFiles | Hardware)
    return probe.kind in answer


def _digest(probe: AnyProbe) -> str:
    assert isinstance(probe, Program | Inside)
    return hashlib.sha256(probe.stdin).hexdigest()


def _words_fit(wanted: list[str], words: list[str]) -> bool:
    if not wanted:
        return not words
    if wanted[0] == REST:
        return any(_words_fit(wanted[1:], words[at:]) for at in range(len(words) + 1))
    return bool(words) and wanted[0] == words[0] and _words_fit(wanted[1:], words[1:])


def _bytes(value: Any) -> bytes:
    if isinstance(value, dict) and "base64" in value:
        return base64.b64decode(value["base64"])
    if isinstance(value, dict) and "json" in value:
        return json.dumps(value["json"]).encode()
    if isinstance(value, list):
        return "".join(f"{line}\n" for line in value).encode("utf-8", "surrogateescape")
    return str(value).encode("utf-8", "surrogateescape")


def _recorded(name: str) -> dict[str, Any]:
    place = FOLDER / "recorded"
    return {
        "exit": int((place / f"{name}.exit").read_text()),
        "stdout": (place / f"{name}.stdout").read_bytes(),
        "stderr": (place / f"{name}.stderr").read_bytes(),
    }


BYTES = {"stdout", "stderr", "content", "target", "acl", "default_acl", "received", "comm", "exe"}
BYTES |= {"screen", "log"}


def _fields(value: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, one in value.items():
        if key in BYTES and not isinstance(one, bytes | None):
            fields[key] = _bytes(one)
        elif key == "sightings":
            fields[key] = tuple(
                Sighting(host, network, way == "towards", source, destination)
                for host, network, way, source, destination in one
            )
        elif key in {"offers", "answer"} and one is not None:
            fields[key] = [_reply(row) for row in one] if key == "offers" else _reply(one)
        elif key == "argv":
            fields[key] = tuple(_bytes(word) for word in one)
        elif key == "entries" and one is not None:
            fields[key] = [_entry(each) for each in one]
        elif key == "sessions":
            fields[key] = [{"pid": 1, "argv": [], **_fields(row)} for row in one]
        elif key == "processes":
            fields[key] = [_process(row) for row in one]
        elif key == "files" and isinstance(one, list):
            fields[key] = [{**row, "path": _bytes(row["path"])} for row in one]
        elif key == "mode" and isinstance(one, str):
            fields[key] = int(one, 8)
        else:
            fields[key] = one
    return fields


def _entry(value: Any) -> DirectoryEntry:
    """A name in a directory: of a file where nothing is said, else `[name, type]`."""
    name, kind = value if isinstance(value, list) else (value, "file")
    return DirectoryEntry(_bytes(name), kind)


def _reply(row: dict[str, Any]) -> dict[str, Any]:
    """A DHCP message; its options are given in hex, by number."""
    usual = {"relay": "0.0.0.0", "sender": "02:00:00:00:00:01"}
    options = tuple((int(code), bytes.fromhex(value)) for code, value in row["options"].items())
    return {**usual, **row, "options": options}


def _process(row: dict[str, Any]) -> dict[str, Any]:
    usual = {"pid": 1, "ppid": 0, "uid": 0, "gid": 0, "state": "S", "argv": [], "started": 1.0}
    exe = row.get("exe", "")
    return _fields({"comm": exe.rpartition("/")[2][:15], **usual, **row, "exe": exe})


def _result(probe: AnyProbe, answer: dict[str, Any]) -> AnyResult:
    if isinstance(probe, Browse):
        place = FOLDER / "recorded" / f"{answer['recorded']}.json"
        seen = json.loads(place.read_text()) | answer.get("result", {})
        return result_from_json("browse", seen)
    fields = _fields(_recorded(answer["recorded"])) if "recorded" in answer else {}
    fields |= _fields(answer.get("result", {}))
    if isinstance(probe, Program | Inside):
        fields = {"exit": 0, "stdout": b"", "stderr": b"", **fields}
    if isinstance(probe, File):
        content = fields.get("content")
        fields.setdefault("mode", 0o644)
        if content is not None:
            fields.setdefault("size", len(content))
        if content is not None and (not probe.limit or fields["type"] != "file"):
            fields["content"] = None
        elif content is not None and len(content) > probe.limit:
            fields |= {"content": content[: probe.limit], "truncated": True, "sha256": None}
    result: AnyResult = _shape(probe.kind).validate_python(fields)
    return result


@cache
def _shape(kind: str) -> TypeAdapter[Any]:
    """What reads the answer to a kind of probe: dear to make, and often wanted."""
    return TypeAdapter(RESULT_TYPES[kind])


def _lab(name: str) -> dict[str, Any]:
    lab: dict[str, Any] = json.loads((FOLDER / "labs" / f"{name}.json").read_text())
    return lab


def read_case(path: Path) -> Case:
    value = json.loads(path.read_text())
    lab = _lab(value["lab"])
    hosts = TypeAdapter(tuple[LabHost, ...]).validate_python(lab["hosts"])
    known = {"about", "lab", "host", "from", "parameters", "answers", "expect", "source"}
    assert not value.keys() - known, f"{path} has unknown keys"
    return Case(
        kind=path.parent.name,
        name=path.stem,
        parameters=value["parameters"],
        subject=Subject(value["host"], value.get("from"), hosts),
        answers=(*value.get("answers", ()), *lab["answers"]),
        expect=value["expect"],
        source="\n".join(value["source"]) if "source" in value else None,
    )


def all_cases() -> tuple[Case, ...]:
    return tuple(read_case(path) for path in sorted((FOLDER / "cases").glob("*/*.json")))
