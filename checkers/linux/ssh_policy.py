"""The check type `ssh_policy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, field_validator, model_validator

from checkers.check import Asking, Check, CheckType, ask, failed
from checkers.findings import INSIDE_ONLY, Findings
from checkers.lab_names import HostName
from checkers.linux._attributes import Path
from checkers.linux._ssh import Attempt, Login, program, understood
from checkers.linux.user import Name
from checkers.matchers import Matcher
from checkers.model import Inside, Phase, Subject
from checkers.network._ip import HostAddress
from checkers.network._witness import ANSWERED_ELSEWHERE, FarEnd, far_end
from checkers.network.tcp import address_of
from checkers.reading import good_output, spelled, system_file, unobserved, whole
from checkers.words import listed, plain

SSHD = "/usr/sbin/sshd"
OTHER_SIDE = "the settings are what the host's own sshd says of its files"
"""The flag of verdicts that rest on `settings`."""

Method = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9@.-]{1,40}$")]
Methods = Annotated[tuple[Method, ...], Field(min_length=1, max_length=10)]
Algorithms = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9@._-]{2,80}$")], ...],
    Field(min_length=1, max_length=60),
]
Setting = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{2,60}$")]


class SshPolicy(CheckType):
    """What an SSH server lets a user do, tried from another host.

        ssh_policy: {user: amy, methods: [publickey]}                  # with `host:` and `from:`
        ssh_policy: {user: amy, refuses: [password, keyboard-interactive]}
        ssh_policy: {user: amy, key: /root/.ssh/id_ed25519, login: true}
        ssh_policy: {user: root, password: "{{ root_password }}", login: false}
        ssh_policy: {user: amy, no_algorithms: [3des-cbc, hmac-md5, ssh-rsa]}
        ssh_policy: {user: root, settings: {permitrootlogin: "no"}}

    Everything is tried from the check's `from:` host, at `to` (an address) or else at an address of
    the check's `host:` on a network that both are on, at `port` (default 22). The server must be
    seen to be reached and must answer as an SSH server: one that is stopped, or that closes the
    connection, fails whatever is expected.

    `methods` are exactly the ways to log in that the server offers the user, `refuses` are ways
    that it must not offer. With `login` an attempt is made, by the private key at the path `key`
    *on the `from:` host* (without a passphrase; a set-up script puts it there) or by `password`:
    `true` wants it to succeed and a command to run, `false` wants it refused. A refusal shows
    something only if the key or password would otherwise do: a server offers root a password that
    it never accepts, so let the set-up give root that key or password, and judge it with
    `login: false`.
    `no_algorithms` are ciphers, MACs, key exchanges or kinds of host keys that it must not propose.

    `settings` are for what no attempt can show: names as `sshd -T` prints them, with any matcher
    for the value that holds for this user coming from that host. They are what the host's own
    program reads in its files (flagged so); a server that was not restarted since may do otherwise.

    Error: nothing shows that a request was made, the key cannot be read, or the client ends in a
    way that says nothing about the server.
    """

    kind: ClassVar[str] = "ssh_policy"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    user: Name
    to: HostAddress | None = None
    port: int = Field(default=22, ge=1, le=65535)
    at: HostName | None = None
    methods: Methods | None = None
    refuses: Methods | None = None
    key: Path | None = None
    password: Annotated[str, StringConstraints(pattern=r"^[^\x00\n]{1,200}$")] | None = None
    login: bool | None = None
    no_algorithms: Algorithms | None = None
    settings: Annotated[Mapping[Setting, Matcher], Field(min_length=1)] | None = None

    @field_validator("user")
    @classmethod
    def _no_option(cls, value: str) -> str:
        if value.startswith("-"):
            raise ValueError("no user's name begins with `-`")
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> SshPolicy:
        if (self.login is None) != (self.key is None and self.password is None):
            raise ValueError("`login` goes with `key` or `password`")
        if self.key is not None and self.password is not None:
            raise ValueError("give either `key` or `password`")
        wanted = (self.methods, self.refuses, self.login, self.no_algorithms, self.settings)
        if all(one is None for one in wanted):
            raise ValueError("say what is expected: `methods`, `refuses`, `login` …")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask the server what it offers, then try to log in."""
        to = self.to or (yield from address_of(subject))
        if to is None:
            said = f"an SSH server at {subject.host}"
            return failed(expected=said, found=f"{subject.host} has no address to connect to")
        end = yield from far_end(subject, to, self.at)
        findings = Findings()
        login = Login(subject.source, self.user, to, self.port)
        offered = yield from self._attempt(login)
        if not self._reached(findings, end, offered):
            return findings.verdict()
        self._compare_offer(findings, offered)
        if self.login is not None:
            key = b""
            if self.key is not None:
                path = self.key.encode("utf-8", "surrogateescape")
                key = yield from system_file(subject.source, path, 1 << 16)
            secret = Login(subject.source, self.user, to, self.port, key, self.password or "")
            tried = yield from self._attempt(secret)
            if self._reached(findings, end, tried):
                self._compare_login(findings, tried)
        if self.settings is not None and not findings.failing:
            yield from self._compare_settings(findings, subject.host, end)
        return findings.verdict()

    def _attempt(self, login: Login) -> Asking[Attempt]:
        result = yield from ask(program(login))
        return understood(result)

    def _reached(self, findings: Findings, end: FarEnd, seen: Attempt) -> bool:
        """Whether an SSH server spoke, and the right one; a miss is added where it did not."""
        where = f"an SSH server at port {self.port} of {end.address}"
        if seen.trouble:
            if not seen.sightings and not end.nobody and not end.own:
                raise unobserved(f"nothing shows that {end.source} asked {end.address}")
            found = end.nobody or seen.trouble
            return findings.note(False, expected=where, found=f"none: {found}")  # noqa: FBT003
        trouble = end.trouble(seen.sightings)
        if trouble:
            findings.flags.append(ANSWERED_ELSEWHERE)
            findings.miss(expected=where, found=trouble)
        return not trouble

    def _compare_offer(self, findings: Findings, seen: Attempt) -> None:
        user = plain(self.user)
        # Who is let in without anything needs no method.
        offer = seen.methods if seen.methods is not None else frozenset({"none"})
        found = f"{listed(sorted(offer), none='no way to log in')} for {user}"
        findings.hold(expected=f"an SSH server for {user}", found=found)
        if self.methods is not None:
            findings.note(
                offer == set(self.methods),
                expected=f"exactly {listed(sorted(self.methods))} for {user}",
                found=found,
            )
        if self.refuses is not None:
            findings.note(
                not offer & {*self.refuses, "none"},
                expected=f"no {' or '.join(self.refuses)} for {user}",
                found=found,
            )
        if self.no_algorithms is not None:
            weak = sorted(seen.algorithms & set(self.no_algorithms))
            findings.note(
                bool(seen.algorithms) and not weak,
                expected=f"none of {listed(self.no_algorithms)} proposed",
                found=f"{listed(weak)} proposed" if weak else "none of these proposed",
            )

    def _compare_login(self, findings: Findings, seen: Attempt) -> None:
        by = "by key" if self.key is not None else "by password"
        if seen.status is None:
            found = f"{by} it is refused"
        elif seen.status == 0:
            found = f"{by} it succeeds"
        else:
            found = f"{by} it succeeds, but a command ends with {seen.status}"
        right = seen.status == 0 if self.login else seen.status is None
        name = plain(self.user)
        findings.note(
            right,
            expected=f"a login of {name} {by} {'accepted' if self.login else 'refused'}",
            found=f"a login of {name}: {found}",
        )

    def _compare_settings(self, findings: Findings, host: str, end: FarEnd) -> Asking[None]:
        client = next((str(one) for one in end.from_ if one.version == end.address.version), "")
        about = (
            f"user={self.user},host={client},addr={client},laddr={end.address},lport={self.port}"
        )
        probe = Inside(host, (SSHD, "-T", "-C", about))
        output = good_output(probe.argv, whole(probe.argv, (yield from ask(probe))))
        found: dict[str, list[str]] = {}
        for line in output.decode("utf-8", "replace").splitlines():
            name, _, value = line.partition(" ")
            found.setdefault(name.lower(), []).append(value.strip())
        if not {"port", "permitrootlogin"} <= found.keys():
            raise unobserved(f"{spelled(probe.argv)} did not print the settings")
        findings.flags += [INSIDE_ONLY, OTHER_SIDE]
        for name, matcher in (self.settings or {}).items():
            findings.compare(name, matcher, " ".join(found[name]) if name in found else None)
