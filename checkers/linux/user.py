"""The check type `user`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Check, CheckType, failed, passed
from checkers.findings import Findings
from checkers.linux._accounts import Account, Accounts, accounts, shown, with_passwords
from checkers.linux._attributes import Path
from checkers.matchers import Matcher
from checkers.model import Subject
from checkers.reading import unobserved
from checkers.words import listed, plain, quoted

Name = Annotated[str, StringConstraints(pattern=r"^[^:,\s/][^:,\n/]{0,63}$")]
"""The name of an account."""

_PASSWORD = {
    "set": "a password that can be used",
    "locked": "no password that can be used",
    "none": "an empty password",
}


class User(CheckType):
    """An account is there, as it should be, or is not there.

        user: {name: amy, groups: [team], shell: /bin/bash, home: /home/amy, password: set}
        user: {name: backup, password: locked, uid: {min: 100, max: 999}}
        user: {name: mallory, absent: true}

    `groups` must all be among the user's groups, the primary one included; with `only: true` there
    may be no others than these and the primary one. `group` is the primary group. `uid` and
    `comment` are any matcher. `password` is `set` (a hash that can be logged in with), `locked`
    (none can) or `none` (none is needed). What counts stands in passwd, group and shadow, read as
    the C library reads them.

    Error: these files cannot be read whole.
    """

    kind: ClassVar[str] = "user"

    name: Name
    uid: Matcher | None = None
    group: Name | None = None
    groups: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    only: bool = False
    shell: Path | None = None
    home: Path | None = None
    comment: Matcher | None = None
    password: Literal["set", "locked", "none"] | None = None
    absent: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> User:
        if self.only and self.groups is None:
            raise ValueError("`only` needs `groups`")
        if self.absent and self.model_fields_set - {"name", "absent"}:
            raise ValueError("`absent: true` goes with `name` alone")
        return self

    def run(self, subject: Subject) -> Check:
        """Find the account and compare it."""
        known = yield from accounts(subject.host)
        name = plain(self.name)
        found = known.users.get(self.name)
        if self.absent:
            if not known.users:
                raise unobserved(f"{subject.host} has no user at all, not even root")
            if found is not None:
                return failed(expected=f"no user {name}", found=f"user {name} (uid {found.uid})")
            return passed(expected=f"no user {name}", found="no such user")
        if found is None:
            return failed(expected=f"user {name}", found="no such user")
        if self.password is not None:
            known = yield from with_passwords(subject.host, known)
        findings = Findings()
        findings.hold(expected=f"user {name}", found=f"user {name} (uid {found.uid})")
        self._compare(findings, name, found)
        self._compare_groups(findings, name, found, known)
        if self.password is not None:
            state = known.password_of(found)
            findings.note(
                state == self.password,
                expected=f"{_PASSWORD[self.password]} of {name}",
                found=_PASSWORD[state],
            )
        return findings.verdict()

    def _compare(self, findings: Findings, name: str, found: Account) -> None:
        if self.uid is not None:
            findings.compare(f"the uid of {name}", self.uid, found.uid)
        if self.comment is not None:
            findings.compare(f"the comment of {name}", self.comment, found.comment)
        for what, wanted, is_ in (
            ("shell", self.shell, found.shell),
            ("home", self.home, found.home),
        ):
            if wanted is not None:
                right = wanted.rstrip("/") == is_.rstrip("/")
                findings.note(
                    right,
                    expected=f"{what} {plain(wanted)} of {name}",
                    found=f"{what} {quoted(is_)}",
                )

    def _compare_groups(
        self, findings: Findings, name: str, found: Account, known: Accounts
    ) -> None:
        primary = known.primary(found)
        if self.group is not None:
            findings.note(
                known.gid(self.group) == found.gid,
                expected=f"primary group {plain(self.group)} of {name}",
                found=f"primary group {plain(primary)}",
            )
        if self.groups is not None:
            there = known.groups_of(found)
            extra = there - set(self.groups) - {primary} if self.only else set()
            alone = " alone" if self.only else ""
            findings.note(
                set(self.groups) <= there and not extra,
                expected=f"{name} in {listed(map(plain, self.groups))}{alone}",
                found=f"{name} in {listed(shown(there))}",
            )
