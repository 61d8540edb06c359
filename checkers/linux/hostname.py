"""The check type `hostname`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, ask
from checkers.findings import Findings
from checkers.linux._attributes import GONE
from checkers.linux._node import node_name
from checkers.model import File, Subject
from checkers.reading import content_of, unobserved
from checkers.words import quoted

HOSTNAME = b"/etc/hostname"
HOSTS = b"/etc/hosts"

Label = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
        r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
        max_length=64,
    ),
]


class Hostname(CheckType):
    """A host goes by a name, now and after its next start.

        hostname: {name: web1}
        hostname: {name: web1, now: false, fqdn: web1.branch.example}

    The name that it has *now* is the kernel's, as `hostname` prints it; the one it will have is the
    first word of /etc/hostname. Both must be `name`; `now: false` or `at_boot: false` leaves one of
    them out. In a container nobody can change the name that it has now: use `now: false` there, or
    `when: after-restart` where the image sets the name at boot. `fqdn` is the whole name, by the
    line of /etc/hosts that holds `name`: the first name on it, as `hostname --fqdn` takes it.

    Error: the files cannot be read, or the kernel's name is none.
    """

    kind: ClassVar[str] = "hostname"

    name: Label
    now: bool = True
    at_boot: bool = True
    fqdn: Label | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Hostname:
        if not (self.now or self.at_boot or self.fqdn):
            raise ValueError("leave at least one of `now`, `at_boot` and `fqdn` to be judged")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask the kernel and read the files."""
        findings = Findings()
        if self.now:
            found = yield from node_name(subject.host)
            findings.note(
                found == self.name, expected=f"the name {self.name}", found=f"the name {found}"
            )
        if self.at_boot:
            words = (yield from _text(subject.host, HOSTNAME)).split()
            findings.note(
                words[:1] == [self.name.encode()],
                expected=f"{self.name} in /etc/hostname",
                found=f"{quoted(words[0], 70) if words else 'nothing'} in /etc/hostname",
            )
        if self.fqdn is not None:
            whole = _first_name(self.name.encode(), (yield from _text(subject.host, HOSTS)))
            findings.note(
                whole.lower() == self.fqdn.lower().encode(),
                expected=f"the whole name {self.fqdn} in /etc/hosts",
                found=f"{quoted(whole, 70)} in /etc/hosts",
            )
        return findings.verdict()


def _text(host: str, path: bytes) -> Asking[bytes]:
    """The lines of a file that are no comments; a file that is not there has none."""
    found = yield from ask(File(host, path, limit=1 << 16))
    if found.type is None:
        if found.why not in GONE:
            raise unobserved(f"{path.decode()} cannot be looked for: {found.why or 'no reason'}")
        return b""
    lines = [line.partition(b"#")[0] for line in content_of(path, found).split(b"\n")]
    return b"\n".join(lines)


def _first_name(name: bytes, hosts: bytes) -> bytes:
    """The first name of the line that holds `name`; nothing where there is none."""
    for line in hosts.split(b"\n"):
        words = line.split()
        if name.lower() in (word.lower() for word in words[1:]):
            return words[1]
    return b""
