"""What a roster changes among the candidates on record, and making it so, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

from labctl.centre.candidates import Candidate, candidate_of, person_of
from labctl.centre.roles import Act
from labctl.centre.roster import Around, read_roster
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
    recorded: bool


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
    store = controller.store
    events = store.centre_events()
    people = store.people()
    known = {
        code: candidate_of(person) for code, person in people.items() if not code.startswith(PREFIX)
    }
    around = Around(controller.library.surroundings().catalogue, known, today, columns)
    roster = read_roster(content, file, around)
    added = tuple(each for each in roster.candidates if each.code not in known)
    changed = tuple(
        change
        for each in roster.candidates
        if each.code in known and (change := _change(known[each.code], each)).fields
    )
    moved = {each.code for each in added} | {each.code for each in changed}
    if moved and not dry_run:
        data = {
            "digest": roster.digest,
            "rows": len(roster.candidates),
            "added": [each.code for each in added],
            "changed": [each.code for each in changed],
        }
        store.record(
            "roster.imported",
            data,
            controller.actor,
            people=[person_of(each) for each in roster.candidates if each.code in moved],
            expect_sequence=len(events),
        )
    return Import(
        rows=len(roster.candidates),
        added=added,
        changed=changed,
        absent=len(known.keys() - {each.code for each in roster.candidates}),
        warnings=roster.warnings,
        unused=roster.unused,
        encoding=roster.encoding,
        recorded=bool(moved) and not dry_run,
    )


def _change(before: Candidate, after: Candidate) -> Change:
    told = {
        each.name: (getattr(before, each.name), getattr(after, each.name))
        for each in fields(Candidate)
        if getattr(before, each.name) != getattr(after, each.name)
    }
    return Change(after.code, told)
