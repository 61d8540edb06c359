"""One seed's version of a lab, taken apart and checked by every rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labctl.library.case_rules import check_cases
from labctl.library.claims import Claims
from labctl.library.criterion_rules import check_criteria
from labctl.library.filling import fill
from labctl.library.findings import Finding, in_order
from labctl.library.kinds import Kind, check_kind, kind_of
from labctl.library.parts import Parts, parts_of
from labctl.library.positions import Path
from labctl.library.scripts import check_files
from labctl.library.source import Source
from labctl.library.surroundings import Surroundings
from labctl.library.task_rules import Families, check_tasks
from labctl.library.templates import Templates
from labctl.library.topology_rules import check_topology


@dataclass(frozen=True, slots=True)
class Examined:
    """What a lab is for one seed.

    `kinds` gives the check type of each check by its path, `claims` what the lab gives evidence
    towards, `used` are the files that are named, and `findings` everything that is wrong, by place;
    if any is an error the rest is incomplete.
    """

    values: Mapping[str, Any]
    parts: Parts
    kinds: Mapping[Path, Kind]
    families: Families
    claims: Claims
    used: frozenset[str]
    findings: tuple[Finding, ...]


def examine(source: Source, seed: int, around: Surroundings, templates: Templates) -> Examined:
    """Fill in the values of `seed` and apply every rule; never raises."""
    filled = fill(source, seed, templates)
    parts = parts_of(filled)
    families = filled.families
    check_topology(parts, source.provider, around)
    check_tasks(parts, families)
    kinds = {}
    for check in parts.checks():
        kind = kind_of(check, parts)
        if kind is not None:
            kinds[check.path] = kind
            check_kind(check, kind, parts)
    evidences = source.evidences
    claims = Claims.of(evidences.values())
    check_criteria(parts, evidences, claims, around)
    check_cases(parts, source, families)
    used = check_files(parts, source.folder)
    return Examined(
        values=filled.values,
        parts=parts,
        kinds=kinds,
        families=families,
        claims=claims,
        used=frozenset(used),
        findings=in_order([*source.findings, *filled.findings, *parts.findings]),
    )
