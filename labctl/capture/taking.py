"""Takes the capture of a session's hosts: three requests for all hosts, within a limit of time.

    sections, lists of changed files, what judged aspects name ─▶ attributes ─▶ contents

Nothing here raises for what could not be had: that is a gap. When the time is up what is there
counts, and the connection is closed under whoever still waits.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from checkers import codec
from checkers.engine import Wanted
from checkers.model import (
    AnyProbe,
    File,
    FileResult,
    Observation,
    ProgramResult,
)
from checkers.storage import ChangedFiles, ChangedFilesResult
from labctl.capture import files, questions
from labctl.capture.model import Capture, CapturedFile, Gap, HostCapture, JudgedFile, shown
from labctl.plan import Access, Plan
from labctl.store import time_text

SECONDS = 15.0
"""How long a capture of all hosts of a session may take, and so delay the grading."""
JUDGED_BYTES = 4 << 20
"""Bytes that are kept of a file that a judged aspect names."""
LAST_WORDS = 1.0
"""Seconds for which what had come in by then is waited for, once the connection is cut."""
NAME = "capture"
TURN = 0.1


class Observer(Protocol):
    """What looks at hosts (`checkers.remote.RemoteObserver`)."""

    def observe(self, wanted: Sequence[Wanted]) -> Sequence[Observation]:
        """Answer every probe."""

    def close(self) -> None:
        """End the connections, also under somebody who waits for an answer."""


@dataclass
class _Seen:
    """What has been seen so far; written by one thread, read by another when the time is up."""

    answers: dict[AnyProbe, Observation] = field(default_factory=dict)
    trouble: str = ""
    over: bool = False


def take(
    plan: Plan,
    observer: Observer,
    *,
    seconds: float = SECONDS,
    go_on: Callable[[], None] = lambda: None,
) -> Capture:
    """What the hosts are like that the candidate can enter, and the files that are to be judged.

    `go_on` is called now and then, and may raise to break it off.
    """
    began = time.monotonic()
    seen = _Seen()
    work = threading.Thread(target=_look, args=(plan, observer, seen), name=NAME, daemon=True)
    work.start()
    while work.is_alive() and time.monotonic() < began + seconds:
        work.join(TURN)
        go_on()
    if work.is_alive():
        seen.over = True
        observer.close()
        work.join(LAST_WORDS)
    answers, late = dict(seen.answers), f"it was not there within {seconds:g} s"
    missing = (seen.trouble or late) if seen.over or seen.trouble else "it was not asked"
    hosts = tuple(_host(plan, name, answers, missing) for name in entered(plan))
    judged = tuple(_judged(each, answers, missing) for each in named(plan))
    return Capture(hosts, judged, time.monotonic() - began)


def entered(plan: Plan) -> list[str]:
    """The hosts that a candidate can enter."""
    return [host.name for host in plan.hosts if host.access is not Access.NONE]


def named(plan: Plan) -> tuple[JudgedFile, ...]:
    """The files that judged aspects name as their evidence, not looked at yet."""
    return tuple(
        JudgedFile(task.id, aspect.id, host, path)
        for task in plan.tasks
        for aspect in task.judged
        for host, _, path in [aspect.evidence.get("file", "").partition(":")]
        if path
    )


def _probe(judged: JudgedFile) -> File:
    return File(judged.host, judged.path.encode("utf-8", "surrogateescape"), JUDGED_BYTES)


# --------------------------------------------------------------------------- asking


def _look(plan: Plan, observer: Observer, seen: _Seen) -> None:
    """Ask everything; whatever goes wrong is kept as the reason for what is missing then."""
    try:
        hosts = entered(plan)
        first: list[AnyProbe] = [*map(_probe, named(plan)), *map(ChangedFiles, hosts)]
        _ask(observer, seen, [*first, *_sections(hosts)])
        _ask(observer, seen, [probe for host in hosts for probe in _looks(host, seen.answers)])
        _ask(observer, seen, [probe for host in hosts for probe in _reads(host, seen.answers)])
    except Exception as error:  # noqa: BLE001  # a capture stops no hand-in, whatever happens in it
        seen.trouble = f"{type(error).__name__}: {error}"


def _ask(observer: Observer, seen: _Seen, probes: Sequence[AnyProbe]) -> None:
    if seen.over or not probes:
        return
    different = list(dict.fromkeys(probes))
    found = observer.observe([Wanted(probe, (NAME,)) for probe in different])
    seen.answers.update(zip(different, found, strict=True))


def _sections(hosts: Iterable[str]) -> list[AnyProbe]:
    return [
        probe for host in hosts for probes in questions.asked(host).values() for probe in probes
    ]


def _looks(host: str, answers: Mapping[AnyProbe, Observation]) -> tuple[File, ...]:
    """The probes for the attributes of a host's changed files."""
    listed = _listed(host, answers)
    return files.to_look_at(host, files.chosen(listed.changes)) if listed else ()


def _reads(host: str, answers: Mapping[AnyProbe, Observation]) -> tuple[File, ...]:
    """The probes for the contents of a host's changed files."""
    return files.to_read(_found(_looks(host, answers), answers))


def _found(
    probes: Iterable[File], answers: Mapping[AnyProbe, Observation]
) -> dict[File, Observation]:
    return {probe: answers[probe] for probe in probes if probe in answers}


def _listed(host: str, answers: Mapping[AnyProbe, Observation]) -> ChangedFilesResult | None:
    """What of a host is not as in its image; None if that is not known."""
    seen = answers.get(ChangedFiles(host))
    return seen.result if seen and isinstance(seen.result, ChangedFilesResult) else None


# --------------------------------------------------------------------------- what was seen


def _host(
    plan: Plan, host: str, answers: Mapping[AnyProbe, Observation], missing: str
) -> HostCapture:
    gaps: list[Gap] = []
    sections: dict[str, tuple[dict[str, Any], ...]] = {}
    packages: tuple[str, ...] = ()
    for name, probes in questions.asked(host).items():
        found = [answers[probe] for probe in probes if probe in answers]
        gaps += _gaps(name, found, missing if len(found) < len(probes) else "")
        if name == questions.PACKAGES:
            packages = _packages(found)
            if found and not packages:
                gaps.append(Gap(name, "dpkg's database names none"))
        else:
            sections[name] = _section(name, found, gaps)
    listed = _listed(host, answers)
    changed = _files(host, answers, listed, gaps, missing)
    now = time_text(datetime.now(UTC))
    image = plan.host(host).image
    return HostCapture(
        host,
        image,
        now,
        sections,
        packages,
        changed,
        len(listed.changes) if listed else 0,
        tuple(gaps),
    )


def _section(
    name: str, found: Iterable[Observation], gaps: list[Gap]
) -> tuple[dict[str, Any], ...]:
    """The observations of a section that have a result, as JSON; none if they are too long."""
    rows = tuple(codec.observation_to_json(each) for each in found if each.result is not None)
    if len(json.dumps(rows)) > questions.SECTION_BYTES:
        gaps.append(Gap(name, "it is longer than is kept"))
        return ()
    return rows


def _gaps(name: str, found: Iterable[Observation], missing: str) -> list[Gap]:
    """What the observations of a section lack."""
    whys = [missing] if missing else []
    for seen in found:
        if seen.failure is not None:
            whys.append(seen.failure.reason)
        elif isinstance(seen.result, ProgramResult) and seen.result.exit:
            whys.append(_ended(seen.probe, seen.result))
        elif getattr(seen.result, "truncated", False):
            whys.append("there is more of it than is kept")
    return [Gap(name, why) for why in dict.fromkeys(whys)]


def _ended(probe: AnyProbe, result: ProgramResult) -> str:
    said = shown(result.stderr[:200]).strip()
    argv = " ".join(getattr(probe, "argv", ()))
    return f"`{argv}` ended with {result.exit}: {said}".removesuffix(": ")


def _packages(found: Iterable[Observation]) -> tuple[str, ...]:
    """Name and version of every installed package, from dpkg's database (deb-control(5))."""
    content = b"".join(
        each.result.content or b"" for each in found if isinstance(each.result, FileResult)
    )
    rows = []
    for block in content.split(b"\n\n"):
        lines = (line.partition(b": ") for line in block.split(b"\n") if line[:1].strip())
        told = {key: value for key, _, value in lines}
        if told.get(b"Status", b"").endswith(b" installed"):
            rows.append(shown(told.get(b"Package", b"?") + b" " + told.get(b"Version", b"?")))
    return tuple(sorted(rows))


def _files(
    host: str,
    answers: Mapping[AnyProbe, Observation],
    listed: ChangedFilesResult | None,
    gaps: list[Gap],
    missing: str,
) -> tuple[CapturedFile, ...]:
    """What is told of the files that are not as in the image."""
    if listed is None:
        seen = answers.get(ChangedFiles(host))
        why = seen.failure.reason if seen and seen.failure else missing
        gaps.append(Gap(questions.FILES, why))
        return ()
    taken = files.chosen(listed.changes)
    if listed.truncated or len(taken) < len(listed.changes):
        more = "or more " if listed.truncated else ""
        told = f"{len(taken)} of {len(listed.changes)} {more}changed paths were looked at"
        gaps.append(Gap(questions.FILES, told))
    reads = {each.path: seen for each, seen in _found(_reads(host, answers), answers).items()}
    return files.described(host, taken, _found(_looks(host, answers), answers), reads)


def _judged(
    judged: JudgedFile, answers: Mapping[AnyProbe, Observation], missing: str
) -> JudgedFile:
    seen = answers.get(_probe(judged))
    about = (judged.task, judged.aspect, judged.host, judged.path)
    if seen is None:
        return JudgedFile(*about, why=missing)
    if not isinstance(seen.result, FileResult):
        return JudgedFile(*about, why=seen.failure.reason if seen.failure else missing)
    found = seen.result
    if found.content is None:
        return JudgedFile(*about, why=found.why or f"it is a {found.type}, not a file")
    why = f"only its first {JUDGED_BYTES >> 20} MiB were kept" if found.truncated else ""
    return JudgedFile(*about, found.size, found.content, why)
