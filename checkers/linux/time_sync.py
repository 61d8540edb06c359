"""The check type `time_sync`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from checkers.check import Check, CheckType
from checkers.findings import Findings
from checkers.linux._clock import offsets
from checkers.linux._kernel import kernels_own
from checkers.model import Subject
from checkers.reading import unobserved

TRIES = 12
"""Questions may take seconds while other checks ask theirs; the clock is read again after that."""


class TimeSync(CheckType):
    """A host's clock is right.

        time_sync: {within: 5}
        time_sync: {within: 5, hardware: true}

    The system's clock may be at most `within` seconds off, in either direction. It is compared with
    the clock of the server that the lab runs on, by what the host's kernel says; no program of the
    host's is asked. With `hardware: true` its hardware clock (RTC) must be right to the same
    degree, in UTC. Time zones play no part. Whether a daemon keeps the clock right is for
    `service`, and for a check with `when: after-restart`.

    Error: the kernel's figures cannot be read, something is mounted over them, or the host answers
    too slowly to tell. For virtual machines: a container has its server's clock.
    """

    kind: ClassVar[str] = "time_sync"

    within: float = Field(ge=2, le=86400)
    hardware: bool = False

    def run(self, subject: Subject) -> Check:
        """Read the clocks until the answers come fast enough to tell."""
        yield from kernels_own(subject.host)
        for _ in range(TRIES):
            system, kept = yield from offsets(subject.host, hardware=self.hardware)
            clocks = {"the clock": system, "the hardware clock": kept}
            read = {name: offset for name, offset in clocks.items() if offset is not None}
            judged = {name: offset.within(self.within) for name, offset in read.items()}
            if None in judged.values():
                continue
            findings = Findings()
            for name, offset in read.items():
                findings.note(
                    bool(judged[name]),
                    expected=f"{name} right to within {self.within:g} s",
                    found=f"{name} {offset.said}",
                )
            return findings.verdict()
        raise unobserved(f"{subject.host} answered too slowly for its clock to be told")
