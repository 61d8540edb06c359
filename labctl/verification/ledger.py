"""What has been found out already, so that a run of hours can go on where it stopped.

One line of JSON a finding in a file of the state directory, written as soon as it is known:
`verified.jsonl` holds the cases found right, `mutated.jsonl` what came of lines left out. A finding
holds for exactly the lab's files and the program that it was made with.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import checkers
import labctl
from labctl.library.surroundings import BUILT_IN

if TYPE_CHECKING:
    from labctl.verification.trial import Trial

VERIFIED = "verified.jsonl"
MUTATED = "mutated.jsonl"


class Ledger:
    """Findings by their keys."""

    def __init__(self, path: Path, found: dict[str, dict[str, Any]]) -> None:
        self._path = path
        self._found = found
        self._lock = threading.Lock()

    @classmethod
    def open(cls, home: Path, name: str, *, keep: bool) -> Self:
        """The ledger called `name` in `home`; begun anew unless `keep`."""
        path = home / name
        found: dict[str, dict[str, Any]] = {}
        if keep and path.exists():
            for line in path.read_text("utf-8").splitlines():
                try:
                    entry = json.loads(line)
                    found[entry["key"]] = entry
                except (ValueError, KeyError, TypeError):
                    continue  # the line that was being written when the power went
        else:
            path.unlink(missing_ok=True)
        return cls(path, found)

    def entry(self, key: str) -> Mapping[str, Any] | None:
        """What was noted under a key by an earlier run."""
        return self._found.get(key)

    def note(self, key: str, **facts: Any) -> None:
        """Keep a finding, for those who go on with `keep`."""
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **facts}) + "\n")


def key_of(trial: Trial, *more: str) -> str:
    """What a finding about a trial is kept under; `more` tells several about one trial apart."""
    about = (trial.case.name, str(trial.plan.seed), *more)
    parts = (trial.folder.digest, program_digest(), *about)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def program_digest() -> str:
    """SHA-256 over the program's own code and the images' sources: what a verdict depends on."""
    total = hashlib.sha256()
    places = (*checkers.__path__, *labctl.__path__, str(BUILT_IN / "images"))
    for root in map(Path, places):
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(str(path.relative_to(root)).encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
