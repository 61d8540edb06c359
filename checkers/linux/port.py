"""The check type `port`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from checkers.check import Check, CheckType, failed
from checkers.findings import Findings
from checkers.linux.process import RESTING, Base, is_program
from checkers.model import Program, ProgramResult, Subject, Verdict
from checkers.reading import all_processes, good_output, unobserved
from checkers.reading import answer as answer_of
from checkers.words import listed, plain

LISTING = ("ss", "-l", "-t", "-u", "-n", "-p")
"""The program that lists sockets; with its heading, so that an empty list shows that it ran."""

_HEADING = re.compile(r"^Netid\s+State\s+Recv-Q\s+Send-Q\s+Local Address:Port\s+Peer Address:Port")
_ROW = re.compile(
    r"^(?P<protocol>tcp|udp)\s+(?P<state>LISTEN|UNCONN)\s+\d+\s+\d+\s+"
    r"(?P<address>\S+):(?P<port>\d+|\*)\s+\S+:(?:\d+|\*)(?P<rest>\s.*)?$"
)
_HOLDER = re.compile(r'\("(?P<name>[^"]*)",pid=\d+,fd=\d+\)')


def _address(text: str) -> str:
    return text if text == "any" else str(ip_address(text))


ListenAddress = Annotated[str, AfterValidator(_address)]
"""An address that is listened on, or `any`: all of the host's addresses."""


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket that waits for traffic; `address` is None where it takes any, `holders` claim it."""

    protocol: str
    address: str | None
    port: int
    holders: tuple[str, ...] = ()

    @property
    def loopback(self) -> bool:
        """Whether only the host itself can reach it."""
        return self.address is not None and ip_address(self.address).is_loopback

    @property
    def said(self) -> str:
        """The socket in words."""
        by = f" ({listed(plain(name, 20) for name in self.holders)})" if self.holders else ""
        return f"{self.address or 'any address'}:{self.port}{by}"


class Port(CheckType):
    """A port is listened on, or is not.

        port: {port: 22}
        port: {port: 53, protocol: udp, address: 10.2.0.10}
        port: {port: 5432, address: 127.0.0.1, only: true}
        port: {port: 80, process: nginx}
        port: {port: 23, listening: false}

    `protocol` is tcp (default) or udp. Without `address` a socket counts that other hosts can
    reach: one that takes any address, or one that is not a loopback address. `address: any` wants
    one that takes all, an address one that takes it or all; with `only: true` there may be no
    socket on the port for other addresses. `process` is the name of the program that must hold the
    socket: it must say so of itself *and* be a running program whose file has that name. With
    `listening: false` nothing may listen there (on `address`, where one is given).

    Whether it answers is shown by `tcp`, `dns` or `http` from another host.

    Error: the sockets cannot be listed.
    """

    kind: ClassVar[str] = "port"

    port: int = Field(ge=1, le=65535)
    protocol: Literal["tcp", "udp"] = "tcp"
    address: ListenAddress | None = None
    only: bool = False
    listening: bool = True
    process: Base | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Port:
        if self.only and self.address is None:
            raise ValueError("`only` needs `address`")
        if not self.listening and (self.only or self.process):
            raise ValueError("`listening: false` goes with `port`, `protocol` and `address` alone")
        return self

    def run(self, subject: Subject) -> Check:
        """List the sockets and look for the port's."""
        result = yield from answer_of(Program(subject.host, LISTING))
        on_port = [
            socket
            for socket in sockets(result)
            if socket.port == self.port and socket.protocol == self.protocol
        ]
        fitting = [socket for socket in on_port if self._fits(socket)]
        found = listed(socket.said for socket in on_port) if on_port else "nothing listens there"
        if not self.listening:
            unwanted = fitting if self.address else on_port
            findings = Findings()
            findings.note(not unwanted, expected=f"nothing on {self._said}", found=found)
            return findings.verdict()
        if self.process is not None:
            listing = yield from all_processes(subject.host)
            if not any(
                is_program(row, self.process, None) and row.state not in RESTING
                for row in listing.processes
            ):
                wanted = f"{self._said} held by {self.process}"
                return failed(expected=wanted, found=f"{found}; no {self.process} runs")
        return self._judged(on_port, fitting, found)

    def _judged(self, on_port: list[Socket], fitting: list[Socket], found: str) -> Verdict:
        findings = Findings()
        others = [socket for socket in on_port if socket not in fitting] if self.only else []
        alone = " alone" if self.only else ""
        findings.note(
            bool(fitting) and not others, expected=f"a socket on {self._said}{alone}", found=found
        )
        if self.process is not None and fitting:
            held = all(self.process[:15] in socket.holders for socket in fitting)
            findings.note(held, expected=f"{self._said} held by {self.process}", found=found)
        return findings.verdict()

    @property
    def _said(self) -> str:
        where = {None: "", "any": " of any address"}.get(self.address, f" of {self.address}")
        return f"{self.protocol} port {self.port}{where}"

    def _fits(self, socket: Socket) -> bool:
        if self.address is None:
            return not socket.loopback
        if self.address == "any":
            return socket.address is None
        if self.only:
            return socket.address == self.address
        return socket.address in (None, self.address)


def sockets(result: ProgramResult) -> tuple[Socket, ...]:
    """Read the output of `LISTING` strictly; raises `NotObserved`."""
    lines = good_output(LISTING, result).decode("utf-8", "replace").splitlines()
    if not _HEADING.match(lines[0]):
        raise unobserved(f"`ss` printed no heading: {plain(lines[0])}")
    found = []
    for line in lines[1:]:
        row = _ROW.match(line)
        if row is None:
            raise unobserved(f"`ss` printed what cannot be understood: {plain(line)}")
        address = _bound(row["address"])
        if row["port"] == "*":
            continue
        holders = tuple(one["name"] for one in _HOLDER.finditer(row["rest"] or ""))
        found.append(Socket(row["protocol"], address, int(row["port"]), holders))
    return tuple(found)


def _bound(text: str) -> str | None:
    """The address in `127.0.0.53%lo`, `[fe80::1]%eth0`, `*`; None for any address."""
    bare = text.partition("%")[0].strip("[]")
    if bare == "*":
        return None
    try:
        address = ip_address(bare)
    except ValueError as problem:
        raise unobserved(f"`ss` shows {plain(text)}, which is no address") from problem
    return None if address.is_unspecified else str(address)
