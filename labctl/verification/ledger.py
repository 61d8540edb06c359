"""What has been found right already, so that a run of hours can go on where it stopped.

One line of JSON a case in `verified.jsonl` of the state directory, written as soon as the case has
ended. It holds for exactly the lab's files and the program that it was tried with.
"""

from __future__ import annotations

import hashlib
import json
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

import checkers
import labctl
from labctl.library.surroundings import BUILT_IN

if TYPE_CHECKING:
    from labctl.verification.trial import Trial

LEDGER_FILE = "verified.jsonl"


class Ledger:
    """The cases found right, with the seconds that each took."""

    def __init__(self, path: Path, found: dict[str, float]) -> None:
        self._path = path
        self._found = found
        self._lock = threading.Lock()

    @classmethod
    def open(cls, home: Path, *, keep: bool) -> Self:
        """The ledger in `home`; begun anew unless `keep`."""
        path = home / LEDGER_FILE
        found: dict[str, float] = {}
        if keep and path.exists():
            for line in path.read_text("utf-8").splitlines():
                try:
                    entry = json.loads(line)
                    found[entry["key"]] = float(entry["seconds"])
                except (ValueError, KeyError, TypeError):
                    continue  # the line that was being written when the power went
        else:
            path.unlink(missing_ok=True)
        return cls(path, found)

    def seconds(self, trial: Trial) -> float:
        """How long the trial took when it was found right; 0 if it was not."""
        return self._found.get(_key(trial), 0.0)

    def note(self, trial: Trial, seconds: float) -> None:
        """Keep that the trial came to what its case expects."""
        entry = {
            "key": _key(trial),
            "lab": trial.lab.id,
            "case": trial.case.name,
            "seed": trial.plan.seed,
            "seconds": round(seconds, 3) or 0.001,
        }
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def _key(trial: Trial) -> str:
    parts = (trial.folder.digest, program_digest(), trial.case.name, str(trial.plan.seed))
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
