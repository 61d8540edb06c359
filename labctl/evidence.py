"""The evidence of a session as plain files, which need no labctl to be read.

    report.md           for people: what was asked, expected, found, and what that comes to
    task-sheet.md       what the candidate was given
    plan.json           the lab with this candidate's values, its checks and its marks
    policy.json         the centre's rules that the session began under
    results.json        the verdicts and marks of every task, and all runs
    observations.jsonl  everything that was looked at in the run that counts, an observation a line
    capture-HOST.txt    what a host was like at the hand-in; capture-HOST.json the same as data
    judged-….           files that judged aspects name, by task and aspect; texts made harmless
    declaration.txt     what the candidate has confirmed, if they were asked
    picture-….png       pages as a browser showed them, named by check and width in pixels
    events.jsonl        the session's log with its chain of hashes, an event a line
    manifest.json       SHA-256 of every file above; digests of lab, scheme, checkers and images

Evidence confers no decision: the report carries a recommendation, the assessor decides.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labctl import report
from labctl.capture.files import is_text
from labctl.capture.model import JudgedFile, to_json
from labctl.capture.sheet import sheet
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.harmless import harmless
from labctl.plan import plan_to_json
from labctl.policy.shape import as_data
from labctl.served import served
from labctl.sessions import capturing, record
from labctl.sessions.capturing import Kept, of_last_hand_in
from labctl.sessions.controller import Controller
from labctl.sessions.declaring import DECLARED
from labctl.sessions.record import Session
from labctl.sessions.task_sheet import task_sheet
from labctl.sessions.views import GRADED, SessionDetail, session_detail
from labctl.store import Event, RunRecord, time_text
from labctl.whole_folder import write_folder

VERSION = 1
MANIFEST = "manifest.json"

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Written:
    """The folder that evidence was written to, and SHA-256 of its files by name."""

    folder: Path
    files: dict[str, str]


def write_evidence(controller: Controller, code: str, target: Path) -> Written:
    """Write the evidence of a session to `target`, whole or not at all.

    A folder that is there already is never touched: `-2`, `-3` … is appended to the name. Raises
    `UnknownName`, `StoreError` for a damaged record, `UsageError` if the place cannot be written.
    """
    permit(controller, Act.EVIDENCE)
    files = evidence_files(controller, code)
    try:
        folder = write_folder(target, files)
    except OSError as error:
        where = error.filename or target
        raise UsageError(
            f"The evidence cannot be written to `{where}`: {error.strerror}.",
            "Name another folder with `--output`.",
        ) from error
    return Written(folder, {name: _sha256(content) for name, content in files.items()})


@served
def evidence_files(controller: Controller, code: str) -> dict[str, bytes]:
    """The files by name, as `write_evidence` writes them; the manifest is the last."""
    permit(controller, Act.EVIDENCE)
    store = controller.store
    session = record.load(store, code)
    detail = session_detail(controller, code, hosts=False)
    events = store.events(code)
    run = _counting_run(store.runs(code))
    made = time_text(datetime.now(UTC))
    observations = list(_observations(controller, run))
    pictures = dict(pictures_of(observations))
    captured = capturing.kept(store, code)
    files = {
        "report.md": report.render(session, detail, events, made, _places(captured)).encode(),
        "task-sheet.md": task_sheet(session).encode(),
        "plan.json": _json(plan_to_json(session.plan)),
        "policy.json": _json(as_data(session.policy)),
        "results.json": _json(_results(detail)),
        "observations.jsonl": _lines(iter(observations)),
        "events.jsonl": _lines(asdict(event) for event in events),
        **pictures,
        **dict(_captured(captured)),
        **dict(_declared(controller, events)),
    }
    about = _about(session, run, events, made)
    about["audit"] = [str(problem) for problem in store.audit(code)]
    about["files"] = {
        name: {"sha256": _sha256(content), "bytes": len(content)} for name, content in files.items()
    }
    return files | {MANIFEST: _json(about)}


def _counting_run(runs: tuple[RunRecord, ...]) -> RunRecord | None:
    """The run that counts: the last grading of a hand-in, else the last look at the work."""
    graded = [run for run in runs if run.reason in GRADED] or list(runs)
    return graded[-1] if graded else None


def _results(detail: SessionDetail) -> dict[str, Any]:
    found = asdict(detail)
    del found["timeline"]
    del found["hosts"]
    return found


def _observations(controller: Controller, run: RunRecord | None) -> Iterator[dict[str, Any]]:
    """Every observation of the run once, with the checks that rest on it."""
    if run is None or run.transcript is None:
        return
    stored = json.loads(controller.store.get_blob(run.transcript))
    for digest, observation in stored["observations"].items():
        checks = [each["id"] for each in stored["checks"] if digest in each["observations"]]
        yield {"sha256": digest, "checks": checks, "observation": observation}


def pictures_of(observations: list[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """The pictures that browsers took, by file name; the observations name the file instead."""
    for seen in observations:
        result = seen["observation"].get("result") or {}
        for picture in result.get("pictures", []):
            name = f"picture-{seen['checks'][0]}-{picture['width']}.png"
            yield name, base64.urlsafe_b64decode(picture["png"])  # the alphabet of `codec`
            picture["png"] = name


def _captured(found: Kept | None) -> Iterator[tuple[str, bytes]]:
    """The capture of the last hand-in, for people and as data, and the files to be judged."""
    if found is None:
        return
    for host in found.hosts:
        yield f"capture-{host.host}.txt", sheet(host).encode()
        yield f"capture-{host.host}.json", to_json(host) + b"\n"
    for judged in found.judged:
        if judged.content is not None:
            yield _judged_name(judged), _shown(judged.content)


def _places(found: Kept | None) -> dict[tuple[str, str], str]:
    """Where the evidence of judged aspects is, or why there is none, by task and aspect."""
    judged = found.judged if found else ()
    return {
        (each.task, each.aspect): f"{each.host}:{each.path}, "
        + (each.why if each.content is None else f"here as {_judged_name(each)}")
        for each in judged
    }


def _judged_name(judged: JudgedFile) -> str:
    suffix = Path(judged.path).suffix
    kept = suffix if _SUFFIX.fullmatch(suffix) else ".bin"
    text = is_text(judged.content or b"")
    return f"judged-{judged.task}.{judged.aspect}{'.txt' if text else kept}"


def _shown(content: bytes) -> bytes:
    """A text with what a terminal would obey spelt out; anything else as it is."""
    return harmless(content.decode()).encode() if is_text(content) else content


def _declared(controller: Controller, events: tuple[Event, ...]) -> Iterator[tuple[str, bytes]]:
    """The text of the declaration about the work that was handed in last."""
    found = of_last_hand_in(events, DECLARED)
    if found is not None:
        yield "declaration.txt", controller.store.get_blob(found.data["text"])


def _about(
    session: Session, run: RunRecord | None, events: tuple[Event, ...], made: str
) -> dict[str, Any]:
    """What the manifest says beside its files."""
    placement = session.placement
    return {
        "version": VERSION,
        "kind": "simulation / practical demonstration",
        "labctl": version("labctl-assess"),
        "made": made,
        "session": session.code,
        "candidate": session.record.candidate,
        "lab": session.plan.lab,
        "lab_digest": session.record.lab_digest,
        "run": run.number if run else None,
        "scheme": run.scheme if run else None,
        "checkers": run.checkers if run else None,
        "transcript": run.transcript if run else None,
        "images": dict(placement.images) if placement else {},
        "events": {"count": len(events), "head": events[-1].hash},
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=True, sort_keys=True) + "\n").encode()


def _lines(values: Iterator[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(value, sort_keys=True) + "\n" for value in values).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
