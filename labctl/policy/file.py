"""`policy.yaml`: where it is, and the rules that it gives, with every mistake at its place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from checkers.codec import canonical
from labctl.errors import UsageError
from labctl.library import strict_yaml
from labctl.library.findings import Finding, errors_of, in_order, lab_file_error
from labctl.library.positions import Positions
from labctl.library.shapes import Place, shape_findings
from labctl.policy.rules import Policy
from labctl.policy.shape import PolicyFile, as_data

POLICY_FILE = "policy.yaml"
POLICY_VARIABLE = "LABCTL_POLICY"


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that hold, and the file that gives them (None: there is none, all is default).

    `lines` has the line of every setting that the file gives; the others are as by default.
    """

    policy: Policy = field(default_factory=Policy)
    file: Path | None = None
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)


def spelled(policy: Policy) -> bytes:
    """The rules as the store keeps them."""
    return canonical(as_data(policy))


def digest(policy: Policy) -> str:
    """The name of a policy: what it says, not how the file spells it."""
    return hashlib.sha256(spelled(policy)).hexdigest()


def policy_path(home: Path, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The centre's policy file: the one that `LABCTL_POLICY` names, else that in `home`, if any."""
    named = environ.get(POLICY_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    own = home / POLICY_FILE
    return own if os.path.lexists(own) else None


def in_force(home: Path, environ: Mapping[str, str] = os.environ) -> InForce:
    """The rules that hold now.

    Raises `LabFileError` with every mistake of the file, `UsageError` where it cannot be read: a
    centre that has rules is never run without them.
    """
    path, named = policy_path(home, environ), POLICY_VARIABLE in environ
    if path is None:
        return InForce()
    found, findings = examine(
        path, "`unset LABCTL_POLICY`, or put the file there." if named else ""
    )
    if found is None:
        raise lab_file_error(findings, "No session starts under a policy that has mistakes.")
    return found


def examine(path: Path, hint: str = "") -> tuple[InForce | None, tuple[Finding, ...]]:
    """What a policy file says, None where it has mistakes; and all of these, by their places.

    Raises `UsageError` with the `hint` where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(strict_yaml.MAX_SIZE + 1)
    except OSError as error:
        told = f"The policy `{path}` cannot be read: {error.strerror}."
        raise UsageError(told, hint) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        bad = Finding(str(path), line, 1, "error", "the file is not UTF-8", "Save it as UTF-8.")
        return None, (bad,)
    document = strict_yaml.read(text, str(path))
    findings = list(document.findings)
    parsed = _parsed(document.value, document.positions, findings)
    if parsed is None or errors_of(findings):
        return None, in_order(findings)
    return InForce(parsed.rules(), path, _lines(document)), in_order(findings)


def _parsed(value: Any, positions: Positions, findings: list[Finding]) -> PolicyFile | None:
    if not isinstance(value, dict):
        if not findings:
            findings.append(
                positions.finding((), "a policy is a mapping", "It begins with `format: 1`.")
            )
        return None
    try:
        return PolicyFile.model_validate(value)
    except ValidationError as error:
        findings += shape_findings(error, value, PolicyFile, Place(positions))
        return None


def _lines(document: strict_yaml.Document) -> dict[tuple[str, ...], int]:
    return {
        tuple(str(step) for step in path): mark.line
        for path, mark in document.positions.keys.items()
    }
