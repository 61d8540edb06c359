"""The end of a sitting, its seal, and what is shown of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labctl.centre.roles import Act
from labctl.errors import UsageError
from labctl.sessions import incidents, pausing
from labctl.sessions.controller import Controller
from labctl.sessions.submission import submit
from labctl.sessions.voiding import void
from labctl.sittings.beginning import begin
from labctl.sittings.ending import end
from labctl.sittings.issuing import issue_pins
from labctl.sittings.model import Presence, Stage
from labctl.sittings.notices import notice
from labctl.sittings.pausing import pause, resume
from labctl.sittings.recording import Recorder
from labctl.sittings.register import register
from labctl.sittings.views import sitting_view
from tests.fakes.sittings import begun, kinds, planned
from tests.fakes.time import HandMoved
from tests.tampering import tamper


def whole(controller: Controller, now: HandMoved) -> tuple[str, dict[str, str]]:
    """A sitting in which much happened: C3 is absent, C1 and C2 have handed in."""
    code = planned(controller)
    register(controller, code, ["C3"], Presence.ABSENT)
    register(controller, code, [], Presence.PRESENT, identity=True)
    begin(controller, code)
    found = {
        seat.candidate: seat.session or "" for seat in sitting_view(controller, code).sitting.seats
    }
    now.pass_by(60)
    pause(controller, code, "fire alarm")
    now.pass_by(300)
    resume(controller, code)
    now.pass_by(30)
    pausing.pause(controller, found["C1"], "rest break")
    now.pass_by(45)
    pausing.resume(controller, found["C1"])
    notice(controller, code, "Read task 2 again.", 120)
    incidents.note(controller, found["C2"], "malpractice", "A phone under the desk.")
    incidents.note(controller, found["C2"], "assistance", "The keyboard was changed.")
    for name in ("C1", "C2"):
        submit(controller, found[name])
    return code, found


def test_what_became_of_everybody_is_sealed(controller: Controller, now: HandMoved) -> None:
    code, found = whole(controller, now)
    view = end(controller, code)
    assert view.sitting.stage is Stage.ENDED
    sealed = controller.store.sittings.events(code)[-1]
    assert sealed.hash == view.head
    first, second, third = sealed.data["seats"]
    assert (first["session"], first["state"], first["paused"]) == (found["C1"], "submitted", 345)
    assert (first["clock"]["worked"], first["clock"]["credited"]) == (90, 120)
    assert first["identity_checked"]
    assert first["head"] == controller.store.session(found["C1"]).head
    assert (second["held"], second["assistance"], second["paused"]) == (True, 1, 300)
    assert second["incidents"] == ["notice.given", "malpractice.suspected"]
    assert third == {
        "label": "A3",
        "candidate": "C3",
        "lab": "moves",
        "presence": "absent",
        "identity_checked": False,
        "session": None,
        "void": [],
    }
    assert controller.store.sittings.audit(code) == ()


def test_nothing_is_added_to_what_is_sealed(controller: Controller, now: HandMoved) -> None:
    code, _ = whole(controller, now)
    end(controller, code)
    before = kinds(controller, code)
    for act in (
        lambda: end(controller, code),
        lambda: begin(controller, code, ["C3"]),
        lambda: register(controller, code, ["C3"], Presence.LATE),
        lambda: pause(controller, code, "why"),
        lambda: resume(controller, code),
        lambda: notice(controller, code, "text"),
        lambda: issue_pins(controller, code),
    ):
        with pytest.raises(UsageError, match="has ended"):
            act()
    # An act that was under way meanwhile does not say that it is done.
    Recorder(controller, code, Act.START).done("begin", 2, {})
    assert kinds(controller, code) == before


def test_it_does_not_end_while_somebody_works_or_is_not_accounted_for(
    controller: Controller,
) -> None:
    code = planned(controller)
    begin(controller, code, ["C1", "C2"])
    session = sitting_view(controller, code).sitting.seats[1].session
    submit(controller, session or "")
    with pytest.raises(UsageError) as caught:
        end(controller, code)
    told = caught.value.message
    assert "Still at work: C1 (" in told
    assert "Neither present nor absent in the register: C3." in told
    assert "C2" not in told
    assert f"labctl sitting register {code}" in caught.value.hint
    assert kinds(controller, code)[-1] == "begin.done"


def test_a_session_that_is_void_stays_beside_the_one_that_counts(controller: Controller) -> None:
    code, before = begun(controller, "C1", code=planned(controller, "C1"))
    void(controller, before["C1"], "the wrong person")
    assert sitting_view(controller, code).seats[0].state == ""
    begin(controller, code)
    (seat,) = sitting_view(controller, code).seats
    assert (seat.state, seat.void) == ("running", (before["C1"],))
    submit(controller, seat.seat.session or "")
    end(controller, code)
    (sealed,) = controller.store.sittings.events(code)[-1].data["seats"]
    assert sealed["void"] == [before["C1"]]


def test_what_is_shown_is_how_it_stands(controller: Controller, now: HandMoved) -> None:
    code, _ = begun(controller)
    now.pass_by(60)
    pause(controller, code, "fire alarm")
    now.pass_by(20)
    view = sitting_view(controller, code, {"C1": "Grace Hopper"})
    first = view.seats[0]
    assert (first.name, first.state, first.paused) == ("Grace Hopper", "paused", 20)
    assert first.clock is not None
    assert (first.clock.worked, first.clock.remaining) == (60, 540)
    assert view.cut_off == ()
    assert [each.what for each in view.timeline][1:3] == [
        "present: C1, C2, C3, identity checked",
        "to begin: C1, C2, C3",
    ]
    assert all(each.what != each.kind for each in view.timeline)


@pytest.mark.parametrize("minutes, beyond", [(9, True), (10, False)])
def test_a_time_that_ends_after_the_booking_is_marked(
    controller: Controller, minutes: int, beyond: bool
) -> None:
    until = (controller.now().at + timedelta(minutes=minutes)).astimezone()
    code = planned(controller, "C1", until=f"{until:%H:%M}")
    begin(controller, code, ["C1"])
    (seat,) = sitting_view(controller, code).seats
    assert seat.beyond is beyond


def test_a_damaged_session_hides_no_other_and_stops_the_end(controller: Controller) -> None:
    code, found = begun(controller)
    for each in found.values():
        submit(controller, each)
    tamper(controller.store, f"UPDATE events SET data = '[]' WHERE session = '{found['C2']}'")
    seats = sitting_view(controller, code).seats
    assert ["damaged" in each.problem for each in seats] == [False, True, False]
    with pytest.raises(UsageError, match="The record of their sessions is damaged: C2"):
        end(controller, code)


# ------------------------------------------------------------------ audit


def test_a_session_that_was_written_anew_is_found(controller: Controller, now: HandMoved) -> None:
    code, found = whole(controller, now)
    end(controller, code)
    tamper(controller.store, f"UPDATE events SET hash = 'x' WHERE session = '{found['C1']}'")
    (problem,) = controller.store.sittings.audit(code)
    assert problem.what == f"the log of session {found['C1']} is not the one that was sealed"
