"""The check type `service`."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, ask, ask_all
from checkers.findings import Findings
from checkers.linux.process import ENDED, RESTING, Base, described, is_program
from checkers.model import Directory, File, FileResult, Subject
from checkers.reading import all_processes, content_of, unobserved
from checkers.words import listed, plain

INITTAB = b"/etc/inittab"
_DEFAULT_LEVEL = re.compile(rb"^[^#:]*:(?P<level>[0-6]):initdefault:", re.MULTILINE)

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
        service: {name: telnetd, running: false, enabled: false}

    For hosts whose first process is sysvinit. *Running* means that a process of the service's
    program exists, by what the kernel says it is and whoever started it: neither an exit status of
    the init script nor a file with a process number shows that. The program is looked for under
    the service's name, that name with a `d`, or the name that Debian gives it; `process` names
    another. *Enabled* means that the folder of the default runlevel has a start link (`S01ssh`)
    that leads to an executable script. Unless both are expected to be false, the script
    /etc/init.d/NAME must be there.

    Error: processes, the inittab or the runlevel's folder cannot be read.
    """

    kind: ClassVar[str] = "service"

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+@-]{0,63}$")]
    running: bool | None = None
    enabled: bool | None = None
    process: Base | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Service:
        if self.running is None and self.enabled is None:
            raise ValueError("say what is expected: `running`, `enabled` or both")
        return self

    def run(self, subject: Subject) -> Check:
        """Look at the script, the processes and the start links."""
        findings = Findings()
        if self.running or self.enabled:
            script = yield from ask(File(subject.host, f"/etc/init.d/{self.name}".encode()))
            right = _executable(script)
            findings.note(
                right,
                expected=f"a service {self.name}",
                found=f"a service {self.name}" if right else f"no service called {self.name}",
            )
        if self.running is not None:
            yield from self._compare_running(findings, subject)
        if self.enabled is not None:
            yield from self._compare_enabled(findings, subject)
        return findings.verdict()

    @property
    def _programs(self) -> tuple[str, ...]:
        if self.process is not None:
            return (self.process,)
        return PROGRAMS.get(self.name, (self.name, f"{self.name}d"))

    def _compare_running(self, findings: Findings, subject: Subject) -> Asking[None]:
        listing = yield from all_processes(subject.host)
        own = [
            row
            for row in listing.processes
            if any(is_program(row, name, None) for name in self._programs)
        ]
        # What is stopped does not serve, but can go on at any time.
        idle = RESTING if self.running else ENDED
        alive = [row for row in own if row.state not in idle]
        found = f"no process of {' or '.join(self._programs)}"
        if alive:
            found = f"{self.name} runs: {listed((described(row) for row in alive), most=2)}"
        elif own:
            found = f"{described(own[0])} {RESTING[own[0].state]}"
        findings.note(
            bool(alive) == self.running,
            expected=f"{self.name} {'running' if self.running else 'not running'}",
            found=found,
        )

    def _compare_enabled(self, findings: Findings, subject: Subject) -> Asking[None]:
        inittab = yield from ask(File(subject.host, INITTAB, limit=1 << 16))
        level = _DEFAULT_LEVEL.search(content_of(INITTAB, inittab))
        if level is None:
            raise unobserved(f"the inittab of {subject.host} sets no default runlevel")
        folder = b"/etc/rc%s.d" % level["level"]
        listing = yield from ask(Directory(subject.host, folder))
        if listing.entries is None or listing.truncated:
            raise unobserved(f"{plain(folder)} cannot be listed: {listing.why or 'too many names'}")
        link = re.compile(rb"S[0-9]{2}" + re.escape(self.name.encode()))
        names = [entry.name for entry in listing.entries if link.fullmatch(entry.name)]
        good = []
        if names:
            looks = [File(subject.host, folder + b"/" + name) for name in names]
            targets = yield from ask_all(*looks)
            good = [name for name, found in zip(names, targets, strict=True) if _executable(found)]
        said = f"no start link for {self.name} in {plain(folder)}"
        if good:
            said = f"{plain(folder + b'/' + good[0])} starts it"
        elif names:
            said = f"{plain(folder + b'/' + names[0])} leads to no executable script"
        findings.note(
            bool(good) == self.enabled,
            expected=f"{self.name} {'started at boot' if self.enabled else 'not started at boot'}",
            found=said,
        )


def _executable(found: FileResult) -> bool:
    return found.type == "file" and bool(found.mode & 0o100) and found.size > 0
