"""The check type `cpu`."""

from __future__ import annotations

import re
from typing import ClassVar

from checkers.check import Check, CheckType
from checkers.findings import Findings
from checkers.linux._kernel import kernels_own, texts
from checkers.matchers import Matcher
from checkers.model import Subject
from checkers.reading import unobserved
from checkers.words import plain, quoted

ONLINE = b"/sys/devices/system/cpu/online"
_RANGE = re.compile(rb"(?P<first>[0-9]{1,5})(-(?P<last>[0-9]{1,5}))?")


class Cpu(CheckType):
    """The kernel runs on so many processors.

        cpu: {online: 2}
        cpu: {online: {min: 2}}

    `online` is any matcher for the number of processors (cores or threads, as `nproc --all` and
    `lscpu` count them) that are switched on.

    Error: the kernel's list cannot be read, or something is mounted over it. For virtual machines:
    a container sees the processors of its server.
    """

    kind: ClassVar[str] = "cpu"

    online: Matcher

    def run(self, subject: Subject) -> Check:
        """Count the processors that are on."""
        yield from kernels_own(subject.host)
        (content,) = yield from texts(subject.host, ONLINE)
        findings = Findings()
        findings.compare("processors online", self.online, _count(content))
        return findings.verdict()


def _count(content: bytes) -> int:
    """The length of a list such as `0-2,4` (Linux, admin-guide/cputopology)."""
    total = 0
    for part in content.split(b","):
        found = _RANGE.fullmatch(part)
        if found is None:
            raise unobserved(f"{plain(ONLINE)} holds {quoted(content, 40)}")
        total += int(found["last"] or found["first"]) - int(found["first"]) + 1
    return total
