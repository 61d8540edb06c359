"""`labctl` as its users have it: a process, in a state directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LABCTL = (sys.executable, "-m", "labctl")
LIBRARY = Path(__file__).parent / "labs"


class Labctl:
    """The command in a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "LABCTL_HOME": str(folder / "home"),
            "LABCTL_LIBRARY": str(LIBRARY),
            "COLUMNS": "80",
        }

    def __call__(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*LABCTL, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json").stdout)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*LABCTL, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def containers(self) -> list[str]:
        """What this home has in Docker, by the program's own account."""
        found = self.json("gc", "--dry-run")
        return [each["name"] for each in (*found["removed"], *found["kept"])]
