"""Starting the command, against Python importing the library that its commands are made with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Row, by_turns, clocked, run


def rows(home: Path, turns: int) -> Iterator[Row]:
    """`labctl --help`."""
    labctl = Path(sys.executable).with_name("labctl")
    environment = {**os.environ, "LABCTL_HOME": str(home)}

    def ours() -> float:
        return clocked(lambda: run([labctl, "--help"], env=environment))

    def peer() -> float:
        return clocked(lambda: run([sys.executable, "-c", "import click"]))

    ours_s, peer_s = by_turns(7 * turns, ours, peer, quiet=False)
    yield Row("labctl --help", ours_s, 'python -c "import click"', peer_s, 3)
