"""Runs `labctl serve` as a process over the server of paper, in the home that LABCTL_HOME names.

python tests/serving.py [ARGUMENT]...      (`serve` without any)
"""

from __future__ import annotations

import sys

from labctl.cli.main import main
from labctl.providers import PROVIDERS

if __name__ == "__main__":
    PROVIDERS["docker"] = "tests.fakes.provider:FakeProvider"
    sys.exit(main(sys.argv[1:] or ["serve"]))
