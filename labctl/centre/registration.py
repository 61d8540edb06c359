"""Whether a candidate's registration fits the dates and units of the catalogue: warnings only.

Somebody who registered in time goes on after registration has closed, and dates are the awarding
body's to enforce: a program that refuses them would be wrong in some case.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from labctl.centre.candidates import Candidate
from labctl.library.catalogue import Catalogue, Qualification


def registration_warnings(
    candidate: Candidate, catalogue: Catalogue, today: date
) -> Iterator[tuple[str, str]]:
    """The field and what is doubtful about it, for each doubt."""
    if candidate.registered > today.isoformat():
        yield "registered", f"{candidate.registered} is still to come"
    qualification = catalogue.qualifications.get(candidate.qualification)
    if qualification is None:
        return
    yield from _dates(candidate, qualification, today)
    for name in candidate.units:
        unit = catalogue.units.get(name)
        if unit is not None and unit.qualification not in (None, qualification.id):
            yield "units", f"`{name}` is a unit of `{unit.qualification}`, not `{qualification.id}`"


def _dates(
    candidate: Candidate, qualification: Qualification, today: date
) -> Iterator[tuple[str, str]]:
    last = qualification.last_registration
    if today > qualification.certification_ends:
        ended = qualification.last_certification
        yield "qualification", f"certification for `{qualification.id}` ended on {ended}"
    elif candidate.registered > last:
        told = f"registration for `{qualification.id}` ended on {last}"
        yield "registered", f"{candidate.registered} is too late: {told}"
    elif not candidate.registered and today > qualification.registration_ends:
        told = f"registration for `{qualification.id}` ended on {last}"
        yield "qualification", f"{told}, and there is no registration date"
