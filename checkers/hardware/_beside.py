"""What somebody beside a machine sees of it."""

from __future__ import annotations

from checkers.check import Asking, ask
from checkers.hardware_state import Hardware, HardwareResult
from checkers.reading import unobserved


def look(host: str) -> Asking[HardwareResult]:
    """Look at a machine from outside; `NotObserved` where nothing is seen of it."""
    seen = yield from ask(Hardware(host))
    if seen.memory <= 0:
        raise unobserved(f"{host} was not looked at: a machine has memory")
    return seen
