"""How a `browse` probe is put to the host that has the browser, and what its answer means."""

from __future__ import annotations

import json

from checkers import codec
from checkers.browsing import Browse, BrowseResult
from checkers.model import Inside, ProgramResult
from checkers.words import plain

PROGRAM = ("python3", "-I", "/opt/labctl/browse.py")
ACCOUNT = "nobody"
LIMIT = 16 << 20
"""Bytes of one answer, pictures in base64 included."""


class NoAnswer(Exception):
    """The host has no browser, or its driver said why there is no result."""


def command(probe: Browse) -> Inside:
    """The program to run on the browser's host, with the probe as its input."""
    request = json.dumps(codec.probe_to_json(probe)).encode()
    return Inside(
        probe.host, PROGRAM, ACCOUNT, request, "/", timeout=probe.timeout + 5.0, limit=LIMIT
    )


def result_of(answer: ProgramResult) -> BrowseResult:
    """What the driver printed; raises `NoAnswer`, or `ValueError` where that is no result."""
    if answer.exit in (126, 127) or b"can't open file" in answer.stderr:
        raise NoAnswer("that host has no browser: give it the image `examiner-browser`")
    if answer.exit != 0 or answer.truncated:
        said = plain(answer.stderr.strip().splitlines()[-1] if answer.stderr.strip() else b"")
        raise NoAnswer(f"the page could not be looked at: {said or f'exit {answer.exit}'}")
    result = codec.result_from_json("browse", json.loads(answer.stdout))
    if not isinstance(result, BrowseResult):
        raise NoAnswer("the browser's host gave another answer than was asked for")
    return result
