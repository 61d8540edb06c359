"""What no check type looks at: with whose address a packet arrives."""

from __future__ import annotations

from checkers.check import Check, ask, failed, passed
from checkers.model import Flow, Program, Subject


def arrives_untranslated(subject: Subject, to: str, far: str, source: str) -> Check:
    """Requests from the check's `from:` host arrive at the host `far` with the address `source`.

    `to` is an address of `far`. What is judged are the frames at the port of `far`, so that no
    program on the way has a say in it.
    """
    argv = ("ping", "-n", "-c", "2", "-i", "0.2", "-W", "2", "-s", "56", "-p", "{nonce}", to)
    result = yield from ask(Program(subject.source, argv, flow=Flow("icmp", to, nonce=True)))
    seen = sorted(
        {frame.source for frame in result.sightings if frame.host == far and frame.towards}
    )
    expected = f"requests from {subject.source} arriving at {far} from {source}"
    if not seen:
        return failed(expected=expected, found=f"none arriving at {far}")
    found = f"requests arriving from {' and '.join(seen)}"
    return (passed if seen == [source] else failed)(expected=expected, found=found)
