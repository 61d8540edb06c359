"""The check type `group`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from checkers.check import Check, CheckType, failed, passed
from checkers.findings import Findings
from checkers.linux._accounts import Accounts, GroupEntry, accounts, shown
from checkers.linux.user import Name
from checkers.matchers import Matcher
from checkers.model import Subject
from checkers.reading import unobserved
from checkers.words import listed, plain


class Group(CheckType):
    """A group is there with its members, or is not there.

        group: {name: team, members: [amy, bilal], only: true}
        group: {name: audit, gid: 4000}
        group: {name: old, absent: true}

    `members` are users that must be in the group, by their entry in it or as their primary group;
    with `only: true` there may be no others. A name in the entry that is no user's does not count.
    `gid` is any matcher.

    Error: passwd or group cannot be read whole.
    """

    kind: ClassVar[str] = "group"

    name: Name
    gid: Matcher | None = None
    members: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    only: bool = False
    absent: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Group:
        if self.only and self.members is None:
            raise ValueError("`only` needs `members`")
        if self.absent and self.model_fields_set - {"name", "absent"}:
            raise ValueError("`absent: true` goes with `name` alone")
        return self

    def run(self, subject: Subject) -> Check:
        """Find the group and compare it."""
        known = yield from accounts(subject.host)
        name = plain(self.name)
        found = known.groups.get(self.name)
        if self.absent:
            if not known.groups:
                raise unobserved(f"{subject.host} has no group at all, not even root's")
            if found is not None:
                return failed(expected=f"no group {name}", found=f"group {name} (gid {found.gid})")
            return passed(expected=f"no group {name}", found="no such group")
        if found is None:
            return failed(expected=f"group {name}", found="no such group")
        findings = Findings()
        findings.hold(expected=f"group {name}", found=f"group {name} (gid {found.gid})")
        if self.gid is not None:
            findings.compare(f"the gid of {name}", self.gid, found.gid)
        self._compare_members(findings, name, found, known)
        return findings.verdict()

    def _compare_members(
        self, findings: Findings, name: str, found: GroupEntry, known: Accounts
    ) -> None:
        if self.members is None:
            return
        there = known.members_of(found)
        wanted = set(self.members)
        unknown = sorted(set(found.members) & wanted - set(known.users))
        remark = f" ({listed(map(plain, unknown))} is no user)" if unknown else ""
        alone = " alone" if self.only else ""
        findings.note(
            there == wanted if self.only else there >= wanted,
            expected=f"{listed(map(plain, self.members))}{alone} in {name}",
            found=f"{listed(shown(there), none='nobody')} in {name}{remark}",
        )
