"""A capture of a host as frozen values, and their JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter

VERSION = 1


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be had: `what` (a section, or a path), and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class CapturedFile:
    """A path that is not as in the image; `how` is `added`, `changed` or `deleted`.

    Of what is there: its type, mode, owner and group by number, size in bytes, time of the last
    change of its content in seconds since 1970, a link's `target`, SHA-256 of a file's content,
    and the `text` of a small text file. What of these is missing has its reason in `why`.
    """

    path: str
    how: str
    type: str | None = None
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime: float = 0.0
    target: str | None = None
    sha256: str | None = None
    text: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class HostCapture:
    """One host at a hand-in. `sections` are observations as JSON (see `codec`), by what is told.

    `packages` are those installed, with their versions; `listed` counts the paths that are not as
    in the image, of which `files` may be a part. `at` is UTC, as the store writes times.
    """

    host: str
    image: str
    at: str
    sections: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    files: tuple[CapturedFile, ...] = ()
    listed: int = 0
    gaps: tuple[Gap, ...] = ()
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """The file that a judged aspect names as its evidence; `content` is None where `why` says so.

    `size` is that of the file, which is more than the content's where it was cut.
    """

    task: str
    aspect: str
    host: str
    path: str
    size: int = 0
    content: bytes | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """What was taken of a session's hosts at a hand-in, in `seconds`."""

    hosts: tuple[HostCapture, ...]
    judged: tuple[JudgedFile, ...]
    seconds: float


def to_json(capture: HostCapture) -> bytes:
    """A host's capture as it is stored; the same value gives the same bytes."""
    return json.dumps(asdict(capture), sort_keys=True, separators=(",", ":")).encode()


def from_json(content: bytes) -> HostCapture:
    """The capture that `to_json` wrote; raises `ValueError` for anything else."""
    value = json.loads(content)
    if not isinstance(value, dict) or value.get("version") != VERSION:
        raise ValueError(f"no capture of version {VERSION}")
    return TypeAdapter(HostCapture).validate_python(value)


def shown(data: bytes) -> str:
    r"""A candidate's bytes as text; what is no UTF-8 is spelt `\xff`."""
    return data.decode("utf-8", "backslashreplace")
