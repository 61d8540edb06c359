"""The values that pass between checks, the engine and the world.

    Check ── yields ──▶ Probe ── is answered by ──▶ Observation ── becomes ──▶ Verdict

A *probe* is a read-only question put to a host; it is typed data, never a shell string. A *result*
is its answer. An *observation* is a probe with its result, or with the reason why there is none,
and says from which vantage it was made. All are frozen, hashable and serialisable (see `codec`), so
that every verdict can be computed again from what was stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from checkers.browsing import Browse, BrowseResult
from checkers.hardware_state import MachineProbe, MachineResult
from checkers.probe import Probe
from checkers.storage import (
    ChangedFiles,
    ChangedFilesResult,
    DeletedFiles,
    DeletedFilesResult,
    Filesystem,
    FilesystemResult,
)
from checkers.traffic import Discover, DiscoverResult, Sighting

DEFAULT_TIMEOUT = 10.0
"""Seconds that a probe may take when its check does not say otherwise."""

FILE_LIMIT = 1 << 20
"""Bytes of a file that are kept when its check does not say otherwise."""


class Vantage(StrEnum):
    """Where an observation was made from (design.md, idea 2)."""

    OUTSIDE = "outside"
    """From a host that the candidate cannot enter, over the lab's network."""
    WIRE = "wire"
    """Frames seen at a port of the fabric."""
    BESIDE = "beside"
    """With the examiner's own programs, from next to the host."""
    INSIDE = "inside"
    """With the candidate's own programs, which may lie."""
    GUEST = "guest"
    """In a virtual machine, under the candidate's kernel."""


class Phase(StrEnum):
    """When a check is run at hand-in (design.md, "Order of grading")."""

    STATE = "state"
    """While the hosts are frozen."""
    BEHAVIOUR = "behaviour"
    """While the hosts run and nobody is inside."""
    AFTER_RESTART = "after-restart"
    """Once, after every host that such a check is about has been restarted."""


class Blame(StrEnum):
    """Whose an error is. Neither is ever a candidate's fail."""

    MACHINERY = "machinery"
    HOST = "host"


# --------------------------------------------------------------------------- program


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic that a program is expected to cause, to be looked for on the wire.

    `protocol` is `icmp`, `tcp`, `udp` or `ospf`; `to` an IPv4 or IPv6 address; `port` the
    destination port, where the protocol has ports. OSPF is no request: every frame counts that any
    host sends to `to`, a multicast group. With `nonce`, only frames that carry the probe's nonce
    count (the text `{nonce}` in a program's arguments is replaced by 32 random hex digits).
    """

    protocol: Literal["icmp", "tcp", "udp", "ospf"]
    to: str
    port: int | None = None
    nonce: bool = False


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """What a program did: exit status, output (each stream capped), seconds, frames seen."""

    exit: int
    stdout: bytes
    stderr: bytes
    truncated: bool = False
    seconds: float = 0.0
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Program(Probe[ProgramResult]):
    """Run one of the examiner's own programs in the network namespace of `host`.

    `argv[0]` must be on the agent's list (ip, ss, nft, ping, dig, curl …). A program that
    outlives `timeout` seconds is an error of the machinery: give it a shorter limit of its own.
    `stdin` is its whole input.
    """

    argv: tuple[str, ...]
    timeout: float = DEFAULT_TIMEOUT
    flow: Flow | None = None
    stdin: bytes = b""
    kind: Literal["program"] = "program"


# --------------------------------------------------------------------------- files


@dataclass(frozen=True, slots=True)
class FileResult:
    """A file of the host as it is, read by the examiner's own reader.

    When nothing is there `type` is None and `why` says so (`no such file`, `a link in a loop`).
    `target` is a link's text, `number` that of a device node, as `7:0`. `content` is None unless
    it was asked for and the file is a regular one; `truncated` says that it was cut at the limit,
    and then `sha256` is None.
    `acl` and `default_acl` are raw POSIX ACL attributes (see acl(5)), None where there is none.
    """

    type: Literal["file", "directory", "link", "fifo", "socket", "block", "char"] | None
    why: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime: float = 0.0
    links: int = 0
    target: bytes | None = None
    acl: bytes | None = None
    default_acl: bytes | None = None
    content: bytes | None = None
    truncated: bool = False
    sha256: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class File(Probe[FileResult]):
    """Look at one path of the host's own file tree: attributes, and `limit` bytes of content.

    `limit` 0 reads no content. Links in the path are followed inside the host's tree only;
    `follow` decides for the last component.
    """

    path: bytes
    limit: int = 0
    follow: bool = True
    kind: Literal["file"] = "file"


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One name in a directory, with the type that the directory itself records."""

    name: bytes
    type: str


@dataclass(frozen=True, slots=True)
class DirectoryResult:
    """The names in a directory, sorted; `entries` is None, with `why`, where there is none."""

    entries: tuple[DirectoryEntry, ...] | None
    why: str = ""
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Directory(Probe[DirectoryResult]):
    """List one directory of the host, at most `limit` names."""

    path: bytes
    limit: int = 10_000
    kind: Literal["directory"] = "directory"


# --------------------------------------------------------------------------- processes


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the host. Numbers are the host's own; `state` is the letter of proc(5).

    `exe` is what the kernel says the program file is, as a path in the host; `argv` and `comm`
    are the process's own claims.
    """

    pid: int
    ppid: int
    uid: int
    gid: int
    state: str
    comm: bytes
    argv: tuple[bytes, ...]
    exe: bytes
    started: float


@dataclass(frozen=True, slots=True)
class ProcessesResult:
    """All processes of the host, by number."""

    processes: tuple[Process, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Processes(Probe[ProcessesResult]):
    """List the host's processes from the kernel's own table."""

    kind: Literal["processes"] = "processes"


# --------------------------------------------------------------------------- connections


@dataclass(frozen=True, slots=True)
class ConnectResult:
    """How a TCP connection attempt ended.

    `open` answered; `closed` was refused at once; `filtered` got no answer in time;
    `unreachable` got an ICMP error or had no route (`detail` says which). `received` is what
    the far side sent first, if anything was waited for.
    """

    outcome: Literal["open", "closed", "filtered", "unreachable"]
    detail: str = ""
    received: bytes = b""
    source: str = ""
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Connect(Probe[ConnectResult]):
    """Open a TCP connection from `host` to `to`:`port`, send `send`, read up to `read` bytes.

    Waits at most `wait` seconds for the connection and again for the first bytes. With `udp` it is
    one datagram: `send`, in which the bytes `{nonce}` are replaced by 16 random ones. Then `open`
    says that a datagram came back, and `filtered` that nothing did.
    """

    to: str
    port: int
    wait: float = 3.0
    send: bytes = b""
    read: int = 0
    protocol: Literal["tcp", "udp"] = "tcp"
    kind: Literal["connect"] = "connect"


# --------------------------------------------------------------------------- inside


@dataclass(frozen=True, slots=True)
class Inside(Probe[ProgramResult]):
    """Run a program of the candidate's own host, through the engine's exec.

    Where the candidate can enter the host the answer may be forged: it is evidence of vantage
    *inside* only. `user` is the account it runs as. A program that outlives `timeout` is an error
    of the host; of each output stream `limit` bytes are kept.
    """

    argv: tuple[str, ...]
    user: str = "root"
    stdin: bytes = b""
    cwd: str = "/"
    timeout: float = DEFAULT_TIMEOUT
    limit: int = FILE_LIMIT
    kind: Literal["inside"] = "inside"


# --------------------------------------------------------------------------- observation

AnyProbe = (
    Program
    | File
    | Directory
    | Processes
    | Connect
    | Discover
    | Inside
    | Filesystem
    | DeletedFiles
    | ChangedFiles
    | Browse
    | MachineProbe
)
AnyResult = (
    ProgramResult
    | FileResult
    | DirectoryResult
    | ProcessesResult
    | ConnectResult
    | DiscoverResult
    | FilesystemResult
    | DeletedFilesResult
    | ChangedFilesResult
    | BrowseResult
    | MachineResult
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a probe has no result, and whose fault that is.

    `conclusive` is set where the host itself is shown to be at fault (it does not come up, and a
    fresh twin of it does): only then is not being observable a fail.
    """

    reason: str
    blame: Blame = Blame.MACHINERY
    conclusive: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """A probe and its recorded answer: exactly one of `result` and `failure` is set.

    `at` is the time of the answer, in seconds since 1970 (UTC). `frozen` says that the host
    stood still while it was looked at.
    """

    probe: AnyProbe
    vantage: Vantage
    at: float
    result: AnyResult | None = None
    failure: Failure | None = None
    frozen: bool = False


# --------------------------------------------------------------------------- verdict


class Status(StrEnum):
    """How a check ended. An error is never a fail: it carries no judgement."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check concluded, in words for the candidate.

    `expected` and `found` are complete phrases that can stand after those words. `blame` is set
    for errors alone. `flags` are remarks for the assessor (`seen from inside only`).
    """

    status: Status
    expected: str = ""
    found: str = ""
    blame: Blame | None = None
    flags: tuple[str, ...] = ()


# --------------------------------------------------------------------------- the lab


@dataclass(frozen=True, slots=True)
class Port:
    """A host's place on a network: the interface's first name and its hardware address."""

    network: str
    interface: str
    mac: str


@dataclass(frozen=True, slots=True)
class LabHost:
    """What a check may know of a host beforehand. `access` is what the candidate may log in as."""

    name: str
    access: Literal["root", "user", "none"]
    ports: tuple[Port, ...] = ()
    login: str = "root"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a check is about (`host`) and where it is tried from (`origin`), within `hosts`."""

    host: str
    origin: str | None = None
    hosts: tuple[LabHost, ...] = field(default=())

    def named(self, name: str) -> LabHost:
        """The host called `name`; `KeyError` if the lab has none."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)

    @property
    def source(self) -> str:
        """The host that the check is tried from: `from:` where given, else the host itself."""
        return self.origin or self.host
