"""The check type `service`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, failed
from checkers.findings import Findings
from checkers.linux._accounts import Accounts, accounts
from checkers.linux._control_groups import numbers_in
from checkers.linux._systemd import is_active, is_first, starts_at_boot, unit_called
from checkers.linux._sysvinit import has_script, started_by_link
from checkers.linux.process import ENDED, RESTING, Base, arguments, described, is_program
from checkers.linux.user import Name
from checkers.matchers import Matcher, holds, spoken
from checkers.model import Process as Row
from checkers.model import ProcessesResult, Subject
from checkers.reading import all_processes
from checkers.words import listed, plain

PROGRAMS = {
    "ssh": ("sshd",),
    "rsyslog": ("rsyslogd",),
    "bind9": ("named",),
    "isc-dhcp-server": ("dhcpd",),
    "nfs-kernel-server": ("rpc.mountd",),
    "frr": ("watchfrr", "zebra"),
    "cups": ("cupsd",),
    "mariadb": ("mariadbd",),
    "samba": ("smbd",),
}
"""Debian's services whose program is called neither like the service nor like it with a `d`."""


class Service(CheckType):
    """A service runs now, and is started at boot.

        service: {name: ssh, running: true, enabled: true}
        service: {name: bind9, process: named, running: true}
        service: {name: desk, process: perl, argv: {contains: /opt/desk}, user: desk, running: true}
        service: {name: telnetd, running: false, enabled: false}

    *Running* means that a process of the service's program exists, by what the kernel says it is.
    The program is looked for under the service's name, that name with a `d`, or the name that
    Debian gives it; `process` names another. `argv` is any matcher for its arguments and `user`
    whom it runs as, both as in `process`. What is judged besides goes by the host's first process.

    sysvinit: the process counts whoever started it, since neither an exit status of the init
    script nor a file with a process number shows more. *Enabled* means that the folder of the
    default runlevel has a start link (`S01ssh`) that leads to an executable script.

    systemd (virtual machines): the process counts that is in the control group of NAME.service,
    by the kernel's own list, while systemd has the unit as active. Without `process` it is any, but
    for Debian's services that are known by another name. *Enabled* means that booting starts the
    unit: `default.target` asks for it, or a unit does that is started, by a link in a folder such
    as `multi-user.target.wants` or a line such as `Wants=`. It is judged by the files as they are,
    in all places where systemd looks but /run, with aliases, drop-ins, and start scripts that no
    unit stands in for. A unit that is masked is not started. What starts a unit later, such as a
    timer or a socket, does not count, nor what other generators make. Root can move a process into
    the group of an active unit by hand: what systemd really runs shows `when: after-restart`.

    Unless both are expected to be false, the service's script or unit must be there. With `running:
    false` no process of the program may exist at all, nor any in the unit's control group.

    Error: processes cannot be read, or for sysvinit the inittab or the runlevel's folder, for
    systemd the folders of units, or the tree of control groups, or something is mounted over it.
    """

    kind: ClassVar[str] = "service"

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+@-]{0,63}$")]
    running: bool | None = None
    enabled: bool | None = None
    process: Base | None = None
    argv: Matcher | None = None
    user: Name | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Service:
        if self.running is None and self.enabled is None:
            raise ValueError("say what is expected: `running`, `enabled` or both")
        if self.running is None and {"argv", "user"} & self.model_fields_set:
            raise ValueError("`argv` and `user` say what is `running`")
        return self

    def run(self, subject: Subject) -> Check:
        """Look at who is first, the service's files, its processes and what booting starts."""
        host = subject.host
        known: Accounts | None = None
        if self.user is not None:
            known = yield from accounts(host)
            if known.uid(self.user) is None:
                said = f"{self.name} as {plain(self.user)}"
                return failed(expected=said, found=f"there is no user {plain(self.user)}")
        listing = yield from all_processes(host)
        findings = Findings()
        if is_first(host, listing):
            yield from self._under_systemd(findings, host, known)
        else:
            yield from self._under_sysvinit(findings, host, listing, known)
        return findings.verdict()

    def _under_sysvinit(
        self, findings: Findings, host: str, listing: ProcessesResult, known: Accounts | None
    ) -> Asking[None]:
        if self.running or self.enabled:
            there = yield from has_script(host, self.name)
            self._note_service(findings, there=there, said=f"service called {self.name}")
        if self.running is not None:
            own = [row for row in listing.processes if self._fits(row, known, self._programs)]
            self._note_running(findings, own, f"no process of {self._said}")
        if self.enabled is not None:
            started, said = yield from started_by_link(host, self.name)
            self._note_enabled(findings, started, said)

    def _under_systemd(self, findings: Findings, host: str, known: Accounts | None) -> Asking[None]:
        name = f"{self.name}.service"
        files, unit = yield from unit_called(host, name)
        if self.running or self.enabled:
            self._note_service(findings, there=unit is not None, said=f"unit called {name}")
        if self.running is not None:
            yield from self._compare_group(findings, host, unit.name if unit else name, known)
        if self.enabled is not None:
            boot = yield from starts_at_boot(files, unit, name)
            self._note_enabled(findings, boot.started, boot.said)

    def _compare_group(
        self, findings: Findings, host: str, unit: str, known: Accounts | None
    ) -> Asking[None]:
        active = yield from is_active(host, unit)
        numbers = yield from numbers_in(host, unit)
        # Looked at anew: a process that has just been started is in the group already.
        listing = yield from all_processes(host)
        inside = [row for row in listing.processes if row.pid in numbers]
        others = [row for row in listing.processes if self._fits(row, known, self._programs)]
        if not self.running:
            rows = [*inside, *(row for row in others if row not in inside)]
            self._note_running(findings, rows, f"no process of {unit} or {self._said}")
            return
        own = [row for row in inside if self._fits(row, known, self._own_programs)]
        said = (
            f"no {'such ' if inside else ''}process of {unit}"
            if active
            else f"{unit} is not active"
        )
        near = [row for row in (inside or others) if row.state not in RESTING]
        if near and not (active and own):
            shown = listed((_as_whom(row, known) for row in near), most=2)
            said = f"{said}; {'in it' if inside else 'outside of it'} runs {shown}"
        self._note_running(findings, own if active else [], said)

    @property
    def _programs(self) -> tuple[str, ...]:
        return self._own_programs or (self.name, f"{self.name}d")

    @property
    def _own_programs(self) -> tuple[str, ...]:
        """The programs by which the service is known for sure; any will do where there are none."""
        return (self.process,) if self.process is not None else PROGRAMS.get(self.name, ())

    @property
    def _said(self) -> str:
        parts = [" or ".join(self._programs)]
        parts += [f"with the arguments {spoken(self.argv)}"] if self.argv is not None else []
        parts += [f"as {plain(self.user)}"] if self.user else []
        return " ".join(parts)

    def _fits(self, row: Row, known: Accounts | None, programs: tuple[str, ...]) -> bool:
        return (
            (not programs or any(is_program(row, name, None) for name in programs))
            and (known is None or known.uid(self.user or "") == row.uid)
            and (self.argv is None or holds(self.argv, arguments(row)))
        )

    def _note_service(self, findings: Findings, *, there: bool, said: str) -> None:
        name = f"a service {self.name}"
        findings.note(there, expected=name, found=name if there else f"no {said}")

    def _note_running(self, findings: Findings, own: list[Row], without: str) -> None:
        # What is stopped does not serve, but can go on at any time.
        idle = RESTING if self.running else ENDED
        alive = [row for row in own if row.state not in idle]
        found = without
        if alive:
            found = f"{self.name} runs: {listed(map(described, alive), most=2)}"
        elif own:
            found = f"{described(own[0])} {RESTING[own[0].state]}"
        findings.note(
            bool(alive) == self.running,
            expected=f"{self.name} {'running' if self.running else 'not running'}{self._how}",
            found=found,
        )

    @property
    def _how(self) -> str:
        as_whom = f" as {plain(self.user)}" if self.user else ""
        return as_whom + (f" with the arguments {spoken(self.argv)}" if self.argv else "")

    def _note_enabled(self, findings: Findings, started: bool, said: str) -> None:
        findings.note(
            started == self.enabled,
            expected=f"{self.name} {'started at boot' if self.enabled else 'not started at boot'}",
            found=said,
        )


def _as_whom(row: Row, known: Accounts | None) -> str:
    return described(row) + (f" as {plain(known.user_name(row.uid))}" if known else "")
