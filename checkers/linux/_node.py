"""The name that a host's kernel goes by."""

from __future__ import annotations

from checkers.check import Asking
from checkers.model import Blame, Program
from checkers.reading import succeeded, unobserved
from checkers.words import quoted

UNAME = ("uname", "-n")


def node_name(host: str) -> Asking[str]:
    """The name that the host's kernel has now, as `hostname` prints it (uname(2))."""
    output = yield from succeeded(Program(host, UNAME))
    try:
        return output.decode("ascii").removesuffix("\n")
    except UnicodeDecodeError as problem:
        said = quoted(output.strip(), 40)
        raise unobserved(f"the name of {host} is {said}, which is none", Blame.HOST) from problem
