"""The check type `filesystem`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from checkers.check import Asking, Check, CheckType, ask, failed
from checkers.findings import Findings
from checkers.linux._attributes import GONE, Path
from checkers.linux._mounts import mounted_at, mounts
from checkers.linux._sizes import Size
from checkers.matchers import Matcher
from checkers.model import Blame, Subject
from checkers.reading import unobserved
from checkers.storage import DeletedFiles, FilesystemResult, OpenFile
from checkers.storage import Filesystem as Look
from checkers.words import listed, plain, quoted, size

SERVERS_OWN = ("overlay", "fuse.fuse-overlayfs")
"""Types of a container's root: its room is that of the server, and says nothing of the host."""


class Filesystem(CheckType):
    """The file system that a path is on is as full, or as free, as it should be.

        filesystem: {path: /var/log, used: {max: 80}}
        filesystem: {path: /srv/data, available: 20M, inodes: {max: 90}}
        filesystem: {path: /var/log, used: {max: 60}, deleted: 0}

    `used` is any matcher for the percentage that `df` shows: what is used, of what is used or may
    still be filled by those without special rights, rounded up. `inodes` is the same for files
    (`df -i`). `available` is how much at least must be left for those users: a number of bytes, or
    a text such as 512K, 20M, 1G. `deleted` is how much at most may be taken by files that have been
    deleted and are still held open by a process, so that `rm` freed nothing: mostly 0. The figures
    are the kernel's.

    In a container only a file system of its own has figures of its own (`tmpfs:` of the host in the
    lab); for the rest of its files `deleted` can be judged and nothing else.

    Error: the path's file system cannot be asked, or its room is that of the server; processes
    hold more open than can be looked through.
    """

    kind: ClassVar[str] = "filesystem"

    path: Path
    used: Matcher | None = None
    available: Size | None = None
    inodes: Matcher | None = None
    deleted: Size | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Filesystem:
        if self.model_fields_set <= {"path"}:
            raise ValueError("say what is expected: `used`, `available`, `inodes` or `deleted`")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask for the figures, and for deleted files where they count."""
        name = plain(self.path)
        found = yield from ask(Look(subject.host, self.path.encode("utf-8", "surrogateescape")))
        if found.device is None:
            if found.why not in GONE:
                raise unobserved(f"{name} cannot be looked for: {found.why or 'no reason given'}")
            return failed(expected=f"a file system at {name}", found=f"nothing ({found.why})")
        if not found.size:
            raise unobserved(f"the file system at {name} has no size")
        findings = Findings()
        if self.used is not None or self.available is not None or self.inodes is not None:
            yield from self._own_room(subject.host, found)
            self._compare(findings, name, found)
        if self.deleted is not None:
            yield from self._compare_deleted(findings, subject.host, name, found.device)
        return findings.verdict()

    def _own_room(self, host: str, found: FilesystemResult) -> Asking[None]:
        root = yield from ask(Look(host, b"/"))
        top = mounted_at((yield from mounts(host)), b"/")
        if root.device is None or not root.size or top is None:
            raise unobserved(f"the root of {host} cannot be looked at")
        if root.device == found.device and top.kind in SERVERS_OWN:
            raise unobserved(f"{plain(self.path)} of {host} has no room of its own")

    def _compare(self, findings: Findings, name: str, found: FilesystemResult) -> None:
        used = found.size - found.free
        if self.used is not None:
            findings.compare(f"use in % at {name}", self.used, _percent(used, found.available))
        if self.available is not None:
            findings.note(
                found.available >= self.available,
                expected=f"{size(self.available)} or more left at {name}",
                found=f"{size(found.available)} left of {size(found.size)}",
            )
        if self.inodes is not None:
            if not found.files:
                raise unobserved(f"the file system at {name} does not count its files", Blame.HOST)
            taken = found.files - found.files_free
            share = _percent(taken, found.files_free)
            findings.compare(f"use of inodes in % at {name}", self.inodes, share)

    def _compare_deleted(
        self, findings: Findings, host: str, name: str, device: int
    ) -> Asking[None]:
        seen = yield from ask(DeletedFiles(host))
        if seen.truncated:
            raise unobserved(f"processes of {host} hold too many files open", Blame.HOST)
        own = {one.inode: one for one in reversed(seen.files) if one.device == device}
        total = sum(one.used for one in own.values())
        assert self.deleted is not None
        largest = sorted(own.values(), key=lambda one: -one.used)
        findings.note(
            total <= self.deleted,
            expected=f"at most {size(self.deleted)} in deleted files at {name}",
            found=f"{size(total)} in {listed(map(_said, largest), most=3)}"
            if own
            else "no deleted file is held open",
        )


def _percent(used: int, available: int) -> int:
    """A share as df(1) shows it."""
    return -(-100 * used // (used + available)) if used + available else 0


def _said(one: OpenFile) -> str:
    return f"{quoted(one.path, 60)} (held open by process {one.pid})"
