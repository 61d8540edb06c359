"""The check type `mount`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, ask
from checkers.findings import Findings
from checkers.linux._attributes import Path
from checkers.linux._mounts import Entry, fstab, mounted_at, mounts
from checkers.linux._mounts import Mount as Mounted
from checkers.matchers import Matcher, holds
from checkers.model import File, Subject
from checkers.words import listed, plain, quoted

Option = Annotated[str, StringConstraints(pattern=r"^[^\s,]{1,100}$")]
Options = Annotated[tuple[Option, ...], Field(min_length=1, max_length=30)]
"""Options of a mount, such as `noexec` or `size=64m`."""

_STANDS_FOR = {
    "defaults": ("rw", "suid", "dev", "exec", "auto", "nouser", "async"),
    "user": ("noexec", "nosuid", "nodev"),
    "users": ("noexec", "nosuid", "nodev"),
    "owner": ("nosuid", "nodev"),
    "group": ("nosuid", "nodev"),
}
"""What an option of fstab includes (mount(8))."""
_OPPOSITES = {
    "rw": "ro",
    "suid": "nosuid",
    "dev": "nodev",
    "exec": "noexec",
    "auto": "noauto",
    "nouser": "user",
    "async": "sync",
}
_BY = {
    "UUID": "by-uuid",
    "LABEL": "by-label",
    "PARTUUID": "by-partuuid",
    "PARTLABEL": "by-partlabel",
}


class Mount(CheckType):
    """Something is mounted at a path now, and will be at boot; or it is not.

        mount: {path: /srv/data, type: ext4, options: [noexec], fstab: true}
        mount: {path: /mnt/share, source: "files:/export", type: {one_of: [nfs, nfs4]}}
        mount: {path: /mnt/old, mounted: false, fstab: false}
        mount: {path: /srv/scratch, mounted: any, fstab: true, type: tmpfs, options: [size=64m]}

    What is mounted says the kernel: `source` and `type` (any matcher) and `options` are those of
    the uppermost file system at exactly this path. All of `options` must be set, whatever others
    are; none of `without` may be. `mounted` is true unless said otherwise; `any` leaves the present
    alone and judges fstab only.

    With `fstab: true` /etc/fstab must have a line for the path that is used at boot (not `noauto`)
    and says the same source, type and options; a source that is written there as UUID or label is
    looked up where the host has links for it. `fstab: false` wants no such line. That a line works
    shows nothing but a restart: give a second check `when: after-restart`. On a host in a container
    nobody can mount anything, so that only what the lab gives it is mounted there.

    Error: the list of mounts or fstab cannot be read.
    """

    kind: ClassVar[str] = "mount"

    path: Path
    mounted: bool | Literal["any"] = True
    source: Matcher | None = None
    type: Matcher | None = None
    options: Options | None = None
    without: Options | None = None
    fstab: bool | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Mount:
        details = (self.source, self.type, self.options, self.without)
        if self.mounted == "any" and self.fstab is None:
            raise ValueError("`mounted: any` needs `fstab`")
        if not self.mounted and any(one is not None for one in details):
            raise ValueError("what is not mounted has no source, type or options")
        if self.mounted == "any" and not self.fstab and any(one is not None for one in details):
            raise ValueError("a line that is not there has no source, type or options")
        return self

    def run(self, subject: Subject) -> Check:
        """Read what is mounted, and fstab where it counts."""
        findings = Findings()
        point = self.path.encode("utf-8", "surrogateescape").rstrip(b"/") or b"/"
        if self.mounted != "any":
            found = mounted_at((yield from mounts(subject.host)), point)
            self._compare_mounted(findings, found)
        if self.fstab is not None:
            lines = yield from fstab(subject.host)
            yield from self._compare_lines(
                findings, subject.host, [line for line in lines if line.point == point]
            )
        return findings.verdict()

    @property
    def _name(self) -> str:
        return plain(self.path)

    def _compare_mounted(self, findings: Findings, found: Mounted | None) -> None:
        said = f"{self._name} is no mount point"
        if found is not None:
            said = f"{plain(found.source)} ({plain(found.kind)}) is mounted at {self._name}"
        findings.note(
            (found is not None) == self.mounted,
            expected=f"something mounted at {self._name}"
            if self.mounted
            else f"nothing mounted at {self._name}",
            found=said,
        )
        if found is not None and self.mounted:
            if self.source is not None:
                findings.compare(f"the source of {self._name}", self.source, found.source)
            if self.type is not None:
                findings.compare(f"the type of {self._name}", self.type, found.kind)
            self._compare_options(findings, f"for {self._name}", found.options)

    def _compare_options(self, findings: Findings, where: str, there: frozenset[str]) -> None:
        wanted, unwanted = set(self.options or ()), set(self.without or ())
        if wanted:
            findings.note(
                wanted <= there,
                expected=f"{_options(wanted)} {where}",
                found=f"{_options(there)} {where}",
            )
        if unwanted:
            findings.note(
                not unwanted & there,
                expected=f"no {' or '.join(sorted(map(plain, unwanted)))} {where}",
                found=f"{_options(there)} {where}",
            )

    def _compare_lines(self, findings: Findings, host: str, lines: list[Entry]) -> Asking[None]:
        used = [line for line in lines if "noauto" not in _all_of(line.options)]
        said = f"no line for {self._name} in /etc/fstab"
        if used:
            said = f"a line for {self._name} in /etc/fstab ({quoted(used[-1].source, 60)})"
        elif lines:
            said = f"a line for {self._name} in /etc/fstab that is not used at boot (noauto)"
        findings.note(
            bool(used) == self.fstab,
            expected=f"{'a' if self.fstab else 'no'} line for {self._name} in /etc/fstab",
            found=said,
        )
        if not (used and self.fstab):
            return
        line = used[-1]
        if self.source is not None and not holds(self.source, line.source):
            device = yield from _device(host, line.source)
            findings.compare("the source in /etc/fstab", self.source, device or line.source)
        if self.type is not None and line.kind != "auto":
            findings.compare("the type in /etc/fstab", self.type, line.kind)
        self._compare_options(findings, "in /etc/fstab", _all_of(line.options))


def _options(names: Iterable[str]) -> str:
    return f"the options {listed(sorted(map(plain, names)), most=15)}"


def _all_of(options: frozenset[str]) -> frozenset[str]:
    """The options of a line with what they stand for; one that is written beats one implied."""
    implied = {each for option in ("defaults", *options) for each in _STANDS_FOR.get(option, ())}
    for on, off in _OPPOSITES.items():
        if off in options or off in implied:
            implied.discard(on)
        if on in options:
            implied.discard(off)
    return frozenset((options | implied) - {"defaults"})


def _device(host: str, source: bytes) -> Asking[bytes | None]:
    """The device that a UUID or a label of fstab stands for, by the links that udev makes."""
    tag, _, value = source.partition(b"=")
    folder = _BY.get(tag.decode("ascii", "replace"))
    if folder is None or not value or b"/" in value:
        return None
    path = b"/dev/disk/" + folder.encode() + b"/" + value.strip(b'"')
    found = yield from ask(File(host, path, follow=False))
    return b"/dev/" + found.target.rpartition(b"/")[2] if found.target else None
