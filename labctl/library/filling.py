"""A lab file's body with one seed's values filled in, and repeated checks written out.

What is filled in keeps a way back: `Filled.place` leads from a path in the filled-in body to the
place in the file as written.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labctl.library import parameters as drawing
from labctl.library.findings import Finding
from labctl.library.positions import Path
from labctl.library.shapes import Place
from labctl.library.source import RESERVED, Source
from labctl.library.templates import TemplateFault, Templates, is_template, undefined
from labctl.library.values import as_json, as_text

MAX_REPEATS = 200


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What templates may ask of a host: `hosts.pc1.mac`, `hosts.pc1.macs[1]`."""

    macs: tuple[str, ...] = ()

    @property
    def mac(self) -> str:
        """The address of `eth0`; raises `ValueError` where the host is on no network."""
        if not self.macs:
            raise ValueError("the host is on no network, so it has no address")
        return self.macs[0]


def mac_address(lab: str, seed: int, host: str, index: int) -> str:
    """The hardware address of a host's interface: locally administered, unicast (02:…).

    The last five bytes are the first five of the SHA-256 of a label, so that it is the same
    wherever and whenever the session is brought up.
    """
    label = f"labctl-mac\n{lab}\n{seed}\n{host}\n{index}".encode()
    return "02:" + ":".join(f"{byte:02x}" for byte in hashlib.sha256(label).digest()[:5])


@dataclass(frozen=True, slots=True)
class Filled:
    """The body of a lab for one seed. `values` are the drawn and derived values.

    `families` maps the id of a repeated check to the ids of its repetitions.
    """

    values: Mapping[str, Any]
    body: Mapping[str, Any]
    place: Place
    families: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...] = ()


def fill(source: Source, seed: int, templates: Templates) -> Filled:
    """Draw the values of `seed` and fill them into the body; never raises."""
    filler = _Filler(source, templates)
    values, hosts = filler.draw(seed)
    body = filler.value(dict(source.body), (), (), values | {"hosts": hosts})
    place = Place(source.positions, (), filler.translate, frozenset(filler.blanks))
    families = {name: tuple(ids) for name, ids in filler.families.items()}
    return Filled(values, body, place, families, tuple(filler.findings))


@dataclass(slots=True)
class _Filler:
    source: Source
    templates: Templates
    unknown: set[str] = field(default_factory=set)
    origins: dict[Path, Path] = field(default_factory=dict)
    blanks: set[Path] = field(default_factory=set)
    families: dict[str, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def translate(self, path: Path) -> Path:
        """The path in the file that the filled-in `path` comes from."""
        for length in range(len(path), 0, -1):
            origin = self.origins.get(path[:length])
            if origin is not None:
                return (*origin, *path[length:])
        return path

    # ------------------------------------------------------------------ values

    def draw(self, seed: int) -> tuple[dict[str, Any], dict[str, HostFacts]]:
        """The drawn and derived values, and what is known of the hosts."""
        self.unknown.update(self.source.broken)
        hosts = self.host_facts(seed)
        values: dict[str, Any] = {}
        drawable = dict(self.source.parameters)
        while True:
            try:
                values = drawing.draw(drawable, self.source.lab_id, seed)
                break
            except drawing.NoRoom as error:
                hint = "Widen `of`, or ask for smaller subnets."
                self.report(("parameters", error.name, "subnet"), str(error), hint)
                self.unknown.add(error.name)
                del drawable[error.name]
        for name, raw in self.source.derive.items():
            path = ("derive", name)
            before = len(self.blanks)
            value = self.raw_value(raw, path, path, values | {"hosts": hosts})
            if len(self.blanks) > before:
                self.unknown.add(name)
            else:
                values[name] = value
        return values, hosts

    def host_facts(self, seed: int) -> dict[str, HostFacts]:
        hosts = self.source.body.get("hosts")
        facts = {}
        for name, host in hosts.items() if isinstance(hosts, dict) else ():
            networks = host.get("networks") if isinstance(host, dict) else None
            count = len(networks) if isinstance(networks, list) else 0
            lab = self.source.lab_id
            facts[name] = HostFacts(tuple(mac_address(lab, seed, name, i) for i in range(count)))
        return facts

    # ------------------------------------------------------------------ filling in

    def value(self, raw: Any, here: Path, there: Path, values: Mapping[str, Any]) -> Any:
        """`raw` filled in, in JSON terms. `here` is its path filled in, `there` in the file."""
        if isinstance(raw, dict):
            return self.mapping(raw, here, there, values)
        if isinstance(raw, list):
            if len(here) == 3 and here[0] == "tasks" and here[2] == "checks":
                return self.checks(raw, here, there, values)
            return [
                self.value(item, (*here, index), (*there, index), values)
                for index, item in enumerate(raw)
            ]
        filled = self.raw_value(raw, here, there, values)
        return filled if filled is raw else as_json(filled)

    def raw_value(self, raw: Any, here: Path, there: Path, values: Mapping[str, Any]) -> Any:
        """Like `value`, but subnets stay what they are, so that more can be derived from them."""
        if isinstance(raw, list):
            return [
                self.raw_value(item, (*here, index), (*there, index), values)
                for index, item in enumerate(raw)
            ]
        if isinstance(raw, dict):
            return self.mapping(raw, here, there, values)
        if not isinstance(raw, str):
            return raw
        try:
            return self.templates.fill(raw, values)
        except TemplateFault as fault:
            self.blanks.add(here)
            self.explain(fault, raw, there, values)
            return raw

    def explain(
        self, fault: TemplateFault, text: str, path: Path, values: Mapping[str, Any]
    ) -> None:
        """Report why `text` could not be filled in, unless names that are broken are all of it."""
        faults = [fault] if not fault.missing else []
        faults += [
            undefined((name,), text, values) for name in fault.missing if name not in self.unknown
        ]
        for one in faults:
            hint = one.hint
            if one.missing and one.missing[0] in self.source.derive:
                hint = "It is derived further down; values are derived in order."
            self.findings.append(
                self.source.positions.finding(path, one.message, hint, line=one.line)
            )

    def mapping(
        self, raw: dict[str, Any], here: Path, there: Path, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for key, item in raw.items():
            name = key
            if is_template(key):
                name = as_text(self.raw_value(key, (*here, key), (*there, key), values))
                self.origins[(*here, name)] = (*there, key)
            filled[name] = self.value(item, (*here, name), (*there, key), values)
        return filled

    # ------------------------------------------------------------------ repeated checks

    def checks(
        self, raw: list[Any], here: Path, there: Path, values: Mapping[str, Any]
    ) -> list[Any]:
        filled: list[Any] = []
        for index, check in enumerate(raw):
            origin = (*there, index)
            repetitions = self.repetitions(check, origin, values)
            if not repetitions and isinstance(check.get("id"), str):
                self.families.setdefault(check["id"], [])
            for chosen in repetitions:
                path = (*here, len(filled))
                self.origins[path] = origin
                if chosen is None:
                    filled.append(self.value(check, path, origin, values))
                else:
                    filled.append(self.repeat(check, path, chosen, values))
        return filled

    def repetitions(
        self, check: Any, path: Path, values: Mapping[str, Any]
    ) -> list[dict[str, Any] | None]:
        """The loop variables of each repetition of `check`; one None where it is not repeated."""
        loops = check.get("for_each") if isinstance(check, dict) else None
        if not isinstance(loops, dict):
            return [None]  # a `for_each` of another shape is reported with the check's shape
        path = (*path, "for_each")
        chosen: dict[str, list[Any]] = {}
        for name, raw in loops.items():
            items = self.raw_value(raw, (*path, name), (*path, name), values)
            if (*path, name) in self.blanks:
                continue
            if name in values or name in RESERVED:
                self.report((*path, name), f"`{name}` is a value already", "Choose another name.")
            elif not isinstance(items, list):
                self.report((*path, name), "expected a list of values to repeat the check for")
            elif not 1 <= len(items) <= MAX_REPEATS:
                self.report((*path, name), f"repeats the check {len(items)} times", "List values.")
            else:
                chosen[name] = items
        if len(chosen) != len(loops) or not loops:
            return []
        return [
            dict(zip(chosen, combination, strict=True))
            for combination in itertools.product(*chosen.values())
        ]

    def repeat(
        self, check: dict[str, Any], path: Path, chosen: dict[str, Any], values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One repetition. Its id and title are told apart by the values, if not by themselves."""
        origin = self.origins[path]
        plain = {key: item for key, item in check.items() if key != "for_each"}
        filled = self.mapping(plain, path, origin, {**values, **chosen})
        texts = [as_text(item) for item in chosen.values()]
        family = check.get("id")
        if isinstance(family, str) and not _uses(family, chosen):
            members = self.families.setdefault(str(filled["id"]), [])
            filled["id"] = "-".join([str(filled["id"]), *(_slug(text) for text in texts)])
            members.append(filled["id"])
        title = check.get("title")
        if isinstance(title, str) and not _uses(title, chosen):
            filled["title"] = f"{filled['title']} ({', '.join(texts)})"
        return filled

    def report(self, path: Path, message: str, hint: str = "") -> None:
        self.findings.append(self.source.positions.finding(path, message, hint))


def _uses(text: str, names: Mapping[str, Any]) -> bool:
    """Whether a template uses any of the names."""
    return is_template(text) and any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)


def _slug(text: str) -> str:
    """A value as part of an id."""
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-") or "empty"
