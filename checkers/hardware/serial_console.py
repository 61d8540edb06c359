"""The check type `serial_console`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Check, CheckType, ask
from checkers.findings import Findings
from checkers.hardware_state import LineSession, SerialLine, SerialLineResult
from checkers.model import Subject
from checkers.reading import unobserved
from checkers.words import listed, plain

FOLDERS = frozenset({b"/sbin", b"/usr/sbin", b"/bin", b"/usr/bin"})
"""Where a host's own programs are; the kernel names the folder that links lead to."""
GETTYS = frozenset({b"agetty", b"getty", b"mgetty", b"mingetty", b"ngetty", b"login"})
"""Programs that let somebody log in on a line; `login` asks for the password."""
GONE = b" (deleted)"
"""What the kernel adds to a program's path when its file has been replaced."""
PARITIES = {"none": "N", "even": "E", "odd": "O"}

Line = Annotated[str, StringConstraints(pattern=r"^ttyS[0-9]{1,2}$")]
Format = Annotated[str, StringConstraints(pattern=r"^[5-8][NEO][12]$")]


class SerialConsole(CheckType):
    """On a serial line somebody can log in, at the right speed; or nobody can.

        serial_console: {line: ttyS1}
        serial_console: {line: ttyS1, speed: 115200, format: 8N1}
        serial_console: {line: ttyS1, speed: 9600, messages: true}
        serial_console: {line: ttyS1, listening: false}

    `line` is the kernel's name: ttyS0 is the candidate's console, ttyS1 a second port, where the
    lab file gives the machine one (`serial_ports: 2`). `listening` says whether a getty waits there
    with the line as its terminal (or lets somebody log in just now). `speed` is in bits a second,
    `format` data bits, parity (N, E, O) and stop bits. `messages` says whether the kernel writes
    its messages there (`console=ttyS1` on its command line). That it comes back by itself shows a
    check with `when: after-restart`.

    Speed and format are those that the kernel has set for the line. An emulated line carries every
    character whatever is set at its two ends, so nothing is judged of the wire.

    Error: the kernel cannot be asked about the line. For virtual machines.
    """

    kind: ClassVar[str] = "serial_console"

    line: Line
    listening: bool = True
    speed: Annotated[int, Field(ge=50, le=4_000_000)] | None = None
    format: Format | None = None
    messages: bool | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> SerialConsole:
        if not self.listening and (self.speed is not None or self.format is not None):
            raise ValueError("a line that nobody listens on has no speed and no format")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask the kernel who has the line, and how it is set."""
        seen = yield from ask(SerialLine(subject.host, self.line))
        findings = Findings()
        if not seen.port:
            found = f"the kernel has no serial port {self.line}"
            findings.miss(expected=f"a serial port {self.line}", found=found)
            return findings.verdict()
        listening = any(_lets_in(session) for session in seen.sessions)
        findings.note(
            listening == self.listening,
            expected=f"{'a' if self.listening else 'no'} getty on {self.line}",
            found=f"on {self.line}: {_named(seen.sessions)}",
        )
        if self.messages is not None:
            findings.note(
                seen.console == self.messages,
                expected=f"{'' if self.messages else 'no '}messages of the kernel on {self.line}",
                found=f"the kernel writes {'its' if seen.console else 'no'} messages there",
            )
        if listening and self.listening:
            self._compare(findings, seen)
        return findings.verdict()

    def _compare(self, findings: Findings, seen: SerialLineResult) -> None:
        if not (seen.speed and seen.bits and seen.parity and seen.stops):
            raise unobserved(f"the kernel does not say how {self.line} is set")
        if self.speed is not None:
            findings.note(
                seen.speed == self.speed,
                expected=f"{self.speed} bit/s",
                found=f"{seen.speed} bit/s",
            )
        if self.format is not None:
            found = f"{seen.bits}{PARITIES[seen.parity]}{seen.stops}"
            findings.note(found == self.format, expected=self.format, found=found)


def _lets_in(session: LineSession) -> bool:
    """Whether a session is that of a program by which one logs in, from where such programs are."""
    folder, _, name = session.exe.removesuffix(GONE).rpartition(b"/")
    return folder in FOLDERS and name in GETTYS


def _named(sessions: tuple[LineSession, ...]) -> str:
    every = (plain(session.exe.removesuffix(GONE), 60) for session in sessions)
    return listed(every, none="nobody")
