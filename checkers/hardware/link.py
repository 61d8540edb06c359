"""The check type `link`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from checkers.check import Check, CheckType, failed
from checkers.findings import Findings
from checkers.lab_names import NetworkName
from checkers.matchers import Matcher
from checkers.model import Subject
from checkers.network._ip import InterfaceName, by_name, by_network, links
from checkers.network._ip import Link as Found


class Link(CheckType):
    """A network card is switched on and hears its cable; or not.

        link: {network: lan-a}
        link: {network: lan-a, carrier: false}
        link: {name: eth1, up: false}
        link: {network: lan-a, state: {one_of: [up, unknown]}}

    The card is named by `network`: the one with the hardware address that the lab gave it there,
    whatever it is called now; or by the `name` that the lab gave it. `up` says whether it is
    switched on (`ip link set … up`), `carrier` whether it is, and hears the other end of its cable;
    both are true unless said otherwise. A card that is switched off hears nothing: with `up: false`
    its carrier is not judged. `state` is any matcher for what the kernel makes of both (`up`,
    `down`, `lowerlayerdown`, `dormant`, `unknown`), as `ip link` shows it. Addresses are for
    `interface`.

    Error: the kernel's list cannot be read, or the lab puts the host on no such network.
    """

    kind: ClassVar[str] = "link"

    network: NetworkName | None = None
    name: InterfaceName | None = None
    up: bool = True
    carrier: bool = True
    state: Matcher | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Link:
        if (self.name is None) == (self.network is None):
            raise ValueError("give either `network` or `name`")
        if not self.up and self.carrier and "carrier" in self.model_fields_set:
            raise ValueError("a card that is switched off has no carrier")
        return self

    def run(self, subject: Subject) -> Check:
        """Compare the kernel's view of the card with what is expected."""
        found = yield from links(subject.host)
        if self.network is not None:
            place = by_network(subject, subject.host, self.network, found)
        else:
            assert self.name is not None
            place = by_name(subject, subject.host, self.name, found)
        if place.link is None:
            return failed(expected=f"the card {place.said}", found=place.trouble)
        findings = Findings()
        self._compare(findings, place.said, place.link)
        if self.state is not None:
            findings.compare(f"the state of {place.said}", self.state, place.link.state)
        return findings.verdict()

    def _compare(self, findings: Findings, said: str, link: Found) -> None:
        on = "UP" in link.flags
        findings.note(
            on == self.up,
            expected=f"{said} switched {'on' if self.up else 'off'}",
            found=f"{said} is switched {'on' if on else 'off'}",
        )
        if self.up:
            findings.note(
                link.up == self.carrier,
                expected=f"{'a' if self.carrier else 'no'} carrier on {said}",
                found=f"{'a' if link.up else 'no'} carrier on {said}",
            )
