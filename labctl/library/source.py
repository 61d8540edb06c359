"""A lab file as written: read, placed, and with its untemplated parts (header, parameters) checked.

What follows from the values a candidate gets is not known here; see `examine`.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from labctl.library import parameters as drawing
from labctl.library import strict_yaml
from labctl.library.body import BODY_KEYS, HEADER_KEYS, TOP_KEYS
from labctl.library.findings import Finding, nearest
from labctl.library.folder import LAB_FILE, Folder
from labctl.library.format import Evidence, Header, Parameter, Variable
from labctl.library.positions import Path, Positions
from labctl.library.shapes import Place, shape_findings
from labctl.library.subnets import Subnet
from labctl.library.templates import is_template
from labctl.library.values import variable_names

ModelT = TypeVar("ModelT", bound=BaseModel)

RESERVED = frozenset({"hosts", "range", "dict", "loop", "self", *map(str.lower, keyword.kwlist)})
"""Names that mean something else in templates."""

REQUIRED = ("hosts", "tasks")


@dataclass(frozen=True, slots=True)
class Source:
    """A lab file as written.

    `header` is None where it is broken. `parameters` holds those that can be drawn, `derive` the
    derived values in order, `broken` the names that are defined but have no usable definition,
    `body` the rest as it stands. `findings` is what is wrong so far.
    """

    folder: Folder
    positions: Positions
    header: Header | None = None
    raw_header: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    derive: Mapping[str, Any] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    body: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def lab_id(self) -> str:
        """The lab's id, as far as it has one; values are drawn from it."""
        return str(self.raw_header.get("id", ""))

    @property
    def provider(self) -> str:
        """What provides the hosts, as far as the header says so."""
        return str(self.raw_header.get("provider", "docker"))

    @property
    def evidences(self) -> dict[int, Evidence]:
        """What the lab gives evidence towards, by index; those that are right, in any header."""
        raw = self.raw_header.get("evidences")
        found = {}
        for index, value in enumerate(raw if isinstance(raw, list) else ()):
            with suppress(ValidationError):  # reported with the header
                found[index] = Evidence.model_validate(value)
        return found


def read_source(folder: Folder, where: str) -> Source:
    """The lab in `folder`; `where` is the path of the folder in messages. Never raises."""
    name = f"{where}/{LAB_FILE}"
    positions = Positions(name)
    if LAB_FILE not in folder.files:
        hint = "`labctl labs new` writes a lab to begin with."
        missing = Finding(name, 0, 0, "error", "there is no lab file", hint)
        return Source(folder, positions, findings=(missing,))
    try:
        text = folder.content(LAB_FILE).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = folder.content(LAB_FILE)[: error.start].count(b"\n") + 1
        bad = Finding(name, line, 1, "error", "the file is not UTF-8", "Save it as UTF-8.")
        return Source(folder, positions, findings=(bad,))
    return _source(folder, strict_yaml.read(text, name))


def _source(folder: Folder, document: strict_yaml.Document) -> Source:
    positions, value = document.positions, document.value
    findings = list(document.findings)
    if not isinstance(value, dict):
        if not findings:
            findings.append(
                positions.finding((), "a lab file is a mapping", "It begins with `format: 1`.")
            )
        return Source(folder, positions, findings=tuple(findings))
    for key in value:
        if key not in TOP_KEYS:
            hint = nearest(key, TOP_KEYS)
            findings.append(positions.finding((key,), f"unknown key `{key}`", hint, at="key"))
    findings += [
        positions.finding((), f"`{key}` is missing") for key in REQUIRED if key not in value
    ]
    raw_header = {key: value[key] for key in value if key in HEADER_KEYS}
    header = _header(raw_header, positions, findings)
    reader = _Definitions(positions, findings)
    reader.parameters(value.get("parameters"))
    reader.derive(value.get("derive"))
    reader.clashes()
    return Source(
        folder=folder,
        positions=positions,
        header=header,
        raw_header=raw_header,
        parameters=reader.drawable,
        derive=reader.derived,
        broken=frozenset(reader.broken),
        body={key: value[key] for key in value if key in BODY_KEYS},
        findings=tuple(findings),
    )


def _header(raw: dict[str, Any], positions: Positions, findings: list[Finding]) -> Header | None:
    before = len(findings)
    findings += [
        positions.finding((key,), "no template can stand here", "Parameters come after the header.")
        for key, value in raw.items()
        if isinstance(value, str) and is_template(value)
    ]
    header = checked(Header, raw, Place(positions), findings)
    return header if len(findings) == before else None


def checked(model: type[ModelT], raw: Any, place: Place, findings: list[Finding]) -> ModelT | None:
    """`raw` as a `model`, or None with the reasons added to `findings`."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        findings += shape_findings(error, raw, model, place)
        return None


@dataclass(slots=True)
class _Definitions:
    """Reads the parameters and derived values, noting what is wrong with them."""

    positions: Positions
    findings: list[Finding]
    drawable: dict[str, Parameter] = field(default_factory=dict)
    derived: dict[str, Any] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def report(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> None:
        self.findings.append(
            self.positions.finding(path, message, hint, at="key" if key else "value")
        )

    def mapping(self, raw: Any, path: Path) -> dict[str, Any]:
        """`raw` if it is a mapping; nothing, and a finding, for anything else but nothing."""
        if isinstance(raw, dict):
            return raw
        if raw is not None:
            self.report(path, "expected a mapping (`name: how`)")
        return {}

    def parameters(self, raw: Any) -> None:
        for name, value in self.mapping(raw, ("parameters",)).items():
            path = ("parameters", name)
            named = self.name(name, path)
            parameter = checked(Parameter, value, Place(self.positions, path), self.findings)
            faults = drawing.faults(parameter) if parameter is not None else []
            for fault in faults:
                self.report((*path, *fault.path), fault.message, fault.hint)
            if parameter is None or faults or not named:
                self.broken.add(name)
            else:
                self.drawable[name] = parameter

    def derive(self, raw: Any) -> None:
        for name, value in self.mapping(raw, ("derive",)).items():
            path = ("derive", name)
            if name in self.drawable or name in self.broken:
                self.report(
                    path, f"`{name}` is a parameter already", "Choose another name.", key=True
                )
                continue
            if value is None or not self.name(name, path):
                if value is None:
                    self.report(path, f"`{name}` has no value")
                self.broken.add(name)
            else:
                self.derived[name] = value

    def name(self, name: str, path: Path) -> bool:
        """Whether `name` can be a parameter's name."""
        if name in RESERVED:
            self.report(path, f"`{name}` means something else", "Choose another name.", key=True)
            return False
        try:
            _NAME.validate_python(name)
        except ValidationError:
            hint = "Use lower-case letters, digits and underscores, a letter first."
            self.report(path, f"`{name}` is no name for a value", hint, key=True)
            return False
        return True

    def clashes(self) -> None:
        """Two names must not give scripts the same variable (`a_network` and the subnet `a`)."""
        owners: dict[str, str] = {}
        names = {name: ("parameters", name) for name in self.drawable}
        names |= {name: ("derive", name) for name in self.derived}
        for name, path in names.items():
            parameter = self.drawable.get(name)
            subnet = parameter is not None and parameter.subnet is not None
            for variable in variable_names(name, Subnet("10.0.0.0/8") if subnet else ""):
                other = owners.setdefault(variable, name)
                if other != name:
                    message = f"scripts would get `{variable}` from `{other}` and from `{name}`"
                    self.report(path, message, "Rename one.", key=True)


_NAME: TypeAdapter[str] = TypeAdapter(Variable)
