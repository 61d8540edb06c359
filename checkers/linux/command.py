"""The check type `command`."""

from __future__ import annotations

import shlex
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from checkers.check import Check, CheckType, ask, failed
from checkers.findings import INSIDE_ONLY, Findings
from checkers.linux._attributes import Path
from checkers.linux.user import Name
from checkers.matchers import Matcher
from checkers.model import Blame, Inside, Phase, Subject
from checkers.reading import NOT_RUN, spelled, unobserved


def _words(value: object) -> object:
    return tuple(shlex.split(value)) if isinstance(value, str) else value


def _usable(argv: tuple[str, ...]) -> tuple[str, ...]:
    if not argv[0].strip() or any("\0" in word for word in argv):
        raise ValueError("a command needs a program, and no argument can hold a zero byte")
    return argv


Argv = Annotated[
    tuple[str, ...],
    BeforeValidator(_words),
    Field(min_length=1, max_length=200),
    AfterValidator(_usable),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "minItems": 1, "items": {"type": "string"}},
            ]
        }
    ),
]
"""A command line as a list of words, or as a text that is split like a shell would split it."""


class Command(CheckType):
    """A program of the host, run on the host, ends and prints as expected. A last resort.

        command: {run: "crontab -l", user: amy, stdout: {contains: "0 3 * * *"}}
        command: {run: [sudo, -n, -u, backup, id, -un], user: amy, stdout: backup}
        command: {run: [test, -x, /opt/tidy], exit: 0}

    No shell takes part: `run` is a list of words, or a text that is split into words; where a shell
    is meant, write `[sh, -c, "…"]`. It runs as `user` (default root) in the folder `cwd`, with
    `stdin` as its input, for at most `limit` seconds (default 10). At least one of `exit`,
    `stdout` and `stderr` must say what is expected, each by any matcher; where `exit` is left out
    it must be 0 all the same. A program that is missing or cannot be run (126, 127) fails whatever
    is expected.

    Everything in it is the candidate's: the program, its libraries, the kernel's answer to it. It
    can be forged, so its verdict is flagged `seen from inside only`. Prefer any other check type.

    Error: the program takes longer than it may (the host's), or prints more than is kept.
    """

    kind: ClassVar[str] = "command"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    run_: Argv = Field(alias="run")
    user: Name = "root"
    stdin: str = ""
    cwd: Path = "/"
    limit: float = Field(default=10.0, gt=0, le=120)
    exit: Matcher = 0
    stdout: Matcher | None = None
    stderr: Matcher | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Command:
        if not self.model_fields_set & {"exit", "stdout", "stderr"}:
            raise ValueError("say what is expected: `stdout`, `stderr` or `exit`")
        return self

    def run(self, subject: Subject) -> Check:
        """Run it on the host and compare its end and output."""
        probe = Inside(
            subject.host, self.run_, self.user, self.stdin.encode(), self.cwd, self.limit
        )
        result = yield from ask(probe)
        name = spelled(self.run_)
        if result.exit in NOT_RUN:
            why = "is not there" if result.exit == 127 else "could not be run"
            expected = f"{name} to run as {self.user}"
            return failed(expected=expected, found=f"it {why}", flags=(INSIDE_ONLY,))
        if result.truncated:
            raise unobserved(f"{name} printed more than is kept", Blame.HOST)
        findings = Findings(flags=[INSIDE_ONLY])
        findings.compare(f"the exit status of {name}", self.exit, result.exit)
        for stream, wanted, output in (
            ("output", self.stdout, result.stdout),
            ("error output", self.stderr, result.stderr),
        ):
            if wanted is not None:
                findings.compare(f"the {stream} of {name}", wanted, output)
        return findings.verdict()
