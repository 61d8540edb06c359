"""The check type `hands`."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from checkers.check import Check, CheckType
from checkers.findings import Findings
from checkers.hardware._beside import look
from checkers.hardware_state import Act, HardwareResult
from checkers.lab_names import ActName
from checkers.model import Subject
from checkers.words import listed, quoted

Names = Annotated[tuple[ActName, ...], Field(min_length=1, max_length=20)]
ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_]|\][^\x07]*\x07)")
"""What moves a terminal's cursor or colours its text (ECMA-48)."""


class Hands(CheckType):
    """Physical acts were done to the host's hardware, or were not, and in this order.

        hands: {done: [swap-disk-1]}
        hands: {done: [swap-disk-1], never: [swap-disk-0, swap-disk-2]}
        hands: {order: [power-off, fit-memory, power-on]}
        hands: {done: [reseat-cable], after: "ip -?.* link|ethtool"}
        hands: {never: [reset, pull-power]}

    Acts are named as under `hands:` of the lab file; one with several bays stands for an act for
    each, `swap-disk-1` for bay 1. `done` are acts that were done at least once, `never` acts that
    were not done, `order` acts that were done one after the other (others may lie between them, and
    an act may have been done before as well). `after` is a regular expression that must have stood
    on the machine's serial console before the first of the acts in `done`: what was typed there,
    and what the machine said. It shows that somebody looked before they acted, not that they
    understood: it is for practice and for a small part of the marks.

    All of it is taken from the record that labctl keeps of its own acts. Nothing on the host has a
    part in it but `after`, where root may write what they like to the console.

    Error: the hardware cannot be looked at. For virtual machines: a container has none.
    """

    kind: ClassVar[str] = "hands"

    done: Names | None = None
    never: Names | None = None
    order: Annotated[tuple[ActName, ...], Field(min_length=2, max_length=20)] | None = None
    after: Annotated[str, Field(min_length=1, max_length=500)] | None = None

    @field_validator("after")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as problem:
                raise ValueError(f"expected a regular expression ({problem})") from problem
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> Hands:
        if not (self.done or self.never or self.order):
            raise ValueError("expected at least one of `done`, `never` and `order`")
        if self.after is not None and not self.done:
            raise ValueError("`after` goes with `done`")
        if both := set(self.done or ()) & set(self.never or ()):
            raise ValueError(f"`{min(both)}` cannot be both done and never done")
        return self

    def run(self, subject: Subject) -> Check:
        """Look into the record of acts."""
        seen = yield from look(subject.host)
        names = [act.id for act in seen.acts]
        findings = Findings()
        told = f"done: {listed(names, none='nothing')}"
        for name in self.done or ():
            findings.note(name in names, expected=f"{name} done", found=told)
        for name in self.never or ():
            findings.note(name not in names, expected=f"{name} not done", found=told)
        if self.order is not None:
            wanted = f"{', then '.join(self.order)}"
            findings.note(_in_order(self.order, names), expected=wanted, found=told)
        if self.after is not None and self.done:
            self._compare_screen(findings, seen, self.after)
        return findings.verdict()

    def _compare_screen(self, findings: Findings, seen: HardwareResult, pattern: str) -> None:
        first = [act for act in seen.acts if act.id in (self.done or ())]
        expected = f"{quoted(pattern)} on the console before it"
        if not first:
            return  # nothing was done, which is said already
        shown = _screen_before(seen, first[0])
        found = re.search(pattern, shown) is not None
        nothing = "nothing like it" if shown.strip() else "nothing on the console"
        findings.note(found, expected=expected, found=expected if found else nothing)


def _in_order(wanted: tuple[str, ...], names: list[str]) -> bool:
    left = iter(names)
    return all(name in left for name in wanted)


def _screen_before(seen: HardwareResult, act: Act) -> str:
    """What the console had shown by the time of an act, without what moves the cursor."""
    shown = seen.screen[: max(0, act.screen - seen.screen_from)]
    return ESCAPES.sub(b"", shown).decode("utf-8", "replace")
