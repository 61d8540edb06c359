"""What a roster changes among the candidates on record, and making it so, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from labctl.centre.candidates import Candidate, candidate_of, person_of
from labctl.centre.roles import Act
from labctl.centre.roster import Around, Roster, read_roster
from labctl.centre.staff import PREFIX, permit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labctl.library.findings import Finding
    from labctl.sessions.controller import Controller


@dataclass(frozen=True, slots=True)
class Change:
    """A candidate whose record changes: field → what it was and what it becomes."""

    code: str
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Import:
    """What a roster comes to. `absent` counts those on record whom it does not name: they stay.

    `recorded` says whether it was carried out; one that changes nothing leaves no trace.
    """

    rows: int
    added: tuple[Candidate, ...]
    changed: tuple[Change, ...]
    absent: int
    warnings: tuple[Finding, ...]
    unused: tuple[str, ...]
    encoding: str
    recorded: bool = False


def import_roster(
    controller: Controller,
    content: bytes,
    file: str,
    *,
    columns: Mapping[str, str],
    today: date,
    dry_run: bool = False,
) -> Import:
    """Bring the candidates on record up to a roster's state; with `dry_run`, only say how.

    `file` is what the roster is called in messages. Raises `RosterError` with every mistake, and
    `OutOfDate` if somebody else has changed the centre's record meanwhile: nothing is imported.
    """
    permit(controller, Act.IMPORT_PEOPLE)
    last = len(controller.store.centre_events())
    known = _known(controller)
    around = Around(controller.library.surroundings().catalogue, known, today, columns)
    roster = read_roster(content, file, around)
    found = _compared(known, roster)
    if dry_run or not (found.added or found.changed):
        return found
    added = [each.code for each in found.added]
    changed = [each.code for each in found.changed]
    data = {"digest": roster.digest, "rows": found.rows, "added": added, "changed": changed}
    moved = {*added, *changed}
    people = [person_of(each) for each in roster.candidates if each.code in moved]
    controller.store.record(
        "roster.imported", data, controller.actor, people=people, expect_sequence=last
    )
    return replace(found, recorded=True)


def _known(controller: Controller) -> dict[str, Candidate]:
    people = controller.store.people().items()
    return {code: candidate_of(each) for code, each in people if not code.startswith(PREFIX)}


def _compared(known: Mapping[str, Candidate], roster: Roster) -> Import:
    """What the roster changes."""
    here = {each.code for each in roster.candidates}
    changes = [_change(known[each.code], each) for each in roster.candidates if each.code in known]
    return Import(
        rows=len(roster.candidates),
        added=tuple(each for each in roster.candidates if each.code not in known),
        changed=tuple(each for each in changes if each.fields),
        absent=len(known.keys() - here),
        warnings=roster.warnings,
        unused=roster.unused,
        encoding=roster.encoding,
    )


def _change(before: Candidate, after: Candidate) -> Change:
    told = {
        each.name: (getattr(before, each.name), getattr(after, each.name))
        for each in fields(Candidate)
        if getattr(before, each.name) != getattr(after, each.name)
    }
    return Change(after.code, told)
