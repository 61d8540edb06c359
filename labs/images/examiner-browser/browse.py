"""Starts the browser's driver: `checkers.browser` lies beside this file."""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
runpy.run_module("checkers.browser", run_name="__main__")
