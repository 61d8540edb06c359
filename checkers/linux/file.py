"""The check type `file`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Check, CheckType, ask, failed, passed
from checkers.findings import Findings
from checkers.linux._accounts import accounts
from checkers.linux._attributes import GONE, KINDS, Attributes, Path, compare, described
from checkers.matchers import Matcher
from checkers.model import File as Look
from checkers.model import FileResult, Subject, Verdict
from checkers.reading import content_of, unobserved
from checkers.words import plain, size

LONGEST_HASHED = 32 << 20
"""Bytes of a file whose SHA-256 is asked for."""


class File(CheckType, Attributes):
    """A file is there, with its content and attributes, or is not there.

        file: {path: /etc/motd, content: {contains: Welcome}}
        file: {path: /srv/plan.txt, owner: amy, group: team, mode: "0640", acl: ["g:team:rw-"]}
        file: {path: /usr/local/bin/tidy, mode: {min: "0755"}, size: {min: 1}}
        file: {path: /etc/cron.d/old, absent: true}

    Links in the path are followed within the host; with `type: link` the link itself is looked at,
    and `target` is its text. `content` is any matcher for the whole content (UTF-8, at most
    `limit` bytes, 1 MiB unless said otherwise; a longer file fails). `mode` is octal, exactly, or
    {min, max}: bits that must and that may be set. `acl` are entries in setfacl's notation and
    compare *effective* rights, with the mask taken into account; a user that owns the file, or the
    group that it belongs to, has its rights by that. `sha256` is the content's digest in hex, up to
    32 MiB. `owner` and `group` are names or numbers. `absent: true` wants nothing at that path, not
    even a link that leads nowhere.

    Error: the host cannot be looked at, the file is held by a lease, or its accounts (needed for
    names) cannot be read.
    """

    kind: ClassVar[str] = "file"

    path: Path
    type: Literal["file", "directory", "link", "fifo", "socket", "block", "char"] = "file"
    target: Matcher | None = None
    content: Matcher | None = None
    size: Matcher | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    limit: int = Field(default=1 << 20, ge=1, le=LONGEST_HASHED)
    exists: bool = True
    absent: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> File:
        inside = self.content is not None or self.sha256 is not None or self.size is not None
        if self.absent and self.exists and "exists" in self.model_fields_set:
            raise ValueError("`absent: true` and `exists: true` contradict each other")
        if self._unwanted and (inside or self.target or self.expects_attributes):
            raise ValueError("where nothing is to be found, nothing else can be expected")
        if inside and self.type != "file":
            raise ValueError(f"{KINDS[self.type]} has no content to compare")
        if self.target is not None and self.type != "link":
            raise ValueError("`target` needs `type: link`")
        return self

    @property
    def _unwanted(self) -> bool:
        return self.absent or not self.exists

    @property
    def _said(self) -> str:
        return plain(self.path)

    def run(self, subject: Subject) -> Check:
        """Look at the path and compare what stands there."""
        if self._unwanted:
            found = yield from ask(Look(subject.host, self._bytes, follow=False))
            return self._absence(found)
        limit = self.limit if self.content is not None else 0
        limit = LONGEST_HASHED if self.sha256 is not None else limit
        look = Look(subject.host, self._bytes, limit=limit, follow=self.type != "link")
        found = yield from ask(look)
        findings = Findings()
        right = found.type == self.type
        findings.note(right, expected=f"{KINDS[self.type]} at {self._said}", found=described(found))
        if right:
            if self.expects_attributes:
                known = yield from accounts(subject.host)
                compare(self, findings, self._said, found, known)
            self._compare_rest(findings, found)
        return findings.verdict()

    @property
    def _bytes(self) -> bytes:
        return self.path.encode("utf-8", "surrogateescape")

    def _absence(self, found: FileResult) -> Verdict:
        expected = f"nothing at {self._said}"
        if found.type is not None:
            return failed(expected=expected, found=described(found))
        if found.why not in GONE:
            raise unobserved(f"{self._said} cannot be looked for: {found.why or 'no reason given'}")
        return passed(expected=expected, found=f"nothing ({found.why})")

    def _compare_rest(self, findings: Findings, found: FileResult) -> None:
        if self.target is not None:
            findings.compare(f"the target of {self._said}", self.target, found.target)
        if self.size is not None:
            findings.compare(f"the size of {self._said} in bytes", self.size, found.size)
        if self.content is None and self.sha256 is None:
            return
        if found.truncated:
            limit = LONGEST_HASHED if self.sha256 is not None else self.limit
            findings.miss(
                expected=f"{self._said} of at most {size(limit)}",
                found=f"{size(found.size)}, more than is read",
            )
            return
        content = content_of(self._bytes, found)
        if self.content is not None:
            findings.compare(
                f"the content of {self._said}", self.content, content, empty=found.size == 0
            )
        if self.sha256 is not None:
            findings.note(
                found.sha256 == self.sha256.lower(),
                expected=f"the SHA-256 of {self._said} {self.sha256.lower()}",
                found=found.sha256 or "none",
            )
