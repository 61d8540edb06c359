"""The check type `kernel_module`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType
from checkers.findings import Findings
from checkers.linux._kernel import kernels_own, names, texts_if_any
from checkers.linux._modules import Rules, rules, same_spelling
from checkers.matchers import Matcher
from checkers.model import Subject
from checkers.reading import unobserved
from checkers.words import plain, quoted

MODULES = b"/sys/module"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
"""The name of a module, or of one of its parameters."""


class KernelModule(CheckType):
    """A module of the kernel is loaded, will be at boot, or is kept from being loaded.

        kernel_module: {name: dummy, loaded: true, at_boot: true}
        kernel_module: {name: pcspkr, loaded: false, blacklisted: true}
        kernel_module: {name: usb-storage, loadable: false}
        kernel_module: {name: nbd, parameters: {nbds_max: 4}}

    `loaded` is what the kernel says now; what is built into it counts as loaded. `parameters` are
    those that the loaded module has, by name, with the value of each (any matcher).

    The rest is read from the host's files, as kmod and systemd read them. `blacklisted` says
    whether modprobe.d or the kernel's command line keeps the module from being loaded of itself for
    a device; `loadable: false` that modprobe.d puts a program that does nothing in its place
    (`install NAME /bin/false`), so that nobody's `modprobe` loads it. `blacklisted: true` holds for
    such a line too. `at_boot` says whether modules-load.d (with /etc/modules) or the kernel's
    command line has it loaded at boot, with neither of the above in the way. Whether it comes to
    that shows a check of `loaded` with `when: after-restart`, which accepts every other way too.

    Error: the kernel's list or the files cannot be read, or something is mounted over the former; a
    loaded module has no such parameter, or keeps it to itself. For virtual machines: a container's
    modules are its server's.
    """

    kind: ClassVar[str] = "kernel_module"

    name: Name
    loaded: bool | None = None
    parameters: Annotated[dict[Name, Matcher], Field(min_length=1, max_length=30)] | None = None
    blacklisted: bool | None = None
    loadable: bool | None = None
    at_boot: bool | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> KernelModule:
        if self.model_fields_set <= {"name"}:
            raise ValueError(
                "say what is expected: `loaded`, `parameters`, `blacklisted`, `loadable` or "
                "`at_boot`"
            )
        if self.loaded is False and self.parameters:
            raise ValueError("a module that is not loaded has no parameters")
        if self.at_boot and (self.blacklisted or self.loadable is False):
            raise ValueError("a module that is kept from being loaded is not loaded at boot")
        return self

    def run(self, subject: Subject) -> Check:
        """Ask the kernel, and read the files where they count."""
        yield from kernels_own(subject.host)
        findings = Findings()
        if self.loaded is not None or self.parameters is not None:
            yield from self._compare_now(findings, subject.host)
        if (self.blacklisted, self.loadable, self.at_boot) != (None, None, None):
            said = yield from rules(subject.host, self._own)
            self._compare_files(findings, said)
        return findings.verdict()

    @property
    def _own(self) -> str:
        return same_spelling(self.name)

    def _compare_now(self, findings: Findings, host: str) -> Asking[None]:
        (every,) = yield from names(host, MODULES)
        there = self._own.encode() in every
        own = MODULES + b"/" + self._own.encode()
        (state,) = yield from texts_if_any(host, own + b"/initstate")
        loaded = there and state in (None, b"live\n")
        built_in = " (built into the kernel)" if there and state is None else ""
        wanted = True if self.loaded is None else self.loaded
        findings.note(
            loaded == wanted,
            expected=f"{self.name} {'loaded' if wanted else 'not loaded'}",
            found=f"{self.name} is loaded{built_in}" if loaded else f"{self.name} is not loaded",
        )
        if not loaded or not self.parameters:
            return
        paths = [own + b"/parameters/" + key.encode() for key in self.parameters]
        values = yield from texts_if_any(host, *paths)
        for (key, matcher), value in zip(self.parameters.items(), values, strict=True):
            if value is None:
                raise unobserved(f"the kernel shows no parameter {key} of {self.name}")
            findings.compare(f"parameter {key}", matcher, _spoken(value))

    def _compare_files(self, findings: Findings, said: Rules) -> None:
        kept = said.blacklisted or said.barred
        if self.blacklisted is not None:
            findings.note(
                bool(kept) == self.blacklisted,
                expected=f"{self.name} {'blacklisted' if self.blacklisted else 'not blacklisted'}",
                found=f"blacklisted by {kept}" if kept else f"{self.name} is not blacklisted",
            )
        if self.loadable is not None:
            findings.note(
                bool(said.barred) != self.loadable,
                expected=f"`modprobe {self.name}` {'works' if self.loadable else 'loads nothing'}",
                found=f"{quoted(said.instead, 60)} is run instead"
                if said.instead
                else "nothing keeps it from being loaded by name",
            )
        if self.at_boot is not None:
            works = bool(said.at_boot) and not kept
            findings.note(
                works == self.at_boot,
                expected=f"{self.name} {'loaded' if self.at_boot else 'not loaded'} at boot",
                found=_boot(said, kept),
            )


def _boot(said: Rules, kept: str) -> str:
    if not said.at_boot:
        return "nothing has it loaded at boot"
    return f"{said.at_boot} has it loaded" + (f", but {kept} keeps it from that" if kept else "")


def _spoken(value: bytes) -> str | int:
    """A parameter's value; numbers as such."""
    text = plain(value.strip(), 200)
    return int(text) if text.lstrip("-").isdigit() else text
