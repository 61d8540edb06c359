"""What labctl asks of a provider of lab hosts: small protocols, each a seam of its own.

    Environment  up, down, owned        hosts and networks of a session, made and removed
    Access       dial, run, console     ways to the hosts, for the examiner and the candidate
    State        freeze, thaw, restart  what becomes of running hosts
    Acts         break_down, hands      what is done to hardware

Everything a provider makes carries the session's code, so that `owned` can name it whatever
happened in between. Every operation may be repeated: doing it twice is doing it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from checkers.hardware_state import HardwareResult
from checkers.model import ProgramResult
from checkers.ssh import Dial
from labctl.plan import Plan

Report = Callable[[str], None]
"""Called with one short line whenever something worth showing has happened."""


class ByteStream(Protocol):
    """The duplex bytes that an SSH connection runs over; what paramiko asks of a socket.

    `errors` is what the program at the other end wrote beside it.
    """

    errors: bytearray

    @property
    def _closed(self) -> bool:
        """Whether it was ended from our side."""

    def send(self, data: bytes, /) -> int:
        """Send some of `data` and return how many bytes went."""

    def recv(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end of the stream; `TimeoutError` past the limit."""

    def settimeout(self, seconds: float | None, /) -> None:
        """How long `recv` and `send` may wait."""

    def close(self) -> None:
        """End the stream, and a `recv` or `send` that waits; may be called more than once."""


@dataclass(frozen=True, slots=True)
class HostState:
    """A host as the provider sees it now: `running`, `frozen`, `stopped`, `off` or `missing`.

    What is `off` was switched off by somebody who can switch it on; what is `stopped` was not.
    `fault` says that it is the server's doing that it does not run.
    """

    name: str
    state: str
    detail: str = ""
    fault: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a session's hosts are, in JSON terms that only the provider and its agent read.

    `pins` maps each host to what identifies it (for containers: id, PID, start time, and the
    inodes of its namespaces, as recorded at start). `fabric` is the same for the networks.
    """

    session: str
    provider: str
    pins: dict[str, dict[str, Any]]
    fabric: dict[str, Any] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Owned:
    """Something that exists on the server because of a session (or of labctl itself: no session).

    `kind` is `host`, `fabric` or `helper`; `name` is what the provider's own tools call it.
    """

    kind: str
    name: str
    session: str | None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a host uses: memory in bytes (and its limit), processes, bytes written to disk."""

    host: str
    memory: int
    memory_limit: int
    processes: int
    disk: int = 0


LEAST_FREE = 0.10
"""The free part of the disk that hosts share below which nothing that needs room is begun."""


class Environment(Protocol):
    """Making and removing what a session needs."""

    def up(self, session: str, plan: Plan, report: Report) -> Placement:
        """Bring every host of `plan` up, wired and booted; finishes what was left half made."""

    def revive(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Start and rewire the named hosts, which have stopped; returns their new pins.

        A host that does not come up keeps its old pins, and `states` does not call it running.
        """

    def down(self, session: str, *, but_kept: bool = False) -> None:
        """Remove everything that the session has on the server; nothing there is no error.

        With `but_kept` its snapshots stay, until it is asked for without.
        """

    def owned(self) -> tuple[Owned, ...]:
        """Everything on the server that this installation of labctl made."""

    def tidy(self) -> None:
        """Remove the helpers if no session is left that needs them."""


class Access(Protocol):
    """Ways to the hosts."""

    def dial(self, argv: Sequence[str], preamble: bytes) -> ByteStream:
        """A byte stream to `argv` run in the server's observer, after `preamble` was sent."""

    def guest_dials(self, placement: Placement) -> Mapping[str, Dial]:
        """The ways to hosts' own observers, for hosts that the server's cannot look into."""

    def run(
        self,
        placement: Placement,
        host: str,
        argv: Sequence[str],
        *,
        user: str = "root",
        stdin: bytes = b"",
        cwd: str = "/",
        timeout: float = 60.0,
        limit: int = 1 << 20,
    ) -> ProgramResult:
        """Run a program inside a host; raises `TimeoutError` past `timeout` seconds.

        Keeps at most `limit` bytes of each output stream and says so by `truncated`.
        """

    def console(self, placement: Placement, host: str, user: str) -> int | None:
        """Join the terminal to a login shell; its exit status, None if the host went away."""

    def put(self, placement: Placement, host: str, path: str, content: bytes, mode: int) -> None:
        """Write a file on a host."""

    def expel(self, placement: Placement, hosts: Sequence[str]) -> None:
        """End every session that came in from outside (consoles); nothing else is touched."""


class State(Protocol):
    """What becomes of running hosts."""

    def states(self, placement: Placement) -> Mapping[str, HostState]:
        """Every host of the session, as it is now."""

    def going_down(self, placement: Placement, host: str) -> bool:
        """Whether a running host is in the middle of shutting down."""

    def not_booted(self, placement: Placement, seconds: float) -> Mapping[str, str]:
        """The hosts that have power and have not booted within `seconds`, and how far they are.

        `silent` ones have not come as far as to let themselves be observed, `starting` ones have.
        """

    def freeze(self, placement: Placement) -> None:
        """Stop all hosts' clocks; a frozen host stays frozen."""

    def thaw(self, placement: Placement) -> None:
        """Let all hosts go on."""

    def restart(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Shut hosts down, start and rewire them; returns the new pins.

        A host that does not come up keeps its old pins: it is not running then, or `not_booted`.
        """

    def power_cycle(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Switch hosts off and on that may not hear the power button; returns the new pins.

        Machines are not waited for (see `not_booted`).
        """

    def snapshot(self, placement: Placement, host: str) -> str:
        """Keep a host's disks as they are now until `down` removes them; by which name."""

    def reset(self, placement: Placement, plan: Plan, host: str, report: Report) -> Placement:
        """Make one host anew, as it is before any set-up, and let the others be; the new pins.

        What an earlier try left half made is redone.
        """

    def usage(self, placement: Placement) -> tuple[Usage, ...]:
        """What each running host uses."""

    def disk_free(self) -> float:
        """The free part (0 to 1) of the disk that all hosts share."""

    def disk_room(self) -> int | None:
        """The bytes that are free there; None where that cannot be known."""

    def disk_used(self, placement: Placement) -> Mapping[str, int]:
        """The bytes that each host has written."""

    def freeze_host(self, placement: Placement, host: str) -> None:
        """Stop one host's clock."""


class Acts(Protocol):
    """What is done to machines that have hardware of their own."""

    def break_down(
        self, placement: Placement, plan: Plan, hosts: Sequence[str], report: Report
    ) -> Placement:
        """Bring about the faults that the plan has for these hosts, which are set up; new pins."""

    def hands(
        self, placement: Placement, plan: Plan, act: str, key: str, report: Report
    ) -> tuple[Placement, str]:
        """Do a physical act, known by `key`; the new pins, and what was done, in words.

        Raises `UsageError` where it cannot be done as things are.
        """

    def refit(
        self, placement: Placement, plan: Plan, key: str, report: Report
    ) -> tuple[Placement, str]:
        """Finish the act known by `key`, which was cut off; the new pins, and what was done.

        In no words where it had not been begun: then nothing of it has been done.
        """

    def hardware(self, placement: Placement, host: str) -> HardwareResult:
        """A machine as somebody sees it who stands beside it; `ProviderError` if it is none."""


class Provider(Environment, Access, State, Acts, Protocol):
    """A provider is all of these; `name` is what lab files call it."""

    name: str

    def diagnose(self) -> tuple[Finding, ...]:
        """What `labctl doctor` should say about it."""

    def close(self) -> None:
        """Let go of connections and helpers' streams; what was made on the server stays."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `labctl doctor`: `level` is `ok`, `warning` or `problem`; `cure` what to type."""

    level: str
    title: str
    detail: str = ""
    cure: str = ""
