"""Our side of making and removing hosts as a process of its own, since the peer's is one too.

python -m benchmarks.session up HOME CODE HOSTS NETWORKS
python -m benchmarks.session down HOME CODE
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import stage


def main(arguments: list[str]) -> int:
    """Carry out one of the two."""
    act, home, code, *size = arguments
    if act == "up":
        stage.up(Path(home), code, int(size[0]), int(size[1]))
    else:
        stage.down(Path(home), code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
