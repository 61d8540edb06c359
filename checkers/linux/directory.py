"""The check type `directory`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Check, CheckType, ask
from checkers.findings import Findings
from checkers.linux._accounts import accounts
from checkers.linux._acl import wanted
from checkers.linux._attributes import (
    AclEntries,
    Attributes,
    Path,
    compare,
    compare_entry,
    described,
)
from checkers.matchers import Matcher
from checkers.model import Directory as Listing
from checkers.model import DirectoryResult, Subject
from checkers.model import File as Look
from checkers.reading import unobserved
from checkers.words import listed, plain

Entry = Annotated[str, StringConstraints(pattern=r"^[^/\x00]{1,255}$")]


class Directory(CheckType, Attributes):
    """A directory is there, with its attributes and entries.

        directory: {path: /srv/team, owner: root, group: team, mode: "2770"}
        directory: {path: /srv/team, acl: ["g:audit:r-x"], default_acl: ["g:team:rwx"]}
        directory: {path: /srv/drop, entries: [in, out], only: true}

    `owner`, `group`, `mode` and `acl` are as in `file`. `setgid` and `sticky` look at these bits
    alone. `default_acl` are entries (without `d:`) that what is made in the directory will get, by
    their effective rights; a group that the directory passes on by its set-group-id bit has its
    rights by that. `entries` are names that must be in it; with `only: true` there may be no
    others. `count` is the number of names (any matcher).

    Error: the host cannot be looked at, or the directory has more entries than are listed.
    """

    kind: ClassVar[str] = "directory"

    path: Path
    setgid: bool | None = None
    sticky: bool | None = None
    default_acl: AclEntries | None = None
    entries: Annotated[tuple[Entry, ...], Field(min_length=1)] | None = None
    only: bool = False
    count: Matcher | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Directory:
        if self.only and self.entries is None:
            raise ValueError("`only` needs `entries`")
        return self

    def run(self, subject: Subject) -> Check:
        """Look at the directory and compare it."""
        path = self.path.encode("utf-8", "surrogateescape")
        found = yield from ask(Look(subject.host, path))
        findings = Findings()
        name = plain(self.path)
        is_one = found.type == "directory"
        findings.note(is_one, expected=f"a directory at {name}", found=described(found))
        if not is_one:
            return findings.verdict()
        self._compare_bits(findings, name, found.mode)
        if self.expects_attributes or self.default_acl is not None:
            known = yield from accounts(subject.host)
            compare(self, findings, name, found, known)
            for text in self.default_acl or ():
                entry = wanted(text if text.startswith("d") else f"d:{text}")
                compare_entry(entry, findings, name, found, known)
        if self.entries is not None or self.count is not None:
            listing = yield from ask(Listing(subject.host, path))
            self._compare_entries(findings, name, listing)
        return findings.verdict()

    def _compare_bits(self, findings: Findings, name: str, mode: int) -> None:
        for wish, bit, said in (
            (self.setgid, 0o2000, "the set-group-id bit"),
            (self.sticky, 0o1000, "the sticky bit"),
        ):
            if wish is not None:
                findings.note(
                    bool(mode & bit) == wish,
                    expected=f"{said} {'' if wish else 'not '}set on {name}",
                    found=f"mode {mode:04o}",
                )

    def _compare_entries(self, findings: Findings, name: str, listing: DirectoryResult) -> None:
        if listing.entries is None or listing.truncated:
            raise unobserved(f"the entries of {name} cannot be listed: {listing.why or 'too many'}")
        names = [entry.name for entry in listing.entries]
        shown = listed((plain(found, 40) for found in names), none="no entry")
        if self.entries is not None:
            wanted_names = {entry.encode("utf-8", "surrogateescape") for entry in self.entries}
            right = set(names) == wanted_names if self.only else set(names) >= wanted_names
            alone = " alone" if self.only else ""
            findings.note(
                right, expected=f"{listed(map(plain, self.entries))}{alone} in {name}", found=shown
            )
        if self.count is not None:
            findings.compare(f"the number of entries in {name}", self.count, len(names))
