"""Everything that is wrong in a lab folder, in one run, with places and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from labctl.library.case_rules import unfinished
from labctl.library.examine import Examined, examine
from labctl.library.findings import Finding, in_order
from labctl.library.folder import FolderFault, read_folder
from labctl.library.parameters import Stream, draw_one
from labctl.library.scripts import script_findings, unused_scripts
from labctl.library.source import Source, read_source
from labctl.library.surroundings import BUILT_IN, Surroundings, surroundings_of
from labctl.library.templates import Templates
from labctl.library.values import variables

SEEDS = 2
"""Seeds that every lab is filled in with; more, where that is what it takes to see every choice."""

SEARCH = 2000


def lint(folder: Path, around: Surroundings | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong in the lab at `folder`, by place; empty if nothing is.

    `around` is what the lab may refer to; by default the built-in images and catalogue, and those
    of the library that the folder seems to be in (`LIBRARY/AREA/LAB`). Nothing is started and no
    code of the lab's is run. Raises `LabFileError` only if a catalogue is broken.
    """
    if around is None:
        around = surroundings_of([folder.resolve().parent.parent, BUILT_IN])
    try:
        files = read_folder(folder)
    except FolderFault as fault:
        return tuple(
            Finding(line.partition(": ")[0], 0, 0, "error", line.partition(": ")[2], fault.hint)
            for line in fault.message.splitlines()
        )
    return lint_source(read_source(files, str(folder)), str(folder), around)


def lint_source(source: Source, where: str, around: Surroundings) -> tuple[Finding, ...]:
    """Like `lint`, for a lab that has been read; `where` is its folder in messages."""
    findings = list(source.findings)
    findings += _folder_name(source, where)
    if not source.body:
        return in_order(findings)
    templates = Templates()
    names: set[str] = set()
    used: set[str] = set()
    places: set[tuple[str, int, int]] = set()
    examined: Examined | None = None
    for seed in covering_seeds(source):
        examined = examine(source, seed, around, templates)
        names |= set(variables(examined.values))
        used |= examined.used
        # A mistake that shows with several seeds is told once, in the words of the first.
        fresh = [one for one in examined.findings if one.place not in places]
        places |= {one.place for one in fresh}
        findings += fresh
    assert examined is not None
    unknown = {*source.parameters, *source.derive, *source.broken} - set(examined.values)
    findings += script_findings(source.folder, where, names, unknown)
    if not any(one.level == "error" for one in findings):
        findings += unused_scripts(source.folder, where, used)
        findings += [
            source.positions.finding(("cases",), message, hint, at="key", level="warning")
            for message, hint in unfinished(examined.parts)
        ]
    return in_order(findings)


def covering_seeds(
    source: Source, names: AbstractSet[str] | None = None, first: int = SEEDS
) -> Iterator[int]:
    """The seeds 0 … `first` - 1, and after them those that show a value of a `choice` not yet seen.

    `names` are the choices that matter; None means all of them.
    """
    choices = {
        name: parameter
        for name, parameter in source.parameters.items()
        if parameter.choice is not None and (names is None or name in names)
    }
    waiting = {
        (name, index)
        for name, parameter in choices.items()
        for index, _ in enumerate(parameter.choice or ())
    }
    for seed in range(max(SEARCH, first)):
        shown = {
            (name, (parameter.choice or []).index(draw_one(parameter, _stream(source, seed, name))))
            for name, parameter in choices.items()
        }
        if seed < first or shown & waiting:
            waiting -= shown
            yield seed
        if seed >= first - 1 and not waiting:
            return


def _stream(source: Source, seed: int, name: str) -> Stream:
    return Stream(source.lab_id, seed, name)


def _folder_name(source: Source, where: str) -> list[Finding]:
    name = Path(where).resolve().name
    header = source.header
    if header is None or header.id == name:
        return []
    hint = f"Rename the folder to `{header.id}`, or write `id: {name}`."
    message = f"the id is not the name of the folder, `{name}`"
    return [source.positions.finding(("id",), message, hint)]
