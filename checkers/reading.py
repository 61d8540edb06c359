"""Answers of probes, taken strictly: whatever is not a whole and proper answer is not observed.

An output that was cut, a program that is missing or was killed, a file that is none: each raises
`NotObserved`, which makes the check an *error*. Who is to blame is the host where only what stands
on it can have caused it.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from checkers.check import Asking, NotObserved, ask
from checkers.model import (
    Blame,
    Failure,
    File,
    FileResult,
    Processes,
    ProcessesResult,
    Program,
    ProgramResult,
)
from checkers.words import clean, plain, quoted, size

T = TypeVar("T")

NOT_RUN = (126, 127)
"""Exit statuses that mean that a program was not found or could not be started."""


def unobserved(reason: str, blame: Blame = Blame.MACHINERY) -> NotObserved:
    """What to raise where there is no usable answer."""
    return NotObserved(Failure(clean(reason), blame))


def spelled(argv: tuple[str, ...]) -> str:
    """A command line for a message, on one line and not too long."""
    return f"`{clean(' '.join(argv), 120)}`"


def whole(argv: tuple[str, ...], result: ProgramResult) -> ProgramResult:
    """`result`, if its program ran by itself and nothing of its output was cut."""
    if result.exit in NOT_RUN or result.exit < 0:
        raise unobserved(f"{spelled(argv)} could not be run (it ended with {result.exit})")
    if result.truncated:
        raise unobserved(f"{spelled(argv)} printed more than is kept", Blame.HOST)
    return result


def answer(program: Program) -> Asking[ProgramResult]:
    """Run a program and take its whole output, whatever its exit status says."""
    result = yield from ask(program)
    return whole(program.argv, result)


def succeeded(program: Program) -> Asking[bytes]:
    """Run a program that has to end well and print something; returns its output."""
    result = yield from answer(program)
    return good_output(program.argv, result)


def good_output(argv: tuple[str, ...], result: ProgramResult) -> bytes:
    """The output of a program that ended well; raises `NotObserved` for any other end."""
    whole(argv, result)
    if result.exit != 0:
        said = plain(result.stderr.strip())
        raise unobserved(f"{spelled(argv)} ended with {result.exit}: {said}")
    if not result.stdout.strip():
        raise unobserved(f"{spelled(argv)} printed nothing")
    return result.stdout


def structured(argv: tuple[str, ...], output: bytes, shape: TypeAdapter[T]) -> T:
    """JSON output in its expected shape; anything else is not observed."""
    try:
        return shape.validate_json(output)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise unobserved(
            f"{spelled(argv)} printed what cannot be understood: {place} {first['msg']}"
        ) from problem


def content_of(path: bytes, result: FileResult) -> bytes:
    """The whole content of a file that a host needs to work, such as /etc/passwd."""
    name = quoted(path)
    if result.type is None:
        raise unobserved(f"{name} is missing ({result.why})", Blame.HOST)
    if result.type != "file":
        raise unobserved(f"{name} is a {result.type}, not a file", Blame.HOST)
    if result.truncated:
        raise unobserved(f"{name} is too long to be read ({size(result.size)})", Blame.HOST)
    if result.content is None or (not result.content and result.size):
        raise unobserved(f"the content of {name} was not read")
    return result.content


def system_file(host: str, path: bytes, limit: int = 1 << 20) -> Asking[bytes]:
    """Read a file that a host needs to work."""
    result = yield from ask(File(host, path, limit=limit))
    return content_of(path, result)


def all_processes(host: str) -> Asking[ProcessesResult]:
    """List the processes of a host; a list that is empty or was cut is not observed."""
    result = yield from ask(Processes(host))
    if not result.processes:
        raise unobserved(f"no process of {host} was seen, not even its first one")
    if result.truncated:
        raise unobserved(f"{host} runs more processes than can be listed", Blame.HOST)
    return result
