"""The day before: is there room, and does every seat work? No clock runs, and no attempt is used.

A pre-flight starts each seat's lab, grades it untouched and removes it again, as `labs verify`
does: in a store that is gone afterwards. What came of each seat is noted as soon as it is known.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from labctl.centre.approvals import lacking
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import LabctlError
from labctl.images.library import ImageLibrary
from labctl.library.planning import Lab, plan
from labctl.served import served
from labctl.sessions.attempts import NO_ATTEMPT, refusal
from labctl.sessions.controller import Controller
from labctl.sessions.starting import LARGEST_SEED
from labctl.sittings.capacity import Forecast, forecast, measured, need_of
from labctl.sittings.model import Presence, Seat, Sitting
from labctl.sittings.planning import warnings
from labctl.sittings.reading import TRIED, demand_open, load
from labctl.sittings.recording import Recorder
from labctl.store import Event, SessionFilter, Store
from labctl.verification.cases import UNTOUCHED, cases_of
from labctl.verification.judging import judge
from labctl.verification.trial import Trial, carry_out, each, throw_away

AT_ONCE = 3
"""Seats that are tried at a time at most: as many as are ever started at a time."""
ANY_SEED = 1
"""What a lab takes of a server does not hang on the values that are drawn."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a seat's lab did: fine, where `problem` is empty; else `cure` is what to do.

    `digest` is that of the lab as it was tried, `at` when (UTC), empty before it is recorded.
    """

    label: str
    candidate: str
    lab: str
    digest: str
    seconds: float
    problem: str = ""
    cure: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """How things stand for a sitting: the room on the server, the seats that were tried last.

    `warnings` is what else should be known, a sentence each.
    """

    sitting: Sitting
    forecast: Forecast
    tried: tuple[Tried, ...]
    warnings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether all seats fit, and none was tried in vain."""
        return not self.forecast.wait and not any(each.problem for each in self.tried)


@served
def prepare(
    controller: Controller,
    code: str,
    *,
    pre_flight: bool = False,
    progress: Callable[[Tried], None] = lambda _: None,
) -> Prepared:
    """The forecast for a sitting; with `pre_flight` every seat that has not begun is tried.

    `progress` is called with each seat that was tried. Raises `LabFileError`, `ProviderError`.
    """
    permit(controller, Act.PREPARE)
    sitting = load(controller.store, code)
    demand_open(sitting)
    labs = {name: controller.library.lab(name) for name in sitting.labs}
    waiting = [seat for seat in sitting.seats if _will_sit(seat)]
    room = _forecast(controller, waiting, labs)
    if pre_flight:
        _try_all(controller, code, waiting, labs, jobs=min(AT_ONCE, room.fit), progress=progress)
    return Prepared(
        sitting,
        room,
        last_tried(controller.store, code),
        tuple(_warnings(controller, sitting, labs)),
    )


def _will_sit(seat: Seat) -> bool:
    return seat.session is None and seat.entry.presence is not Presence.ABSENT


def _forecast(controller: Controller, seats: Sequence[Seat], labs: Mapping[str, Lab]) -> Forecast:
    images = ImageLibrary()
    needs = {
        name: (lab.header.provider, need_of(plan(lab, ANY_SEED), images))
        for name, lab in labs.items()
    }
    providers = [controller.provider(name) for name in sorted({each for each, _ in needs.values()})]
    rooms = [each.disk_room() for each in providers]
    room = min((each for each in rooms if each is not None), default=None)
    free = measured(room, min(each.disk_free() for each in providers))
    return forecast(free, [seat.lab for seat in seats], needs)


# --------------------------------------------------------------------------- the pre-flight


def _try_all(
    controller: Controller,
    code: str,
    seats: Sequence[Seat],
    labs: Mapping[str, Lab],
    *,
    jobs: int,
    progress: Callable[[Tried], None],
) -> None:
    recorder = Recorder(controller, code, Act.PREPARE)
    with throw_away(controller) as scratch:

        def one(seat: Seat) -> Tried:
            found = _try(controller, scratch, seat, labs[seat.lab])
            recorder.note(TRIED, _told(found))
            return found

        each(
            controller,
            one,
            seats,
            jobs,
            progress,
            in_machines=lambda seat: labs[seat.lab].header.provider == "libvirt",
        )


def _try(controller: Controller, scratch: Controller, seat: Seat, lab: Lab) -> Tried:
    """A seat's lab with values of its own, started, graded untouched and removed."""
    began = time.monotonic()
    problem = cure = ""
    try:
        planned = plan(lab, secrets.randbelow(LARGEST_SEED))
        (case,) = (one for one in cases_of(planned) if one.name == UNTOUCHED.name)
        marking = carry_out(controller, scratch, Trial(lab, planned, case, lab.folder))
        wrong = judge(planned, case, marking)
        if wrong:
            first = wrong[0]
            problem = f"{first.subject} should have {first.expected} untouched, found {first.found}"
            cure = f"`labctl labs verify {lab.id}` tells more; sit another lab, or mend this one."
    except LabctlError as error:
        problem, cure = error.message, error.hint or "`labctl doctor` looks at the server."
    except TimeoutError as error:
        problem = str(error) or "it took too long"
        cure = "Stop what else runs on the server, then try again."
    took = round(time.monotonic() - began, 1)
    return Tried(seat.label, seat.candidate, seat.lab, lab.digest, took, problem, cure)


def _told(found: Tried) -> dict[str, object]:
    return {
        "seat": found.label,
        "candidate": found.candidate,
        "lab": found.lab,
        "digest": found.digest,
        "seconds": found.seconds,
        "problem": found.problem,
        "cure": found.cure,
    }


def last_tried(store: Store, code: str) -> tuple[Tried, ...]:
    """What came of each seat when it was tried last, in the order of the seats."""
    found = {
        event.data["seat"]: _tried(event)
        for event in store.sittings.events(code)
        if event.kind == TRIED
    }
    return tuple(found[label] for label in sorted(found))


def _tried(event: Event) -> Tried:
    data = event.data
    return Tried(
        data["seat"],
        data["candidate"],
        data["lab"],
        data["digest"],
        data["seconds"],
        data["problem"],
        data["cure"],
        event.at,
    )


# --------------------------------------------------------------------------- what else


def _warnings(controller: Controller, sitting: Sitting, labs: Mapping[str, Lab]) -> Iterator[str]:
    yield from warnings(controller, sitting, labs)
    yield from _changed_since(controller.store, sitting, labs)
    if sitting.mode == "assessment" and controller.policy.approved_labs != "off":
        yield from _not_approved(controller, labs.values())
    yield from _without_attempts(controller, sitting)


def _changed_since(store: Store, sitting: Sitting, labs: Mapping[str, Lab]) -> Iterator[str]:
    """Labs that are not as they were when their seats were tried."""
    tried = last_tried(store, sitting.code)
    for name, lab in labs.items():
        old = [each.label for each in tried if each.lab == name and each.digest != lab.digest]
        if old:
            yield f"`{name}` has changed since it was tried at {', '.join(old)}: try it again"


def _not_approved(controller: Controller, labs: Iterable[Lab]) -> Iterator[str]:
    demanded = controller.policy.approved_labs == "required"
    for lab in labs:
        if why := lacking(controller.store, lab):
            rule = " The policy demands it." if demanded else ""
            yield f"{why}{rule} `labctl labs approve {lab.id}` does it"


def _without_attempts(controller: Controller, sitting: Sitting) -> Iterator[str]:
    """Whom the centre's policy will refuse on the day."""
    rules = controller.policy.attempts(sitting.mode)
    day = date.fromisoformat(sitting.day)
    for seat in sitting.seats:
        if seat.session is not None:
            continue
        wanted = SessionFilter(candidate=seat.candidate, lab=seat.lab, mode=sitting.mode)
        made = [one for one in controller.store.sessions(wanted) if one.state not in NO_ATTEMPT]
        if why := refusal(rules, made, day):
            yield f"{seat.candidate}: the policy refuses one more attempt at `{seat.lab}`: {why}"
