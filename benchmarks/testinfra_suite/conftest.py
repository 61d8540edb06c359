"""Writes down how long the tests took, from the first test's start to the last one's end.

What comes before (starting Python, importing, collecting) is left out, as it is on our side.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from pathlib import Path

import paramiko  # noqa: F401  # imported by the backend at its first use otherwise, inside the time
import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Time all tests together."""
    began = time.monotonic()
    outcome = yield
    seconds = time.monotonic() - began
    Path(os.environ["SECONDS_FILE"]).write_text(str(seconds), encoding="ascii")
    return outcome
