"""Probes, observations and verdicts as JSON, and the digests that name them.

Bytes are written as base64. Canonical JSON (sorted keys, no blanks) is what digests are taken of,
so that the same value has the same name on every machine.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter

from checkers.browsing import BrowseResult
from checkers.hardware_state import HardwareResult, SerialLineResult, SmartLogResult
from checkers.model import (
    AnyProbe,
    AnyResult,
    ConnectResult,
    DirectoryResult,
    FileResult,
    Observation,
    ProcessesResult,
    ProgramResult,
    Verdict,
)
from checkers.storage import ChangedFilesResult, DeletedFilesResult, FilesystemResult
from checkers.traffic import DiscoverResult

JSON_BYTES = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

RESULT_TYPES: dict[str, Any] = {
    "program": ProgramResult,
    "inside": ProgramResult,
    "file": FileResult,
    "directory": DirectoryResult,
    "processes": ProcessesResult,
    "connect": ConnectResult,
    "filesystem": FilesystemResult,
    "deleted_files": DeletedFilesResult,
    "changed_files": ChangedFilesResult,
    "browse": BrowseResult,
    "discover": DiscoverResult,
    "hardware": HardwareResult,
    "smart_log": SmartLogResult,
    "serial_line": SerialLineResult,
}
"""The type of the answer to each kind of probe."""

LATER: dict[str, dict[str, Any]] = {"program": {"stdin": ""}, "connect": {"protocol": "tcp"}}
"""Fields that probes gained later, and the value that stands for their being left out."""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """One validator a type; the union makes pydantic apply our byte rule to plain dataclasses."""
    return TypeAdapter(kind | None, config=JSON_BYTES)


@cache
def _probes() -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[AnyProbe, Field(discriminator="kind")], config=JSON_BYTES)


def canonical(value: Any) -> bytes:
    """JSON-like `value` in its one canonical spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def probe_to_json(probe: AnyProbe) -> dict[str, Any]:
    """A probe as a JSON object; `kind` tells which."""
    value = dict(_probes().dump_python(probe, mode="json"))
    # What says no more than the usual is left out: a probe keeps the name that it had before its
    # kind learnt to say more.
    for key, usual in LATER.get(probe.kind, {}).items():
        if value[key] == usual:
            del value[key]
    return value


def probe_from_json(value: Any) -> AnyProbe:
    """The probe that `probe_to_json` wrote; raises `pydantic.ValidationError` for anything else."""
    probe: AnyProbe = _probes().validate_json(json.dumps(value))
    return probe


def probe_digest(probe: AnyProbe) -> str:
    """The name of a probe: SHA-256 of its canonical JSON, in hex."""
    return hashlib.sha256(canonical(probe_to_json(probe))).hexdigest()


def result_from_json(kind: str, value: Any) -> AnyResult:
    """The answer to a probe of `kind`; raises `pydantic.ValidationError` for another shape."""
    adapter = _adapter(RESULT_TYPES[kind])
    result: AnyResult | None = adapter.validate_json(json.dumps(value))
    if result is None:
        raise ValueError("an answer is missing")
    return result


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """An observation as a JSON object."""
    value = dict(_adapter(Observation).dump_python(observation, mode="json"))
    value["probe"] = probe_to_json(observation.probe)
    return value


def observation_from_json(value: dict[str, Any]) -> Observation:
    """The observation that `observation_to_json` wrote."""
    probe = probe_from_json(value["probe"])
    result = value.get("result")
    bare: Observation = _adapter(Observation).validate_json(json.dumps({**value, "result": None}))
    return Observation(
        probe=probe,
        vantage=bare.vantage,
        at=bare.at,
        result=None if result is None else result_from_json(probe.kind, result),
        failure=bare.failure,
        frozen=bare.frozen,
    )


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a JSON object."""
    return dict(_adapter(Verdict).dump_python(verdict, mode="json"))


def verdict_from_json(value: dict[str, Any]) -> Verdict:
    """The verdict that `verdict_to_json` wrote."""
    verdict: Verdict = _adapter(Verdict).validate_json(json.dumps(value))
    return verdict
