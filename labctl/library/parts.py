"""The filled-in body of a lab as typed parts, as far as they are right.

Every part (a host, a check, a case …) is validated by itself, so that a mistake in one does not
hide those in others. A part with mistakes is used without its wrong fields where that is possible,
and its name stays known, so that what refers to it is not called wrong as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from labctl.library.filling import Filled
from labctl.library.findings import Finding
from labctl.library.positions import Path
from labctl.library.shapes import Place, data_path, shape_findings
from labctl.library.tasks import Attachment, Case, Check, Judged, Question, Task
from labctl.library.topology import Host, Network

PartT = TypeVar("PartT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Part(Generic[PartT]):
    """A part and its path in the filled-in body."""

    path: Path
    value: PartT


@dataclass(slots=True)
class TaskParts:
    """A task with its own parts; `task` is None where its own keys are broken."""

    path: Path
    task: Task | None
    checks: list[Part[Check]] = field(default_factory=list)
    judged: list[Part[Judged]] = field(default_factory=list)
    questions: list[Part[Question]] = field(default_factory=list)
    complete: bool = True
    """Whether every part that stands in the file is here."""


@dataclass(slots=True)
class Parts:
    """The parts of a body. The sets hold all names in the file, of right and of broken parts."""

    place: Place
    networks: dict[str, Part[Network]] = field(default_factory=dict)
    hosts: dict[str, Part[Host]] = field(default_factory=dict)
    tasks: list[TaskParts] = field(default_factory=list)
    cases: list[Part[Case]] = field(default_factory=list)
    attachments: list[Part[Attachment]] = field(default_factory=list)
    submission: dict[str, str] = field(default_factory=dict)
    network_names: set[str] = field(default_factory=set)
    host_names: set[str] = field(default_factory=set)
    check_ids: set[str] = field(default_factory=set)
    judged_ids: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def checks(self) -> Iterator[Part[Check]]:
        """All measured checks, in the order of the tasks."""
        for task in self.tasks:
            yield from task.checks

    def judged(self) -> Iterator[Part[Judged]]:
        """All judged aspects, in the order of the tasks."""
        for task in self.tasks:
            yield from task.judged

    def report(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> None:
        """Add a finding about `path`, unless its value is not known anyway."""
        if not self.place.blank(path):
            self.findings.append(self.place.finding(path, message, hint, key=key))


def parts_of(filled: Filled) -> Parts:
    """The parts of a filled-in body; mistakes in their shape are in `findings`."""
    parts = Parts(filled.place)
    body = filled.body
    parts.network_names, parts.networks = _named(parts, Network, body, "networks")
    parts.host_names, parts.hosts = _named(parts, Host, body, "hosts")
    for path, raw in _items(parts, body, ("tasks",)):
        parts.tasks.append(_task(parts, path, raw))
    parts.cases = _list(parts, Case, body, ("cases",))
    _attachments(parts, body)
    for family, members in filled.families.items():
        # A check whose repetitions could not be made out is still there to be referred to.
        parts.check_ids.update([family] if not members else [])
    return parts


def _task(parts: Parts, path: Path, raw: Any) -> TaskParts:
    if not isinstance(raw, dict):
        part(parts, Task, raw, path)
        return TaskParts(path, None)
    inner = {"checks", "judged", "questions"}
    own = {
        key: [] if key in inner and isinstance(value, list) else value for key, value in raw.items()
    }
    task = TaskParts(path, part(parts, Task, own, path))
    task.checks = _list(parts, Check, raw, (*path, "checks"))
    task.judged = _list(parts, Judged, raw, (*path, "judged"))
    task.questions = _list(parts, Question, raw, (*path, "questions"))
    parts.check_ids |= _ids(raw.get("checks"))
    parts.judged_ids |= _ids(raw.get("judged"))
    task.complete = all(
        len(found) == len(raw[key])
        for key, found in (("checks", task.checks), ("judged", task.judged))
        if isinstance(raw.get(key), list)
    )
    return task


def part(parts: Parts, model: type[PartT], raw: Any, path: Path) -> PartT | None:
    """`raw` as a `model`; with mistakes, what is left without the wrong fields, if anything."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        place = Place(parts.place.positions, path, parts.place.translate, parts.place.blanks)
        parts.findings += shape_findings(error, raw, model, place)
        if not isinstance(raw, dict):
            return None
        wrong = {data_path(detail["loc"], raw)[:1] for detail in error.errors()}
        left = {key: value for key, value in raw.items() if (key,) not in wrong}
    try:
        return model.model_validate(left)
    except ValidationError:
        return None


def _named(
    parts: Parts, model: type[PartT], body: Mapping[str, Any], key: str
) -> tuple[set[str], dict[str, Part[PartT]]]:
    """The names, and the parts, of a mapping of parts."""
    raw = body.get(key)
    if not isinstance(raw, dict):
        if key in body:
            parts.report((key,), "expected a mapping (`name: {…}`)")
        return set(), {}
    if key == "hosts" and not raw:
        parts.report((key,), "a lab needs a host")
    found = {}
    for name, value in raw.items():
        if not _is_name(name):
            hint = "Use lower-case letters, digits and dashes, a letter first, 32 at most."
            parts.report((key, name), f"`{name}` is no name for a {key[:-1]}", hint, key=True)
        value = {} if value is None else value  # noqa: PLW2901  # `lan-a:` is `lan-a: {}`
        valid = part(parts, model, value, (key, name))
        if valid is not None:
            found[name] = Part((key, name), valid)
    return set(raw), found


def _is_name(name: str) -> bool:
    plain = name.replace("-", "a")
    return (
        len(name) <= 32
        and plain.isascii()
        and plain.isalnum()
        and name == name.lower()
        and name[:1].isalpha()
    )


def _list(
    parts: Parts, model: type[PartT], holder: Mapping[str, Any], path: Path
) -> list[Part[PartT]]:
    """The parts in a list of parts."""
    return [
        Part(place, valid)
        for place, raw in _items(parts, holder, path)
        if (valid := part(parts, model, raw, place)) is not None
    ]


def _items(parts: Parts, holder: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """The items of the list at the last step of `path`, with their paths."""
    key = path[-1]
    assert isinstance(key, str)
    raw = holder.get(key)
    if isinstance(raw, list):
        for index, item in enumerate(raw):
            yield (*path, index), item
    elif key in holder and len(path) == 1:  # deeper lists are reported with their task's shape
        parts.report(path, "expected a list")
    if path == ("tasks",) and raw == []:
        parts.report(path, "a lab needs a task")


def _attachments(parts: Parts, body: Mapping[str, Any]) -> None:
    for path, raw in _items(parts, body, ("attachments",)):
        entry = {"file": raw} if isinstance(raw, str) else raw
        valid = part(parts, Attachment, entry, path)
        if valid is not None:
            parts.attachments.append(Part(path, valid))
    submission = body.get("submission")
    if isinstance(submission, dict):
        parts.submission = {name: str(target) for name, target in submission.items()}
    elif "submission" in body:
        parts.report(("submission",), "expected a mapping (`file: host:/path`)")


def _ids(raw: Any) -> set[str]:
    """The ids that stand in a list of parts, whether these are right or not."""
    if not isinstance(raw, list):
        return set()
    return {
        item["id"] for item in raw if isinstance(item, dict) and isinstance(item.get("id"), str)
    }
