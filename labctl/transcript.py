"""A run's results and observations as one stored value, and back.

Observations that several checks share are kept once, by digest, so that every check's own
transcript can still be replayed exactly.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from checkers import codec
from checkers.engine import CheckResult
from checkers.model import Observation, Phase

VERSION = 1


def pack(results: Iterable[CheckResult]) -> bytes:
    """Results with their observations as canonical JSON."""
    observations: dict[str, Any] = {}

    def keep(observation: Observation) -> str:
        value = codec.observation_to_json(observation)
        name = hashlib.sha256(codec.canonical(value)).hexdigest()
        observations[name] = value
        return name

    checks = [
        {
            "id": result.id,
            "phase": result.phase.value,
            "verdict": codec.verdict_to_json(result.verdict),
            "seconds": round(result.seconds, 3),
            "tries": result.tries,
            "observations": [keep(seen) for seen in result.transcript],
        }
        for result in results
    ]
    return codec.canonical({"version": VERSION, "checks": checks, "observations": observations})


def unpack(content: bytes) -> dict[str, CheckResult]:
    """The results that `pack` wrote, by check; raises `ValueError` for anything else."""
    value = json.loads(content)
    if value.get("version") != VERSION:
        raise ValueError(f"a transcript of version {value.get('version')}, not {VERSION}")
    seen = {name: codec.observation_from_json(each) for name, each in value["observations"].items()}
    return {
        check["id"]: CheckResult(
            id=check["id"],
            verdict=codec.verdict_from_json(check["verdict"]),
            phase=Phase(check["phase"]),
            transcript=tuple(seen[name] for name in check["observations"]),
            seconds=check["seconds"],
            tries=check["tries"],
        )
        for check in value["checks"]
    }


def by_phase(results: Mapping[str, CheckResult]) -> dict[Phase, dict[str, tuple[Observation, ...]]]:
    """The transcripts of each phase, as a replay wants them."""
    found: dict[Phase, dict[str, tuple[Observation, ...]]] = {phase: {} for phase in Phase}
    for result in results.values():
        found[result.phase][result.id] = result.transcript
    return found
