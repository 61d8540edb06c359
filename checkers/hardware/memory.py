"""The check type `memory`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from checkers.check import Check, CheckType
from checkers.findings import Findings
from checkers.linux._kernel import kernels_own, texts
from checkers.linux._sizes import Size
from checkers.model import Subject
from checkers.reading import unobserved
from checkers.words import size

MEMINFO = b"/proc/meminfo"


class Memory(CheckType):
    """The kernel has so much memory to use.

        memory: {size: 900M}
        memory: {size: 440M, at_most: 512M}

    `size` is how much there must be at least, `at_most` how much at most: a number of bytes, or a
    text such as 900M. It is what the kernel calls MemTotal, as `free` shows it: some 5 to 15 % less
    than the modules hold, since the kernel keeps a part for itself. Leave room for that.

    Error: the kernel's figures cannot be read, or something is mounted over them. For virtual
    machines: a container sees the memory of its server.
    """

    kind: ClassVar[str] = "memory"

    size: Size | None = None
    at_most: Size | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Memory:
        if not self.size and not self.at_most:
            raise ValueError("say what is expected: `size`, `at_most` or both")
        if self.size is not None and self.at_most is not None and self.at_most < self.size:
            raise ValueError("`at_most` is less than `size`")
        return self

    def run(self, subject: Subject) -> Check:
        """Read MemTotal."""
        yield from kernels_own(subject.host)
        (content,) = yield from texts(subject.host, MEMINFO)
        total = _total(content)
        findings = Findings()
        if self.size is not None:
            findings.note(
                total >= self.size,
                expected=f"at least {size(self.size)} of memory",
                found=f"{size(total)} of memory",
            )
        if self.at_most is not None:
            findings.note(
                total <= self.at_most,
                expected=f"at most {size(self.at_most)} of memory",
                found=f"{size(total)} of memory",
            )
        return findings.verdict()


def _total(content: bytes) -> int:
    """MemTotal in bytes (proc(5), meminfo)."""
    for line in content.split(b"\n"):
        words = line.split()
        if len(words) == 3 and words[0] == b"MemTotal:" and words[1].isdigit():
            return int(words[1]) * 1024
    raise unobserved("the kernel does not say how much memory it has")
