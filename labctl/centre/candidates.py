"""Who a candidate's code stands for, as the table of people has it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from labctl.centre.roles import Act
from labctl.centre.staff import PREFIX, may, permit
from labctl.errors import UnknownName
from labctl.served import served
from labctl.store import Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labctl.sessions.controller import Controller
    from labctl.sessions.views import SessionDetail

CANDIDATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A candidate's code. A name would not fit, and is not meant to: the log holds codes only."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate: what a centre has to know of them, empty where it does not.

    Dates are ISO text. `learner_number` is the ULN, `units` are ids of the catalogue, `extra_time`
    is a percentage of the time allowed, `arrangements` are other access arrangements in words.
    """

    code: str
    name: str = ""
    cohort: str = ""
    learner_number: str = ""
    birth: str = ""
    enrolment: str = ""
    registered: str = ""
    qualification: str = ""
    units: tuple[str, ...] = ()
    extra_time: int = 0
    rest_breaks: bool = False
    arrangements: str = ""

    @property
    def access(self) -> str:
        """All access arrangements in words; empty if there are none."""
        told = (
            f"{self.extra_time} % extra time" if self.extra_time else "",
            "rest breaks" if self.rest_breaks else "",
            self.arrangements,
        )
        return ", ".join(each for each in told if each)


FIELDS: dict[str, str] = {
    "code": "candidate code",
    "name": "name",
    "cohort": "cohort",
    "learner_number": "learner number",
    "birth": "date of birth",
    "enrolment": "enrolment number",
    "registered": "registration date",
    "qualification": "qualification",
    "units": "units",
    "extra_time": "extra time",
    "rest_breaks": "rest breaks",
    "arrangements": "access arrangements",
}
"""Every field of a candidate, in words."""


def person_of(candidate: Candidate) -> Person:
    """The candidate as the table of people has it: nothing is kept of what is empty."""
    data: dict[str, Any] = {
        each.name: value
        for each in fields(candidate)
        if each.name not in ("code", "name") and (value := getattr(candidate, each.name))
    }
    return Person(candidate.code, candidate.name, data)


def candidate_of(person: Person) -> Candidate:
    """The candidate that a person in the table is."""
    data = {key: value for key, value in person.data.items() if key in FIELDS}
    return Candidate(person.code, person.name, **data | {"units": tuple(data.get("units", ()))})


@served
def candidates(controller: Controller, cohort: str | None = None) -> tuple[Candidate, ...]:
    """Everybody on the roster, or one cohort, by code.

    Raises `NotPermitted`, and `UnknownName` for a cohort that nobody is in.
    """
    permit(controller, Act.SEE_PEOPLE)
    found = _everybody(controller)
    return found if cohort is None else _in_cohort(found, cohort)


@served
def codes_of_cohort(controller: Controller, cohort: str) -> tuple[str, ...]:
    """The codes of a cohort, which say nothing of anybody; raises `UnknownName` for none."""
    return tuple(each.code for each in _in_cohort(_everybody(controller), cohort))


def extra_time_of(controller: Controller, code: str) -> int:
    """The percentage of extra time that the roster gives a code; 0 for one that is not on it.

    Whoever starts a session need not be allowed to see whose it is.
    """
    return extra_times(controller).get(code, 0)


def extra_times(controller: Controller) -> dict[str, int]:
    """Code → percentage of extra time, for everybody on the roster who has any."""
    return {each.code: each.extra_time for each in _everybody(controller) if each.extra_time}


def with_rest_breaks(controller: Controller) -> frozenset[str]:
    """The codes of everybody on the roster who may take rest breaks."""
    return frozenset(each.code for each in _everybody(controller) if each.rest_breaks)


@served
def candidate(controller: Controller, code: str) -> Candidate:
    """One candidate; raises `NotPermitted`, or `UnknownName`."""
    permit(controller, Act.SEE_PEOPLE)
    found = {each.code: each for each in _everybody(controller)}
    if code not in found:
        raise UnknownName("candidate", code, found, "labctl people list")
    return found[code]


@served
def names(controller: Controller) -> dict[str, str]:
    """Code → name, for lists that staff look at; empty for those who may not see who people are."""
    return controller.store.names() if may(controller, Act.SEE_PEOPLE) else {}


def named(controller: Controller, detail: SessionDetail) -> SessionDetail:
    """A session with its candidate's name, for whoever may see it: not for what is kept or sent."""
    about = detail.session
    name = names(controller).get(about.candidate, "")
    return replace(detail, session=replace(about, name=name))


@served
def erase(controller: Controller, codes: Sequence[str]) -> None:
    """Forget who codes stand for; sessions and log stay, which know the codes alone.

    A code may be `staff:` and an account. Raises `UnknownName` for one that nobody is known by,
    and erases nobody then.
    """
    permit(controller, Act.ERASE_PEOPLE)
    known = controller.store.names()
    for code in codes:
        if code not in known:
            raise UnknownName("person", code, known, "labctl people list")
    controller.store.record(
        "person.erased", {"codes": list(codes)}, controller.actor, forget=tuple(codes)
    )


def _everybody(controller: Controller) -> tuple[Candidate, ...]:
    people = controller.store.people().values()
    return tuple(candidate_of(each) for each in people if not each.code.startswith(PREFIX))


def _in_cohort(found: Sequence[Candidate], cohort: str) -> tuple[Candidate, ...]:
    chosen = tuple(each for each in found if each.cohort == cohort)
    if not chosen:
        known = {each.cohort for each in found if each.cohort}
        raise UnknownName("cohort", cohort, known, "labctl people list")
    return chosen
