"""The check type `package`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, ask_all
from checkers.findings import Findings
from checkers.matchers import Matcher
from checkers.model import File, FileResult, Subject
from checkers.reading import content_of, system_file, unobserved
from checkers.words import plain

STATUS = b"/var/lib/dpkg/status"
INFO = b"/var/lib/dpkg/info/"
STATUS_LIMIT = 32 << 20
MOST_LOOKED_AT = 40
MOST_HASHED = 6
LARGEST_HASHED = 16 << 20

_PROGRAMS = re.compile(rb"^/(usr/)?(s?bin|lib|libexec)/")
_LEFT_OUT = re.compile(
    rb"^/(etc|var|run)/"
    rb"|^/usr/share/(doc/[^/]+/(?!copyright$)|man/|info/|locale/|lintian/|bug/|doc-base/)"
)
"""What may rightly be gone: configuration and data, and what slim systems do not unpack."""


@dataclass(frozen=True, slots=True)
class Known:
    """What dpkg's database says of a package."""

    status: str
    version: str
    architecture: str

    @property
    def installed(self) -> bool:
        """Whether it is unpacked and configured."""
        return self.status.split(" ")[-1] == "installed"


class Package(CheckType):
    """A Debian package is installed, or is not.

        package: {name: nginx-light}
        package: {name: openssh-server, version: {matches: "1:9[.]2.*"}}
        package: {name: telnetd, installed: false}

    Two things have to agree: dpkg's database says so, and the package's files are there. Files that
    the package brought are looked for (documentation and configuration apart), and of some of its
    programs the content is compared with the checksums that came with it, so that a line in the
    database alone is no package. `version` is any matcher. With `installed: false` none of its
    programs may be left; configuration files may.

    Error: the database cannot be read, or a program is too large to be compared (16 MiB).
    """

    kind: ClassVar[str] = "package"

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
    installed: bool = True
    version: Matcher | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Package:
        if not self.installed and self.version is not None:
            raise ValueError("a package that is not installed has no `version`")
        return self

    def run(self, subject: Subject) -> Check:
        """Read the database, then look for the package's files."""
        content = yield from system_file(subject.host, STATUS, STATUS_LIMIT)
        architecture = database_architecture(content)
        known = stanza(content, self.name)
        findings = Findings()
        if known is not None and known.architecture not in ("", "all"):
            architecture = known.architecture
        files, sums = yield from self._lists(subject.host, architecture)
        there = known is not None and known.installed
        said = f"{self.name} {plain(known.version)}" if known and there else _missing(known)
        expected = f"{self.name} {'installed' if self.installed else 'not installed'}"
        findings.note(there == self.installed, expected=expected, found=said)
        if self.version is not None and known is not None and there:
            findings.compare(f"the version of {self.name}", self.version, known.version)
        if not findings.failing:
            compare = self._files_there if self.installed else self._files_gone
            yield from compare(findings, subject.host, files, sums)
        return findings.verdict()

    def _lists(self, host: str, architecture: str) -> Asking[tuple[list[bytes] | None, bytes]]:
        """The package's file list (None if there is none) and its checksums."""
        stems = [self.name.encode(), f"{self.name}:{architecture}".encode()]
        paths = [INFO + stem + end for end in (b".list", b".md5sums") for stem in stems]
        found = yield from ask_all(*(File(host, path, limit=4 << 20) for path in paths))
        contents = [
            content_of(path, one) if one.type == "file" else None
            for path, one in zip(paths, found, strict=True)
        ]
        listing = contents[0] if contents[0] is not None else contents[1]
        sums = contents[2] if contents[2] is not None else contents[3]
        return (None if listing is None else leaves(listing)), sums or b""

    def _files_there(
        self, findings: Findings, host: str, files: list[bytes] | None, sums: bytes
    ) -> Asking[None]:
        expected = f"the files of {self.name}"
        wanted = sample(files or [])
        if not wanted:
            findings.miss(expected=expected, found="dpkg has no list of its files")
            return
        checksums = parse_sums(sums)
        hashed = [path for path in wanted if path in checksums and _PROGRAMS.match(path)]
        hashed = hashed[:MOST_HASHED]
        looks = [
            File(host, path, limit=LARGEST_HASHED if path in hashed else 0, follow=path in hashed)
            for path in wanted
        ]
        found = yield from ask_all(*looks)
        gone = [
            path
            for path, one in zip(wanted, found, strict=True)
            if one.type not in ("file", "link")
        ]
        changed = [
            path
            for path, one in zip(wanted, found, strict=True)
            if path in hashed and path not in gone and _differs(path, one, checksums[path])
        ]
        trouble = f"{plain(gone[0])} is missing" if gone else ""
        if changed and not gone:
            trouble = f"{plain(changed[0])} is not the package's own"
        count = f"{len(wanted)} of its files looked at, {len(hashed)} compared"
        findings.note(not trouble, expected=expected, found=trouble or count)

    def _files_gone(
        self, findings: Findings, host: str, files: list[bytes] | None, sums: bytes
    ) -> Asking[None]:
        del sums
        programs = [path for path in files or [] if _PROGRAMS.match(path)][:MOST_LOOKED_AT]
        if not programs:
            return
        found = yield from ask_all(*(File(host, path, follow=False) for path in programs))
        left = [
            path
            for path, one in zip(programs, found, strict=True)
            if one.type not in (None, "directory")
        ]
        findings.note(
            not left,
            expected=f"no program of {self.name}",
            found=f"{plain(left[0])} is still there" if left else "none of its programs is left",
        )


def stanza(content: bytes, name: str) -> Known | None:
    """What a dpkg status file says of a package; None if it does not know it."""
    fields = _fields(content, name)
    if fields is None:
        return None
    return Known(*(fields.get(key, "") for key in ("Status", "Version", "Architecture")))


def database_architecture(content: bytes) -> str:
    """The system's architecture, by that of dpkg itself, which every Debian system has."""
    own = stanza(content, "dpkg")
    if own is None or not own.installed:
        raise unobserved("dpkg's database does not even know dpkg")
    return own.architecture


def _fields(content: bytes, name: str) -> dict[str, str] | None:
    start = re.search(rb"^Package: %s$" % re.escape(name.encode()), content, re.MULTILINE)
    if start is None:
        return None
    end = content.find(b"\n\n", start.start())
    begin = content.rfind(b"\n\n", 0, start.start())
    block = content[begin + 2 if begin >= 0 else 0 : end if end >= 0 else len(content)]
    rows = (line.partition(b": ") for line in block.split(b"\n") if line[:1].strip())
    return {
        key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, _, value in rows
    }


def _missing(known: Known | None) -> str:
    if known is None:
        return "not installed"
    return f"not installed (dpkg says {plain(known.status)})"


def leaves(listing: bytes) -> list[bytes]:
    """The paths of a file list that are no folders of others in it and are always unpacked."""
    paths = [line for line in listing.split(b"\n") if line.startswith(b"/") and line != b"/."]
    folders = {path.rpartition(b"/")[0] for path in paths}
    return [path for path in paths if path not in folders and not _LEFT_OUT.match(path)]


def sample(paths: list[bytes]) -> list[bytes]:
    """The files that are looked at: programs first, then the rest, as many as are enough."""
    ordered = sorted(paths, key=lambda path: (_PROGRAMS.match(path) is None, path))
    return ordered[:MOST_LOOKED_AT]


def parse_sums(content: bytes) -> dict[bytes, bytes]:
    """The MD5 sums that came with a package, by absolute path (dpkg's md5sums format)."""
    rows = (line.split(b"  ", 1) for line in content.split(b"\n") if b"  " in line)
    return {b"/" + path: digest.lower() for digest, path in rows}


def _differs(path: bytes, found: FileResult, digest: bytes) -> bool:
    if found.type != "file":
        return True
    # MD5 because that is what Debian ships; it tells a stand-in from the real file.
    own = hashlib.md5(content_of(path, found), usedforsecurity=False).hexdigest()
    return own.encode() != digest
